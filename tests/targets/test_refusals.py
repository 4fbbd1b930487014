"""Every row of what onnxruntime refuses, run at each of its optimisation levels."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
import pytest
from onnx import ModelProto, helper, numpy_helper

from halfpixel.checking.check import Settings, check
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult
from halfpixel.targets.refusals import rows
from refusals.case import OPTIMISED, Array, Case, ints, node
from refusals.inputs import inputs_of_opset_11, types
from refusals.kernels import grids, kernels
from refusals.layouts import transposes

if TYPE_CHECKING:
    from halfpixel.site import Attribute

LEVELS = {
    "disabled": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}

CASES = [*inputs_of_opset_11(), *types(), *kernels(), *grids(), *transposes()]


@lru_cache(maxsize=4)
def levels_refused(model: bytes) -> frozenset[str]:
    """Return the levels at which onnxruntime does not run a model."""
    return frozenset(level for level in LEVELS if ran(model, level) is None)


def ran(model: bytes, level: str = "all") -> Array | None:
    """Return what onnxruntime gives on the CPU; None where it does not load or run it."""
    options = ort.SessionOptions()
    options.graph_optimization_level = LEVELS[level]
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    random = np.random.default_rng(0)
    try:
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feeds = {
            value.name: random.uniform(0, 2, value.shape).astype(_type_of(value.type))
            for value in session.get_inputs()
        }
        return np.asarray(session.run(None, feeds)[0])
    except Exception:  # noqa: BLE001 - onnxruntime has an exception of its own for each cause
        return None


def _type_of(text: str) -> str:
    name = text.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(name, name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_refused_at_the_levels_that_are_told(case: Case) -> None:
    assert levels_refused(case.model().SerializeToString()) == case.refused


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_refused_is_found_and_nothing_else(case: Case) -> None:
    found = [
        one.finding
        for one in check(case.model()).findings
        if one.rule.name in {"runtime-unsupported", "illegal-mode"}
    ]
    assert len(found) == bool(case.reason)
    for finding in found:
        optimised = " as it optimises it by default" if case.refused == OPTIMISED else ""
        words = f"onnxruntime refuses it on the CPU{optimised}: {case.reason}"
        if one_of_another_type(case):
            words = case.reason
        assert finding.message.startswith(words)
        assert finding.severity in {"error", "warning"}


def test_every_row_is_run() -> None:
    refusals = [row for row in rows() if row.verdict == "refused"]
    others = {"an Upsample enlarges"}  # deprecated-upsample has its tests
    left = {row.reason for row in refusals} - others
    assert {
        reason
        for reason in left
        if not any(c.reason and reason.startswith(c.reason) for c in CASES)
    } == set()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("policy", ["not_larger", "not_smaller", "stretch"])
@pytest.mark.parametrize("axes", [(-2, -1), (2, 3)])
def test_a_policy_is_not_applied_to_negative_axes(
    axes: tuple[int, ...], policy: str, level: str
) -> None:
    given: dict[str, Attribute] = {"axes": axes, "keep_aspect_ratio_policy": policy}
    case = Case(
        "policy", [node("Resize", "x - - z", "y", "", mode="linear", **given)],
        {"z": ints(24, 16)}, opset=18,
    )  # fmt: skip
    found = {one.rule.name for one in check(case.model()).findings}
    kept = ran(case.model().SerializeToString(), level)
    assert kept is not None
    stays = policy != "stretch" and axes == (-2, -1)
    assert (kept.shape == case.shape) is stays
    assert ("negative-axes" in found) is stays


def saved(result: FixResult) -> bytes:
    """Return a repaired model."""
    model = result.model
    assert isinstance(model, ModelProto)
    return model.SerializeToString()


def one_of_another_type(case: Case) -> bool:
    """Whether a constant is of a type that nobody leaves there by mistake."""
    return " is " in case.reason and ", expected" in case.reason


WORDS = (
    "the input roi,",
    "the input scales",
    "it reads the input roi",
    "the input sizes",
    "an empty",
)
FED = "fed as"  # random scales and sizes are none
MENDED = [c for c in CASES if any(w in c.reason for w in WORDS) and FED not in c.name]


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_a_missing_or_mistyped_input_is_mended(case: Case) -> None:
    result = fix(case.model())
    assert result.changes
    assert not levels_refused(saved(result))
    left = [] if result.report is None else result.report.findings
    assert "runtime-unsupported" not in {one.rule.name for one in left}


def test_a_negative_sampling_ratio_is_set_to_what_torchvision_reads() -> None:
    case = next(one for one in CASES if one.name == "RoiAlign 16 -2")
    assert not fix(case.model()).changes
    result = fix(case.model(), unsafe_fixes=True)
    assert "sampling_ratio=0" in result.changes[0].text
    assert not levels_refused(saved(result))


@pytest.mark.parametrize("op", ["ScaleAndTranslate", "ResizeArea", "ResizeBicubic"])
@pytest.mark.parametrize(("domain", "seen"), [("", 1), ("my.ops", 0)])
def test_an_operator_of_another_framework_is_a_site(op: str, domain: str, seen: int) -> None:
    case = Case(op, [node(op, "x z", "y", domain)], {"z": ints(4, 4)})
    report = check(case.model())
    assert len(report.sites) == seen
    assert [one.finding.severity for one in report.findings] == ["error"] * seen
    assert levels_refused(case.model().SerializeToString())
    for one in report.findings:
        assert one.finding.message == (
            f"ONNX has no {op}: it is TensorFlow's, left unconverted, and loads nowhere"
        )


def test_onnxruntimes_own_grid_sample_is_a_site() -> None:
    case = next(one for one in CASES if one.name == "com.microsoft float32 bilinear")
    (site,) = check(case.model()).sites
    random = np.random.default_rng(0)
    x, grid = random.normal(size=(1, 1, 4, 4)), random.uniform(-1.2, 1.2, (1, 3, 3, 2))
    session = ort.InferenceSession(case.model().SerializeToString())
    feeds = {"x": x.astype("float32"), "g": grid.astype("float32")}
    expected = np.asarray(session.run(None, feeds)[0])
    np.testing.assert_allclose(site.evaluate(*feeds.values()), expected, atol=1e-5)


@pytest.mark.parametrize(("opset", "problems"), [(11, 0), (12, 0), (13, 1)])
def test_scales_of_no_known_length_are_taken_for_the_empty_ones_of_opset_11(
    opset: int, problems: int
) -> None:
    inputs = {"s": ("float32", (0,))}
    constants = {"r": np.zeros(0, "float32"), "z": ints(1, 3, 16, 16)}
    model = Case("", [node("Resize", "x r s z")], constants, opset=opset, inputs=inputs).model()
    model.graph.input[1].type.tensor_type.ClearField("shape")
    (site,) = check(model).sites
    assert bool(site.operation.problem) == problems


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize(("dtype", "made"), [("int8", 0), ("int32", -100), ("float32", -100)])
def test_an_antialiased_int8_loses_what_is_below_0(mode: str, dtype: str, made: int) -> None:
    """The table says so of int8, and of no type that keeps its numbers."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up", mode=mode)
    node.attribute.append(helper.make_attribute("antialias", 1))
    sizes = numpy_helper.from_array(np.array([1, 1, 5, 5], np.int64), "sizes")
    ends = [helper.make_tensor_value_info(name, kind, [1, 1, n, n]) for name, n in
            (("x", 10), ("y", 5))]  # fmt: skip
    model = helper.make_model(
        helper.make_graph([node], "g", ends[:1], ends[1:], [sizes]),
        opset_imports=[helper.make_opsetid("", 18)], ir_version=9,
    )  # fmt: skip
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.full((1, 1, 10, 10), -100, dtype)
    found = np.asarray(session.run(None, {"x": x})[0])
    assert np.abs(found - made).max() < 1e-4
    said = check(model, Settings(targets=("onnxruntime-cpu",))).findings
    lost = [one.rule.name for one in said if "below 0" in one.finding.message]
    assert lost == (["target-differs"] if made == 0 else [])
    said = check(model).findings
    lost = [one.rule.name for one in said if "below 0 becomes 0" in one.finding.message]
    assert lost == (["lost-fraction"] if made == 0 else [])
