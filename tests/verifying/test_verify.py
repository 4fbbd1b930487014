"""Verify: two sides, by how much they differ, and the node that parts them."""

import csv
import json
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from halfpixel.cli.main import cli
from halfpixel.errors import RuntimeFailure, RuntimeRefusal, UsageError
from halfpixel.fixing.fix import fix
from halfpixel.format import Port
from halfpixel.runtime import RunSettings, Side, parse_side, runtime_of
from halfpixel.runtimes import onnxruntime_
from halfpixel.runtimes.feeds import FeedSettings, made, read
from halfpixel.verifying.divergence import Search
from halfpixel.verifying.measure import difference, parse_tolerances
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.side import Started
from halfpixel.verifying.site_check import SiteCheck
from halfpixel.verifying.tasks import task_measure
from halfpixel.verifying.verify import verify

Array = np.ndarray[Any, np.dtype[Any]]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CORPUS = rows(models.CORPUS / "manifest.csv")
GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")


def told(path: Path) -> set[str]:
    """Return the nodes of which check says that they are wrong."""
    findings = halfpixel.check(path, severity="warning").findings
    return {one.site.name for one in findings}


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row["file"])
def test_the_corpus_agrees_with_its_manifest(row: Mapping[str, str]) -> None:
    path = models.CORPUS / row["file"]
    found = verify(str(path), str(path.with_suffix(".npz")))
    assert found.equal == (row["onnxruntime_vs_eager"] == "ok")
    assert (found.first is None) == found.equal
    if found.first is not None:
        assert found.first.node in told(path)


@pytest.mark.parametrize("path", sorted(models.MISMATCHES.glob("*.onnx")), ids=lambda p: p.stem)
def test_what_exporters_get_wrong_differs_and_is_named(path: Path) -> None:
    found = verify(str(path), str(path.with_suffix(".npz")))
    assert not found.equal
    if path.stem == "B4":
        return  # nothing in the file tells what its one resize should be
    named = found.suspected if found.first is None else found.first.node
    assert named in told(path)


def test_fixed_models_are_equal_to_what_was_recorded(tmp_path: Path) -> None:
    for name in ("A3", "B1", "C1"):
        path = models.MISMATCHES / f"{name}.onnx"
        fix(path, unsafe_fixes=True).save(tmp_path / "fixed.onnx")
        assert verify(str(tmp_path / "fixed.onnx"), str(path.with_suffix(".npz"))).equal


class Twice(nn.Module):
    """Two resizes of which the second is wrong in the model that stands against it."""

    def __init__(self, *, aligned: bool = False) -> None:
        super().__init__()
        self.aligned = aligned

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.interpolate(y, size=(9, 11), mode="bilinear", align_corners=self.aligned)


