"""What onnx2torch is given of an ONNX model: sites as modules, and nodes that it knows."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.converting.onnx_in.preparation import prepare
from halfpixel.converting.onnx_in.site_module import is_weighed, site_module
from halfpixel.errors import GraphError

CORPUS = models.CORPUS

pytestmark = pytest.mark.filterwarnings("ignore")  # coremltools leaves folders to the collector


SITES = [
    ("bilinear_x2_ac0-t2.13.0d-o20", False),
    ("bilinear_x2_ac1-t1.8.1-o12", False),
    ("bilinear_x2_ac0-t1.8.1-o10", True),  # asymmetric, which opset 10 has alone
    ("bilinear_to1_ac0-t1.12.1-o13", False),  # pytorch_half_pixel at an output of length 1
    ("bilinear_frac_ac0-t1.12.1-o9", True),
    ("bilinear_frac_ac0-t2.13.0d-o21", True),
    ("bilinear_aa_down-t2.13.0d-o21", True),
    ("bicubic_aa_down-t2.13.0d-o18", True),
    ("bicubic_x2_ac1-t1.12.1-o11", True),
    ("nearest_size-t1.12.1-o10", True),
    ("nearest_frac-t2.13.0d-o18", True),
    ("nearest_x2-t1.8.1-o12", False),
    ("linear1d_ac0-t1.12.1-o16", False),
    ("trilinear_ac1-t1.12.1-o16", True),
]


@pytest.mark.parametrize(("name", "weighed"), SITES)
def test_a_site_as_a_module_is_the_site(name: str, weighed: bool) -> None:  # noqa: FBT001
    path = CORPUS / f"{name}.onnx"
    (site,) = halfpixel.sites(path)
    assert is_weighed(site) is weighed
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    draw = np.random.default_rng(0)
    feeds = {one.name: draw.uniform(-1, 1, one.shape).astype("f") for one in session.get_inputs()}
    found = site_module(site)(*map(torch.from_numpy, feeds.values()))
    np.testing.assert_allclose(found.numpy(), np.asarray(session.run(None, feeds)[0]), atol=2e-6)


def test_a_crop_takes_its_constant_outside() -> None:
    mode = "tf_crop_and_resize"
    given: dict[str, models.Attribute] = {
        "coordinate_transformation_mode": mode,
        "extrapolation_value": 7.0,
    }
    node = models.resize(attributes=given)
    node.input[1] = "roi"
    roi = numpy_helper.from_array(np.array([0, 0, -0.5, 0, 1, 1, 1, 1.5], "f"), "roi")
    model = models.model([node], initializers=[models.scales(), roi])
    model.ir_version = 9
    (site,) = halfpixel.sites(model)
    x = np.arange(16, dtype="f").reshape(1, 1, 4, 4)
    y = site_module(site)(torch.from_numpy(x)).numpy()
    assert 7.0 in y
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(y, np.asarray(session.run(None, {"x": x})[0]), atol=1e-5)


def test_what_core_ml_does_not_have_is_named() -> None:
    (site,) = halfpixel.sites(CORPUS / "grid_bicubic-t2.13.0d-o20.onnx")
    with pytest.raises(GraphError, match="Core ML has no cubic grid sampling"):
        site_module(site)


PREPARED = [
    ("psp_ac0-t2.13.0d-o21", 3, ["Conv", "Relu", "ReduceMean", "Site", "AveragePool", "Site",
                                 "Concat", "Conv", "Site"]),
    ("like_ac1-t1.12.1-o13", 1, ["Conv", "Site"]),  # its shape arithmetic is computed
    ("nearest_exact_x2-t2.13.0d-o20", 0, ["Transpose", "GatherND", "Transpose"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sites", "kinds"), PREPARED)
def test_a_model_is_prepared(name: str, sites: int, kinds: list[str]) -> None:
    path = CORPUS / f"{name}.onnx"
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    draw = np.random.default_rng(0)
    feeds = {one.name: draw.random(one.shape, "f") for one in session.get_inputs()}
    model, found = prepare(path, feeds)
    assert len(found) == sites
    assert [node.op_type for node in model.graph.node] == kinds
    assert all(one.version <= 17 for one in model.opset_import)


def test_a_node_that_only_newer_opsets_have_is_named(tmp_path: Path) -> None:
    pads = numpy_helper.from_array(np.array([1, 1]), "pads")
    axes = numpy_helper.from_array(np.array([3]), "axes")
    node = helper.make_node("Pad", ["x", "pads", "", "axes"], ["y"], "pad")
    path = tmp_path / "m.onnx"
    onnx.save(models.model([node], initializers=[pads, axes]), path)
    with pytest.raises(GraphError, match="'pad': onnx2torch has no axes of Pad, which opset 19"):
        prepare(path, {"x": np.zeros((1, 1, 4, 4), "f")})
