"""Convert PyTorch's resampling calls to Core ML with coremltools.

    python coreml_interpolate.py FOLDER

:func:`conversions` yields every call at every target, converted or refused, for benchmarks.
Run as a program this writes a part of them into FOLDER: ``manifest.csv`` lists all calls of
that part with what came of them, and beside each model an ``.npz`` holds its inputs by name
and PyTorch's eager output ``y``.
"""

from __future__ import annotations

import csv
import itertools
import logging
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coreml_packages
import coreml_read
import coremltools as ct
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from coremltools.models import MLModel

Size = tuple[int, int]
Array = np.ndarray[Any, np.dtype[Any]]
COLUMNS = ("file", "call", "target", "input_shape", "output_shape", "status", "operations")


@dataclass(frozen=True, slots=True)
class Case:
    """A call.

    Attributes:
        name: short, of letters that a file's name may have.
        call: as its author wrote it.
        run: makes it.
        inputs: the tensors that it is given, by name.
    """

    name: str
    call: str
    run: Callable[..., Tensor]
    inputs: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Target:
    """What to convert to.

    Attributes:
        name: short.
        release: the oldest system that is to run the model.
        network: whether to write a neural network instead of an ML Program.
        half: whether to compute in float16.
        exported: whether to read the module by torch.export instead of tracing it.
        flexible: whether the model leaves the spatial axes open.
    """

    name: str
    release: ct.target
    network: bool = False
    half: bool = False
    exported: bool = False
    flexible: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of a call.

    Attributes:
        name: of the call.
        target: its name.
        model: converted, None where coremltools refused.
        refusal: the first line of why.
        call: as its author wrote it.
        inputs: by the model's input names.
        y: what PyTorch computes of them.
    """

    name: str
    target: str
    model: MLModel | None
    refusal: str
    call: str
    inputs: dict[str, Array]
    y: Array


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, run: Callable[..., Tensor]) -> None:
        """Keep the function."""
        super().__init__()
        self.run = run

    def forward(self, *inputs: Tensor) -> Tensor:
        """Call it."""
        return self.run(*inputs)


TARGETS = (
    Target("ios15", ct.target.iOS15),
    Target("ios16", ct.target.iOS16),
    Target("ios17", ct.target.iOS17),
    Target("ios18", ct.target.iOS18),
    Target("network", ct.target.iOS14, network=True),
)
HALVES = (
    Target("ios15_fp16", ct.target.iOS15, half=True),
    Target("ios16_fp16", ct.target.iOS16, half=True),
)
EXPORTED = (
    Target("ios15_export", ct.target.iOS15, exported=True),
    Target("ios18_export", ct.target.iOS18, exported=True),
)
FLEXIBLE = (
    Target("ios15_flexible", ct.target.iOS15, flexible=True),
    Target("network_flexible", ct.target.iOS14, network=True, flexible=True),
)
MODES: dict[str, dict[str, Any]] = {
    "nearest": {"mode": "nearest"},
    "nearest_exact": {"mode": "nearest-exact"},
    "bilinear_ac0": {"mode": "bilinear", "align_corners": False},
    "bilinear_ac1": {"mode": "bilinear", "align_corners": True},
    "bilinear_aa": {"mode": "bilinear", "antialias": True},
    "bicubic": {"mode": "bicubic"},
    "area": {"mode": "area"},
}
SIZES: tuple[tuple[Size, Size], ...] = (
    ((5, 7), (10, 14)),
    ((6, 10), (9, 7)),
    ((5, 7), (8, 14)),
    ((8, 6), (4, 9)),
    ((10, 8), (7, 4)),
    ((4, 5), (4, 8)),
    ((5, 4), (1, 4)),
    ((5, 7), (1, 1)),
    ((4, 4), (4, 4)),
)
SCALES: tuple[tuple[Size, float | tuple[float, float]], ...] = (
    ((5, 7), 2),
    ((5, 7), 2.0),
    ((5, 7), (2.0, 3.0)),
    ((6, 4), 1.5),
    ((5, 7), 1.5),
    ((5, 5), 1.6),
    ((8, 6), 0.5),
    ((10, 20), 0.7),
    ((5, 7), 1.0),
)


FLOORS: tuple[tuple[Size, float], ...] = (
    ((45, 5), 2.6),  # 117 rows in PyTorch's double; 116 where the scale is float32
    ((100, 20), 0.29),  # 28 and 29
)


def image(*shape: int) -> Tensor:
    """Return a random tensor, the same for the same shape."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def interpolate(name: str, x: Tensor, **options: Any) -> Case:  # noqa: ANN401 - handed through
    """Return one F.interpolate."""
    words = ", ".join(f"{key}={value!r}" for key, value in options.items())
    return Case(name, f"F.interpolate(x, {words})", lambda x: F.interpolate(x, **options), {"x": x})


