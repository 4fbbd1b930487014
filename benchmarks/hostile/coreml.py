"""Core ML models that are made to be slow: ML Programs and neural networks of about so many bytes.

They are written by number from Core ML's schema, so that nothing has to be installed for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from halfpixel.formats.coreml.messages import MilProgram, MilValue, ModelDescription, ValueType
from halfpixel.formats.protobuf_schema import new, serialized
from halfpixel.formats.protobuf_wire import bytes_field, varint_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from halfpixel.formats.coreml.messages import Block

FLOAT, INT, BOOL, ARRAY = 11, 23, 1, 65568
PROGRAM, NETWORK, PIPELINE = 502, 500, 202
UPSAMPLE, RESIZE, BRANCH, CONVOLUTION, ACTIVATION = 210, 211, 605, 100, 130


def whole(kind: int, body: bytes, shape: Sequence[int], version: int) -> bytes:
    """Return a model that reads x and makes y0."""
    told = new(ModelDescription)
    for features, name in ((told.input, "x"), (told.output, "y0")):
        feature = features.add()
        feature.name = name
        feature.type.multiArrayType.dataType = ARRAY
        feature.type.multiArrayType.shape.extend(shape)
    return number(1, version) + bytes_field(2, serialized(told)) + bytes_field(kind, body)


def number(field: int, value: int) -> bytes:
    """Return a whole number as a field."""
    return varint_bytes(field << 3) + varint_bytes(value)


def tensor(kind: ValueType, dtype: int, shape: Sequence[int]) -> None:
    """Say that a value is a tensor."""
    kind.tensorType.dataType = dtype
    kind.tensorType.rank = len(shape)
    for n in shape:
        kind.tensorType.dimensions.add().constant.size = n


def given(value: MilValue, constant: float) -> None:
    """Spell a number out."""
    tensors = value.immediateValue.tensor
    if isinstance(constant, bool):
        tensor(value.type, BOOL, ())
        tensors.bools.values.append(constant)
    elif isinstance(constant, int):
        tensor(value.type, INT, ())
        tensors.ints.values.append(constant)
    else:
        tensor(value.type, FLOAT, ())
        tensors.floats.values.append(constant)


def operation(
    block: Block, kind: str, x: str, out: str, shape: Sequence[int], **constants: float
) -> None:
    """Add an operation of one input."""
    made = block.operations.add()
    made.type = kind
    made.inputs["x"].arguments.add().name = x
    for name, constant in constants.items():
        given(made.inputs[name].arguments.add().value, constant)
    output = made.outputs.add()
    output.name = out
    tensor(output.type, FLOAT, shape)


def program(fill: Callable[[Block], None], shape: Sequence[int]) -> bytes:
    """Return an ML Program of one function."""
    made = new(MilProgram)
    made.version = 1
    function = made.functions["main"]
    function.opset = "CoreML5"
    taken = function.inputs.add()
    taken.name = "x"
    tensor(taken.type, FLOAT, shape)
    block = function.block_specializations["CoreML5"]
    fill(block)
    block.outputs.append("y0")
    return whole(PROGRAM, serialized(made), shape, 6)


def resized(size: int, shape: Callable[[int], tuple[int, int, int, int]], kind: str) -> bytes:
    """Return operations in a row, each of lengths of its own."""

    def fill(block: Block) -> None:
        last = "x"
        for i in range(size // 330):
            operation(block, "relu", last, f"r{i}", (1, 1, *shape(i)[:2]))
            height, width = shape(i)[2:]
            operation(block, kind, f"r{i}", f"y{i}", (1, 1, height, width),
                      target_size_height=height, target_size_width=width)  # fmt: skip
            last = f"y{i}"

    return program(fill, (1, 1, 6, 6))


def blocks(size: int) -> bytes:
    """Return blocks in blocks, with many side by side."""

    def nest(block: Block, depth: int, stem: str) -> None:
        operation(block, "upsample_nearest_neighbor", "x", f"{stem}y", (1, 1, 12, 12),
                  scale_factor_height=2.0, scale_factor_width=2.0)  # fmt: skip
        if depth:
            made = block.operations.add()
            made.type = "cond"
            output = made.outputs.add()
            output.name = f"{stem}c"
            tensor(output.type, FLOAT, (1, 1, 12, 12))
            for place in range(2 if depth % 5 == 0 else 1):
                nest(made.blocks.add(), depth - 1, f"{stem}{place}")

    def fill(block: Block) -> None:
        for i in range(max(1, size // 9_000)):
            nest(block, 12, f"b{i}_")

    return program(fill, (1, 1, 6, 6))


def constants(size: int) -> bytes:
    """Return constants that are read by many operations."""

    def fill(block: Block) -> None:
        made = block.operations.add()
        made.type = "const"
        output = made.outputs.add()
        output.name = "many"
        count = size // 8
        tensor(output.type, FLOAT, (count,))
        value = made.attributes["val"]
        tensor(value.type, FLOAT, (count,))
        value.immediateValue.tensor.floats.values.extend([2.0] * count)
        for i in range(size // 2 // 150):
            operation(block, "upsample_nearest_neighbor", "x", f"y{i}", (1, 1, 12, 12))
            inputs = block.operations[len(block.operations) - 1].inputs
            inputs["scale_factor_height"].arguments.add().name = "many"
            inputs["scale_factor_width"].arguments.add().name = "many"

    return program(fill, (1, 1, 6, 6))


def layer(name: str, x: str, y: str, kind: int, parameters: bytes) -> bytes:
    """Return a layer of a network, as a field of it."""
    texts = (bytes_field(place, text.encode()) for place, text in ((1, name), (2, x), (3, y)))
    return bytes_field(1, b"".join(texts) + bytes_field(kind, parameters))


def network(size: int, each: Callable[[int, str, str], bytes]) -> bytes:
    """Return layers in a row."""
    made, last, total, i = [], "x", 0, 0
    while total < size:
        one = each(i, last, f"y{i}")
        made.append(one)
        total += len(one)
        last = f"y{i}"
        i += 1
    return whole(NETWORK, b"".join(made), (1, 6, 6), 4)


def targets(height: int, width: int) -> bytes:
    """Return the parameters of a resizeBilinear."""
    numbers = varint_bytes(height) + varint_bytes(width)
    return bytes_field(1, numbers) + bytes_field(2, number(1, 1))


def branches(size: int) -> bytes:
    """Return branches in branches, with many side by side."""
    inner = layer("up", "x", "y0", RESIZE, targets(9, 9))
    for depth in range(14):
        part = bytes_field(1, inner)
        part += bytes_field(2, inner) if depth % 4 == 0 else b""
        inner = layer(f"b{depth}", "x", "y0", BRANCH, part)
    return whole(NETWORK, inner * max(1, size // len(inner)), (1, 6, 6), 4)


def kernels(size: int) -> bytes:
    """Return deconvolutions of enormous kernels and strides."""

    def each(i: int, x: str, y: str) -> bytes:
        most = (1 << 31) - 1 - i
        pair = varint_bytes(most) + varint_bytes(most)
        told = number(1, 1) + number(2, 1) + bytes_field(20, pair) + bytes_field(30, pair)
        return layer(f"l{i}", x, y, CONVOLUTION, told + number(60, 1))

    return network(size, each)


def pipelines(size: int) -> bytes:
    """Return models in a pipeline, and pipelines in pipelines."""
    inner = network(200, lambda i, x, y: layer(f"l{i}", x, y, RESIZE, targets(9 + i, 9)))
    for _ in range(8):
        inner = whole(PIPELINE, bytes_field(1, inner) * 2, (1, 6, 6), 4)
    many = max(1, size // len(inner))
    return whole(PIPELINE, bytes_field(1, inner) * many, (1, 6, 6), 4)


LARGE = 1 << 30
COREML: dict[str, Callable[[int], bytes]] = {
    "program of lengths": lambda n: resized(n, lambda i: (9 + i, 7, 31 + i, 29), "resize_bilinear"),
    "program of large": lambda n: resized(
        n, lambda i: (LARGE + i, LARGE, LARGE - i, LARGE + 1), "resize_bilinear"
    ),
    "program of long": lambda n: resized(
        n, lambda i: (100_003 + i, 99_991, 31_013, 64_007 + i), "resize_bilinear"
    ),
    "program of blocks": blocks,
    "program of constants": constants,
    "network of lengths": lambda n: network(
        n, lambda i, x, y: layer(f"l{i}", x, y, RESIZE, targets(7 + i, 5))
    ),
    "network of large": lambda n: network(
        n, lambda i, x, y: layer(f"l{i}", x, y, RESIZE, targets(LARGE + i, LARGE))
    ),
    "network of long": lambda n: network(
        n, lambda i, x, y: layer(f"l{i}", x, y, RESIZE, targets(100_003 - i % 977, 64_007))
    ),
    "network of activations": lambda n: network(
        n, lambda i, x, y: layer(f"l{i}", x, y, ACTIVATION, bytes_field(10, b""))
    ),
    "network of branches": branches,
    "network of kernels": kernels,
    "pipelines": pipelines,
}
