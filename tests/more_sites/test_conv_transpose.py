"""A transposed convolution whose ends are cut unevenly is a call and what is cut off it."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

from more_sites.cases import called, held, made, only, random

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
