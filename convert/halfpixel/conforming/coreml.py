"""What Core ML computes for the resizes, samples and crops of an ML Program, on each compute unit.

Apple's documents leave cases open, and its CPU, GPU and Neural Engine need not agree on them. Each
operator is written as a package of its own, run by `MLModel.predict` (macOS), and held against
its exact weights; a verdict on an open case is what settles it for that machine.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from halfpixel.checking.check import opened
from halfpixel.conventions.coreml.names import PADDINGS
from halfpixel.errors import HalfpixelError, RuntimeRefusal
from halfpixel.formats.coreml.write.single import OUTPUT, write_single
from halfpixel.runtime import Running, RunSettings, Side, runtime_of
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.verifying.measure import TOLERANCES, Difference, at_precision, difference

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.site import Attribute, Site


Verdict = Literal["equal", "different", "refused"]
UNITS: Final = ("cpu_only", "cpu_and_gpu", "cpu_and_ne", "all")
MODES: Final = (
    "DEFAULT", "STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "OFFSET_CORNERS", "UNALIGN_CORNERS",
)  # fmt: skip
"""What sampling_mode can be, in the order in which a table lists them."""

LENGTHS: Final = ((5, 10), (5, 8), (6, 9), (8, 4), (7, 3), (4, 4), (5, 1), (1, 4))
"""Input and output lengths that are tried, the same along both axes."""

FACTORS: Final = (2.0, 3.0, 0.5, 1.5, 1.12, 1.5000166893005371)
GRIDS: Final = ("normalized_minus_one_to_one", "normalized_zero_to_one", "unnormalized")
INPUT: Final = 6
"""Input length where a factor is tried."""


@dataclass(frozen=True)
class CoremlCase:
    """One operation that is tried.

    Attributes:
        op: its type.
        attributes: its constant parameters.
        shape: lengths of what is resampled.
        output: lengths of what comes out.
        version: specification version of its model.
        tensors: lengths of its other tensors.
    """

    op: str
    attributes: "Mapping[str, Attribute]"
    shape: tuple[int, ...]
    output: tuple[int, ...]
    version: int = 6
    tensors: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])


@dataclass(frozen=True)
class CoremlResult:
    """What came of one operation on one compute unit.

    Attributes:
        config: the operation.
        unit: compute units that it was run on.
        verdict: whether it equals its exact weights.
        doubt: what the documents leave open about it; empty where nothing.
        difference: how far it is from them; None where it was refused.
        words: why it was refused.
    """

    config: CoremlCase
    unit: str
    verdict: Verdict
    doubt: str = ""
    difference: Difference | None = None
    words: str = ""


def configurations() -> Iterator[CoremlCase]:
    """Yield every operation that is tried."""
    for n_in, n_out in LENGTHS:
        shape, out = (1, 2, n_in, n_in), (1, 2, n_out, n_out)
        size: dict[str, Attribute] = {"target_size_height": n_out, "target_size_width": n_out}
        yield CoremlCase("resize_nearest_neighbor", size, shape, out)
        for mode in MODES:
            yield CoremlCase("resize_bilinear", {**size, "sampling_mode": mode}, shape, out)
        for kind, mode in (*(("LINEAR", mode) for mode in MODES), ("NEAREST_NEIGHBOR", "DEFAULT")):
            words: dict[str, Attribute] = {
                "shape": (n_out, n_out),
                "resized_dims": 2,
                "interpolation_mode": kind,
                "sampling_mode": mode,
            }
            yield CoremlCase("resize", words, shape, out, 8)
    yield from _by_factors()
    yield from _by_coordinates()


def _by_factors() -> Iterator[CoremlCase]:
    shape = (1, 2, INPUT, INPUT)
    for factor in FACTORS:
        n_out = output_length_float32(INPUT, factor)
        out = (1, 2, n_out, n_out)
        scales: dict[str, Attribute] = {"scale_factor_height": factor, "scale_factor_width": factor}
        yield CoremlCase("upsample_nearest_neighbor", scales, shape, out)
        for corners in (True, False):
            yield CoremlCase("upsample_bilinear", {**scales, "align_corners": corners}, shape, out)
        flags: dict[str, Attribute] = {"align_corners": False, "half_pixel_centers": False}
        yield CoremlCase("upsample_bilinear", {**scales, **flags}, shape, out, 7)


def _by_coordinates() -> Iterator[CoremlCase]:
    shape, out = (1, 2, 5, 7), (1, 2, 4, 6)
    for mode, padding, units, corners in product(
        ("bilinear", "nearest"), PADDINGS, GRIDS, (True, False)
    ):
        words: dict[str, Attribute] = {
            "sampling_mode": mode,
            "padding_mode": padding,
            "padding_value": 0.0,
            "coordinates_mode": units,
            "align_corners": corners,
        }
        yield CoremlCase("resample", words, shape, out, tensors={"coordinates": (1, 4, 6, 2)})
    for corners in (True, False):
        fixed: dict[str, Attribute] = {
            "output_height": 4,
            "output_width": 6,
            "sampling_mode": "bilinear",
            "padding_mode": "constant",
            "padding_value": 0.0,
            "coordinates_mode": GRIDS[0],
            "align_corners": corners,
        }
        yield CoremlCase("affine", fixed, shape, out, tensors={"transform_matrix": (1, 6)})
    for mode, normalized in product(MODES, (True, False)):
        box: dict[str, Attribute] = {
            "target_height": 4,
            "target_width": 6,
            "normalized_coordinates": normalized,
            "spatial_scale": 1.0,
            "box_coordinate_mode": "CORNERS_HEIGHT_FIRST",
            "sampling_mode": mode,
        }
        yield CoremlCase(
            "crop_resize", box, shape, (1, 1, *out[1:]), tensors={"roi": (1, 1, 4, 1, 1)}
        )


def feeds_of(config: CoremlCase) -> "dict[str, Array]":
    """Return what an operation is fed: an image of random numbers, and coordinates in it."""
    import numpy as np

    random = np.random.default_rng(0)
    feeds: dict[str, Array] = {"x": random.standard_normal(config.shape).astype(np.float32)}
    for name, shape in config.tensors.items():
        if name == "coordinates":
            units = config.attributes["coordinates_mode"]
            low, high = {GRIDS[0]: (-1.2, 1.2), GRIDS[1]: (-0.1, 1.1)}.get(str(units), (-1.0, 7.0))
            array = random.uniform(low, high, shape)
        elif name == "roi":
            box = (
                (0.1, 0.2, 0.8, 0.9)
                if config.attributes["normalized_coordinates"]
                else (1, 2, 3, 5)
            )
            array = np.asarray(box).reshape(shape)
        else:
            array = np.asarray([[0.9, 0.2, 0.1, -0.15, 1.1, -0.05]])
        feeds[name] = array.astype(np.float32)
    return feeds


Start = Callable[[Path, str], Running]
"""Starts a package on compute units."""


def on_coreml(path: Path, unit: str) -> Running:
    """Start a package on Core ML; raises as `halfpixel verify` does where it cannot."""
    side = Side(str(path), "coreml", {"compute_units": unit})
    return runtime_of(side).started(side, RunSettings())


def results(
    units: Sequence[str] = UNITS,
    start: Start = on_coreml,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[CoremlResult]:
    """Run every operation on compute units.

    Args:
        units: compute units, of `UNITS`.
        start: starts a package.
        tell: is told how many operations are done, and of how many.

    Raises:
        RuntimeFailure: there is no Core ML here.
        MissingExtraError: coremltools is not installed.
    """
    listed = list(configurations())
    with tempfile.TemporaryDirectory() as folder:
        for place, config in enumerate(listed):
            tell(place, len(listed))
            path = Path(folder) / f"{place}.mlpackage"
            tensors = {"x": config.shape, **config.tensors}
            typed = {name: ("float32", shape) for name, shape in tensors.items()}
            write_single(path, config.op, typed, config.attributes, config.output, config.version)
            (site,) = opened(path).sites
            for unit in units:
                yield _result(config, site, unit, path, start)


def _result(config: CoremlCase, site: "Site", unit: str, path: Path, start: Start) -> CoremlResult:
    doubt = site.operation.doubt or site.operation.problem
    feeds = feeds_of(config)
    try:
        meant = site.evaluate(*feeds.values())
    except HalfpixelError as error:
        return CoremlResult(
            config, unit, "refused", doubt, words=f"it cannot be described: {error}"
        )
    try:
        found = start(path, unit).run(feeds)[OUTPUT]
    except RuntimeRefusal as refusal:
        return CoremlResult(config, unit, "refused", doubt, words=refusal.reason)
    coarse = () if unit == "cpu_only" else ("float16",)
    apart = difference(found, meant.astype("float32"), at_precision(TOLERANCES, coarse))
    return CoremlResult(config, unit, "equal" if apart.equal else "different", doubt, apart)