def written(value: float | tuple[float, ...]) -> str:
    """Write sizes or scales into a name."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def resizes() -> Iterator[Case]:
    """Yield F.interpolate in every mode, by sizes and by scales."""
    for (mode, options), (size, out) in itertools.product(MODES.items(), SIZES):
        name = f"{mode}-{written(size)}-to-{written(out)}"
        yield interpolate(name, image(1, 2, *size), size=out, **options)
    for (mode, options), (size, scale) in itertools.product(MODES.items(), SCALES):
        name = f"{mode}-{written(size)}-by-{written(scale)}"
        yield interpolate(name, image(1, 2, *size), scale_factor=scale, **options)
        yield interpolate(f"{name}-recomputed", image(1, 2, *size), scale_factor=scale,
                          recompute_scale_factor=True, **options)  # fmt: skip
    for mode, (size, scale) in itertools.product(("nearest", "bilinear_ac1"), FLOORS):
        name = f"{mode}-{written(size)}-by-{written(scale)}"
        yield interpolate(name, image(1, 2, *size), scale_factor=scale, **MODES[mode])
    for corners, out in itertools.product((False, True), (9, 14, 4, 1)):
        name = f"linear_ac{corners:d}-7-to-{out}"
        yield interpolate(name, image(1, 2, 7), size=out, mode="linear", align_corners=corners)
    yield interpolate("nearest-7-to-14", image(1, 2, 7), size=14, mode="nearest")
    yield interpolate("trilinear-3x5x7-by-2", image(1, 2, 3, 5, 7), scale_factor=2,
                      mode="trilinear")  # fmt: skip
    yield interpolate("nearest-3x5x7-by-2", image(1, 2, 3, 5, 7), scale_factor=2, mode="nearest")


def samples() -> Iterator[Case]:
    """Yield F.grid_sample and F.affine_grid."""
    x, grid = image(1, 2, 5, 7), image(1, 4, 6, 2) * 3 - 1.5
    for mode, padding, corners in itertools.product(
        ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (False, True)
    ):
        options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        words = ", ".join(f"{key}={value!r}" for key, value in options.items())
        yield Case(
            f"grid_sample-{mode}-{padding}-ac{corners:d}", f"F.grid_sample(x, grid, {words})",
            lambda x, grid, options=options: F.grid_sample(x, grid, **options),
            {"x": x, "grid": grid},
        )  # fmt: skip
    turn = torch.tensor([[[0.9, 0.2, 0.1], [-0.15, 1.1, -0.05]]])
    for corners in (False, True):
        for name, size in (("same", (1, 2, 5, 7)), ("other", (1, 2, 4, 6))):
            yield Case(
                f"affine_grid-{name}-ac{corners:d}",
                f"F.grid_sample(x, F.affine_grid(theta, {size}, align_corners={corners}), "
                f"align_corners={corners})",
                lambda x, theta, size=size, corners=corners: F.grid_sample(
                    x, F.affine_grid(theta, size, align_corners=corners), align_corners=corners
                ),
                {"x": x, "theta": turn},
            )  # fmt: skip


def others() -> Iterator[Case]:
    """Yield transposed convolutions and shuffled pixels."""
    x, weight = image(1, 2, 5, 7), image(2, 3, 3, 3) - 0.5
    for name, options in {
        "valid": {},
        "pad": {"padding": 1},
        "output_padding": {"padding": 1, "output_padding": 1},
    }.items():
        words = "".join(f", {key}={value}" for key, value in options.items())
        yield Case(
            f"conv_transpose-{name}", f"F.conv_transpose2d(x, weight, stride=2{words})",
            lambda x, options=options: F.conv_transpose2d(x, weight, stride=2, **options),
            {"x": x},
        )  # fmt: skip
    yield Case("pixel_shuffle", "F.pixel_shuffle(x, 2)", lambda x: F.pixel_shuffle(x, 2),
               {"x": image(1, 8, 3, 5)})  # fmt: skip


def cases() -> Iterator[Case]:
    """Yield every call."""
    for family in (resizes, samples, others):
        yield from family()


def few(case: Case) -> bool:
    """Tell whether a call is converted to the rarer targets too."""
    return case.name.startswith(("grid_sample-bilinear", "affine_grid-same")) or any(
        part in case.name for part in ("-5x7-to-10x14", "-6x10-to-9x7", "-5x7-by-2.0", "-6x4-by")
    )


def targets(case: Case) -> tuple[Target, ...]:
    """Return what a call is converted to."""
    return TARGETS + HALVES + EXPORTED + FLEXIBLE if few(case) else TARGETS


def lengths(x: Tensor, *, flexible: bool) -> tuple[Any, ...]:
    """Return the shape of an input, its spatial axes open where that is wanted."""
    if not flexible or x.ndim < 4:
        return tuple(x.shape)
    spatial = [ct.RangeDim(1, 4 * length, length) for length in x.shape[2:]]
    return (*x.shape[:2], *spatial)


def convert(case: Case, target: Target) -> MLModel:
    """Convert a call; coremltools' exceptions are of every kind."""
    inputs = tuple(case.inputs.values())
    module = Call(case.run).eval()
    options: dict[str, Any] = {}
    if target.exported:
        read = torch.export.export(module, inputs).run_decompositions({})
    else:
        read = torch.jit.trace(module, inputs)
        options["inputs"] = [
            ct.TensorType(name=name, shape=lengths(x, flexible=target.flexible))
            for name, x in case.inputs.items()
        ]
    if not target.network:
        half = ct.precision.FLOAT16 if target.half else ct.precision.FLOAT32
        options["compute_precision"] = half
    return ct.convert(
        read,
        outputs=[ct.TensorType(name="y")],
        convert_to="neuralnetwork" if target.network else "mlprogram",
        minimum_deployment_target=target.release,
        skip_model_load=True,
        **options,
    )


