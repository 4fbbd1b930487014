"""Export random resizes: a linter that accuses a right one of them is switched off.

    python benchmarks/exporting/right_exports.py tensorflow FOLDER [--count 60] [--seed 0]
    python benchmarks/exporting/right_exports.py pytorch FOLDER [--count 60] [--seed 0] [--wrong]
    python benchmarks/truth/precision_recall.py FOLDER

TensorFlow's are exported by tf2onnx, at opsets that have a word for both flags (11 to 18), or to 9
and 10 without flags; PyTorch's by both of its exporters, by factors that are ratios (5/3, 25/13,
640/384 ...), at opsets 11 to 18; lengths are fixed or free. Only exports count of which onnxruntime
gives the framework's own output, PyTorch's with free lengths at each up to 256; all of them are
`ok` in `manifest.csv`, so whatever `precision_recall.py` lists is a false alarm. With --wrong those
of PyTorch count that it does not give too, and calls by size, antialias and opsets 9 and 10 are
among them: recall is measured as well. By size only where lengths are fixed: whether a constant
size is meant or frozen where they are free, no file tells. Which PyTorch exports is which one runs
this file.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tf2onnx_exports import TOLERANCES, Case, export, imported, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RATIOS = (5 / 3, 25 / 13, 640 / 384, 2.0, 1.5, 3.0, 0.5, 4 / 3, 7 / 5, 0.75, 13 / 25, 3 / 5)
SHORTEST, LONGEST = 4, 40
LENGTHS = 257
"""A model whose lengths are free is tried at every length below."""


Export = tuple[bytes, str, str]
"""A model, onnxruntime's verdict (`ok`, `differs` or `does-not-load`), and what was exported."""


def of_tensorflow(random_: random.Random, *, wrong: bool) -> Iterator[Export | None]:
    """Yield exports of tf2onnx; None for one that is refused."""
    if wrong:
        sys.exit("--wrong is of PyTorch: tf2onnx_exports.py exports every resize of TensorFlow")
    tf2onnx = imported()
    import tensorflow as tf

    while True:
        before = random_.randint(SHORTEST, LONGEST), random_.randint(SHORTEST, LONGEST)
        after = [max(2, int(n * random_.choice(RATIOS))) for n in before]
        flags = random_.choice([(False, False), (True, False), (False, True)])
        opset = random_.randint(11, 18) if any(flags) else random_.randint(9, 18)
        kernel = random_.choice(["bilinear", "nearest", "bicubic"])
        case = Case(kernel, *flags, before, (after[0], after[1]), random_.random() < 0.5)
        try:
            model, image, want = export(tf, tf2onnx, case, opset)
        except Exception:  # noqa: BLE001 - what tf2onnx refuses is no export
            yield None
            continue
        body = model.SerializeToString()
        yield body, verdict(body, image, want, TOLERANCES.get(kernel, 1e-4)), case.name


def of_pytorch(random_: random.Random, *, wrong: bool) -> Iterator[Export | None]:
    """Yield exports of both of PyTorch's exporters; None for one that is refused."""
    warnings.simplefilter("ignore")
    while True:
        mode = random_.choice(["bilinear", "nearest", "nearest-exact", "bicubic"])
        options: dict[str, Any] = {"mode": mode, "scale_factor": random_.choice(RATIOS)}
        if mode.startswith("bi"):
            options["align_corners"] = random_.random() < 0.3
        lengths = random_.randint(SHORTEST, LONGEST), random_.randint(SHORTEST, LONGEST)
        free, dynamo = random_.random() < 0.5, random_.random() < 0.5
        opset = 18 if dynamo else random_.randint(9 if wrong else 11, 18)
        if wrong and not free and random_.random() < 0.5:
            factor = options.pop("scale_factor")
            options["size"] = tuple(max(2, int(n * factor)) for n in lengths)
        if wrong and mode.startswith("bi") and random_.random() < 0.3:
            options["antialias"] = True
        try:
            yield pytorch_export(options, lengths, opset, free=free, dynamo=dynamo)
        except Exception:  # noqa: BLE001 - what an exporter refuses is no export
            yield None


def pytorch_export(
    options: dict[str, Any], lengths: tuple[int, int], opset: int, *, free: bool, dynamo: bool
) -> Export | None:
    """Return an export of F.interpolate with onnxruntime's verdict."""
    import io

    import torch

    class Up(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(x, **options)

    x = torch.randn(1, 2, *lengths)
    file = io.BytesIO()
    named: dict[str, Any] = {"input_names": ["x"], "output_names": ["y"], "opset_version": opset}
    if free and dynamo:
        named["dynamic_shapes"] = ({2: torch.export.Dim("h"), 3: torch.export.Dim("w")},)
    elif free:
        named["dynamic_axes"] = {"x": {2: "h", 3: "w"}}
    if dynamo:
        program = torch.onnx.export(Up(), (x,), dynamo=True, verbose=False, **named)
        if program is None:
            return None
        program.save(file)
    else:
        torch.onnx.export(Up(), (x,), file, dynamo=False, **named)
    shapes = [lengths, *((n, 5) for n in range(SHORTEST, LENGTHS) if free)]
    images = [torch.rand(1, 2, height, width) for height, width in shapes]
    pairs = [(image.numpy(), Up()(image).numpy()) for image in images]
    how = "dynamo" if dynamo else "torchscript"
    told = f"{options} {lengths}{' free' if free else ''} {how} opset {opset}"
    return file.getvalue(), verdicts(file.getvalue(), pairs), told


def verdicts(model: bytes, pairs: list[tuple[Any, Any]]) -> str:
    """Return what onnxruntime makes of a model at all of its lengths: the first that is not ok."""
    import onnxruntime as ort

    try:
        session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return "does-not-load"
    for image, want in pairs:
        got = session.run(None, {"x": image})[0]
        if got.shape != want.shape or np.abs(got - want).max(initial=0) > 1e-4:
            return "differs"
    return "ok"


EXPORTS: dict[str, Callable[..., Iterator[Export | None]]] = {
    "tensorflow": of_tensorflow,
    "pytorch": of_pytorch,
}


def main() -> None:
    """Write the models and their manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("framework", choices=EXPORTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong", action="store_true", help="keep wrong exports too")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept: list[tuple[str, str, str]] = []
    left_out = 0
    drawn = random.Random(asked.seed)  # noqa: S311 - no secret
    for export_ in EXPORTS[asked.framework](drawn, wrong=asked.wrong):
        if export_ is None or not (asked.wrong or export_[1] == "ok"):
            left_out += 1
            continue
        kept.append((f"{asked.framework}-{len(kept):03d}.onnx", *export_[1:]))
        (asked.folder / kept[-1][0]).write_bytes(export_[0])
        if len(kept) == asked.count:
            break
    with (asked.folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("file", "onnxruntime_vs_eager", "call"), *kept])
    told = "exports" if asked.wrong else "right exports"
    sys.stdout.write(f"{len(kept)} {told}, {left_out} left out\n")


if __name__ == "__main__":
    main()
