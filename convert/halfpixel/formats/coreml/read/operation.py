"""From one operation of an ML Program to what it computes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.coreml import mil as coreml_mil
from halfpixel.conventions.coreml import mil_deconvolution as coreml_mil_deconvolution
from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid
from halfpixel.conventions.meaning import Meaning
from halfpixel.conventions.torch import grid as torch_grid
from halfpixel.conventions.torch import resample as torch_resample
from halfpixel.conventions.torch.conv_transpose import conv_transpose_text
from halfpixel.dialect import ML_PROGRAM
from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.read.parameters import check_parameters
from halfpixel.formats.coreml.read.place import (
    CoremlPlace,
    MilPlace,
    Reading,
    guarded,
    resize_compute,
    settle,
    site_of,
)
from halfpixel.formats.coreml.read.program import MilScope, named, operation_name, shape_of
from halfpixel.formats.coreml.read.specification import Leaf
from halfpixel.intents.kept_name import kept_name
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import CropResize, GridSample, RoiAlign
from halfpixel.site import Attribute, Operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


RESIZES: Final = coreml_mil.RESIZES
BY_SCALES: Final = frozenset({"upsample_nearest_neighbor", "upsample_bilinear"})
OPS: Final = RESIZES | {"resample", "affine", "crop_resize", "conv_transpose"}

DATA: Final = {"conv_transpose": ("x", "weight", "bias"), "resample": ("x", "coordinates"),
               "affine": ("x", "transform_matrix"),
               "crop_resize": ("x", "boxes", "box_indices", "roi")}  # fmt: skip
"""Parameters that are tensors, in the order in which `evaluate` takes them."""


def places_in(
    leaf: Leaf, scope: MilScope, producer: Producer, source: str
) -> Iterator[CoremlPlace]:
    """Yield the sites among the operations of a block."""
    for index, operation in enumerate(scope.block.operations):
        if operation.type in OPS:
            yield _place(leaf, scope, index, producer, source)


def _place(leaf: Leaf, scope: MilScope, index: int, producer: Producer, source: str) -> CoremlPlace:
    operation = scope.block.operations[index]
    names = [scope.argument(operation, name)[0] for name in DATA.get(operation.type, ("x",))]
    outputs = named(iter(operation.outputs))
    data = names[0] if names else ""
    attributes = scope.attributes(operation)
    attributes.pop("name", None)
    base = Operation(
        operation.type,
        scope.version,
        _own(operation, attributes),
        None,
        input_shape=scope.shape(data),
        output_shape=scope.shape(outputs[0]) if outputs else None,
        origin=Origin(producer, source, kept=kept_name([operation_name(operation), *outputs])),
        dtype=scope.dtype(data),
        dialect=ML_PROGRAM,
        since=_since(scope, operation),
    )
    problem = "" if data else "it reads no tensor x"
    problem = problem or ("" if outputs else "it makes nothing")
    site = site_of(
        operation_name(operation),
        (leaf.label, scope.graph),
        base,
        problem,
        lambda: _described(scope, operation, base),
        coreml_mil.open_question,
    )
    given = tuple(filter(None, names))
    return CoremlPlace(
        site, leaf, data, outputs[0] if outputs else "", given, MilPlace(scope, index)
    )


def _described(scope: MilScope, operation: MilOperation, base: Operation) -> Reading:
    """Return what an operation computes, whose parameters are of the kinds that it has."""
    check_parameters(scope, operation, base.attributes)
    return _DESCRIBE[operation.type](scope, operation, base)


def _since(scope: MilScope, operation: MilOperation) -> int:
    """Return the specification version that has an operation with all of its parameters."""
    grid = scope.dtype(scope.argument(operation, "coordinates")[0])
    given = dict.fromkeys(operation.inputs)
    try:
        return coreml_mil.floor_of(operation.type, given, grid.replace("float", "fp"))
    except ConventionError:
        return 0


def _own(operation: MilOperation, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return what is said beside the tensors."""
    tensors = DATA.get(operation.type, ("x",))
    return {name: value for name, value in attributes.items() if name not in tensors}


def _resize(scope: MilScope, operation: MilOperation, base: Operation) -> Reading:
    by = "scales" if base.op in BY_SCALES else "sizes"
    constant = base.op != "resize" or scope.argument(operation, "shape")[1] is not None
    base = replace(base, by=by, constant_lengths=constant)
    attributes = base.attributes

    def meant(shape: Sequence[int | None] | None) -> Meaning:
        lengths = None if shape is None else tuple(shape)
        return coreml_mil.read(base.op, attributes, lengths)

    lengths = None if base.input_shape is None else base.lengths[0]
    found = settle(base, meant(lengths))
    return found, resize_compute(operation_name(operation), meant, found.lengths)


