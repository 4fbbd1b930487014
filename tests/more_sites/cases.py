"""One site as a model of its own, held to onnxruntime and to the call that it is said to be."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from onnx import ModelProto, NodeProto, helper, numpy_helper

import halfpixel
from halfpixel.site import Site
from oracles import by_onnxruntime

Array = np.ndarray[Any, np.dtype[Any]]
DOMAINS = ("com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc")


def made(
    nodes: Sequence[NodeProto],
    feeds: Mapping[str, Array],
    constants: Mapping[str, Array] | None = None,
    opset: int = 19,
    free: Mapping[str, Sequence[int | str]] | None = None,
) -> ModelProto:
    """Return a model from the arrays that are fed to y, which no shape is declared of."""
    shapes = {name: list(x.shape) for name, x in feeds.items()} | dict(free or {})
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), shapes[name])
        for name, x in feeds.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "test",
        inputs,
        [helper.make_tensor_value_info("y", 1, None)],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in DOMAINS[:2])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def only(model: ModelProto) -> Site:
    """Return the one site of a model."""
    (site,) = halfpixel.sites(model)
    return site


def held(site: Site, model: ModelProto, feeds: Mapping[str, Array], given: Sequence[str]) -> Array:
    """Return what onnxruntime computes, after holding the site's own numbers and shape to it.

    Args:
        site: the site.
        model: its model.
        feeds: what the model is given.
        given: which of these the site takes, in its order.
    """
    expected = by_onnxruntime(model, feeds)
    ours = site.evaluate(*(feeds[name] for name in given))
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, atol=2e-5)
    return expected


def called(site: Site, **names: Array) -> Array:
    """Return what the PyTorch call of a site computes."""
    assert site.torch_call is not None
    known = {name: torch.from_numpy(value) for name, value in names.items()}
    words = {"F": F, "torch": torch, **known}
    found: torch.Tensor = eval(site.torch_call, words)  # noqa: S307 - our own text
    return np.asarray(found)


def random(*shape: int, seed: int = 0) -> Array:
    """Return an image of float32 noise."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)