def exported(module: nn.Module, path: Path) -> Path:
    """Write a module as TorchScript's exporter does."""
    torch.onnx.export(
        module, (torch.rand(1, 2, 5, 6),), str(path), dynamo=False, opset_version=17,
        input_names=["image"], output_names=["out"],
    )  # fmt: skip
    return path


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the text of a factory in a module that can be imported."""
    module = types.ModuleType("halfpixel_test_networks")
    module.build = Twice  # type: ignore[attr-defined]
    module.number = lambda: 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return "halfpixel_test_networks:build"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_module_is_held_against_its_export(factory: str, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.onnx", tmp_path / "wrong.onnx"
    exported(Twice(), right)
    exported(Twice(aligned=True), wrong)
    assert verify(str(right), factory).equal
    found = verify(str(wrong), factory)
    assert not found.equal
    assert found.first is not None
    second = [node.name for node in onnx.load(wrong).graph.node if node.op_type == "Resize"][1]
    assert found.first.node == second
    assert found.first.introduced is not None
    assert verify(factory, str(wrong)).first == found.first
    assert verify(factory, Twice(), VerifySettings(FeedSettings(given=(one_image(),)))).equal


def one_image() -> dict[str, Array]:
    return {"x": np.random.default_rng(0).random((1, 2, 5, 6), np.float32)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_an_exported_program_and_torchscript_are_sides(tmp_path: Path) -> None:
    model = exported(Twice(), tmp_path / "m.onnx")
    program = torch.export.export(Twice(), (torch.rand(1, 2, 5, 6),))
    torch.export.save(program, tmp_path / "m.pt2")
    trace: Any = torch.jit.trace
    traced = trace(Twice(), (torch.rand(1, 2, 5, 6),))
    traced.save(str(tmp_path / "m.ts"))
    for name in ("m.pt2", "m.ts"):
        assert verify(str(model), str(tmp_path / name)).equal
    assert verify(str(model), program).equal


def test_the_reference_evaluator_is_a_side() -> None:
    assert verify(GOOD, f"{GOOD}@reference").equal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{GOOD}@cuda", "has no CUDAExecutionProvider"),
        (f"{GOOD}@cuda", "pip install onnxruntime-gpu"),
        (f"{GOOD}@nonsense", "has no nonsense"),
        ("missing.onnx", "no such file"),
        ("no.such.package:factory", "expected package.module:factory"),
        ("model.txt", "expected an ONNX model"),
        (f"{GOOD}@cpu:oops", "is not KEY=VALUE"),
    ],
)
def test_a_side_that_cannot_run_is_one_clear_line(text: str, reason: str) -> None:
    if "CUDA" in reason or "gpu" in reason:
        skip_with_cuda()
    result = command("verify", text, GOOD)
    assert result.exit_code == 2
    assert reason in result.output
    assert "Traceback" not in result.output


def skip_with_cuda() -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this build of onnxruntime has CUDA")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


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


def test_free_dimensions_take_several_lengths() -> None:
    path = models.ARCHITECTURES / "unet_nearest-dynamo-o18.onnx"
    found = verify(str(path), str(path))
    shapes = {tuple(shape[2:]) for case in found.cases for shape in case.shapes.values()}
    assert {(64, 64), (65, 97), (1, 1)} <= shapes
    assert found.equal
    assert any(case.refused for case in found.cases)  # a length of 1 is too short for its poolings


def test_every_value_is_found_within_any_budget() -> None:
    path = models.ARCHITECTURES / "segformer-dynamo-o20.onnx"
    model = onnx.load(path)
    changed = [n for n in model.graph.node if n.op_type == "Conv"][-1]
    weight = next(t for t in model.graph.initializer if t.name == changed.input[1])
    moved: Array = numpy_helper.to_array(weight) + 1
    weight.CopyFrom(numpy_helper.from_array(moved, weight.name))
    sides: list[Started] = []
    for source in (str(path), model):
        side = Side(source)
        running = runtime_of(side).started(side, RunSettings(optimised=False))
        sides.append(Started(running, running, getattr(running, "model", None)))
    feeds = next(made(sides[0].running.inputs, FeedSettings()))
    for budget in (1, 1 << 16, 1 << 30):
        first = Search(sides[0], sides[1], feeds, budget=budget).first()
        assert first is not None
        assert first.node == changed.name
        assert not first.site


@pytest.mark.parametrize(
    ("found", "expected", "equal"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0, np.nan], [1.0, 2.0], False),
        ([np.inf], [np.inf], True),
        ([np.inf], [-np.inf], False),
        ([np.inf], [1e30], False),
        ([1.0, 1000.0], [1.05, 1000.0], True),
        ([1.0, 1000.0], [1.5, 1000.0], False),
        ([], [], True),
        ([0.0], [0.0], True),
    ],
)
def test_numbers_are_compared(found: list[float], expected: list[float], equal: object) -> None:
    one, other = np.array(found, np.float32), np.array(expected, np.float32)
    assert difference(one, other).equal == equal


@pytest.mark.parametrize(
    ("dtype", "apart", "equal"),
    [
        ("float16", 0.005, True),
        ("float16", 0.05, False),
        ("float64", 1e-9, True),
        ("float64", 1e-5, False),
        ("int8", 1, True),
        ("int8", 2, False),
        ("int32", 1, False),
        ("bool", 1, False),
    ],
)
def test_each_type_has_its_tolerance(dtype: str, apart: float, equal: object) -> None:
    base: Array = np.zeros(4) if dtype == "bool" else np.ones(4)
    other = (base + apart).astype(dtype)
    assert difference(other, base.astype(dtype)).equal == equal


def test_figures_are_those_of_the_definition() -> None:
    one, other = np.array([3, 4.000001], np.float32), np.array([3, 4], np.float32)
    found = difference(one, other)
    assert found.max_ulp == pytest.approx(2)
    assert found.max_rel == pytest.approx(found.max_abs / 4)
    assert found.cosine == pytest.approx(1)
    assert difference(np.zeros((2, 3)), np.zeros((3, 2))).reason == "shape 2x3 instead of 3x2"
    assert difference(np.array(["a"]), np.array(["b"])).reason == "elements are no numbers"


def floats(*values: float) -> Array:
    return np.array(values, np.float32)


def test_tolerances_are_set_by_type() -> None:
    one, other = floats(1.5), floats(1)
    assert difference(one, other, parse_tolerances(("0.6",))).equal
    assert not difference(one, other, parse_tolerances(("float16=1",))).equal
    for text in ("x=1", "float32=a", "1,2,3", "-1", "nan"):
        with pytest.raises(UsageError, match="--tolerance"):
            parse_tolerances((text,))


def test_tasks_are_measured() -> None:
    scores = np.zeros((1, 2, 2, 2), np.float32)
    scores[0, 1, 0] = 1
    other = scores.copy()
    other[0, :, 0, 0] = [1, 0]
    found = task_measure("argmax", scores, other)
    assert found["agreement"] == 0.75
    assert found["iou"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    one, shorter = floats(0, 0, 2, 2).reshape(1, 4), floats(0, 0, 2, 1).reshape(1, 4)
    assert task_measure("boxes", one, shorter) == {"iou": 0.5, "worst_iou": 0.5}
    depth = task_measure("depth", floats(2, 1), floats(1, 1))
    assert depth["abs_rel"] == 0.5
    assert depth["delta1"] == 0.5
    assert task_measure("boxes", scores, scores) == {}
    assert task_measure("boxes", floats(), floats()) == {}
    with pytest.raises(UsageError, match="expected one of argmax"):
        task_measure("magic", scores, scores)


def test_inputs_come_from_files_and_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = one_image()["x"]
    np.savez(tmp_path / "in.npz", x=x, x_1=x[:, :, :3])
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "x.pb").write_bytes(numpy_helper.from_array(x, "x").SerializeToString())
    first, second = read([str(tmp_path / "in.npz")])
    np.testing.assert_array_equal(first["x"], x)
    assert second["x"].shape == (1, 2, 3, 6)
    for name in ("x.npy", "x.pb"):
        (case,) = read([f"x={tmp_path / name}"])
        np.testing.assert_array_equal(case["x"], x)
    module = types.ModuleType("halfpixel_test_feeds")
    module.build = lambda: [{"x": x}, {"x": x}]  # type: ignore[attr-defined]
    module.wrong = lambda: 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert len(read(["halfpixel_test_feeds:build"])) == 2
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 no archive")
    for text in ("halfpixel_test_feeds:wrong", "what", "x=missing.npy", str(broken)):
        with pytest.raises(halfpixel.HalfpixelError):
            read([text])


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
    (case,) = made(ports, FeedSettings(low=-2, high=-1))
    assert case["image"].max() <= -1
    boxes: Any = case["boxes"]
    assert (boxes[:, :2] <= boxes[:, 2:]).all()
    assert boxes.max() <= 8
    assert case["grid"].dtype == np.float16
    assert case["pixels"].max() > 1
    assert set(np.unique(case["ids"])) <= {0, 1}
    with pytest.raises(UsageError, match="--shape x=1x3x224x224"):
        next(made([Port("x")], FeedSettings()))


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


def test_the_command_writes_json(tmp_path: Path) -> None:
    path = models.MISMATCHES / "A3.onnx"
    result = command("verify", str(path), str(path.with_suffix(".npz")), "--output-format", "json")
    assert result.exit_code == 1
    body = json.loads(result.stdout)
    assert body["version"] == 1
    assert body["equal"] is False
    assert {"name", "max_abs", "max_rel", "equal"} <= set(body["outputs"][0])
    assert body["first_divergent_node"] == "node__upsample_bilinear2d_aa"
    assert set(body["placement"].values()) == {"CPUExecutionProvider"}
    fixed = tmp_path / "fixed.onnx"
    fix(path).save(fixed)
    result = command("verify", str(fixed), str(path.with_suffix(".npz")), "--output-format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["first_divergent_node"] is None
    result = command("verify", str(fixed), "--output-format", "json")
    assert result.exit_code == 0
    (site,) = json.loads(result.stdout)["sites"]
    assert site["equal"] is True


@pytest.mark.parametrize(
    "options",
    [
        ["--shape", "x"],
        ["--range", "1"],
        ["--range", "2,1"],
        ["--tolerance", "much"],
        ["--inputs", "what"],
        ["--provider", "cpu"],
    ],
)
def test_wrong_options_are_told(options: Sequence[str]) -> None:
    result = command("verify", GOOD, GOOD, *options)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_recorded_arrays_without_the_input_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "out.npz", other=np.zeros(3))
    with pytest.raises(UsageError, match="holds no"):
        verify(GOOD, str(tmp_path / "out.npz"))


def test_a_run_that_one_side_refuses_is_a_difference() -> None:
    wrong = FeedSettings(given=({"x": np.zeros((1, 2, 5), np.float32)},))
    found = verify(GOOD, GOOD, VerifySettings(wrong))
    assert not found.equal  # nothing was compared
    assert "x" in found.cases[0].refused
    side = parse_side(GOOD)
    with pytest.raises(RuntimeRefusal):
        runtime_of(side).started(side, RunSettings()).run({"x": np.zeros(3, np.float32)})
