"""What runs a side: providers, the optimiser, what is fed, and single sites."""

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.errors import RuntimeFailure, UsageError
from halfpixel.format import Port
from halfpixel.runtime import RunSettings, parse_side, runtime_of
from halfpixel.runtimes import onnxruntime_
from halfpixel.runtimes.feed_files import read_feeds
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.verifying.site_check import SiteCheck
from halfpixel.verifying.verify import verify
from resize_pairs import one_image, skip_with_cuda

Array = np.ndarray[Any, np.dtype[Any]]

GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")


def test_the_reference_evaluator_is_a_side() -> None:
    assert verify(GOOD, f"{GOOD}@reference").equal


def test_a_provider_whose_libraries_do_not_load_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """onnxruntime itself would go on with the CPU."""
    import onnxruntime

    skip_with_cuda()
    has = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: has)
    with pytest.raises(RuntimeFailure, match="cannot be used, onnxruntime would run on the CPU"):
        verify(f"{GOOD}@cuda", GOOD)


def test_a_resampling_node_on_the_cpu_is_an_error_unless_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    side = parse_side(GOOD)
    running = runtime_of(side).started(side, RunSettings())
    assert isinstance(running, onnxruntime_.OnnxRunning)
    assert set(running.placement.values()) == {"CPUExecutionProvider"}
    running.provider = "CUDAExecutionProvider"
    with pytest.raises(RuntimeFailure, match=r"leaves node 'node_upsample.*\(Resize\) to the CPU"):
        running.refuse_fallback()
    running.settings = RunSettings(fallback=True)
    running.refuse_fallback()
    monkeypatch.setattr(onnxruntime_, "CPU", "other")
    assert running.placement


def transposed() -> onnx.ModelProto:
    """Return the model that onnxruntime's optimiser breaks: axes between two transposes."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], "before", perm=[0, 3, 1, 2]),
        helper.make_node("Resize", ["t", "", "", "sizes"], ["r"], "up", mode="linear", axes=[2, 3]),
        helper.make_node("Transpose", ["r"], ["y"], "after", perm=[0, 2, 3, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 5, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([8, 10], np.int64), "sizes")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def test_what_the_optimiser_breaks_is_told() -> None:
    found = verify(transposed(), transposed())
    assert not found.equal
    assert found.optimiser
    assert "loads unoptimised only" in found.optimiser[0]


def test_inputs_come_from_files_and_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = one_image()["x"]
    np.savez(tmp_path / "in.npz", x=x, x_1=x[:, :, :3])
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "x.pb").write_bytes(numpy_helper.from_array(x, "x").SerializeToString())
    first, second = read_feeds([str(tmp_path / "in.npz")])
    np.testing.assert_array_equal(first["x"], x)
    assert second["x"].shape == (1, 2, 3, 6)
    for name in ("x.npy", "x.pb"):
        (case,) = read_feeds([f"x={tmp_path / name}"])
        np.testing.assert_array_equal(case["x"], x)
    module = types.ModuleType("halfpixel_test_feeds")
    module.build = lambda: [{"x": x}, {"x": x}]  # type: ignore[attr-defined]
    module.wrong = lambda: 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert len(read_feeds(["halfpixel_test_feeds:build"])) == 2
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 no archive")
    for text in ("halfpixel_test_feeds:wrong", "what", "x=missing.npy", str(broken)):
        with pytest.raises(halfpixel.HalfpixelError):
            read_feeds([text])


def test_made_inputs_fit_what_reads_them() -> None:
    ports = [
        Port("image", "float32", (1, 3, 8, 8)),
        Port("boxes", "float32", (5, 4), "rois"),
        Port("which", "int64", (5,), "batch_indices"),
        Port("pixels", "uint8", (4, 4)),
        Port("ids", "int64", (3,)),
        Port("mask", "bool", (3,)),
        Port("grid", "float16", (1, 2, 2, 2), "grid"),
    ]
    (case,) = make_feeds(ports, FeedSettings(low=-2, high=-1))
    assert case["image"].max() <= -1
    boxes: Any = case["boxes"]
    assert (boxes[:, :2] <= boxes[:, 2:]).all()
    assert boxes.max() <= 8
    assert case["grid"].dtype == np.float16
    assert case["pixels"].max() > 1
    assert set(np.unique(case["ids"])) <= {0, 1}
    with pytest.raises(UsageError, match="--shape x=1x3x224x224"):
        next(make_feeds([Port("x")], FeedSettings()))


@pytest.mark.parametrize(
    "path", sorted(models.ARCHITECTURES.glob("*.onnx"))[::3], ids=lambda p: p.stem
)
def test_single_sites_compute_their_exact_weights(path: Path) -> None:
    results = list(SiteCheck(path).results())
    assert results
    for one in results:
        if one.exact is None:
            assert "it is written as" in one.refused or one.refused_by_runtime
            continue
        assert one.agrees
        assert one.provider == "CPUExecutionProvider"


def test_a_site_that_the_runtime_computes_otherwise_is_found() -> None:
    node = helper.make_node(
        "Resize", ["x", "roi", "", "sizes"], ["y"], "crop",
        mode="linear", coordinate_transformation_mode="tf_crop_and_resize",
    )  # fmt: skip
    roi = numpy_helper.from_array(np.array([0, 0, 0.2, 0.2, 1, 1, 0.8, 0.8], np.float32), "roi")
    sizes = numpy_helper.from_array(np.array([1, 1, 4, 8], np.int64), "sizes")
    model = models.model([node], initializers=[roi, sizes])
    model.ir_version = 9
    (one,) = SiteCheck(model).results()
    assert one.exact is not None
    assert not one.exact.equal
