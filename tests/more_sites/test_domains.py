"""onnxruntime's own operators that resample, and what converters left of other frameworks."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.errors import GraphError
from halfpixel.sampling import ConvTranspose, CropResize, GridSample, Resize
from more_sites.cases import Array, called, held, made, only, random
from oracles import by_onnxruntime

MICROSOFT = "com.microsoft"
NHWC = "com.ms.internal.nhwc"
BOXES = np.array(
    [[0, 0, 1, 1], [0.2, 0.1, 0.8, 0.7], [0.9, 0.8, 0.3, 0.2], [0.5, 0.5, 0.5, 0.5]], np.float32
)
BEYOND = np.array([[-0.3, 0.2, 0.8, 1.4], [0.1, -0.5, 1.2, 0.5]], np.float32)


def crops(size: tuple[int, int], mode: str, boxes: Array, **attributes: Any) -> ModelProto:  # noqa: ANN401 - as make_node
    node = helper.make_node(
        "CropAndResize", ["x", "boxes", "which", "size"], ["y"], "crop",
        domain=MICROSOFT, mode=mode, **attributes,
    )  # fmt: skip
    which = np.arange(len(boxes), dtype=np.int32) % 2
    constants = {"size": np.array(size, np.int32), "which": which}
    return made([node], {"x": random(2, 3, 6, 5), "boxes": boxes}, constants)


@pytest.mark.parametrize("size", [(4, 7), (1, 3), (5, 1)])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_crop_and_resize(size: tuple[int, int], mode: str) -> None:
    feeds = {"x": random(2, 3, 6, 5), "boxes": BOXES}
    model = crops(size, mode, BOXES)
    site = only(model)
    assert isinstance(site.operator, CropResize)
    assert site.output_shape == (4, 3, *size)
    expected = held(site, model, feeds, ["x", "boxes"])
    which = np.arange(4, dtype=np.int32) % 2
    found = called(site, **feeds, box_indices=which)
    assert "every box lies in the image" in site.operation.torch_where
    if mode == "bilinear":  # nearest rounds otherwise half way between two pixels
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_nearest_crops_without_ties() -> None:
    boxes = np.array([[0.03, 0.11, 0.77, 0.9], [0.8, 0.6, 0.12, 0.07]], np.float32)
    feeds = {"x": random(2, 3, 6, 5), "boxes": boxes}
    model = crops((4, 7), "nearest", boxes)
    site = only(model)
    found = called(site, **feeds, box_indices=np.arange(2))
    np.testing.assert_array_equal(found, held(site, model, feeds, ["x", "boxes"]))


def test_crops_beyond_the_image_are_filled() -> None:
    feeds = {"x": random(2, 3, 6, 5), "boxes": BEYOND}
    for mode in ("bilinear", "nearest"):
        model = crops((4, 7), mode, BEYOND, extrapolation_value=7.5)
        held(only(model), model, feeds, ["x", "boxes"])


def test_a_crop_size_of_a_run_is_given_to_evaluate() -> None:
    model = crops((4, 7), "bilinear", BOXES)
    size = model.graph.initializer.pop(0)
    model.graph.input.append(helper.make_tensor_value_info("size", TensorProto.INT32, [2]))
    site = only(model)
    assert site.operator is None
    assert not halfpixel.check(model).findings
    feeds = {"x": random(2, 3, 6, 5), "boxes": BOXES, "size": numpy_helper.to_array(size)}
    held(site, model, feeds, ["x", "boxes", "size"])


@pytest.mark.parametrize("constant", [True, False])
def test_transposed_convolution_whose_pads_are_an_input(constant: bool) -> None:  # noqa: FBT001
    weight, pads = random(4, 3, 3, 3, seed=1), np.array([0, 1, 1, 0], np.int64)
    node = helper.make_node(
        "ConvTransposeWithDynamicPads", ["x", "weight", "pads"], ["y"], "up",
        domain=MICROSOFT, strides=[2, 2],
    )  # fmt: skip
    feeds: dict[str, Array] = {"x": random(2, 4, 4, 5)}
    constants = {"weight": weight}
    (constants if constant else feeds)["pads"] = pads
    model = made([node], feeds, constants)
    site = only(model)
    expected = held(site, model, feeds, list(feeds))
    if constant:
        assert isinstance(site.operator, ConvTranspose)
        found = called(site, x=feeds["x"], weight=weight)
        np.testing.assert_allclose(found, expected, atol=1e-5)


BLOCKED: list[dict[str, Any]] = [
    {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"},
    {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
    {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
]


@pytest.mark.parametrize("attributes", BLOCKED)
def test_what_an_optimised_file_holds(attributes: dict[str, Any], tmp_path: Path) -> None:
    """onnxruntime itself writes the blocked Upsample."""
    nodes = [
        helper.make_node("Conv", ["x", "a"], ["wide"], "in"),
        helper.make_node("Resize", ["wide", "", "scales"], ["large"], "up", **attributes),
        helper.make_node("Conv", ["large", "b"], ["y"], "out"),
    ]
    constants = {
        "a": random(16, 3, 1, 1),
        "b": random(16, 16, 1, 1, seed=1),
        "scales": np.array([1, 1, 3, 2], np.float32),
    }
    model = made(nodes, {"x": random(1, 3, 4, 5)}, constants)
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    site = only(onnx.load(tmp_path / "optimised.onnx"))
    plain = only(model)
    assert site.op == "com.microsoft.nchwc.Upsample"
    assert isinstance(site.operator, Resize)
    x = random(1, 16, 4, 5)
    np.testing.assert_array_equal(site.evaluate(x), plain.evaluate(x))
    fixed = halfpixel.fix(tmp_path / "optimised.onnx", unsafe_fixes=True)
    assert not fixed.changes


def other_domain(model: ModelProto, domain: str, version: int) -> ModelProto:
    """Return a model whose one node is of another domain."""
    model.graph.node[0].domain = domain
    model.opset_import.append(helper.make_opsetid(domain, version))
    return model


def test_channels_that_are_last() -> None:
    """A Resize that the layout optimiser turned has its lengths in that order."""
    node = helper.make_node(
        "Resize", ["x", "", "scales"], ["y"], "up", mode="linear",
        coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    feeds = {"x": random(1, 4, 5, 3)}
    model = made([node], feeds, {"scales": np.array([1, 2, 3, 1], np.float32)})
    expected = by_onnxruntime(model, feeds)
    site = only(other_domain(model, NHWC, 19))
    np.testing.assert_allclose(site.evaluate(feeds["x"]), expected, atol=1e-5)
    assert site.output_shape == expected.shape


def test_a_grid_on_channels_that_are_last() -> None:
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], "warp", mode="linear")
    feeds = {"x": random(2, 3, 4, 5), "grid": random(2, 6, 3, 2, seed=1) / 2}
    model = made([node], feeds, opset=20)
    expected = by_onnxruntime(model, feeds).transpose(0, 2, 3, 1)
    site = only(other_domain(model, NHWC, 20))
    assert isinstance(site.operator, GridSample)
    turned = {"x": feeds["x"].transpose(0, 2, 3, 1), "grid": feeds["grid"]}
    np.testing.assert_allclose(site.evaluate(*turned.values()), expected, atol=1e-5)
    np.testing.assert_allclose(called(site, **turned), expected, atol=1e-5)


def aten(name: str, **attributes: str) -> NodeProto:
    return helper.make_node(name, ["x"], ["y"], "left", domain="org.pytorch.aten", **attributes)


LEFT: list[tuple[NodeProto, str]] = [
    (helper.make_node("TFL_RESIZE_BILINEAR", ["x"], ["y"], "left"), "TensorFlow's"),
    (helper.make_node("ScaleAndTranslate", ["x"], ["y"], "left"), "loads nowhere"),
    (aten("ATen", operator="grid_sampler"), "no grid_sampler: it is PyTorch's"),
    (aten("_upsample_bicubic2d_aa"), "no _upsample_bicubic2d_aa"),
    (aten("adaptive_avg_pool2d"), "only PyTorch itself runs it"),
]


@pytest.mark.parametrize(("node", "said"), LEFT)
def test_what_was_left_unconverted_is_an_error(node: NodeProto, said: str) -> None:
    model = models.model([node])
    model.opset_import.append(helper.make_opsetid("org.pytorch.aten", 1))
    report = halfpixel.check(model)
    (one,) = report.findings
    assert (one.site.name, one.finding.severity) == ("left", "error")
    assert said in one.finding.message
    with pytest.raises(GraphError, match="left unconverted"):
        one.site.evaluate(random(1, 1, 4, 4))


@pytest.mark.parametrize("node", [aten("ATen", operator="relu"), aten("linear")], ids=["ATen", ""])
def test_what_does_not_resample_is_no_site(node: NodeProto) -> None:
    assert not halfpixel.sites(models.model([node]))
