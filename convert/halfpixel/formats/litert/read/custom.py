"""Custom operators that resample: TensorFlow's own behind "Flex", and MediaPipe's.

A Flex operator is one of TensorFlow that the interpreter hands to TensorFlow's runtime: its options
are a FlexBuffer of two texts, its name and a NodeDef. What MediaPipe adds has the bytes of a C
structure there.

Source: TensorFlow 2.21 `lite/delegates/flex/kernel.cc`, `core/framework/node_def.proto`,
`attr_value.proto`; FlatBuffers `include/flatbuffers/flexbuffers.h`; MediaPipe
`util/tflite/operations/transpose_conv_bias.cc`, `transform_tensor_bilinear.cc`.
"""

from collections.abc import Callable, Sequence
from struct import unpack_from
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags, onnx_words
from halfpixel.conventions.torch.text import claim
from halfpixel.formats.flatbuffer_tables import Scalar, number
from halfpixel.formats.litert.read.deconvolution import Transposed, transposed
from halfpixel.formats.litert.read.resampling import resize_by_size
from halfpixel.formats.litert.schema import Operator
from halfpixel.formats.protobuf_wire import VARINT, Malformed, WireReader
from halfpixel.printable import printable
from halfpixel.sampling import Resize
from halfpixel.site import Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.formats.litert.graph import Node
    from halfpixel.formats.litert.read.writing import Writing
    from halfpixel.surroundings import Dim

LONGEST: Final = 1 << 16
"""Bytes of options that are looked at."""

AREA: Final = "FlexResizeArea"
LEGACY_A, KEYS_A = -0.75, -0.5

PADDED_SAME: Final = 1
"""MediaPipe's options are padding, column stride and row stride, of int32 each."""


class NodeDef(Struct, frozen=True):
    """What TensorFlow's operator is asked for: its flags by name."""

    flags: dict[str, bool]


def options_of(node: "Node") -> bytes:
    """Return the bytes of a custom operator's options, empty where they are long."""
    found = None if node.table is None else node.table.vector(Operator.CUSTOM, 1)
    return b"" if found is None or found.count > LONGEST else found.data


def node_def(data: bytes) -> NodeDef | None:
    """Return what the options of a Flex operator say; None where they are none.

    Args:
        data: a FlexBuffer, a vector of the operator's name and its NodeDef.
    """
    try:
        text = _second_text(data)
        return None if text is None else NodeDef(_flags(text))
    except (Malformed, UnicodeDecodeError, IndexError):
        return None


def _second_text(data: bytes) -> bytes | None:
    """Return the second text of a vector that is a FlexBuffer."""
    width, kind = data[-1], data[-2]
    if width not in {1, 2, 4, 8} or kind >> 2 != VECTOR:
        return None
    size = 1 << (kind & 3)
    root = len(data) - 2 - width
    start = root - _unsigned(data, root, width)
    count = _unsigned(data, start - size, size)
    if count != 2:
        return None
    second = start + size
    text = second - _unsigned(data, second, size)
    kind = data[start + 2 * size + 1]
    if kind >> 2 != TEXT:
        return None
    own = 1 << (kind & 3)
    length = _unsigned(data, text - own, own)
    return data[text : text + length]


VECTOR, TEXT = 10, 5
"""FlexBuffer types."""


def _unsigned(data: bytes, at: int, size: int) -> int:
    if at < 0:
        raise Malformed("an offset leads before the options")
    kinds: dict[int, Scalar] = {1: "B", 2: "H", 4: "I", 8: "Q"}
    return number(data, at, kinds[size])


def _flags(data: bytes) -> dict[str, bool]:
    """Return the booleans among the attributes of a NodeDef."""
    reader, found = WireReader(data), dict[str, bool]()
    for field, _, span in reader.fields(0, len(data)):
        if field != 5:
            continue
        key, flag = "", None
        for part, _, inner in reader.fields(span.start, span.stop):
            if part == 1:
                key = data[inner.start : inner.stop].decode()
            elif part == 2:
                for kind, wire, value in reader.fields(inner.start, inner.stop):
                    if kind == 5 and wire == VARINT:
                        flag = bool(reader.varint(value.start, value.stop)[0])
        if flag is not None:
            found[key] = flag
    return found


def flex_flags(node: "Node") -> Flags | None:
    """Return the flags of a Flex resize; None where its options do not tell them, or both are."""
    found = node_def(options_of(node))
    if found is None:
        return None
    told = found.flags
    flags = Flags(told.get("align_corners", False), told.get("half_pixel_centers", False))
    return None if flags.align_corners and flags.half_pixel_centers else flags


def _resize(operator: str) -> "Say":
    """Return what says a Flex resize that a builtin operator is too."""

    def say(writing: "Writing", node: "Node") -> bool:
        flags = flex_flags(node)
        return flags is not None and resize_by_size(writing, node, onnx_words(operator, flags))

    return say


def _bicubic(writing: "Writing", node: "Node") -> bool:
    """Say ResizeBicubic, as `conventions.tf_resize` describes it."""
    flags = flex_flags(node)
    if flags is None:
        return False
    half = flags.half_pixel_centers
    words = onnx_words(BILINEAR, flags) | {"mode": "cubic"}
    by_number: dict[str, float] = {"cubic_coeff_a": KEYS_A if half else LEGACY_A}
    by_number["exclude_outside"] = int(half)
    return resize_by_size(writing, node, {**words, **by_number})


def _area(writing: "Writing", node: "Node") -> bool:
    """Say ResizeArea as a resize of its lengths: ONNX has no such mean, and `as_area` is one."""
    flags = flex_flags(node)
    return flags == Flags() and resize_by_size(writing, node, onnx_words(BILINEAR, Flags()))


