"""400 calls converted to LiteRT and run, in one file because the table is made of both.

    python benchmarks/converting/litert_interpolate.py [--part I/N] [--into FILE]  # goes on there
    python benchmarks/converting/litert_interpolate.py --join FILE ... > results

F.interpolate (modes, align_corners, antialias, size or factor, lengths), F.grid_sample and
transposed convolutions go through `halfpixel.converting.convert` to a .tflite file. A file that was
written is run here on ai-edge-litert, with XNNPACK and with the reference kernels, on numbers that
convert has not seen, and is held against the module within 1e-5 of its values. Needs litert-torch.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from halfpixel.converting.convert import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLERANCE = 1e-5
KERNELS = ("BUILTIN", "BUILTIN_REF")
IMAGES = ((7, 10), (5, 9), (16, 12))
SIZES = ((3, 5), (13, 17), (9, 7), (1, 1))
FACTORS = (2.0, 1.7, 1.3, 0.7, 0.5, 0.4)
MODES: tuple[dict[str, Any], ...] = (
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    {"mode": "area"},
    *({"mode": mode, "align_corners": corners}
      for mode in ("bilinear", "bicubic") for corners in (False, True)),
    *({"mode": mode, "antialias": True} for mode in ("bilinear", "bicubic")),
)  # fmt: skip


class Grid(nn.Module):
    """One call of F.grid_sample, with its two inputs by name."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - its keywords
        """Take the call."""
        super().__init__()
        self.options = options

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        """Make the call."""
        return F.grid_sample(x, grid, **self.options)


class Warp(nn.Module):
    """A warp by a constant matrix."""

    def __init__(self, theta: list[list[float]], mode: str, *, align_corners: bool) -> None:
        """Take the call."""
        super().__init__()
        self.mode, self.align_corners = mode, align_corners
        self.register_buffer("theta", torch.tensor([theta]))

    def forward(self, x: Tensor) -> Tensor:
        """Make the call."""
        corners = self.align_corners
        grid = F.affine_grid(self.theta, (1, 3, 6, 8), align_corners=corners)
        return F.grid_sample(x, grid, mode=self.mode, align_corners=corners)


