"""Core ML's operators that sample at coordinates, read from text: resample, affine, crop_resize.

resample(x, coordinates, sampling_mode="bilinear", ...): an ML Program's, by themselves or of `mb`.

Source: coremltools `converters/mil/mil/ops/defs/iOS15|iOS16|iOS17/image_resizing.py`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from halfpixel.conventions.coreml.mil_grid import affine, crop_resize, resample
from halfpixel.conventions.coreml.parameters import KINDS, check_kinds
from halfpixel.conventions.python_call import PythonCall, name_of
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError
from halfpixel.sampling import AffineSample, CropResize, GridSample, Resample

Sampler = GridSample | Resample | AffineSample | CropResize

INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "resample": ("x", "coordinates"),
    "affine": ("x", "transform_matrix"),
    "crop_resize": ("x", "roi", "boxes", "box_indices"),
}
"""What each operator takes that says nothing of what it computes."""

_READERS: Final[Mapping[str, Callable[[Attributes], Sampler]]] = {
    "resample": resample,
    "affine": affine,
    "crop_resize": crop_resize,
}


def sampler_call(call: PythonCall) -> Sampler | None:
    """Return what a call computes; None where it is none of these operators.

    Raises:
        ConventionError: the operator does not take its parameters.

    >>> from halfpixel.conventions.python_call import parse
    >>> sampler_call(parse("crop_resize(x, roi, target_height=7, target_width=7)")).output
    (7, 7)
    """
    op = call.last
    if op not in INPUTS or call.name not in {op, f"mb.{op}"}:
        return None
    kinds, inputs = KINDS[op], INPUTS[op]
    if len(call.positional) > len(inputs):
        count = len(call.positional)
        raise ConventionError(f"{count} inputs, {op} takes {len(inputs)}: parameters have names")
    given = PythonCall(op, call.positional, call.named).bind(*inputs, *kinds, "name")
    attributes = {name: name_of(value) for name, value in given.items() if name in kinds}
    check_kinds(op, attributes)
    return _READERS[op](attributes)
