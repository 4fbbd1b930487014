"""What coremltools makes of every F.interpolate, and what `halfpixel fix` makes of that.

    python benchmarks/converting/coreml_interpolate.py [NAME ...] [--markdown FILE]

Each call (mode, align_corners, antialias, size or scale_factor, up and down) is converted by
coremltools to ML Programs for iOS 15 to 18 and to a neural network. A row says what came out,
whether it equals PyTorch's call at these sizes, what `fix` changed, and whether it equals then.

Equal means by W, in exact rationals, where a resize is in the file. Where a fix wrote it in other
operators, it means that the file, run on onnxruntime (an ML Program lowered to ONNX) or by the
recipe's interpreter (a neural network), gives what the exact W give, within 1e-5. The truth is the
call itself; eager PyTorch's own output is held against the same number. NAME is part of the names
of calls; all are converted where none is given. Needs coremltools, torch and onnxruntime.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

RECIPES = Path(__file__).parents[2] / "models/recipes"
sys.path.insert(0, str(RECIPES))

import coreml_interpolate as recipe  # noqa: E402 - a recipe, found by its folder
import coreml_network_run  # noqa: E402 - likewise
import onnxruntime as ort  # noqa: E402

from halfpixel.conventions.torch.call import View, on_view  # noqa: E402
from halfpixel.conventions.torch.interpolate import Interpolate, parse_call  # noqa: E402
from halfpixel.errors import HalfpixelError  # noqa: E402
from halfpixel.fixing.fix import fix  # noqa: E402
from halfpixel.formats.coreml.model import CoremlModel, opened  # noqa: E402
from halfpixel.runtimes.mil_as_onnx.program import lowered  # noqa: E402
from halfpixel.sampling import Resize, compare_resize  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, np.dtype[Any]]
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Row:
    """What became of one call at one target."""

    call: str
    target: str
    out: str
    before: str
    change: str
    after: str


def rows(names: list[str], folder: Path) -> Iterator[Row]:
    """Convert, judge and fix every call."""
    chosen = [
        case
        for case in recipe.cases()
        if case.call.startswith("F.interpolate")
        and (not names or any(n in case.name for n in names))
    ]
    for made in recipe.conversions(chosen):
        if made.model is None:
            yield Row(made.call, made.target, f"refused: {made.refusal[:90]}", "", "", "")
            continue
        network = made.target == "network"
        path = folder / f"model{'.mlmodel' if network else '.mlpackage'}"
        made.model.save(str(path))
        spatial = next(iter(made.inputs.values())).ndim - 2
        yield _judged(made, path, parse_call(made.call, spatial))


def _judged(made: recipe.Conversion, path: Path, call: Interpolate) -> Row:
    before = opened(path)
    truth = _truth(call, made)
    mode = f"mode={call.mode},antialias={call.antialias}".lower()
    if call.align_corners is not None:
        mode += f",align_corners={call.align_corners}".lower()
    if call.family not in {"linear", "cubic"}:
        mode = f"mode={call.mode}"
    target = path.with_name(f"fixed{path.suffix}")
    was = _equal(before, path, call, made, truth)
    told, now = "", was
    for expect, unsafe in (((), False), ((), True), ((mode,), False), ((mode,), True)):
        result = fix(path, severity="note", expect=expect, unsafe_fixes=unsafe)
        if result.error is None and result.changes:
            result.save(target)
            after = opened(target)
            told = "; ".join(change.text for change in result.changes)
            now = _equal(after, target, call, made, truth)
            told += " (--expect)" * bool(expect) + " (--unsafe-fixes)" * unsafe
        if now == "equal":
            break
    return Row(made.call, made.target, _phrase(before), was, told, now)


def _phrase(model: CoremlModel) -> str:
    said = []
    for site in model.sites:
        attributes = site.operation.attributes.items()
        words = ", ".join(
            f"{k}={_short(v)}"
            for k, v in attributes
            if "scale" in k.lower() or "ode" in k or "orners" in k or "size" in k.lower()
        )
        said.append(f"{site.op}({words})")
    kinds = Counter(v.op for v in model.values if v.op not in {"Constant", "cast"})
    return "; ".join(said) or ", ".join(f"{count} {op}" for op, count in kinds.items()) or "nothing"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return "x".join(map(_short, value))
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _truth(call: Interpolate, made: recipe.Conversion) -> Array:
    """Return what the exact weights of the call give."""
    x = next(iter(made.inputs.values()))
    resize = on_view(call, View(tuple(range(2, x.ndim))))
    return resize.evaluate(x, made.y.shape)


def _equal(
    model: CoremlModel, path: Path, call: Interpolate, made: recipe.Conversion, truth: Array
) -> str:
    """Return "equal", or how far a model is from its call."""
    x = next(iter(made.inputs.values()))
    sites = [site for site in model.sites if isinstance(site.operator, Resize)]
    if len(sites) == 1 and len(model.sites) == 1 and x.ndim == 4:
        operator = sites[0].operator
        meant = on_view(call, View((2, 3)))
        told = sites[0].operation.lengths[1]
        outs = tuple(n or m for n, m in zip(told, made.y.shape, strict=True))
        if outs != made.y.shape:
            return f"shape {list(outs)}, PyTorch's {list(made.y.shape)}"
        verdict = compare_resize(operator, meant, x.shape, made.y.shape)
        if verdict.equal:
            return "equal"
        worst = verdict.worst.verdict
        off = float(worst.displacement)
        return f"{off:.3g} px" if off else f"weights {float(worst.weight_difference):.3g}"
    tolerance = TOLERANCE if "fp16" not in made.target else 4e-3
    try:
        found = _run(model, path, x)
    except (NotImplementedError, HalfpixelError) as error:
        return f"not run: {error}"
    if found.shape != truth.shape:
        return f"shape {list(found.shape)}, PyTorch's {list(truth.shape)}"
    off = float(np.abs(found - truth).max())
    return "equal" if off <= tolerance * max(1.0, float(np.abs(truth).max())) else f"{off:.3g}"


def _run(model: CoremlModel, path: Path, x: Array) -> Array:
    name = model.inputs[0].name
    if path.suffix == ".mlmodel":
        sites = {site.name: site for site in model.sites}
        values = coreml_network_run.run(
            path, {name: x}, lambda layer, given: sites[layer.name].evaluate(given)
        )
        return values[coreml_network_run.layers(path)[-1].output[0]]
    session = ort.InferenceSession(
        lowered(model).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {name: x.astype(_dtype(session))})
    return np.asarray(found, np.float64)


def _dtype(session: ort.InferenceSession) -> str:
    return {"tensor(float16)": "float16"}.get(session.get_inputs()[0].type, "float32")


def markdown(found: list[Row]) -> Iterator[str]:
    """Yield the table, targets that agree in one row."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in found:
        key = (row.call, row.out, row.before, row.change, row.after)
        groups.setdefault(key, []).append(row.target)
    yield "| call | target | converted to | equal | fix | equal then |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for (call, out, before, change, after), names in groups.items():
        cells = (f"`{call}`", ", ".join(names), out, before, change, after)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Print the table and its counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = list(rows(options.names, Path(folder)))
    lines = list(markdown(found))
    made = [row for row in found if not row.out.startswith("refused")]
    before = sum(row.before == "equal" for row in made)
    after = sum(row.after == "equal" for row in made)
    counts = (
        f"{len(found)} conversions: {len(found) - len(made)} refused by coremltools, {before} of "
        f"{len(made)} equal PyTorch's call as converted, {after} after fix"
    )
    if options.markdown is not None:
        head = (
            "# What coremltools makes of F.interpolate, and what fix makes of that\n\n"
            "By `python benchmarks/converting/coreml_interpolate.py --markdown FILE`. Equal is "
            "by W at these sizes; otherwise the worst displacement in input pixels, or the "
            "largest difference of weights or of values.\n\n"
        )
        options.markdown.write_text(head + counts + ".\n\n" + "\n".join(lines) + "\n", "utf-8")
    else:
        print("\n".join(lines))
    print(counts)
    for row in made:
        if row.after != "equal":
            print(f"left: {row.call} {row.target}: {row.out}: {row.after} {row.change}")


if __name__ == "__main__":
    main()
