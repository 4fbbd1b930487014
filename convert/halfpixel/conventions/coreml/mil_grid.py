"""Core ML's names in an ML Program (MIL): resample, affine and crop_resize.

============== ======================================== ================================ ====
operator       value of an input                        meaning                          iOS
============== ======================================== ================================ ====
resample       coordinates_mode unnormalized            pixels                           15
               normalized_minus_one_to_one              -1 to 1, as F.grid_sample        15
               normalized_zero_to_one                   0 to 1                           15
               padding_mode constant, padding_value     a constant outside               15
               border                                   the border pixel                 15
               reflection                               turned on its centre             15
               symmetric                                turned on its outer edge         15
               coordinates fp16 (int8, int16 ...)                                        16 (17)
affine         bilinear, constant 0,                    F.affine_grid and                15
               normalized_minus_one_to_one              F.grid_sample
crop_resize    sampling_mode                            a rule of resize_bilinear        15
                                                        inside each box
               pad_value                                the constant outside             16
               boxes, box_indices                       instead of roi                   17
============== ======================================== ================================ ====

Where each of them reads is in the docstrings of `halfpixel.sampling`'s Resample, AffineSample and
CropResize. What is open about conv_transpose, and since when there is one, is answered here too.

Source: coremltools `converters/mil/mil/ops/defs/iOS15|iOS16|iOS17/image_resizing.py`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.coreml.axes import InputShape
from halfpixel.conventions.coreml.names import (
    BOX_MODES,
    IOS15,
    IOS16,
    IOS17,
    PADDINGS,
    RULES,
    SAMPLE_MODES,
    UNITS,
)
from halfpixel.conventions.meaning import choice, length, number
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError
from halfpixel.sampling import AffineGrid, AffineSample, CropResize, GridSample, Resample

if TYPE_CHECKING:
    from halfpixel.sampling.crop import BoxOrder
    from halfpixel.sampling.resample import ResamplePadding, Units

SINCE: Final[Mapping[str, int]] = {
    "resample": IOS15,
    "affine": IOS15,
    "crop_resize": IOS15,
    "conv_transpose": IOS15,
}


def _words(attributes: Attributes, name: str, allowed: Sequence[str], rest: str | None) -> str:
    return choice(name, str(attributes.get(name, rest)).lower(), allowed)


def _sampler(attributes: Attributes) -> Resample:
    mode = _words(attributes, "sampling_mode", tuple(SAMPLE_MODES), None)
    padding = _words(attributes, "padding_mode", PADDINGS, None)
    units = _words(attributes, "coordinates_mode", UNITS, None)
    value = number("padding_value", attributes.get("padding_value", 0.0))
    return Resample(
        SAMPLE_MODES[mode],
        cast("ResamplePadding", padding),
        value if padding == "constant" else 0.0,
        cast("Units", units),
        bool(attributes.get("align_corners", True)) or units == "unnormalized",
    )


def resample(attributes: Attributes) -> GridSample | Resample:
    """Return what a resample computes: a GridSample where it is one at every size.

    Args:
        attributes: its constant inputs by parameter name; it has no defaults.

    Raises:
        ConventionError: a mode that it does not have.

    >>> mode = {"sampling_mode": "bilinear", "padding_mode": "constant", "align_corners": False}
    >>> resample({**mode, "coordinates_mode": "normalized_minus_one_to_one"})
    GridSample(mode='linear', padding='zeros', align_corners=False, spatial=2)
    >>> resample({**mode, "coordinates_mode": "normalized_zero_to_one"}).coordinates
    'normalized_zero_to_one'
    >>> resample({**mode, "coordinates_mode": "unnormalized"}).coordinates
    'unnormalized'
    >>> other = {"sampling_mode": "nearest", "coordinates_mode": "normalized_minus_one_to_one"}
    >>> for padding in ("border", "reflection", "symmetric"):
    ...     meant = resample({**other, "padding_mode": padding, "align_corners": True})
    ...     print(meant.mode, meant.padding, type(meant).__name__)
    nearest border GridSample
    nearest reflection GridSample
    nearest symmetric Resample
    """
    meant = _sampler(attributes)
    return meant.as_grid_sample() or meant


def resample_words(meant: GridSample | Resample) -> dict[str, str | float | bool]:
    """Return the attributes of a resample that computes the same.

    Raises:
        ConventionError: a cubic kernel, or other than two spatial axes.

    >>> resample_words(GridSample("linear", "reflection", align_corners=False))["padding_mode"]
    'symmetric'
    """
    if isinstance(meant, GridSample):
        if meant.mode == "cubic" or meant.spatial not in {None, 2}:
            raise ConventionError(f"a resample has no {meant.mode} over {meant.spatial or 2} axes")
        turned: ResamplePadding = "reflection" if meant.align_corners else "symmetric"
        names: dict[str, ResamplePadding] = {"zeros": "constant", "border": "border"}
        padding = names.get(meant.padding, turned)
        meant = Resample(meant.mode, padding, align_corners=meant.align_corners)
    return {
        "sampling_mode": "nearest" if meant.mode == "nearest" else "bilinear",
        "padding_mode": meant.padding,
        "padding_value": meant.value,
        "coordinates_mode": meant.coordinates,
        "align_corners": meant.align_corners,
    }


def affine(attributes: Attributes) -> AffineSample:
    """Return what an affine computes.

    The base coordinate of an output length of 1 under align_corners is documented nowhere; it
    is 0 here, as in PyTorch's affine_grid, which converters make an affine of.

    Raises:
        ConventionError: a mode that it does not have.

    >>> names = {"sampling_mode": "bilinear", "padding_mode": "constant", "align_corners": True}
    >>> units = {"coordinates_mode": "normalized_minus_one_to_one"}
    >>> affine({**names, **units, "output_height": 3, "output_width": 5}).output
    (3, 5)
    """
    _words(attributes, "sampling_mode", ("bilinear",), None)
    _words(attributes, "padding_mode", PADDINGS[:1], None)
    _words(attributes, "coordinates_mode", UNITS[1:2], None)
    sampler = _sampler(attributes)
    if sampler.value != 0:
        raise ConventionError(f"padding_value is {sampler.value:g}, expected 0")
    height, width = (_length(attributes, name) for name in ("output_height", "output_width"))
    return AffineSample(AffineGrid(sampler.align_corners, single=0.0), sampler, (height, width))


def _length(attributes: Attributes, name: str) -> int:
    return length(name, attributes.get(name, 1))


def crop_resize(attributes: Attributes) -> CropResize:
    """Return what a crop_resize computes inside its boxes.

    Args:
        attributes: its constant inputs by parameter name, defaults left out.

    Raises:
        ConventionError: a mode that it does not have.

    >>> for mode in RULES:
    ...     meant = crop_resize({"sampling_mode": mode, "target_height": 1, "target_width": 3})
    ...     print(mode, meant.positions(1.0, 4.0, 3).round(2).tolist())
    STRICT_ALIGN_CORNERS [1.0, 2.5, 4.0]
    UNALIGN_CORNERS [1.17, 2.5, 3.83]
    DEFAULT [1.0, 2.33, 3.67]
    ALIGN_CORNERS [1.0, 2.5, 4.0]
    OFFSET_CORNERS [1.5, 2.5, 3.5]
    """
    mode = choice("sampling_mode", attributes.get("sampling_mode", "DEFAULT"), RULES)
    name = "box_coordinate_mode"
    order = choice(name, attributes.get(name, BOX_MODES[0]), BOX_MODES)
    pad = attributes.get("pad_value")
    return CropResize(
        RULES[mode],
        (_length(attributes, "target_height"), _length(attributes, "target_width")),
        bool(attributes.get("normalized_coordinates", False)),
        number("spatial_scale", attributes.get("spatial_scale", 1.0)),
        cast("BoxOrder", order),
        None if pad is None else number("pad_value", pad),
    )


def open_question(op: str, attributes: Attributes, _shape: InputShape = None) -> str:
    """Return in a phrase what Apple leaves open, or devices disagree on; "" where nothing.

    >>> open_question("resample", {"coordinates_mode": "unnormalized"})
    'coordinates in pixels: macOS 14 misreads those between two pixels'
    """
    match op:
        case "resample":
            if attributes.get("coordinates_mode") == "unnormalized":
                return "coordinates in pixels: macOS 14 misreads those between two pixels"
        case "affine":
            if not attributes.get("align_corners", True):
                return "align_corners=False, which the documents call not supported"
        case "crop_resize":
            if attributes.get("sampling_mode") == "UNALIGN_CORNERS":
                return "UNALIGN_CORNERS in a box: Apple's one test does not follow the documents"
        case "conv_transpose":
            if attributes.get("output_shape") is not None:
                return "output_shape: which end is cut is documented nowhere"
        case _:
            pass
    return ""


def floor_of(op: str, attributes: Attributes, dtype: str = "") -> int:
    """Return the least specification version that has an operator with these attributes.

    Args:
        op: operator name.
        attributes: its inputs by parameter name; also those that are not constant count.
        dtype: element type of a resample's coordinates, as MIL names it ("fp16", "int8" ...).

    Raises:
        ConventionError: an operator that is not described here.

    >>> floor_of("crop_resize", {"boxes": None}), floor_of("resample", {}, "fp16")
    (8, 7)
    """
    if op not in SINCE:
        raise ConventionError(f"{op} is not described here")
    if op == "crop_resize":
        if attributes.keys() & {"boxes", "box_indices"}:
            return IOS17
        return IOS16 if "pad_value" in attributes else IOS15
    if op == "resample" and dtype == "fp16":
        return IOS16
    if op == "resample" and dtype not in {"", "fp32", "int32"}:
        return IOS17
    return SINCE[op]
