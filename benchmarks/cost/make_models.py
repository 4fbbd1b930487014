"""Build the large models that check_cost.py measures on.

    python benchmarks/cost/make_models.py FOLDER

- `large.onnx`: one file with 1.5 GB of embedded weights (64 convolutions, 4 resizes);
- `one_megabyte.onnx`: 1 MB, every shape in the file;
- `many_nodes.onnx`: 100,000 nodes, one in a hundred a resize;
- `many_resizes.onnx`: 100,000 nodes, every fifth a resize;
- `million_nodes.onnx`: 1,000,000 nodes, one in a hundred a resize;
- `small.onnx`: 4 KB, one resize.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

OPSETS = [helper.make_opsetid("", 19)]
WIDTH = 800  # 3 x 3 kernels of 800 x 800 channels are 23 MB
LAYERS = 64


def resize(source: str, target: str, mode: str = "pytorch_half_pixel") -> NodeProto:
    """Return a bilinear resize by 2."""
    return helper.make_node(
        "Resize",
        [source, "", "scales"],
        [target],
        name=f"resize_{target}",
        mode="linear",
        coordinate_transformation_mode=mode,
    )


def save(  # noqa: PLR0913, PLR0917 - the parts of a graph
    path: Path,
    nodes: Sequence[NodeProto],
    tensors: Sequence[TensorProto],
    infos: Sequence[ValueInfoProto],
    channels: int,
    side: int,
) -> None:
    """Write a model with one input x, and the last node's output of `side` pixels."""
    shape = [1, channels, 16, 16]
    last = nodes[-1].output[0]
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, channels, side, side])],
        list(tensors),
        value_info=list(infos),
    )
    model = helper.make_model(graph, opset_imports=OPSETS, producer_name="benchmark")
    onnx.save(model, path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {len(nodes)} nodes")


def convolutions(path: Path, layers: int, channels: int) -> None:
    """Write a chain of convolutions with a resize after every sixteenth, shapes included."""
    random = np.random.default_rng(0)
    scales = np.array([1, 1, 2, 2], np.float32)
    tensors = [numpy_helper.from_array(scales, "scales")]
    nodes: list[NodeProto] = []
    infos: list[ValueInfoProto] = []
    value, side = "x", 16
    for k in range(layers):
        weight = random.standard_normal((channels, channels, 3, 3), np.float32)
        tensors.append(numpy_helper.from_array(weight, f"w{k}"))
        nodes.append(
            helper.make_node("Conv", [value, f"w{k}"], [f"c{k}"], f"conv{k}", pads=[1] * 4)
        )
        value = f"c{k}"
        infos.append(_info(value, channels, side))
        if k % 16 == 15:
            nodes.append(resize(value, f"r{k}"))
            value, side = f"r{k}", side * 2
            infos.append(_info(value, channels, side))
    save(path, nodes, tensors, infos[:-1], channels, side)


def _info(name: str, channels: int, side: int) -> ValueInfoProto:
    shape = [1, channels, side, side]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def many_nodes(path: Path, count: int, every: int) -> None:
    """Write a graph of `count` small nodes, one in `every` a resize of the input."""
    scales = np.array([1, 1, 2, 2], np.float32)
    nodes: list[NodeProto] = []
    for k in range(count // every):
        nodes.append(resize("x", f"u{k}"))
        nodes += [
            helper.make_node("Relu", [f"u{k}" if j == 0 else f"v{k}_{j - 1}"], [f"v{k}_{j}"])
            for j in range(every - 1)
        ]
    infos = [_info(f"u{k}", 3, 32) for k in range(count // every)]
    save(path, nodes, [numpy_helper.from_array(scales, "scales")], infos, 3, 32)


def main() -> None:
    """Build all of them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    many_nodes(folder / "many_nodes.onnx", 100_000, 100)
    many_nodes(folder / "many_resizes.onnx", 100_000, 5)
    many_nodes(folder / "million_nodes.onnx", 1_000_000, 100)
    convolutions(folder / "small.onnx", 16, 2)
    convolutions(folder / "one_megabyte.onnx", 16, 41)
    convolutions(folder / "large.onnx", LAYERS, WIDTH)


if __name__ == "__main__":
    main()
