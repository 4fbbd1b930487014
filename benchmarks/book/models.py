"""Build models of the book: `python benchmarks/book/models.py FOLDER NAME ...`.

A file is written piece by piece, its fields in the order of their numbers as protobuf writes them,
so that 3 GB take no more memory than one layer. Beside each model stands
`NAME.structure`, the same bytes without the payloads of the weights: what has to be read at least.
"""

from __future__ import annotations

import sys
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTH = 800  # 3 x 3 kernels of 800 x 800 channels are 23 MB
NODE, NAME, INITIALIZER, INPUT, OUTPUT, VALUE_INFO = 1, 2, 5, 11, 12, 13  # of GraphProto
GRAPH = 7  # of ModelProto
RAW_DATA = 9  # of TensorProto


class Weight(NamedTuple):
    """The bytes of a layer's weights: its own first number, and what all layers share."""

    first: bytes
    rest: memoryview

    @property
    def length(self) -> int:
        """How many bytes."""
        return len(self.first) + len(self.rest)


def header(number: int, length: int) -> bytes:
    """Return the tag of a field of bytes and the length, a varint each.

    >>> header(9, 300).hex()
    '4aac02'
    """
    found = bytearray([number << 3 | 2])
    while length > 127:
        found.append(length & 127 | 128)
        length >>= 7
    return bytes([*found, length])


class Graph:
    """A graph in pieces: bytes, each followed by a weight or by none."""

    def __init__(self) -> None:
        """Start with the name and the scales that all resizes read."""
        self.pieces: list[tuple[int, bytes, Weight | None]] = []
        scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
        self.add(NAME, b"book")
        self.add(INITIALIZER, scales.SerializeToString())

    def add(self, number: int, message: bytes, weight: Weight | None = None) -> None:
        """Add a field; a weight is the last field of its message, a tensor's `raw_data`."""
        if weight is None:
            self.pieces.append((number, header(number, len(message)) + message, None))
        else:
            head = message + header(RAW_DATA, weight.length)
            self.pieces.append((number, header(number, len(head) + weight.length) + head, weight))

    def value(self, number: int, name: str, channels: int, side: int) -> None:
        """Add a value's name and shape."""
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, side, side])
        self.add(number, info.SerializeToString())

    def write(self, path: Path) -> None:
        """Write the model and, beside it, its structure."""
        first = ModelProto(ir_version=9).SerializeToString()
        last = ModelProto(opset_import=[helper.make_opsetid("", 19)]).SerializeToString()
        pieces = sorted(self.pieces, key=itemgetter(0))
        length = sum(len(h) + (0 if w is None else w.length) for _, h, w in pieces)
        bare = Path(f"{path}.structure")
        with path.open("wb") as whole, bare.open("wb") as structure:
            whole.write(first + header(GRAPH, length))
            for _, head, weight in pieces:
                whole.write(head)
                structure.write(head)
                if weight is not None:
                    whole.write(weight.first)
                    whole.write(weight.rest)
            whole.write(last)


def resize(source: str, target: str) -> bytes:
    """Return a bilinear resize by 2."""
    node = helper.make_node(
        "Resize",
        [source, "", "scales"],
        [target],
        name=f"resize_{target}",
        mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
    )
    return node.SerializeToString()


def convolutions(path: Path, layers: int, channels: int, *, outside: bool = False) -> None:
    """Write a chain of convolutions, a resize after every sixteenth, all shapes in the file.

    Args:
        path: the model.
        layers: how many convolutions.
        channels: of each; its weights are 36 * channels**2 bytes.
        outside: the weights go to a file of their own, `PATH.data`.
    """
    graph = Graph()
    shape = (channels, channels, 3, 3)
    shared = np.random.default_rng(0).standard_normal(shape, np.float32) / 64
    rest = memoryview(shared.tobytes())[4:]
    last, side = "x", 16
    for k in range(layers):
        weight = Weight(np.float32(k / 64).tobytes(), rest)
        tensor = TensorProto(name=f"w{k}", dims=shape, data_type=TensorProto.FLOAT)
        if outside:
            place = {"location": f"{path.name}.data", "offset": k * weight.length}
            tensor.data_location = TensorProto.EXTERNAL
            for key, told in {**place, "length": weight.length}.items():
                tensor.external_data.add(key=key, value=str(told))
            with Path(f"{path}.data").open("ab" if k else "wb") as data:
                data.write(weight.first)
                data.write(weight.rest)
        graph.add(INITIALIZER, tensor.SerializeToString(), None if outside else weight)
        node = helper.make_node("Conv", [last, f"w{k}"], [f"c{k}"], f"conv{k}", pads=[1] * 4)
        graph.add(NODE, node.SerializeToString())
        last = f"c{k}"
        if k % 16 == 15:
            graph.value(VALUE_INFO, last, channels, side)
            graph.add(NODE, resize(last, f"r{k}"))
            last, side = f"r{k}", side * 2
        if k < layers - 1:
            graph.value(VALUE_INFO, last, channels, side)
    graph.value(INPUT, "x", channels, 16)
    graph.value(OUTPUT, last, channels, side)
    graph.write(path)


