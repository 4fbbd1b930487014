"""Resampling that is written in operators which only move data, and what only looks like it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, NodeProto, helper, shape_inference

import halfpixel
from halfpixel.checking.explain import explain
from halfpixel.conventions.torch.shuffle import as_conv_transpose_text
from halfpixel.sampling import DepthToSpace, Resize
from more_sites.cases import Array, called, held, made, only, random

Constants = dict[str, Array]


class Chain:
    """Nodes in a row from x, each with the constants that it takes."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: Constants = {}
        self.last = "x"

    def then(self, op: str, *constants: Sequence[int], **attributes: object) -> "Chain":
        """Add a node that reads the last value."""
        names: list[str] = []
        for values in constants:
            names.append(f"c{len(self.constants)}")
            self.constants[names[-1]] = np.array(values, np.int64)
        out = f"{op.lower()}_{len(self.nodes)}"
        node = helper.make_node(op, [self.last, *names], [out], out)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())
        self.nodes.append(node)
        self.last = out
        return self

    def slices(self, axis: int, count: int, times: int) -> "Chain":
        """Take the last value apart, and put every slice back several times."""
        parts = [f"{self.last}_{k}" for k in range(count)]
        split = helper.make_node("Split", [self.last], parts, axis=axis, num_outputs=count)
        names = [name for name in parts for _ in range(times)]
        out = f"concat_{len(self.nodes)}"
        self.nodes += [split, helper.make_node("Concat", names, [out], out, axis=axis)]
        self.last = out
        return self

    def model(self, x: Array, free: Sequence[int | str] | None = None) -> ModelProto:
        """Return the model, with the shapes that inference finds."""
        self.nodes[-1].output[0] = "y"
        model = made(
            self.nodes, {"x": x}, self.constants, free=None if free is None else {"x": free}
        )
        return shape_inference.infer_shapes(model, data_prop=True)


NCHW, NHWC, LINE, VOLUME = (2, 3, 4, 5), (2, 4, 5, 3), (2, 4, 5), (1, 2, 3, 4, 5)


def keras(axis: int, shape: Sequence[int], times: int, chain: Chain | None = None) -> Chain:
    """Return what tf.repeat along an axis becomes: an axis behind it, a Tile, a Reshape."""
    wide = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    tiled = [times if k == axis + 1 else 1 for k in range(len(wide))]
    out = [n * times if k == axis else n for k, n in enumerate(shape)]
    return (chain or Chain()).then("Reshape", wide).then("Tile", tiled).then("Reshape", out)


def both(shape: Sequence[int], axes: tuple[int, int], times: tuple[int, int]) -> Chain:
    first = keras(axes[0], shape, times[0])
    middle = [n * times[0] if k == axes[0] else n for k, n in enumerate(shape)]
    return keras(axes[1], middle, times[1], first)


