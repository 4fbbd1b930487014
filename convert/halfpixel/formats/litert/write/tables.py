"""The tables that every LiteRT file is made of, as new ones.

Source: TensorFlow `compiler/mlir/lite/schema/schema.fbs`, release 2.21.
"""

from collections.abc import Mapping, Sequence

from halfpixel.formats.flatbuffer_block import Data, New, Number, Thing, text, whole_numbers
from halfpixel.formats.litert.schema import (
    OPERATORS,
    PLACEHOLDER,
    TYPES,
    Buffer,
    Code,
    Operator,
    Tensor,
)


def operator_code(op: str, version: int) -> New:
    """Return an operator's code: its number, as readers before 2020 know it too, and version."""
    number = OPERATORS.index(op)
    return New(
        {
            Code.OLD: Number("b", min(number, PLACEHOLDER)),
            Code.VERSION: Number("i", version),
            Code.BUILTIN: Number("i", number),
        }
    )


def operator(
    code: int, inputs: Sequence[int], outputs: Sequence[int], more: Mapping[int, Thing] | None
) -> New:
    """Return an operator.

    Args:
        code: the place of its code.
        inputs: numbers of its tensors; -1 for one that is left out.
        outputs: likewise.
        more: its options.
    """
    return New(
        {
            Operator.CODE: Number("I", code),
            Operator.INPUTS: whole_numbers(inputs),
            Operator.OUTPUTS: whole_numbers(outputs),
            **(more or {}),
        }
    )


def tensor(
    name: str, dtype: str, shape: Sequence[int], buffer: int, more: Mapping[int, Thing] | None
) -> New:
    """Return a tensor whose lengths are known.

    Args:
        name: its name.
        dtype: its type, by the schema's name.
        shape: its lengths.
        buffer: the place of its numbers; 0 for a tensor that is computed.
        more: its quantisation.
    """
    return New(
        {
            Tensor.SHAPE: whole_numbers(shape),
            Tensor.TYPE: Number("b", TYPES.index(dtype)),
            Tensor.BUFFER: Number("I", buffer),
            Tensor.NAME: text(name),
            Tensor.HAS_RANK: Number("B", 1),
            **(more or {}),
        }
    )


def buffer_of(data: bytes) -> New:
    """Return a buffer of some bytes."""
    return New({Buffer.DATA: Data(data)})
