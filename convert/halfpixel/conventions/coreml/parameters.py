"""Parameters of an ML Program's operators that are read, and what each of them is.

A value of another kind is refused and never taken for the default: the file is not what was meant.

Source: coremltools `converters/mil/mil/ops/defs/iOS15|iOS16|iOS17/image_resizing.py` and
`iOS15/conv.py`, the input_spec of each operator.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError

Kind = Literal["a text", "true or false", "a whole number", "a number", "a list of whole numbers"]


def _kinds(
    *, texts: str = "", flags: str = "", wholes: str = "", numbers: str = "", lists: str = ""
) -> dict[str, Kind]:
    groups: tuple[tuple[Kind, str], ...] = (
        ("a text", texts),
        ("true or false", flags),
        ("a whole number", wholes),
        ("a number", numbers),
        ("a list of whole numbers", lists),
    )
    return {name: kind for kind, names in groups for name in names.split()}


_FACTORS: Final = _kinds(numbers="scale_factor_height scale_factor_width")
_TARGETS: Final = _kinds(wholes="target_size_height target_size_width")
_SAMPLER: Final = _kinds(
    texts="sampling_mode padding_mode coordinates_mode",
    flags="align_corners",
    numbers="padding_value",
)

KINDS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "upsample_nearest_neighbor": _FACTORS,
    "upsample_bilinear": _FACTORS | _kinds(flags="align_corners half_pixel_centers"),
    "resize_nearest_neighbor": _TARGETS,
    "resize_bilinear": _TARGETS | _kinds(texts="sampling_mode"),
    "resize": _kinds(
        texts="interpolation_mode sampling_mode", wholes="resized_dims", lists="shape"
    ),
    "resample": _SAMPLER,
    "affine": _SAMPLER | _kinds(wholes="output_height output_width"),
    "crop_resize": _kinds(
        texts="sampling_mode box_coordinate_mode",
        flags="normalized_coordinates",
        wholes="target_height target_width",
        numbers="spatial_scale pad_value",
    ),
    "conv_transpose": _kinds(
        texts="pad_type", wholes="groups", lists="strides dilations pad output_shape"
    ),
}
"""Of each operator that is read, what each of its constant parameters is."""

COMPUTED: Final = frozenset({("resize", "shape")})
"""Parameters that need not be constant."""


def check_kinds(op: str, attributes: Attributes) -> None:
    """Refuse a parameter of another kind than its operator's.

    Args:
        op: operator name.
        attributes: its constant parameters by name.

    Raises:
        ConventionError: such a parameter, with its value.

    >>> check_kinds("upsample_bilinear", {"align_corners": True, "scale_factor_width": 2})
    >>> check_kinds("upsample_bilinear", {"align_corners": "no"})
    Traceback (most recent call last):
    ...
    halfpixel.errors.ConventionError: align_corners is 'no', expected true or false
    """
    for name, kind in KINDS.get(op, {}).items():
        value = attributes.get(name)
        if value is not None and not _fits(value, kind):
            import reprlib

            raise ConventionError(f"{name} is {reprlib.repr(value)}, expected {kind}")


def _fits(value: object, kind: Kind) -> bool:
    match kind:
        case "a text":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "a whole number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "a number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "a list of whole numbers":
            items = cast("Sequence[object]", value if isinstance(value, tuple | list) else (None,))
            return all(_fits(one, "a whole number") for one in items)