def conversion(case: Case, target: Target) -> Conversion:
    """Return what comes of a call at a target."""
    model, refusal = None, ""
    try:
        model = convert(case, target)
    except Exception as error:  # noqa: BLE001 - converters raise of every kind
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        refusal = f"{type(error).__name__}: {lines[0] if lines else ''}"
    inputs = {name: x.numpy() for name, x in case.inputs.items()}
    if target.exported and model is not None:  # torch.export names the inputs itself
        names = [given.name for given in model.get_spec().description.input]
        inputs = dict(zip(names, inputs.values(), strict=True))
    with torch.no_grad():
        y = case.run(*case.inputs.values()).numpy()
    return Conversion(case.name, target.name, model, refusal, case.call, inputs, y)


def conversions(chosen: Iterable[Case] | None = None) -> Iterator[Conversion]:
    """Yield every call at every target, or those of the chosen calls."""
    quiet()
    for case in cases() if chosen is None else chosen:
        for target in targets(case):
            yield conversion(case, target)


def quiet() -> None:
    """Silence what coremltools and PyTorch say of every conversion."""
    warnings.simplefilter("ignore")
    logging.getLogger("coremltools").setLevel(logging.ERROR)


def phrase(model: MLModel) -> str:
    """Write the resampling operations of a model, or all of them where there are none."""
    found = list(coreml_read.operations(model.get_spec()))
    resampling = [op for op in found if op.resamples]
    told = [
        f"{op.kind}({', '.join(f'{key}={short(value)}' for key, value in about(op))})"
        for op in resampling
    ]
    counts = Counter(op.kind for op in found)
    return " > ".join(told or [f"{count} {kind}" for kind, count in counts.items()])


