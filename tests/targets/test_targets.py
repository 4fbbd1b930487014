"""Targets: every row has its source and is reached, and what they say of a node is right."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

import halfpixel
from halfpixel.checking.check import Settings, check
from halfpixel.conditions.facts import facts_of
from halfpixel.conforming.models import configurations, model_of
from halfpixel.conventions.coreml import mil as coreml_mil
from halfpixel.conventions.coreml import neuralnetwork as coreml_neuralnetwork
from halfpixel.dialect import ML_PROGRAM, NEURAL_NETWORK
from halfpixel.sampling import RoiAlign
from halfpixel.site import Attribute, Operation
from halfpixel.targets.table import BY_CHANCE
from halfpixel.targets.target import FOLDER, Target, load_target, names
from target_nodes import DOWN, LENGTHS, TO_ONE, UNEVEN, UP, candidates, grid, node, resize

if TYPE_CHECKING:
    from halfpixel.targets.row import Row

ROOT = Path(__file__).parents[2]

WRITTEN = [name for name in names() if load_target(name).rows]

SYSTEMS = [name for name in names() if load_target(name).system]

MIL = ROOT / "models" / "coreml" / "interpolate"


# -- every target, every row


@pytest.mark.parametrize("name", names())
def test_a_target_loads_and_every_row_names_its_source(name: str) -> None:
    target = load_target(name)
    assert target.runtime
    assert target.summary
    assert target.rows or target.table or target.system
    for row in target.rows:
        assert row.how == "measured" or ": " in row.source, row
        assert "run" in row.source or row.how == "source", row
        assert row.reason or row.verdict == "native"
        assert all(report.startswith("https://github.com/") for report in row.reports)


def test_the_issue_names_its_targets() -> None:
    asked = {
        "onnxruntime-cpu", "onnxruntime-cuda", "onnxruntime-tensorrt", "tensorrt", "openvino",
        "onnxruntime-coreml-mlprogram", "onnxruntime-coreml-neuralnetwork", "onnxruntime-qnn",
        "onnxruntime-directml", "onnxruntime-xnnpack", "onnxruntime-webgpu", "coreml-ios17",
        "onnxruntime-openvino",
    }  # fmt: skip
    assert asked <= set(names())


@pytest.mark.parametrize("name", WRITTEN)
def test_each_row_is_hit_by_a_node_with_its_verdict(name: str) -> None:
    target = load_target(name)
    facts = [(operation, facts_of(operation)) for operation in candidates()]
    left: list[Row] = list(target.rows)
    for operation, known in facts:
        first = next((row for row in target.rows if row.conditions.hold(known)), None)
        if first is None or first not in left:
            continue
        said = Target(name, "runtime", "", rows=target.rows).says(operation)
        assert said is not None
        if said.verdict == first.verdict:
            left.remove(first)
            assert said.source == first.source
            assert said.how == first.how
    assert left == []


# -- what they say of nodes that people had

EXPECTED: tuple[tuple[str, str, Operation, str, str], ...] = (
    # https://github.com/onnx/onnx-tensorrt/issues/913
    ("913", "tensorrt", resize(node("nearest", "tf_half_pixel_for_nn", "floor"), opset=11),
     "refused", "round_prefer_floor"),
    # https://github.com/NVIDIA/TensorRT/issues/3560
    ("3560", "tensorrt", resize(node("linear", "half_pixel", antialias=1), DOWN),
     "refused", "antialias"),
    # https://github.com/NVIDIA/TensorRT/issues/4646
    ("4646", "tensorrt", grid(20, "linear"), "different", "nearest is taken"),
    ("4646, mode left out", "tensorrt", grid(20, "linear", written=False), "native", ""),
    ("uint8 grid", "tensorrt", grid(20, "linear", dtype="uint8"), "refused", "uint8"),
    ("tf half pixel by sizes", "tensorrt",
     resize(node("nearest", "tf_half_pixel_for_nn", "round_prefer_floor"), opset=11),
     "refused", "with sizes"),
    ("4646 at opset 18", "tensorrt", grid(18, "linear"), "native", ""),
    # https://github.com/NVIDIA/TensorRT/issues/2738
    ("2738", "tensorrt", grid(16, "linear", 5), "refused", "rank 4"),
    ("4646 in onnxruntime", "onnxruntime-tensorrt", grid(20, "linear"), "different", "nearest"),
    ("3560 in onnxruntime", "onnxruntime-tensorrt",
     resize(node("linear", "half_pixel", antialias=1), DOWN), "fallback", "antialias"),
    # https://github.com/microsoft/onnxruntime/issues/12706
    ("12706", "onnxruntime-cuda", resize(node("linear", "half_pixel"), axes=(1, 2)),
     "different", "last two axes"),
    ("12706 on the CPU", "onnxruntime-cpu", resize(node("linear", "half_pixel"), axes=(1, 2)),
     "unknown", ""),
    # https://github.com/openvinotoolkit/openvino/issues/35893
    ("35893", "openvino", resize(node("cubic", "half_pixel", antialias=1), DOWN),
     "different", "antialias is not read: up to"),
    ("35893 enlarging", "openvino", resize(node("cubic", "half_pixel", antialias=1), UP),
     "native", ""),
    ("35893 in onnxruntime", "onnxruntime-openvino",
     resize(node("cubic", "half_pixel", antialias=1), DOWN), "fallback", "left to the CPU"),
    # https://github.com/microsoft/onnxruntime/pull/16060
    ("16060", "onnxruntime-qnn", resize(node("nearest", "asymmetric", "round_prefer_ceil"), UP),
     "different", "rounded down: up to 1 input px off"),
    ("16060 with floor", "onnxruntime-qnn", resize(node("nearest", "asymmetric", "floor"), UP),
     "native", ""),
    ("qnn, a scale", "onnxruntime-qnn",
     resize(node("linear", "half_pixel"), ((5, 5), (7, 7)), "scales", scale=1.5),
     "different", "1/scale is meant"),
    ("qnn, to one pixel", "onnxruntime-qnn", resize(node("linear", "pytorch_half_pixel"), TO_ONE),
     "different", "2.5 input px off"),
    ("qnn, elsewhere", "onnxruntime-qnn", resize(node("linear", "pytorch_half_pixel"), DOWN),
     "native", ""),
    # onnxruntime's own tests skip these on DirectML
    ("directml, upsample", "onnxruntime-directml",
     resize({"mode": "linear"}, UP, "scales", opset=9, op="Upsample"), "different", "half_pixel"),
    ("directml, upsample nearest", "onnxruntime-directml",
     resize({"mode": "nearest"}, UP, "scales", opset=9, op="Upsample"), "native", ""),
    ("directml, to one pixel", "onnxruntime-directml",
     resize(node("linear", "pytorch_half_pixel"), TO_ONE), "different", "reads the centre"),
    ("directml, grid at 20", "onnxruntime-directml", grid(20, "linear"), "fallback", "opset 16"),
    ("directml, roi at 22", "onnxruntime-directml",
     Operation("RoiAlign", 22, {}, RoiAlign(aligned=True), (1, 1, 4, 4), dtype="float32"),
     "refused", "onnxruntime-cpu, which it is left to, refuses it"),
    ("mlprogram, nearest down", "onnxruntime-coreml-mlprogram",
     resize(node("nearest", "asymmetric", "floor"), DOWN), "different", "up to 1 input px off"),
    ("mlprogram, nearest up", "onnxruntime-coreml-mlprogram",
     resize(node("nearest", "asymmetric", "floor"), UP), "native", ""),
    ("mlprogram, cubic", "onnxruntime-coreml-mlprogram", resize(node("cubic", "half_pixel")),
     "fallback", "cubic"),
    ("network", "onnxruntime-coreml-neuralnetwork", resize(node("linear", "half_pixel")),
     "fallback", "asymmetric"),
    ("xnnpack", "onnxruntime-xnnpack", resize(node("nearest", "asymmetric", "floor")),
     "fallback", "other modes than linear"),
    ("webgpu", "onnxruntime-webgpu", resize(node("linear", "half_pixel", antialias=1), DOWN),
     "refused", "NOT implemented"),
    ("webgpu, linear", "onnxruntime-webgpu", resize(node("linear", "half_pixel")), "native", ""),
    ("cpu, float64", "onnxruntime-cpu", resize(node("linear", "half_pixel"), dtype="float64"),
     "refused", "it resizes float32"),
    ("cuda, float64", "onnxruntime-cuda", resize(node("linear", "half_pixel"), dtype="float64"),
     "native", ""),
    ("cuda, int8", "onnxruntime-cuda",
     resize(node("linear", "half_pixel", antialias=1), LENGTHS[3], dtype="int8"),
     "different", "onnxruntime-cpu, which it is left to, computes it differently"),
    ("core ml", "coreml-ios15", resize(node("linear", "half_pixel"), UNEVEN), "native", ""),
    ("core ml, cubic", "coreml-ios18", resize(node("cubic", "half_pixel"), UNEVEN),
     "refused", "no operator of Core ML up to iOS 18"),
    ("core ml, network", "coreml-nn", grid(16, "linear"), "refused", "no layer"),
    ("core ml, grid", "coreml-ios15", grid(16, "linear"), "native", ""),
    ("core ml, cubic grid", "coreml-ios17", grid(16, "cubic"), "refused", "no cubic"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "operation", "verdict", "words"),
    [pytest.param(*case, id=f"{target} {title}") for title, target, *rest in EXPECTED
     for case in [(target, *rest)]],
)  # fmt: skip
def test_what_is_said_of_a_node(name: str, operation: Operation, verdict: str, words: str) -> None:
    said = load_target(name).says(operation)
    assert ("unknown" if said is None else said.verdict) == verdict
    assert words in ("" if said is None else said.reason)
    problem = load_target(name).verdict(operation)
    assert (problem is None) == (verdict in {"native", "unknown"})


# -- what was measured


MODE = "coordinate_transformation_mode"
EXACT_ONLY = ("half_pixel_symmetric", "tf_crop_and_resize")
"""Coordinates whose float32 is not repeated."""


def test_the_measured_targets_agree_with_their_tables_on_every_configuration() -> None:
    measured = ("onnxruntime-cpu", "onnxruntime-openvino", "onnxruntime-webgpu")
    bodies = {n: json.loads((FOLDER / f"{n}.json").read_text("utf-8")) for n in measured}
    cells = {name: _cells(body) for name, body in bodies.items()}
    targets = {name: replace(load_target(name), left_to="") for name in measured}
    seen = dict.fromkeys(measured, 0)
    for config in configurations(quick=False):
        (site,) = halfpixel.sites(model_of(config))
        key = _key({
            "op": config.op, "opset": config.opset, **dict(config.attributes), "by": config.by,
            "rank": len(config.shape), "dtype": config.dtype,
        })  # fmt: skip
        for name in measured:
            if key not in cells[name]:
                continue
            wanted, reason = cells[name][key].get(config.case, ("native", ""))
            if reason in BY_CHANCE:
                wanted = (
                    "native" if dict(config.attributes).get(MODE) in EXACT_ONLY else "different"
                )
            said = targets[name].says(site.operation)
            assert said is not None, (name, config)
            assert (said.verdict, said.how) == (wanted, "measured"), (name, config)
            seen[name] += 1
    assert seen["onnxruntime-cpu"] == len(list(configurations(quick=False))) > 8000
    assert min(seen.values()) > 8000


def _key(row: Mapping[str, object]) -> str:
    return json.dumps({k: v for k, v in row.items() if k not in {"cases", "not_equal"}})


def _cells(body: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """Return verdict and reason of what is not native, by row and lengths."""
    reasons = body["reasons"]
    return {
        _key(row): {case: (cell[0], reasons[cell[2]]) for case, cell in row["not_equal"].items()}
        for row in body["rows"]
    }


# -- Core ML's own models


PARAMETERS: dict[str, tuple[tuple[str, dict[str, Attribute]], ...]] = {
    "ML Program": (
        ("resize", {}),
        ("resize_bilinear", {}),
        ("upsample_bilinear", {"align_corners": 0}),
        ("upsample_bilinear", {"align_corners": 0, "half_pixel_centers": 0}),
        ("crop_resize", {"pad_value": 1.0}),
        ("crop_resize", {"boxes": 0}),
        ("resample", {}),
    ),
    "neural network": (
        ("upsample", {}),
        ("upsample", {"linearUpsampleMode": "ALIGN_CORNERS_TRUE"}),
        ("resizeBilinear", {}),
        ("cropResize", {}),
    ),
}
"""Operators and parameters, of which a system has some."""


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_has_what_the_conventions_say(name: str) -> None:
    system = load_target(name).system
    assert system is not None
    program = system.dialect == ML_PROGRAM
    floor = coreml_mil.floor_of if program else coreml_neuralnetwork.floor_of
    for op, given in PARAMETERS[system.dialect.name]:
        operation = Operation(op, 6 if program else 1, given, None, dialect=system.dialect)
        refused = floor(op, given) > system.specification
        assert bool(system.refuses(operation)) == refused
    other = NEURAL_NETWORK if program else ML_PROGRAM
    assert "is wanted" in str(system.refuses(Operation("upsample", 1, {}, None, dialect=other)))


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [("coreml-ios17", {"native"}), ("coreml-ios15", {"native"}), ("coreml-nn", {"refused"})],
)
def test_a_package_is_held_against_a_system(name: str, verdicts: set[str]) -> None:
    path = min(MIL.glob("*-ios15.mlpackage"))
    report = check(path, Settings(targets=(name,)))
    assert report.sites
    said = [load_target(name).says(site.operation) for site in report.sites]
    assert {one.verdict for one in said if one is not None} == verdicts


def test_a_later_package_is_refused_by_an_earlier_system() -> None:
    path = min(MIL.glob("*-ios17.mlpackage"))
    report = check(path, Settings(targets=("coreml-ios15",)))
    refused = [one for one in report.findings if one.rule.name == "target-refuses"]
    assert refused
    assert "the newest is 6" in refused[0].finding.message


def test_targets_of_onnx_say_nothing_of_core_ml() -> None:
    operation = Operation("resize", 8, {}, None, dialect=ML_PROGRAM)
    assert load_target("tensorrt").says(operation) is None
