"""The library's two networks of TensorFlow, as tf2onnx converts them.

`tensorflow/tensorflow.csv` lists the resizing operations that TensorFlow's own graph holds, in
order, and how far onnxruntime is from TensorFlow.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import measure
import numpy as np
import onnx

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf
import tf2onnx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

OPSETS = (13, 18)
TELLING = ("align_corners", "half_pixel_centers")


@dataclass(frozen=True, slots=True)
class Network:
    """A network of TensorFlow.

    Attributes:
        build: makes it, given what draws its weights.
        side: height and width of its image.
    """

    build: Callable[[np.random.Generator], Callable[[Any], Any]]
    side: int


def kernel(draw: np.random.Generator, wide: int, wider: int) -> NDArray[np.float32]:
    """Return the weights of a 3 x 3 convolution; in NumPy, for a graph to hold as constants."""
    return draw.normal(0, 0.2, (3, 3, wide, wider)).astype(np.float32)


def keras_unet(draw: np.random.Generator) -> Callable[[Any], Any]:
    """Return a U-Net of Keras layers: UpSampling2D, bilinear, and Resizing by nearest."""
    layers = tf.keras.layers
    image = tf.keras.Input((32, 32, 3), batch_size=1)
    first = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    second = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPool2D()(first))
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPool2D()(second))
    y = layers.Concatenate()([layers.UpSampling2D(interpolation="bilinear")(y), second])
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(y)
    y = layers.Concatenate()([layers.Resizing(32, 32, interpolation="nearest")(y), first])
    model = tf.keras.Model(image, layers.Conv2D(2, 1)(y))
    model.set_weights(
        [draw.normal(0, 0.2, array.shape).astype(array.dtype) for array in model.get_weights()]
    )
    return model


def deeplab(draw: np.random.Generator) -> Callable[[Any], Any]:
    """Return DeepLab as TensorFlow 1 had it: align_corners, and a nearest without either flag."""
    first, second = kernel(draw, 3, 8), kernel(draw, 8, 8)
    head = kernel(draw, 16, 3)
    old = tf.compat.v1.image

    def network(image: Any) -> Any:  # noqa: ANN401 - untyped
        y = tf.nn.relu(tf.nn.conv2d(image, first, 2, "SAME"))
        y = tf.nn.relu(tf.nn.conv2d(y, second, 2, "SAME"))
        pooled = tf.reduce_mean(y, (1, 2), keepdims=True)
        pooled = old.resize_bilinear(pooled, (9, 9), align_corners=True)
        logits = tf.nn.conv2d(tf.concat([y, pooled], 3), head, 1, "SAME")
        logits = old.resize_bilinear(logits, (33, 33), align_corners=True)
        return old.resize_nearest_neighbor(logits, (66, 66))

    return network


NETWORKS = {"keras_unet": Network(keras_unet, 32), "deeplab_tf1": Network(deeplab, 33)}


def calls(function: Any) -> str:  # noqa: ANN401 - untyped
    """Return the resizing operations of a graph, in order, with their flags."""
    found = []
    for operation in function.graph.get_operations():
        if operation.type.startswith("Resize"):
            shape = "x".join(map(str, operation.inputs[0].shape))
            size = tuple(operation.outputs[0].shape[1:3])
            flags = ", ".join(f"{name}={operation.get_attr(name)}" for name in TELLING)
            found.append(f"{operation.type}(images={shape}, size={size}, {flags})")
    return " | ".join(found)


def rows(name: str, about: Network, folder: Path) -> Iterator[dict[str, object]]:
    """Convert one network at each opset; yield a line for each file."""
    draw = np.random.default_rng(0)
    network = tf.function(about.build(draw))
    image = draw.normal(size=(1, about.side, about.side, 3)).astype(np.float32)
    signature = [tf.TensorSpec(image.shape, tf.float32, name="image")]
    made = network.get_concrete_function(*signature)
    expected = network(tf.constant(image)).numpy()
    for opset in OPSETS:
        path = folder / f"{name}-tf2onnx-o{opset}.onnx"
        model, _ = tf2onnx.convert.from_function(network, signature, opset=opset)
        onnx.save(model, path)
        measure.clean(path)
        arrays = {"image": image, model.graph.output[0].name: expected}
        np.savez_compressed(path.with_suffix(".npz"), **arrays)
        verdict = measure.judge(path, arrays)
        yield {
            "file": path.name,
            "opset": opset,
            "calls": calls(made),
            "operators": measure.operators(path),
            "onnxruntime_vs_tensorflow": verdict.word,
            "max_abs_diff": verdict.digits,
        }


def build(root: Path, names: Sequence[str]) -> None:
    """Convert the named networks, or both, and write the table."""
    folder = root / "tensorflow"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NETWORKS:
        if name in NETWORKS:
            lines = rows(name, NETWORKS[name], folder)
            measure.update_rows(folder / "tensorflow.csv", lines)