class Resize(nn.Module):
    """One call of F.interpolate."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - its keywords
        """Take the call."""
        super().__init__()
        self.options = options

    def forward(self, x: Tensor) -> Tensor:
        """Make the call."""
        return F.interpolate(x, **self.options)


@dataclass(frozen=True)
class Case:
    """One conversion.

    Attributes:
        family: of the table.
        call: as its author writes it.
        module: what makes it.
        shapes: of its inputs.
    """

    family: str
    call: str
    module: nn.Module
    shapes: tuple[tuple[int, ...], ...]

    @property
    def texts(self) -> list[str]:
        """The shapes, as --input takes them."""
        return ["x".join(map(str, shape)) for shape in self.shapes]

    @property
    def text(self) -> str:
        """The call with the lengths of its image."""
        return f"{self.call} of {self.texts[0]}"


def cases() -> Iterator[Case]:
    """Yield every conversion."""
    lengths = [*({"size": size} for size in SIZES), *({"scale_factor": f} for f in FACTORS)]
    for image, mode, length in product(IMAGES, MODES, lengths):
        yield interpolate((1, 3, *image), {**length, **mode})
    for factors, mode in (((2.0, 0.5), "nearest"), ((1.5, 0.7), "bilinear")):
        yield interpolate((1, 3, 7, 10), {"scale_factor": factors, "mode": mode})
    yield from other_ranks()
    yield from samplings()
    yield from transposed()


def other_ranks() -> Iterator[Case]:
    """Yield what resizes sequences and volumes."""
    flat = ({"mode": "nearest"}, {"mode": "nearest-exact"}, {"mode": "area"},
            {"mode": "linear", "align_corners": False},
            {"mode": "linear", "align_corners": True})  # fmt: skip
    lengths = ({"size": 3}, {"size": 13}, {"scale_factor": 1.7}, {"scale_factor": 0.4})
    for mode, length, samples in product(flat, lengths, (10, 9)):
        yield interpolate((1, 3, samples), {**length, **mode})
    volumes = ({"mode": "nearest"}, {"mode": "area"},
               {"mode": "trilinear", "align_corners": False},
               {"mode": "trilinear", "align_corners": True})  # fmt: skip
    for mode, factor in product(volumes, (2.0, 1.5, 0.5)):
        yield interpolate((1, 2, 4, 5, 6), {"scale_factor": factor, **mode})


def samplings() -> Iterator[Case]:
    """Yield what samples by a grid: one that is an input, and one of a constant matrix."""
    thetas = ([[0.9, 0.1, 0.05], [-0.1, 0.8, 0.1]], [[-1.0, 0.0, 0.0], [0.0, 0.5, 0.2]])
    modes = ("bilinear", "nearest", "bicubic")
    for theta, mode, corners in product(thetas, modes, (False, True)):
        warp = Warp(theta, mode, align_corners=corners)
        call = f"F.grid_sample(x, F.affine_grid({theta}), {mode!r}, align_corners={corners})"
        yield Case("affine_grid, grid_sample", call, warp, ((1, 3, 7, 10),))
    paddings, images = ("zeros", "border", "reflection"), ((7, 10), (1, 6))
    for mode, padding, corners, image in product(modes, paddings, (False, True), images):
        options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        text = ", ".join(f"{name}={value!r}" for name, value in options.items())
        call = f"F.grid_sample(x, grid, {text})"
        yield Case("grid_sample", call, Grid(**options), ((1, 3, *image), (1, 5, 4, 2)))


def transposed() -> Iterator[Case]:
    """Yield transposed convolutions."""
    more: tuple[dict[str, Any], ...] = ({}, {"dilation": 2}, {"output_padding": 1},
                                        {"bias": False}, {"groups": 3}, {"padding": 0})  # fmt: skip
    usual = ((2, 2, 0), (3, 2, 1), (4, 2, 1), (5, 3, 2), (3, 1, 1))
    for (kernel, stride, padding), other in product(usual, more):
        given = {"kernel_size": kernel, "stride": stride, "padding": padding, **other}
        if given.get("output_padding", 0) >= stride or other == {"padding": padding}:
            continue
        torch.manual_seed(0)
        text = ", ".join(f"{name}={value}" for name, value in given.items())
        call = f"nn.ConvTranspose2d(3, 6, {text})"
        yield Case("conv_transpose", call, nn.ConvTranspose2d(3, 6, **given), ((1, 3, 7, 6),))


def interpolate(shape: tuple[int, ...], options: dict[str, Any]) -> Case:
    """Return a conversion of one F.interpolate."""
    text = ", ".join(f"{name}={value!r}" for name, value in options.items())
    name = str(options["mode"])
    family = f"{name}{', antialiased' * bool(options.get('antialias'))}"
    return Case(family, f"F.interpolate(x, {text})", Resize(**options), (shape,))


@dataclass(frozen=True)
class Row:
    """What became of one conversion.

    Attributes:
        family: of the table.
        call: with the lengths of its image.
        how: as litert-torch wrote it, mended, in plain operators, or refused.
        apart: the largest difference of the file from PyTorch, in parts of its largest value.
        reason: why it was refused.
        seconds: that it took.
    """

    family: str
    call: str
    how: str
    apart: float
    reason: str
    seconds: float

    @property
    def right(self) -> bool:
        """Whether it is equal, or refused with a reason."""
        return bool(self.reason) if self.how == "refused" else self.apart <= TOLERANCE


def converted(case: Case, folder: Path) -> Row:
    """Convert one call and run what was written."""
    began = time.monotonic()
    target = folder / "model.tflite"
    target.unlink(missing_ok=True)
    found = convert(case.module.eval(), target, inputs=case.texts, fast=True)
    call = case.text
    took = time.monotonic() - began
    if not found.output:
        return Row(case.family, call, "refused", 0.0, found.refused, took)
    plain = any(note.startswith("in plain operators") for note in found.notes)
    how = "mended" if found.changes else "in plain operators" if plain else "as written"
    return Row(case.family, call, how, _apart(case, target), "", took)


def _apart(case: Case, path: Path) -> float:
    """Return how far a file is from its module, at its worst over the kernels."""
    rng = np.random.default_rng(7)
    given = [rng.uniform(-1, 1, shape).astype(np.float32) for shape in case.shapes]
    with torch.no_grad():
        meant = case.module(*map(torch.from_numpy, given)).numpy()
    worst = 0.0
    for kernel in KERNELS:
        try:
            found = _run(path, given, kernel)
        except (RuntimeError, ValueError) as error:
            if "Didn't find op" in str(error) and kernel == "BUILTIN_REF":
                continue  # the reference kernels lack an operator
            return float("inf")
        if found.shape != meant.shape:
            return float("inf")
        worst = max(worst, float(np.abs(found - meant).max() / max(1.0, np.abs(meant).max())))
    return worst


def _run(path: Path, given: list[np.ndarray[Any, Any]], kernel: str) -> np.ndarray[Any, Any]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    model = Interpreter(str(path), experimental_op_resolver_type=OpResolverType[kernel])
    model.allocate_tensors()
    for port, array in zip(model.get_input_details(), given, strict=True):
        model.set_tensor(port["index"], array)
    model.invoke()
    found: np.ndarray[Any, Any] = model.get_tensor(model.get_output_details()[0]["index"])
    return found


def table(rows: list[Row]) -> Iterator[str]:
    """Yield the results, a family a line, what is refused and why, what is wrong, and each row."""
    from importlib.metadata import version

    releases = ", ".join(f"{n} {version(n)}" for n in ("torch", "litert-torch", "ai-edge-litert"))
    yield f"{len(rows)} conversions through halfpixel convert to LiteRT; {releases}."
    yield "Equal: within 1e-5 of PyTorch's numbers, on XNNPACK and on the reference kernels."
    yield ""
    hows = ("as written", "mended", "in plain operators", "refused")
    yield f"{'call':28}{'equal':>7}{'wrong':>7}" + "".join(f"{how:>20}" for how in hows)
    families = dict.fromkeys(row.family for row in rows)
    for family in (*families, "all"):
        own = [row for row in rows if family in {row.family, "all"}]
        counts = Counter(row.how for row in own)
        equal = sum(row.right and row.how != "refused" for row in own)
        wrong = sum(not row.right for row in own)
        numbers = "".join(f"{counts[how]:>20}" for how in hows)
        yield f"{family:28}{equal:>7}{wrong:>7}{numbers}"
    yield ""
    yield f"largest difference of a file: {max(row.apart for row in rows):.1e}"
    refused = [row for row in rows if row.how == "refused"]
    for reason, count in Counter(_short(row.reason) for row in refused).most_common():
        yield f"refused {count}: {reason}"
    for row in rows:
        if not row.right:
            yield f"wrong: {row.call}: {row.how}, {row.apart:.3g}"
    yield "how far each file is from PyTorch, in parts of its largest value:"
    for row in rows:
        yield f"{row.apart:9.1e}  {row.how:18}  {row.call}"


def _short(reason: str) -> str:
    words = (word for word in reason.split() if "/" not in word)  # no folder of a machine
    return " ".join(words)[:160]


def main() -> None:
    """Convert what was asked for, or print the table of what was converted before."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", default="1/1", metavar="I/N")
    parser.add_argument("--into", type=Path, help="rows as JSON, a line each; those in it stay")
    parser.add_argument("--join", type=Path, nargs="*", default=[])
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="rows that are done")
    options = parser.parse_args()
    if options.join:
        lines = [line for path in options.join for line in path.read_text("utf-8").splitlines()]
        found = {row.call: row for row in (Row(**json.loads(line)) for line in lines)}
        print("\n".join(table([found[one.text] for one in cases() if one.text in found])))
        return
    part, parts = map(int, options.part.split("/"))
    rows: list[Row] = []
    known = [path for path in (*options.known, options.into) if path is not None and path.exists()]
    done = {json.loads(line)["call"] for path in known for line in path.read_text().splitlines()}
    every = list(cases())
    random.Random(0).shuffle(every)  # noqa: S311 - stopped early, it is a sample of all
    with tempfile.TemporaryDirectory() as folder:
        for case in every[part - 1 :: parts]:
            if case.text in done:
                continue
            rows.append(converted(case, Path(folder)))
            print(f"{rows[-1].call}: {rows[-1].how}", file=sys.stderr)
            if options.into is not None:
                with options.into.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(rows[-1])) + "\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
