"""A transposed convolution whose ends are cut unevenly is a call and what is cut off it."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

import halfpixel
from halfpixel.sampling import ConvTranspose
from more_sites.cases import Array, called, held, made, only, random

CASES: list[tuple[dict[str, Any], str]] = [
    ({"strides": [2, 2], "pads": [0, 0, 1, 1]}, "stride=(2, 2))[..., :-1, :-1]"),
    ({"strides": [2, 2], "pads": [1, 0, 0, 0]}, "padding=(1, 0), output_padding=(1, 0))"),
    (
        {"strides": [2, 3], "pads": [0, 2, 1, 1]},
        "padding=(0, 2), output_padding=(0, 1))[..., :-1, :]",
    ),
    ({"strides": [1, 2], "pads": [2, 0, 0, 0], "dilations": [1, 1]}, "[..., 2:, :]"),
    ({"strides": [2, 2], "pads": [2, 2, 0, 0]}, "[..., 2:, 2:]"),
    ({"strides": [2, 2], "output_padding": [1, 0], "pads": [0, 0, 0, 2]}, ""),
    ({"strides": [2, 2], "auto_pad": "SAME_UPPER"}, "[..., :-1, :-1]"),
    ({"strides": [2, 2], "auto_pad": "SAME_LOWER"}, ""),
    ({"strides": [2, 2], "auto_pad": "VALID"}, "stride=(2, 2))"),
    ({"strides": [2, 2], "output_shape": [9, 10]}, ""),
    ({"strides": [2, 2], "output_shape": [7, 8], "auto_pad": "SAME_UPPER"}, ""),
]


@pytest.mark.parametrize(("attributes", "said"), CASES)
def test_an_uneven_cut_is_said(attributes: dict[str, Any], said: str) -> None:
    feeds = {"x": random(2, 4, 4, 5)}
    weight = random(4, 3, 3, 3, seed=1)
    node = helper.make_node("ConvTranspose", ["x", "weight"], ["y"], "up", **attributes)
    model = made([node], feeds, {"weight": weight})
    site = only(model)
    expected = held(site, model, feeds, ["x"])
    assert site.output_shape is not None
    assert site.output_shape[2:] == expected.shape[2:]
    assert said in (site.torch_call or "")
    np.testing.assert_allclose(called(site, x=feeds["x"], weight=weight), expected, atol=1e-5)


def test_a_shape_that_is_asked_for_is_cut_by_the_length() -> None:
    node = helper.make_node(
        "ConvTranspose", ["x", "weight"], ["y"], "up", strides=[2], output_shape=[9]
    )
    weight = random(1, 1, 3)
    site = only(made([node], {"x": random(1, 1, 4)}, {"weight": weight}, free={"x": [1, 1, "n"]}))
    assert site.torch_call is None


def filler(kernel: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Return the weights of Caffe's bilinear filler for one channel."""
    weight = np.ones(())
    for length, stride in zip(kernel, strides, strict=True):
        taps = 1 - np.abs(np.arange(length) - (length - 1) / 2) / stride
        weight = weight[..., None] * taps
    return weight.astype(np.float32)


LINEAR: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any], str]] = [
    ((4, 4), (2, 2), {"pads": [1, 1, 1, 1]}, "F.pad(x, (1, 1, 1, 1)), scale_factor=2"),
    ((4, 4), (2, 2), {}, "scale_factor=2"),
    ((16, 8), (8, 4), {"pads": [4, 2, 4, 2]}, "scale_factor=(8, 4)"),
    ((5, 5), (3, 3), {"pads": [1, 1, 1, 1]}, "scale_factor=3"),
    ((4, 4), (2, 2), {"pads": [2, 2, 2, 2]}, "F.interpolate(x, scale_factor=2"),
    ((4, 4), (2, 2), {"pads": [0, 0, 1, 2]}, "scale_factor=2"),
    ((3, 3), (2, 2), {"pads": [1, 1, 1, 1]}, "F.interpolate(x, size=[2 * x.shape[2] - 1,"),
    ((3, 3), (2, 2), {"pads": [1, 1, 1, 1], "output_padding": [1, 1]}, "align_corners=True"),
    ((3, 5), (2, 3), {"pads": [0, 0, 0, 0]}, "align_corners=True"),
    ((4, 4), (2, 2), {"auto_pad": "SAME_UPPER"}, "scale_factor=2"),
    ((4, 4), (2, 2), {"output_shape": [11, 12]}, "scale_factor=2"),
    ((8,), (4,), {"pads": [2, 2]}, 'mode="linear"'),
    ((4, 4, 4), (2, 2, 2), {"pads": [1] * 6}, 'mode="trilinear"'),
]


@pytest.mark.parametrize("grouped", [True, False], ids=["groups", "diagonal"])
@pytest.mark.parametrize(("kernel", "strides", "attributes", "said"), LINEAR)
def test_a_bilinear_filler_is_told_as_a_resize(
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    attributes: dict[str, Any],
    said: str,
    grouped: bool,  # noqa: FBT001 - a case
) -> None:
    one = filler(kernel, strides)
    weight = np.zeros((3, 1 if grouped else 3, *kernel), np.float32)
    for channel in range(3):
        weight[channel, 0 if grouped else channel] = one
    node = helper.make_node(
        "ConvTranspose", ["x", "weight"], ["y"], "up", strides=strides,
        group=3 if grouped else 1, **attributes,
    )  # fmt: skip
    feeds = {"x": random(1, 3, *(5, 6, 4)[: len(kernel)])}
    model = made([node], feeds, {"weight": weight})
    site = only(model)
    assert isinstance(site.operator, ConvTranspose)
    assert site.operator.linear
    expected = held(site, model, feeds, ["x"])
    assert said in (site.torch_call or "")
    np.testing.assert_allclose(called(site, **feeds), expected, atol=1e-5)
    assert not any("trained" in one.finding.declined for one in halfpixel.check(model).findings)


@pytest.mark.parametrize("spoiled", ["a weight", "a bias", "another channel", "a stride"])
def test_other_weights_are_no_resize(spoiled: str) -> None:
    weight = np.repeat(filler((4, 4), (2, 2))[None, None], 3, axis=0)
    constants = {"weight": weight}
    strides = [2, 2]
    if spoiled == "a weight":
        weight[2, 0, 3, 1] += 0.001
    elif spoiled == "another channel":
        weight = constants["weight"] = np.repeat(weight, 3, axis=1)
    elif spoiled == "a bias":
        constants["bias"] = np.array([0, 0, 0.5], np.float32)
    else:
        strides = [4, 4]
    group = 1 if weight.shape[1] == 3 else 3
    node = helper.make_node(
        "ConvTranspose", ["x", *constants], ["y"], "up", strides=strides, group=group
    )
    site = only(made([node], {"x": random(1, 3, 4, 5)}, constants))
    assert (site.torch_call or "").startswith("F.conv_transpose2d")


def test_a_filler_of_float16_is_one_as_near_as_float16_comes() -> None:
    weight = filler((5, 5), (3, 3))[None, None].astype(np.float16)
    attributes: dict[str, Any] = {"strides": [3, 3], "pads": [1, 1, 1, 1]}
    node = helper.make_node("ConvTranspose", ["x", "weight"], ["y"], "up", **attributes)
    feeds = {"x": random(1, 1, 4, 5).astype(np.float16)}
    site = only(made([node], feeds, {"weight": weight}))
    assert "F.interpolate" in (site.torch_call or "")
    weight[0, 0, 1, 1] += np.float16(0.002)
    other = only(made([node], feeds, {"weight": weight}))
    assert (other.torch_call or "").startswith("F.conv_transpose2d")