def about(op: coreml_read.Operation) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an operation that hold something."""
    for key, value in sorted(op.attributes.items()):
        if value not in ([], None) and key not in {"kernelChannels", "outputChannels", "bias"}:
            yield key, value


def short(value: Any) -> str:  # noqa: ANN401 - whatever an attribute holds
    """Write a value, numbers as float32."""
    return str(np.float32(value)) if isinstance(value, float) else str(value).replace(" ", "")


KEPT: dict[str, tuple[str, ...]] = {
    "nearest-5x7-to-10x14": ("ios15", "network", "ios15_fp16"),
    "nearest-6x10-to-9x7": ("ios15", "network"),
    "nearest-5x7-by-1.5": ("ios15",),
    "nearest-5x7-by-2.0": ("ios15_flexible", "network_flexible"),
    "nearest-45x5-by-2.6": ("ios15",),
    "nearest-100x20-by-0.29": ("ios15",),
    "nearest-5x7-to-1x1": ("ios15",),
    "nearest_exact-5x7-to-10x14": ("ios15",),
    "bilinear_ac0-5x7-to-10x14": ("ios15", "ios16", "ios17", "ios18", "network", "ios15_fp16",
                                  "ios15_export"),
    "bilinear_ac0-6x10-to-9x7": ("ios15", "ios17", "ios15_flexible", "network"),
    "bilinear_ac0-5x4-to-1x4": ("ios15", "network"),
    "bilinear_ac0-4x4-to-4x4": ("ios15",),
    "bilinear_ac0-5x7-by-2.0": ("ios15", "ios15_flexible", "network"),
    "bilinear_ac0-6x4-by-1.5": ("ios15",),
    "bilinear_ac0-6x4-by-1.5-recomputed": ("ios15",),
    "bilinear_ac0-5x7-by-1.5": ("ios15",),
    "bilinear_ac0-8x6-by-0.5": ("ios15",),
    "bilinear_ac1-5x7-to-10x14": ("ios15", "network"),
    "bilinear_ac1-6x10-to-9x7": ("ios15", "network"),
    "bilinear_ac1-5x7-to-1x1": ("ios15",),
    "bilinear_ac1-5x7-by-1.5": ("ios15",),
    "bilinear_aa-10x8-to-7x4": ("ios15", "network"),
    "bilinear_aa-5x7-to-10x14": ("ios15_export",),
    "bicubic-5x7-to-10x14": ("ios15",),
    "area-10x8-to-7x4": ("ios15",),
    "area-8x6-by-0.5": ("ios15",),
    "linear_ac0-7-to-14": ("ios15", "network"),
    "linear_ac1-7-to-9": ("ios15",),
    "trilinear-3x5x7-by-2": ("ios15",),
    "grid_sample-bilinear-zeros-ac0": ("ios15", "ios16", "ios16_fp16", "network"),
    "grid_sample-bilinear-zeros-ac1": ("ios15",),
    "grid_sample-bilinear-border-ac0": ("ios15",),
    "grid_sample-bilinear-reflection-ac0": ("ios15",),
    "grid_sample-bilinear-reflection-ac1": ("ios15",),
    "grid_sample-nearest-zeros-ac1": ("ios15",),
    "grid_sample-bicubic-zeros-ac0": ("ios15",),
    "affine_grid-same-ac0": ("ios15",),
    "affine_grid-same-ac1": ("ios15",),
    "conv_transpose-valid": ("ios15",),
    "conv_transpose-output_padding": ("ios15", "network"),
    "pixel_shuffle": ("ios15", "network"),
}  # fmt: skip


def row(result: Conversion, folder: Path) -> dict[str, object]:
    """Write a model and its arrays; return its line of the manifest."""
    suffix = ".mlmodel" if result.target.startswith("network") else ".mlpackage"
    path = folder / f"{result.name}-{result.target}{suffix}"
    x = next(iter(result.inputs.values()))
    if result.model is not None:
        coreml_packages.save(result.model, path)
        np.savez_compressed(path.with_suffix(".npz"), **result.inputs, y=result.y)  # type: ignore[arg-type]
    return {
        "file": path.name if result.model is not None else "",
        "call": result.call,
        "target": result.target,
        "input_shape": "x".join(map(str, x.shape)),
        "output_shape": "x".join(map(str, result.y.shape)),
        "status": result.refusal or "converted",
        "operations": phrase(result.model) if result.model is not None else "",
    }


def main() -> None:
    """Write the kept part."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    quiet()
    known = {target.name: target for target in TARGETS + HALVES + EXPORTED + FLEXIBLE}
    named = {case.name: case for case in cases()}
    rows = [
        row(conversion(named[name], known[target]), folder)
        for name, kept in KEPT.items()
        for target in kept
    ]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{sum(bool(line['file']) for line in rows)} models of {len(rows)} conversions")


if __name__ == "__main__":
    main()
