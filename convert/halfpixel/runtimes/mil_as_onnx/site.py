"""One resampling operator of Core ML as ONNX, by what it computes and never by its name."""

from halfpixel.errors import ConventionError, GraphError
from halfpixel.runtimes.mil_as_onnx.grid import affine, crop_resize, grid_sample, resample
from halfpixel.runtimes.mil_as_onnx.resize import Wires, resize
from halfpixel.sampling import (
    AffineSample,
    ConvTranspose,
    CropResize,
    GridSample,
    Resample,
    Resize,
)
from halfpixel.site import Operation


def site_nodes(name: str, wires: Wires, operation: Operation) -> None:
    """Add the nodes of a site.

    Args:
        name: the site's name, for messages.
        wires: the values between which it stands.
        operation: what it computes, with its lengths.

    Raises:
        GraphError: it is not described, or needs lengths that are not known.
    """
    try:
        _add(wires, operation)
    except ConventionError as error:
        raise GraphError("", name, f"{operation.op} is not lowered to ONNX: {error}") from error


def _add(wires: Wires, operation: Operation) -> None:
    match operation.operator:
        case Resize() as meant:
            resize(wires, operation, meant)
        case GridSample() as meant:
            grid_sample(wires, meant)
        case Resample() as meant:
            resample(wires, meant)
        case AffineSample() as meant:
            affine(wires, meant)
        case CropResize() as meant:
            crop_resize(wires, meant)
        case ConvTranspose() as meant:
            _conv_transpose(wires, meant)
        case _:
            raise ConventionError(operation.problem or "it is not described")


def _conv_transpose(wires: Wires, meant: ConvTranspose) -> None:
    """Add a ConvTranspose whose cuts are written out."""
    lengths = wires.shapes["x"][2:]
    cuts = [_cut(meant, axis, n) for axis, n in enumerate(lengths)]
    added = [max(0, -end) for _, end in cuts]
    inputs = [wires.tensors[name] for name in ("x", "weight", "bias") if name in wires.tensors]
    wires.nodes.add(
        "ConvTranspose", inputs, output=wires.y, kernel_shape=list(meant.kernel),
        strides=list(meant.strides), dilations=list(meant.dilations), group=meant.groups,
        pads=[begin for begin, _ in cuts] + [max(0, end) for _, end in cuts],
        output_padding=added,
    )  # fmt: skip


def _cut(meant: ConvTranspose, axis: int, length: int | None) -> tuple[int, int]:
    """Return samples cut at the start and the end, less than none where some are added."""
    if length is None:
        if meant.output_shape is not None:
            raise ConventionError("output_shape needs lengths that the file fixes")
        length = 1  # what is cut is the same at every length
    out, begin, _ = meant.cut(axis, length)
    full = meant.strides[axis] * (length - 1) + meant.reach(axis)
    return begin, full - begin - out
