"""What runs on a target in the place of what does not: other attributes, or other operators."""

from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.onnx.lengths import NodeWanted
from halfpixel.conventions.onnx.resize import FIRST_RESIZE
from halfpixel.conventions.onnx.vocabulary import NEARBY, NodeWords
from halfpixel.conventions.vocabulary import proven
from halfpixel.dialect import ONNX
from halfpixel.sampling import Nearest, Resize
from halfpixel.site import Attribute, Operation
from halfpixel.targets.target import Target

LONGEST: Final = 512
"""Output lengths up to which attributes are tried: the proof looks at every sample."""


class Instead(Struct, frozen=True):
    """Attributes that say the same, and that a target takes.

    Attributes:
        text: the change, as the file would say it.
        resize: the resize that they say, proven equal to the one that is there.
    """

    text: str
    resize: Resize


def other_attributes(operation: Operation, target: Target) -> Instead | None:
    """Return attributes that are proven equal at every size, and native on a target.

    None where there are none, or where lengths are too large to be proven here.

    >>> from halfpixel.sampling import Linear, Sampling
    >>> from halfpixel.targets.target import load_target
    >>> up = Resize(tuple((axis, Sampling("pytorch_half_pixel", Linear())) for axis in (2, 3)))
    >>> attributes = {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"}
    >>> shapes = (1, 1, 4, 4), (1, 1, 8, 8)
    >>> resize = Operation("Resize", 19, attributes, up, *shapes, by="sizes", dtype="float32")
    >>> other_attributes(resize, load_target("tensorrt")).text
    'coordinate_transformation_mode=half_pixel'
    """
    operator = operation.operator
    if not isinstance(operator, Resize) or operation.op != "Resize" or operation.hidden:
        return None
    if operation.dialect != ONNX or operation.opset < FIRST_RESIZE or _long(operation):
        return None
    wanted = NodeWanted(
        operator,
        *operation.lengths,
        operation.opset,
        operation.scales,
        attributes=operation.attributes,
        by=operation.by,
    )

    def runs(form: NodeWords, found: Resize) -> bool:
        attributes = {name: cast("Attribute", value) for name, value in form.attributes.items()}
        said = target.says(replace(operation, attributes=attributes))
        return said is not None and said.verdict == "native" and proven(found, wanted)

    for form, found in NEARBY.equal(wanted, runs):
        changed = [
            f"{name}={value}"
            for name, value in sorted(form.attributes.items())
            if operation.attributes.get(name) != value
        ]
        return Instead(", ".join(changed), found)
    return None


def lowering(operation: Operation) -> str | None:
    """Return how `--lower` writes an operation in operators that every runtime has.

    >>> lowering(Operation("GridSample", 16, {}, None)) is None
    True
    """
    operator = operation.operator
    if not isinstance(operator, Resize):
        return None
    nearest = all(isinstance(sampling.kernel, Nearest) for _, sampling in operator.axes)
    return "gather" if nearest else "matmul"


def _long(operation: Operation) -> bool:
    return any(length is not None and length > LONGEST for length in operation.lengths[1])