def nodes(path: Path, count: int, every: int) -> None:
    """Write a graph of small nodes, one in `every` a resize of the input, and their sum."""
    graph = Graph()
    ends: list[str] = []
    relu = NodeProto(op_type="Relu", input=["x"], output=["x"])
    for k in range(count // every):
        graph.add(NODE, resize("x", last := f"u{k}"))
        graph.value(VALUE_INFO, last, 3, 32)
        for j in range(every - 1):
            relu.input[0], relu.output[0] = last, f"v{k}_{j}"
            graph.add(NODE, relu.SerializeToString())
            last = f"v{k}_{j}"
        ends.append(last)
    graph.add(NODE, helper.make_node("Sum", ends, ["sum"], "sum").SerializeToString())
    graph.value(INPUT, "x", 3, 16)
    graph.value(OUTPUT, "sum", 3, 32)
    graph.write(path)


def chain(path: Path, coordinates: str) -> None:
    """Write 64 layers of 4 MB of activations each, a pair of resizes among them.

    Args:
        path: the model.
        coordinates: of the second resize.
    """
    channels, side, spoiled = 16, 256, 40
    random = np.random.default_rng(0)
    graph = Graph()
    last = "x"
    for k in range(64):
        if k in {spoiled, spoiled + 1}:
            length = side if k > spoiled else side // 2
            sizes = np.array([1, channels, length, length], np.int64)
            graph.add(INITIALIZER, numpy_helper.from_array(sizes, f"s{k}").SerializeToString())
            mode = coordinates if k > spoiled else "half_pixel"
            node = helper.make_node(
                "Resize", [last, "", "", f"s{k}"], [f"v{k}"], f"resize{k}", mode="linear",
                coordinate_transformation_mode=mode,
            )  # fmt: skip
        elif k % 4:
            node = helper.make_node("Sin", [last], [f"v{k}"], f"sin{k}")
        else:
            kernel = random.standard_normal((channels, channels, 1, 1)).astype(np.float32) / 4
            graph.add(INITIALIZER, numpy_helper.from_array(kernel, f"w{k}").SerializeToString())
            node = helper.make_node("Conv", [last, f"w{k}"], [f"v{k}"], f"conv{k}")
        graph.add(NODE, node.SerializeToString())
        last = f"v{k}"
    graph.value(INPUT, "x", channels, side)
    graph.value(OUTPUT, last, channels, side)
    graph.write(path)


MODELS: Mapping[str, Callable[[Path], None]] = {
    "one_megabyte": partial(convolutions, layers=16, channels=41),
    "embedded": partial(convolutions, layers=64, channels=WIDTH),
    "external": partial(convolutions, layers=128, channels=WIDTH, outside=True),
    "right": partial(chain, coordinates="half_pixel"),
    "spoiled": partial(chain, coordinates="align_corners"),
}
"""The models that have a name; `nodes-COUNT-EVERY` and `weights-LAYERS` are others."""


def make(folder: Path, name: str) -> Path:
    """Write the model of a name, where it is not there yet."""
    path = folder / f"{name}.onnx"
    if path.exists():
        return path
    match name.split("-"):
        case ["nodes", count, every]:
            nodes(path, int(count), int(every))
        case ["weights", layers]:
            convolutions(path, int(layers), WIDTH)
        case _:
            MODELS[name](path)
    return path


if __name__ == "__main__":
    for one in sys.argv[2:]:
        make(Path(sys.argv[1]), one)
