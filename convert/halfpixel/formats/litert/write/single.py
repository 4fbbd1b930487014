"""A model of one resize, written from the tables themselves, for trying it on a runtime."""

from collections.abc import Sequence
from struct import pack
from typing import Final

from halfpixel.conventions.litert.resize import Flags
from halfpixel.formats.flatbuffer_block import (
    Data,
    New,
    Number,
    Refs,
    Thing,
    block,
    text,
    whole_numbers,
)
from halfpixel.formats.litert.read.resampling import OPTIONS
from halfpixel.formats.litert.schema import (
    IDENTIFIER,
    VERSION,
    Model,
    Operator,
    Quantization,
    Subgraph,
    Tensor,
)
from halfpixel.formats.litert.write.tables import buffer_of, operator, operator_code, tensor

INPUT, SIZE, OUTPUT = range(3)
"""Numbers of its tensors, which are called x, size and y."""

QUANTISED: Final = frozenset({"int8", "uint8", "int16"})
"""Types whose numbers stand for others: here each for itself."""


def written_single(  # noqa: PLR0913, PLR0917 - what a resize is
    op: str,
    flags: Flags,
    shape: Sequence[int],
    size: tuple[int, int],
    dtype: str = "float32",
    version: int = 3,
) -> bytes:
    """Return a model with one resize of its input x, whose output is called y.

    Args:
        op: RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR.
        flags: its two flags.
        shape: lengths of the input: batch, height, width, channels.
        size: height and width of the output.
        dtype: element type of both; whole numbers of 8 and 16 bits have scale 1 and zero point 0.
        version: version of the operator.

    >>> made = written_single("RESIZE_BILINEAR", Flags(), (1, 4, 4, 1), (8, 8))
    >>> made[4:8]
    b'TFL3'
    """
    kind, first = OPTIONS[op]
    values = {first: flags.align_corners, first + 1: flags.half_pixel_centers}
    options: dict[int, Thing] = {
        Operator.OPTIONS_TYPE: Number("B", kind),
        Operator.OPTIONS: New({field: Number("B", int(value)) for field, value in values.items()}),
    }
    out = (shape[0], *size, shape[3])
    tensors = (
        _tensor("x", shape, dtype),
        _tensor("size", (2,), "int32", buffer=1),
        _tensor("y", out, dtype),
    )
    graph: dict[int, Thing] = {
        Subgraph.TENSORS: Refs(tensors),
        Subgraph.INPUTS: whole_numbers((INPUT,)),
        Subgraph.OUTPUTS: whole_numbers((OUTPUT,)),
        Subgraph.OPERATORS: Refs((operator(0, (INPUT, SIZE), (OUTPUT,), options),)),
        Subgraph.NAME: text("main"),
    }
    model: dict[int, Thing] = {
        Model.VERSION: Number("I", VERSION),
        Model.CODES: Refs((operator_code(op, version),)),
        Model.SUBGRAPHS: Refs((New(graph),)),
        Model.DESCRIPTION: text("one resize"),
        Model.BUFFERS: Refs((New({}), buffer_of(pack("<2i", *size)))),
    }
    return block(New(model), IDENTIFIER)


def _tensor(name: str, shape: Sequence[int], dtype: str, buffer: int = 0) -> New:
    itself: dict[int, Thing] = {
        Quantization.SCALE: Data(pack("<f", 1.0), 4),
        Quantization.ZERO_POINT: Data(pack("<q", 0), 8),
    }
    scales: dict[int, Thing] = {Tensor.QUANTIZATION: New(itself)} if dtype in QUANTISED else {}
    return tensor(name, dtype.upper(), shape, buffer, scales)
