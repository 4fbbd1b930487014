"""A plan as operations of an ML Program, each with constants of its own.

Source of types and parameters: coremltools `converters/mil/mil/ops/defs/iOS15` (gather, matmul,
image_resizing).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.read.program import dtype_of
from halfpixel.formats.coreml.write.operation import PARAMETER_TYPES, MilWriter
from halfpixel.formats.plan import Copy, Gather, Matrix, Pixels, Plan, Product, Said, SizedResize
from halfpixel.formats.protobuf_schema import new

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.site import Attribute


GATHER_GREW: Final = 8
"""Specification version from which on gather has batch_dims and validate_indices."""


def add(writer: MilWriter, plan: Plan, goal: SizedResize | None) -> None:
    """Add the operations of a plan.

    Args:
        writer: where they are added.
        plan: how the site is written.
        goal: what it computes, for a resize.

    Raises:
        ConventionError: an ML Program has no such operators.
    """
    match plan:
        case Said(fresh=False):
            _set(writer, cast("Mapping[str, Attribute]", plan.attributes))
        case Said():
            _say(writer, plan.op, cast("Mapping[str, Attribute]", plan.attributes))
        case Copy() | Gather(steps=()) | Product(steps=()):
            writer.add("identity", {"x": writer.x})
        case Gather() | Product() if goal is not None:
            _steps(writer, plan, [n or 0 for n in goal.lengths[0]])
        case _:
            raise ConventionError("an ML Program has no such operators")


def _say(writer: MilWriter, kind: str, attributes: Mapping[str, "Attribute"]) -> None:
    """Add an operation over x with the parameters that it takes, as constants."""
    inputs = {"x": writer.x}
    for parameter, value in attributes.items():
        inputs[parameter] = writer.constant(parameter, value, PARAMETER_TYPES.get(parameter, ""))
    writer.add(kind, inputs)


def _set(writer: MilWriter, attributes: Mapping[str, "Attribute"]) -> None:
    """Write the old operation with some parameters set anew."""
    made = new(MilOperation)
    made.CopyFrom(writer.old)
    for parameter, value in attributes.items():
        bound, old = writer.scope.argument(writer.old, parameter)
        del bound
        dtype = "" if old is None else dtype_of(old.type)
        name = writer.constant(parameter, value, dtype if dtype.startswith("float") else "")
        argument = made.inputs[parameter]
        argument.ClearField("arguments")
        argument.arguments.add().name = name
    writer.made.append(made)


def _steps(writer: MilWriter, plan: Gather | Product, lengths: list[int]) -> None:
    """Add a gather or a product an axis; `lengths` are those of the input."""
    x = writer.x
    for place, step in enumerate(plan.steps):
        if not isinstance(step, Pixels | Matrix):
            raise ConventionError("an ML Program computes no pixels")
        axis = step.axis
        lengths[axis] = step.n_out
        kind, data, others = call_of(step, len(lengths), writer.dtype)
        if isinstance(step, Matrix):
            no = writer.constant(f"transpose_{axis}", value=False)
            ((name, matrix),) = others.items()
            inputs = {name: writer.constant(f"weights_{axis}", matrix), data: x}
            inputs |= {"transpose_x": no, "transpose_y": no}
        else:
            inputs = {
                data: x,
                "indices": writer.constant(f"pixels_{axis}", others["indices"]),
                "axis": writer.constant(f"axis_{axis}", axis),
            }
            if writer.scope.version >= GATHER_GREW:
                inputs["batch_dims"] = writer.constant(f"batch_dims_{axis}", 0)
                inputs["validate_indices"] = writer.constant(f"validate_{axis}", value=False)
        last = place + 1 == len(plan.steps)
        x = writer.add(kind, inputs, None if last else lengths).outputs[0].name


def call_of(step: Pixels | Matrix, rank: int, dtype: str) -> "tuple[str, str, dict[str, Array]]":
    """Return the operator of one axis, what it calls the value that it reads, and its constant.

    Args:
        step: the axis; one of the last two where it is multiplied.
        rank: number of axes of the value.
        dtype: element type of the value.
    """
    import numpy as np

    if isinstance(step, Pixels):
        return "gather", "x", {"indices": np.asarray(step.pixels, np.int32)}
    matrix: Array = step.weights.matrix().astype(dtype)
    if step.axis == rank - 2:
        return "matmul", "y", {"x": matrix}
    return "matmul", "x", {"y": np.ascontiguousarray(matrix.T)}
