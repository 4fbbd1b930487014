"""Export the calls that PyTorch's exporters write as something else.

    python exporter_mismatches.py FOLDER

Each function below is one case: a call whose ONNX model, run by onnxruntime, does not give
what PyTorch gives. Its docstring says why. A case becomes ``CASE.onnx`` and ``CASE.npz``;
the arrays ``x`` and ``y`` are the traced size, ``x_1`` and ``y_1`` and so on other sizes that
the model says it takes. ``manifest.csv`` holds what was measured.

The cases H are written by older releases of onnxscript, which does the dynamo exporter's
translation. They are exported when this file runs beside such a release, the others when it
does not; rows of cases that were not exported stay in the manifest.
"""

from __future__ import annotations

import csv
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measure
import numpy as np
import onnx
import onnxscript
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A call to export.

    Attributes:
        call: the call as its author wrote it.
        model: a module that makes the call.
        sizes: input shapes, the traced one first. More than one makes the model dynamic.
        exporter: ``dynamo``, ``torchscript`` or ``script`` (torchscript after jit.script).
        opset: asked for, None for the exporter's own choice.
        dynamic: whether all but the first two axes are left open.
    """

    call: str
    model: nn.Module
    sizes: tuple[Shape, ...]
    exporter: str = "dynamo"
    opset: int | None = None
    dynamic: bool = False


class Interpolate(nn.Module):
    """One F.interpolate with fixed arguments."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - handed through
        """Keep the arguments of the call."""
        super().__init__()
        self.options = options

    def forward(self, x: Tensor) -> Tensor:
        """Resize x."""
        return F.interpolate(x, **self.options)


class Enlarge(nn.Module):
    """A size computed from the input's by Python arithmetic on floats."""

    def forward(self, x: Tensor) -> Tensor:
        """Resize x to one and a half of its size."""
        size = [int(s * 1.5) for s in x.shape[2:]]
        return F.interpolate(x, size=size, mode="bilinear")