REPEATED: list[tuple[str, tuple[int, ...], Chain, tuple[int, ...]]] = [
    ("tile both", NCHW, Chain().then("Reshape", (2, 3, 4, 1, 5, 1)).then("Tile", (1, 1, 1, 2, 1, 3))
     .then("Reshape", (2, 3, 8, 15)), (2, 3)),
    ("tile one channel", (1, 4, 5, 1), Chain().then("Reshape", (1, 4, 1, 5, 1, 1))
     .then("Tile", (1, 1, 2, 1, 2, 1)).then("Reshape", (1, 8, 10, 1)), (2, 2)),
    ("tile with -1", NCHW, Chain().then("Reshape", (2, 3, 4, 1, 5, 1))
     .then("Tile", (1, 1, 1, 2, 1, 2)).then("Reshape", (0, 3, -1, 10)), (2, 2)),
    ("keras", NHWC, both(NHWC, (1, 2), (2, 3)), (2, 3)),
    ("expand", NCHW, Chain().then("Unsqueeze", (3, 5)).then("Expand", (2, 3, 4, 2, 5, 2))
     .then("Reshape", (2, 3, 8, 10)), (2, 2)),
    ("expand of 1", NCHW, Chain().then("Unsqueeze", (3,)).then("Unsqueeze", (5,))
     .then("Expand", (1, 1, 1, 2, 1, 4)).then("Reshape", (2, 3, 8, 20)), (2, 4)),
    ("slices", NHWC, Chain().slices(1, 4, 3).slices(2, 5, 2), (3, 2)),
    ("slices of a volume", VOLUME, Chain().slices(2, 3, 2).slices(3, 4, 2).slices(4, 5, 2),
     (2, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "chain", "factors"), [r[1:] for r in REPEATED],
                         ids=[r[0] for r in REPEATED])  # fmt: skip
def test_copies_are_a_nearest_resize(
    shape: tuple[int, ...], chain: Chain, factors: tuple[int, ...]
) -> None:
    x = random(*shape)
    model = chain.model(x)
    site = only(model)
    assert isinstance(site.operator, Resize)
    assert [int(s.scale or 0) for _, s in site.operator.axes] == list(factors)
    expected = held(site, model, {"x": x}, ["x"])
    assert site.input_shape == shape
    assert site.output_shape == expected.shape
    assert 'mode="nearest' in (site.torch_call or "")
    np.testing.assert_array_equal(called(site, x=x), expected)
    (note,) = halfpixel.check(model).findings
    assert (note.rule.name, note.finding.severity) == ("hidden-resize", "note")


def test_a_signal_is_repeated_beside_a_layer() -> None:
    x, out = random(*LINE), (2, 4, 15)
    chain = Chain().then("Unsqueeze", (3,)).then("Expand", (2, 4, 5, 3)).then("Reshape", out)
    assert not halfpixel.sites(chain.model(x))
    chain.last = chain.nodes[-1].output[0] = "wide"
    chain.nodes.append(helper.make_node("Conv", ["wide", "w"], ["y"]))
    chain.constants["w"] = random(1, 4, 3)
    (site,) = halfpixel.sites(chain.model(x))
    np.testing.assert_array_equal(site.evaluate(x), np.repeat(x, 3, axis=2))


def test_a_length_that_is_free_is_told() -> None:
    x = random(*NCHW)
    chain = Chain().then("Unsqueeze", (3, 5)).then("Expand", (1, 1, 1, 2, 1, 2))
    chain = chain.then("Reshape", (0, 3, -1, 10))
    site = only(chain.model(x, ["batch", 3, "height", 5]))
    assert site.input_shape == ("batch", 3, "height", 5)
    np.testing.assert_array_equal(site.evaluate(x), x.repeat(2, 2).repeat(2, 3))
    assert site.torch_call is not None


OTHERS: list[tuple[str, tuple[int, ...], Chain]] = [
    ("the heads of an attention", NCHW, Chain().then("Unsqueeze", (2,))
     .then("Expand", (2, 3, 4, 4, 5)).then("Reshape", (2, 12, 4, 5))),
    ("a tiled image", NCHW, Chain().then("Unsqueeze", (2, 4)).then("Expand", (2, 3, 2, 4, 2, 5))
     .then("Reshape", (2, 3, 8, 10))),
    ("a broadcast", (2, 3, 1, 1), Chain().then("Unsqueeze", (3, 5))
     .then("Expand", (2, 3, 1, 4, 1, 4)).then("Reshape", (2, 3, 4, 4))),
    ("other lengths", NCHW, Chain().then("Unsqueeze", (3, 5)).then("Expand", (2, 3, 4, 2, 5, 2))
     .then("Reshape", (2, 3, 10, 8))),
    ("windows put together", (8, 2, 2, 3), Chain().then("Reshape", (2, 2, 2, 2, 2, 3))
     .then("Transpose", perm=[0, 1, 3, 2, 4, 5]).then("Reshape", (2, 4, 4, 3))),
    ("a shuffle of channels", NCHW, Chain().then("Reshape", (2, 3, 1, 4, 5))
     .then("Transpose", perm=[0, 2, 1, 3, 4]).then("Reshape", NCHW)),
    ("slices in another order", NHWC, Chain().slices(1, 4, 2).slices(1, 8, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "chain"), [r[1:] for r in OTHERS], ids=[r[0] for r in OTHERS])
def test_what_only_moves_data_is_no_site(shape: tuple[int, ...], chain: Chain) -> None:
    assert not halfpixel.sites(chain.model(random(*shape)))


@pytest.mark.parametrize("mode", ["DCR", "CRD", None])
def test_depth_to_space(mode: str | None) -> None:
    x = random(2, 12, 3, 4)
    words = {} if mode is None else {"mode": mode}
    node = helper.make_node("DepthToSpace", ["x"], ["y"], "up", blocksize=2, **words)
    model = made([node], {"x": x})
    site = only(model)
    assert isinstance(site.operator, DepthToSpace)
    expected = held(site, model, {"x": x}, ["x"])
    assert site.output_shape == expected.shape
    np.testing.assert_array_equal(called(site, x=x), expected)
    assert not halfpixel.check(model).findings
    told = as_conv_transpose_text(site.operator)
    np.testing.assert_array_equal(transposed_convolution(told, x), expected)


def transposed_convolution(told: str, x: Array) -> Array:
    """Return what the transposed convolution computes that a text describes, of 3 channels."""
    call, _, where = told.partition(", where weight has the shape ")
    shape, _, ones = where.partition("), weight[")
    names: dict[str, Any] = {"F": F, "C": 3, "x": torch.from_numpy(x)}
    weight = torch.zeros(eval(f"{shape})", names))  # noqa: S307 - what is claimed
    for c, i, j in np.ndindex(3, 2, 2):
        place = eval(ones.partition("]")[0], names, {"c": c, "i": i, "j": j})  # noqa: S307
        weight[place] = 1
    found: Array = eval(call, names, {"weight": weight}).numpy()  # noqa: S307
    return found


SHUFFLES: list[tuple[str, bool, tuple[int, ...], Chain]] = [
    ("CRD", False, (2, 12, 3, 4), Chain().then("Reshape", (2, 3, 2, 2, 3, 4))
     .then("Transpose", perm=[0, 1, 4, 2, 5, 3]).then("Reshape", (2, 3, 6, 8))),
    ("DCR", False, (2, 12, 3, 4), Chain().then("Reshape", (2, 2, 2, 3, 3, 4))
     .then("Transpose", perm=[0, 3, 4, 1, 5, 2]).then("Reshape", (2, 3, 6, 8))),
    ("DCR", True, (2, 3, 4, 12), Chain().then("Reshape", (2, 3, 4, 2, 2, 3))
     .then("Transpose", perm=[0, 1, 3, 2, 4, 5]).then("Reshape", (2, 6, 8, 3))),
    ("CRD", True, (2, 3, 4, 12), Chain().then("Reshape", (2, 3, 4, 3, 2, 2))
     .then("Transpose", perm=[0, 1, 4, 2, 5, 3]).then("Reshape", (2, 6, 8, 3))),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "last", "shape", "chain"), SHUFFLES)
def test_a_shuffle_written_out(
    mode: str,
    last: bool,  # noqa: FBT001 - a case
    shape: tuple[int, ...],
    chain: Chain,
) -> None:
    x = random(*shape)
    model = chain.model(x)
    site = only(model)
    assert isinstance(site.operator, DepthToSpace)
    assert (site.operator.mode, site.operator.last) == (mode, last)
    expected = held(site, model, {"x": x}, ["x"])
    assert site.output_shape == expected.shape
    np.testing.assert_array_equal(called(site, x=x), expected)


def test_explain_says_which_convolution_a_shuffle_is(tmp_path: Path) -> None:
    onnx.save(SHUFFLES[1][3].model(random(2, 12, 3, 4)), tmp_path / "m.onnx")
    text = "\n".join(explain(str(tmp_path / "m.onnx")))
    assert "weight[(2 * i + j) * C + c, c, i, j] is 1" in text
    assert "pixel_shuffle(x.unflatten(1, (4, -1))" in text