def _constant(scope: MilScope, operation: MilOperation, name: str) -> "Array | None":
    """Return a tensor parameter that is a constant, from the weights file where it lies there."""
    from halfpixel.formats.coreml.read.weights import array_of

    bound, value = scope.argument(operation, name)
    return None if value is None else array_of(value, scope.package, bound or name)


def _tensors(
    scope: MilScope, operation: MilOperation, inputs: "Sequence[Array]"
) -> "dict[str, Array]":
    """Match given tensors with the parameters: all of them, or those that are no constants."""
    names = [n for n in DATA[operation.type] if n in operation.inputs]
    open_names = [n for n in names if scope.argument(operation, n)[1] is None]
    for wanted in (names, open_names):
        if len(wanted) == len(inputs):
            found = dict(zip(wanted, inputs, strict=True))
            break
    else:
        raise ValueError(f"{len(inputs)} inputs given, expected {len(open_names)}")
    for name in names:
        if name not in found:
            value = _constant(scope, operation, name)
            if value is not None:
                found[name] = value
    return found


def _resample(scope: MilScope, operation: MilOperation, base: Operation) -> Reading:
    meant = coreml_mil_grid.resample(base.attributes)
    grid = scope.dtype(scope.argument(operation, "coordinates")[0])
    if isinstance(meant, GridSample):
        text = torch_grid.grid_sample_text(meant)
    else:
        text = torch_resample.resample_text(meant)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        found = _tensors(scope, operation, inputs)
        return meant.evaluate(found["x"], found["coordinates"])

    found = replace(base, operator=meant, grid_dtype=grid, torch_call=text)
    return found, guarded(operation_name(operation), compute)


def _affine(scope: MilScope, operation: MilOperation, base: Operation) -> Reading:
    meant = coreml_mil_grid.affine(base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        found = _tensors(scope, operation, inputs)
        return meant.evaluate(found["x"], found["transform_matrix"])

    found = replace(base, operator=meant, torch_call=torch_resample.affine_text(meant))
    return found, guarded(operation_name(operation), compute)


def _crop_resize(scope: MilScope, operation: MilOperation, base: Operation) -> Reading:
    meant = coreml_mil_grid.crop_resize(base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        return crop(meant, _tensors(scope, operation, inputs))

    text = torch_resample.crop_resize_text(meant)
    return (
        replace(base, operator=meant, torch_call=text),
        guarded(operation_name(operation), compute),
    )


def crop(meant: CropResize | RoiAlign, found: "Mapping[str, Array]") -> "NDArray[np.float64]":
    """Compute crop_resize in each of its forms.

    Up to iOS 16 the boxes come as roi: shape (N, 1, 4, 1, 1), each taken of every image, or
    (N, 1, 5, 1, 1), whose first number says of which one; the output has a batch axis more.
    """
    import numpy as np

    x = found["x"]
    if x.ndim == 5:  # a network's, with a sequence of one around the batch
        x = x.reshape(-1, *x.shape[2:])
    if "roi" not in found:
        boxes = found["boxes"]
        count = np.arange(len(boxes))
        return meant.evaluate(x, boxes, found.get("box_indices", count))
    roi = found["roi"].reshape(len(found["roi"]), -1)
    if roi.shape[1] == 5:
        return meant.evaluate(x, roi[:, 1:], roi[:, 0].astype(np.int64))[:, None]
    each = [meant.evaluate(x, roi, np.full(len(roi), image, np.int64)) for image in range(len(x))]
    return np.stack(each, axis=1)


def _conv_transpose(scope: MilScope, operation: MilOperation, base: Operation) -> Reading:
    shape = scope.shape(scope.argument(operation, "weight")[0])
    value = scope.argument(operation, "weight")[1]
    if shape is None and value is not None:
        shape = shape_of(value.type)
    if shape is None or not all(isinstance(n, int) for n in shape[2:]):
        raise ConventionError("the kernel's lengths are not known")
    kernel = cast("tuple[int, ...]", shape[2:])
    lengths = base.lengths[0][2:]
    meant = coreml_mil_deconvolution.conv_transpose(base.attributes, kernel, lengths)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        found = _tensors(scope, operation, inputs)
        return meant.evaluate(found["x"], found["weight"], found.get("bias"))

    text = conv_transpose_text(meant, bias="bias" in operation.inputs)
    if "output_shape" in base.attributes and meant.begin != meant.end:
        text = None  # at which end the rest is cut or added is not documented
    found = replace(base, operator=meant, torch_call=text)
    return found, guarded(operation_name(operation), compute)


_DESCRIBE: Final[dict[str, Callable[[MilScope, MilOperation, Operation], Reading]]] = {
    **dict.fromkeys(RESIZES, _resize),
    "resample": _resample,
    "affine": _affine,
    "crop_resize": _crop_resize,
    "conv_transpose": _conv_transpose,
}