def as_area(site: Site) -> Site:
    """Return the resize that `_area` says as the mean over windows that it is."""
    from halfpixel.conventions.tf_resize import read

    operation = site.operation
    resize = operation.operator
    if not isinstance(resize, Resize):
        return site
    sampling = read("area", align_corners=False, half_pixel_centers=False)
    mean = Resize(tuple((axis, sampling) for axis, _ in resize.axes))
    said = claim(mean, None, *operation.lengths)
    lengths = tuple(n for n in operation.lengths[1] if n is not None)

    def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
        return mean.evaluate(inputs[0], lengths)

    own = replace(operation, operator=mean, torch_call=said.call, torch_where=said.where)
    return replace(site, operation=own, compute=compute)


def _transposed(writing: "Writing", node: "Node") -> bool:
    """Say MediaPipe's transposed convolution with a bias, whose lengths follow from its input's."""
    data = options_of(node)
    if len(data) < 12 or len(node.inputs) < 3:
        return False
    padding, across, down = unpack_from("<3i", data)
    same = padding == PADDED_SAME
    image, weights = writing.shape(node.inputs[0]), writing.shape(node.inputs[1])
    ends = zip(image[1:3], weights[1:3], (down, across), strict=False)
    rows, columns = (*(_length(*one, same=same) for one in ends), None, None)[:2]
    bias = node.inputs[2:3]
    one = Transposed(node.inputs[:1], bias, (down, across), (rows, columns), same)
    return transposed(writing, node, one)


def _length(n: "Dim", kernel: "Dim", stride: int, *, same: bool) -> int | None:
    """Return an output length, from which SAME takes what it would add to a convolution's input.

    >>> [_length(n, 4, 2, same=True) for n in (5, 6)]
    [9, 12]
    """
    if not isinstance(n, int) or not isinstance(kernel, int) or stride < 1:
        return None
    cut = max(0, kernel - (n - 1) % stride - 1) if same else 0
    return stride * (n - 1) + kernel - cut


Say = Callable[["Writing", "Node"], bool]

SAY: Final[dict[str, Say]] = {
    "Convolution2DTransposeBias": _transposed,
    AREA: _area,
    "FlexResizeBicubic": _bicubic,
    "FlexResizeBilinear": _resize(BILINEAR),
    "FlexResizeNearestNeighbor": _resize(NEAREST),
}

UNDESCRIBED: Final = {
    AREA: "ResizeArea",
    "FlexCropAndResize": "CropAndResize",
    "FlexImageProjectiveTransformV2": "ImageProjectiveTransformV2",
    "FlexImageProjectiveTransformV3": "ImageProjectiveTransformV3",
    "FlexResizeBicubic": "ResizeBicubic",
    "FlexResizeBilinear": "ResizeBilinear",
    "FlexResizeNearestNeighbor": "ResizeNearestNeighbor",
    "FlexScaleAndTranslate": "ScaleAndTranslate",
    "Resampler": "ImageProjectiveTransformV2",
    "TransformTensorBilinear": "ImageProjectiveTransformV2",
}
"""Custom operators that resample by what is not described here, by names that the walk stops at:
where they read follows from their inputs, and is their own runtime's."""


BOTH: Final = "align_corners and half_pixel_centers are both true, which TensorFlow refuses"
UNREAD: Final = "its options do not say which coordinates it has"
OTHER: Final = "what it computes with these options is not described"
GIVEN: Final = "its inputs say where it reads while the model runs"
COMPOSED: Final = "its runtime has a kernel of its own for it, or runs the graph that it stands for"

COMPOSITE_OPTIONS = 21
"""An operator that stands for a graph, and the kind of its options, whose first is its name."""

RESAMPLING: Final = ("grid_sample", "interpolate", "resize", "upsample")
"""What a composite that resamples has in its name."""


def say_custom(writing: "Writing", node: "Node") -> bool:
    """Say a custom operator that resamples; false for one that does not."""
    if not node.outputs or node.outputs[0] < 0 or not node.inputs or node.inputs[0] < 0:
        return False
    say = SAY.get(node.op)
    if say is not None and say(writing, node):
        return True
    if node.op not in UNDESCRIBED:
        return False
    flags = node_def(options_of(node)) if node.op in SAY else None
    if flags is None:
        writing.untold[node.name] = UNREAD if node.op in SAY else GIVEN
    elif not all(map(flags.flags.get, FLAGS)):
        writing.untold[node.name] = OTHER
    _undescribed(writing, node, UNDESCRIBED[node.op])
    return True


def say_composite(writing: "Writing", node: "Node") -> bool:
    """Say a composite that resamples, by its name, as a site without a call."""
    table = node.table
    if table is None or table.number(Operator.OPTIONS_2_TYPE, "B") != COMPOSITE_OPTIONS:
        return False
    options = table.table(Operator.OPTIONS_2)
    name = "" if options is None else options.text(0)
    if not any(word in name.lower() for word in RESAMPLING):
        return False
    writing.untold[node.name] = f"{printable(name)}: {COMPOSED}"
    _undescribed(writing, node, "ImageProjectiveTransformV2")
    return True


def _undescribed(writing: "Writing", node: "Node", op: str) -> None:
    inputs, outputs = map(writing.name, node.inputs), map(writing.name, node.outputs)
    writing.add(op, inputs, outputs)


def custom_flags(node: "Node") -> dict[str, int]:
    """Return the flags of a Flex resize as attributes; none where its options do not tell them."""
    found = node_def(options_of(node)) if node.op in SAY else None
    told = {} if found is None else found.flags
    return {name: int(told[name]) for name in FLAGS if name in told}


FLAGS: Final = ("align_corners", "half_pixel_centers")