class Patches(nn.Module):
    """A size computed from the input's by whole division, one value a patch."""

    def forward(self, x: Tensor) -> Tensor:
        """Pick one pixel of each patch of 7x7."""
        return F.interpolate(x, size=[s // 7 for s in x.shape[2:]], mode="nearest")


class AffineGrid(nn.Module):
    """affine_grid for an image of one row."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the sampling grid of the transformation x."""
        return F.affine_grid(x, [1, 2, 1, 6], align_corners=True)


class ScriptedRecompute(nn.Module):
    """A scale factor that PyTorch replaces by the ratio of the sizes."""

    def forward(self, x: Tensor) -> Tensor:
        """Resize x."""
        return F.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True)


class ScriptedArea(nn.Module):
    """An average over windows."""

    def forward(self, x: Tensor) -> Tensor:
        """Resize x."""
        return F.interpolate(x, size=[3, 4], mode="area")


def plane(*sizes: Shape, channels: int = 2) -> tuple[Shape, ...]:
    """Return input shapes for these spatial sizes."""
    return tuple((1, channels, *size) for size in sizes)


def interpolate(*sizes: Shape, channels: int = 2, **options: Any) -> Case:  # noqa: ANN401
    """Return the case of one F.interpolate; options of Case are sorted out by name."""
    about = {name: options.pop(name) for name in ("exporter", "opset") if name in options}
    dynamic = options.pop("dynamic", len(sizes) > 1)
    words = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return Case(
        call=f"F.interpolate(x, {words})",
        model=Interpolate(**options),
        sizes=plane(*sizes, channels=channels),
        dynamic=dynamic,
        **about,
    )


def a1() -> Case:
    """Antialias keeps its centres with align_corners; no Resize attribute says so."""
    return interpolate((5, 7), size=(3, 4), mode="bilinear", align_corners=True, antialias=True)


def a1b() -> Case:
    """Antialias keeps its centres with align_corners, enlarging too."""
    return interpolate((5, 7), size=(10, 14), mode="bilinear", align_corners=True, antialias=True)


def a2() -> Case:
    """Antialias keeps its centres with align_corners, bicubic too."""
    return interpolate((5, 7), size=(3, 4), mode="bicubic", align_corners=True, antialias=True)


def a3() -> Case:
    """With antialias the scale factor is dropped: sizes are written, 5 to 2 is not 0.5."""
    return interpolate((5, 7), scale_factor=0.5, mode="bilinear", antialias=True)


def a3b() -> Case:
    """With antialias the scale factor is dropped; right at even sizes, wrong at odd ones."""
    return interpolate((6, 8), (7, 9), (13, 15), scale_factor=0.5, mode="bilinear", antialias=True)


def a3c() -> Case:
    """With antialias the scale factor is dropped, enlarging too."""
    return interpolate((5, 7), scale_factor=1.7, mode="bilinear", antialias=True)


def a4() -> Case:
    """With antialias the scale factor is dropped, bicubic too."""
    return interpolate((5, 7), scale_factor=1.7, mode="bicubic", antialias=True)


def a5() -> Case:
    """The windows of the traced size are frozen while the input stays symbolic."""
    return interpolate((6, 8), (7, 9), scale_factor=0.5, mode="area")


def a5b() -> Case:
    """The windows of the traced size are frozen: another input gives another output size."""
    return interpolate((6, 8), (12, 16), (7, 9), size=(3, 4), mode="area")


def a5c() -> Case:
    """The windows of the traced size are frozen while the input stays symbolic."""
    return Case(
        call="F.adaptive_avg_pool2d(x, (3, 4))",
        model=nn.AdaptiveAvgPool2d((3, 4)),
        sizes=plane((6, 8), (12, 16)),
        dynamic=True,
    )


def a6() -> Case:
    """int(s * 1.5) becomes the constant of the traced size."""
    return Case(
        call="F.interpolate(x, size=[int(s * 1.5) for s in x.shape[2:]], mode='bilinear')",
        model=Enlarge(),
        sizes=plane((6, 8), (12, 8)),
        dynamic=True,
    )


def a7() -> Case:
    """(i + 0.5) * (n / (n * 1.7)) in float32 meets ties: some pixels are one off."""
    return interpolate((5, 7), scale_factor=1.7, mode="nearest-exact", dynamic=True)


def a8() -> Case:
    """Eager copies an axis whose length stays; the decomposition resamples it."""
    return interpolate((7,), scale_factor=1.1, mode="linear")


def b1() -> Case:
    """Opset 10 knows only asymmetric coordinates for linear."""
    return interpolate((5, 7), scale_factor=2, mode="bilinear", exporter="torchscript", opset=10)


def b1b() -> Case:
    """Opset 9 knows only asymmetric coordinates for linear."""
    return interpolate((5, 7), scale_factor=2, mode="bilinear", exporter="torchscript", opset=9)


def b1c() -> Case:
    """Opset 10 knows only asymmetric coordinates for linear, shrinking too."""
    return interpolate((6, 8), scale_factor=0.5, mode="bilinear", exporter="torchscript", opset=10)


def b2() -> Case:
    """Opset 10 nearest rounds up in onnxruntime when it shrinks, PyTorch down."""
    return interpolate((5, 7), size=(3, 4), mode="nearest", exporter="torchscript", opset=10)


def b3b() -> Case:
    """Opset 9 has only Upsample, which must not shrink."""
    return interpolate((5, 7), scale_factor=0.5, mode="nearest", exporter="torchscript", opset=9)


def b4() -> Case:
    """Scripting drops recompute_scale_factor: scales are written instead of sizes."""
    return Case(
        call="F.interpolate(x, scale_factor=1.7, mode='bilinear', recompute_scale_factor=True)",
        model=ScriptedRecompute(),
        sizes=plane((5, 7)),
        exporter="script",
        opset=17,
    )


def b5() -> Case:
    """Scripting writes a Resize of mode area, which ONNX does not have."""
    return Case(
        call="F.interpolate(x, size=[3, 4], mode='area')",
        model=ScriptedArea(),
        sizes=plane((5, 7)),
        exporter="script",
        opset=17,
    )


def b6() -> Case:
    """An axis of one pixel: ONNX AffineGrid starts at -1, PyTorch at 0."""
    return Case(
        call="F.affine_grid(x, [1, 2, 1, 6], align_corners=True)",
        model=AffineGrid(),
        sizes=((1, 2, 3),),
        exporter="torchscript",
        opset=20,
    )


def b7() -> Case:
    """int(s * 1.5) becomes the constant of the traced size."""
    return Case(
        call="F.interpolate(x, size=[int(s * 1.5) for s in x.shape[2:]], mode='bilinear')",
        model=Enlarge(),
        sizes=plane((6, 8), (12, 8)),
        exporter="torchscript",
        opset=17,
        dynamic=True,
    )


def b10() -> Case:
    """A traced recompute_scale_factor multiplies in float32: 29 samples, PyTorch has 28."""
    return interpolate(
        (100,),
        channels=1,
        scale_factor=0.29,
        mode="linear",
        recompute_scale_factor=True,
        exporter="torchscript",
        opset=17,
        dynamic=True,
    )


def c1() -> Case:
    """Scales are float32: floor(100 * 0.29) is 29 there and 28 in PyTorch's double."""
    return interpolate((100, 7), channels=1, scale_factor=0.29, mode="bilinear")


def c1b() -> Case:
    """Scales are float32: floor(45 * 2.6) is 116 there and 117 in PyTorch's double."""
    return interpolate((45, 3), channels=1, scale_factor=2.6, mode="bilinear")


def c2() -> Case:
    """Onnxruntime divides by float32(2 / 14) and lands below whole pixels."""
    return interpolate((14, 14), size=(2, 2), mode="nearest")


def c2b() -> Case:
    """Onnxruntime divides by float32(32 / 224) and lands below whole pixels."""
    return interpolate((2, 224), size=(2, 32), mode="nearest")


def c2c() -> Case:
    """Onnxruntime divides by float32(1 / 7) and lands below whole pixels, at any size."""
    return Case(
        call="F.interpolate(x, size=[s // 7 for s in x.shape[2:]], mode='nearest')",
        model=Patches(),
        sizes=plane((28, 14), (56, 14), (112, 14), (98, 21), channels=1),
        dynamic=True,
    )


def c2d() -> Case:
    """Onnxruntime divides by float32(1 / 7) and lands below whole pixels."""
    return interpolate((28, 28), channels=1, scale_factor=1 / 7, mode="nearest")


def c3() -> Case:
    """Onnxruntime copies where no length changes; eager bicubic resamples by 1.1."""
    return interpolate((5, 7), scale_factor=1.1, mode="bicubic")


def c4() -> Case:
    """Onnxruntime copies where no length changes; eager nearest of rank 5 resamples."""
    return interpolate((5, 6, 7), scale_factor=1.1, mode="nearest")


def c5() -> Case:
    """Eager copies the one axis whose length stays; onnxruntime resamples it."""
    return interpolate((12, 8), scale_factor=1.1, mode="bilinear")


def h1() -> Case:
    """pytorch_half_pixel reads pixel 0 for an output of one pixel, PyTorch the centre."""
    return interpolate((5, 7), size=(1, 1), mode="bilinear")


def h2() -> Case:
    """pytorch_half_pixel reads pixel 0 for an output of one row, PyTorch the centre."""
    return interpolate((5, 7), size=(1, 4), mode="bicubic")


def h3() -> Case:
    """exclude_outside=0 lets the antialias filter count samples beyond the border."""
    return interpolate((5, 7), size=(3, 4), mode="bilinear", antialias=True)


def h4() -> Case:
    """exclude_outside=0 counts samples beyond the border; 0.6.2 also writes a = -0.75."""
    return interpolate((5, 7), size=(3, 4), mode="bicubic", antialias=True)


TODAY: tuple[Callable[[], Case], ...] = (
    a1, a1b, a2, a3, a3b, a3c, a4, a5, a5b, a5c, a6, a7, a8,
    b1, b1b, b1c, b2, b3b, b4, b5, b6, b7, b10,
    c1, c1b, c2, c2b, c2c, c2d, c3, c4, c5,
)  # fmt: skip
OLDER_ONNXSCRIPT: tuple[Callable[[], Case], ...] = (h1, h2, h3, h4)


def cases() -> dict[str, Callable[[], Case]]:
    """Return the cases that the installed onnxscript can show, by file name."""
    release = tuple(int(part) for part in onnxscript.__version__.split(".")[:3])
    if release < (0, 7, 1):
        suffix = f"-onnxscript{onnxscript.__version__}"
        return {f"H{make.__name__[1:]}{suffix}": make for make in OLDER_ONNXSCRIPT}
    return {make.__name__[0].upper() + make.__name__[1:]: make for make in TODAY}


def export(case: Case, path: Path) -> None:
    """Write the model of a case without the paths of this machine."""
    x = torch.rand(case.sizes[0])
    names: dict[str, Any] = {"input_names": ["x"], "output_names": ["y"]}
    axes = {axis: f"d{axis}" for axis in range(2, x.ndim)} if case.dynamic else {}
    if case.exporter == "dynamo":
        shapes = (axes,) if axes else None
        torch.onnx.export(
            case.model, (x,), path, dynamic_shapes=shapes, opset_version=case.opset,
            external_data=False, verbose=False, **names,
        )  # fmt: skip
    else:
        model = torch.jit.script(case.model) if case.exporter == "script" else case.model
        torch.onnx.export(
            model, (x,), path, dynamo=False, opset_version=case.opset,
            dynamic_axes={"x": axes} if axes else None, **names,
        )  # fmt: skip
    measure.clean(path)


def eager(case: Case) -> list[tuple[Tensor, Tensor]]:
    """Return inputs at every size of a case and what PyTorch computes from them."""
    torch.manual_seed(0)
    inputs = [torch.rand(size) for size in case.sizes]
    with torch.no_grad():
        return [(x, case.model(x)) for x in inputs]


def row(name: str, case: Case, cause: str, folder: Path) -> dict[str, object]:
    """Export and measure one case; return its line of the manifest."""
    path = folder / f"{name}.onnx"
    export(case, path)
    arrays, verdicts = {}, []
    for i, (x, y) in enumerate(eager(case)):
        suffix = f"_{i}" if i else ""
        arrays |= {f"x{suffix}": x.numpy(), f"y{suffix}": y.numpy()}
        verdicts.append(measure.judge(path, {"x": x.numpy(), "y": y.numpy()}))
    np.savez_compressed(path.with_suffix(".npz"), **arrays)  # type: ignore[arg-type]
    opset = onnx.load(path).opset_import[0].version
    return {
        "case": name,
        "call": case.call,
        "exporter": case.exporter,
        "torch": torch.__version__.split("+")[0],
        "opset": opset,
        "sizes": "; ".join("x".join(map(str, size)) for size in case.sizes),
        "onnxruntime_vs_eager": "; ".join(verdict.word for verdict in verdicts),
        "max_abs_diff": "; ".join(verdict.digits for verdict in verdicts),
        "cause": cause,
    }


def main() -> None:
    """Export every case and write the manifest."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.csv"
    rows: dict[str, dict[str, object]] = {}
    if manifest.exists():
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = {line["case"]: dict(line) for line in csv.DictReader(file)}
    warnings.simplefilter("ignore")
    for name, make in cases().items():
        cause = (make.__doc__ or "").strip()
        rows[name] = row(name, make(), cause, folder)
    measure.write_rows(manifest, (rows[name] for name in sorted(rows)))


if __name__ == "__main__":
    main()
