"""What stands in a branch that no run takes, or in a body of no trip, is not said to be equal."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from jsonschema import Draft202012Validator
from onnx import helper
from torch import Tensor, nn
from torch.nn import functional

from halfpixel.plugins.pytest import AssertEquivalent
from halfpixel.report import machine, verify_report
from halfpixel.report.html import tables, verify_page
from halfpixel.report.layout import plain
from halfpixel.report.machine.of_verify import run_of
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.measure import TOLERANCES, Tolerance
from halfpixel.verifying.result import Verification, VerifySettings
from halfpixel.verifying.verify import verify
from nested_models import (
    BAD,
    GOOD,
    SMALL,
    always,
    bright,
    enlarged,
    flagged,
    looping,
    node,
    scanning,
    value,
)
from resize_pairs import Array, command

SCHEMA = Path(machine.__file__).with_name("report.schema.json")


def large(x: Tensor, *, corners: bool) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=corners)


class Always(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return large(x, corners=True)


class Bright(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return large(x, corners=bool(x.mean() >= 0))


class Flagged(nn.Module):
    def forward(self, x: Tensor, flag: Tensor) -> Tensor:
        return large(x, corners=bool(flag))


def names(found: Verification) -> list[tuple[str, str]]:
    return [(one.node, one.where) for one in found.unrun]


def test_a_suspect_that_never_ran_is_not_equal(
    tmp_path: Path, assert_equivalent: AssertEquivalent
) -> None:
    path = str(tmp_path / "bad.onnx")
    onnx.save(always(BAD), path)
    found = verify(path, Always())
    assert found.verdict == "not all was compared"
    assert not found.equal
    assert not found.differs
    assert found.suspected == "else_resize"
    assert names(found) == [("else_resize", "branch else of node if1")]
    assert set(found.placement[0]) & {"then_resize", "else_resize"} == {"then_resize"}
    run = run_of(found)
    assert [(one.severity, one.rule) for one in run.entries if one.rule == "never-ran"] == [
        ("error", "never-ran")
    ]
    with pytest.raises(pytest.fail.Exception, match="never ran: else_resize"):
        assert_equivalent(path, Always())
    wide = {name: Tolerance(1e-3, 0.0) for name in TOLERANCES}
    asked = verify(path, Always(), VerifySettings(tolerances=wide))
    assert asked.equal  # what was asked for decides
    assert names(asked) == names(found)


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_it_is_told_in_every_format(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    onnx.save(always(BAD), "bad.onnx")
    x = np.random.default_rng(0).random(SMALL, np.float32)
    y = large(torch.from_numpy(x), corners=True).numpy()
    np.savez("recorded.npz", x=x, y=y)
    result = command("verify", "bad.onnx", "recorded.npz", "--output-format", form)
    assert result.exit_code == 1, result.output
    if form == "json":
        told = json.loads(result.stdout)
        Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(told)
        assert told["verdict"] == "not all was compared"
        assert told["never_ran"][0]["node"] == "else_resize"
        assert "else_resize" not in told["placement"]
        return
    words = "ever ran: else_resize (branch else of node if1); nothing is said of it"
    assert words in " ".join(result.stdout.split())


def test_one_that_is_right_is_equal_with_a_remark() -> None:
    found = verify(always(GOOD), Always())
    assert found.equal
    assert not found.suspected
    assert names(found) == [("else_resize", "branch else of node if1")]
    assert "never ran: else_resize" in tables.dumps(verify_page.page_of(found)).lower()


@pytest.mark.parametrize(("made", "module"), [(bright, Bright()), (flagged, Flagged())])
@pytest.mark.parametrize(("mode", "verdict"), [(GOOD, "equal"), (BAD, "different")])
def test_a_branch_that_inputs_decide_is_taken(
    made: Any,  # noqa: ANN401 - a function of this file
    module: nn.Module, mode: str, verdict: str,
) -> None:  # fmt: skip
    found = verify(made(mode), module)
    assert found.verdict == verdict
    assert not found.unrun
    if verdict == "different":
        assert found.first is not None
        assert found.first.node == "else_resize"


def test_nothing_is_put_in_where_inputs_are_given() -> None:
    given: tuple[dict[str, Array]] = ({"x": np.ones(SMALL, np.float32)},)
    found = verify(bright(BAD), Bright(), VerifySettings(FeedSettings(given=given)))
    assert len(found.cases) == 1
    assert names(found) == [("else_resize", "branch else of node if1")]


@pytest.mark.parametrize("trips", [0, 2])
def test_a_body_of_no_trip_never_runs(trips: int) -> None:
    one, other = looping(GOOD, trips), looping(GOOD, trips)
    other.producer_name = "another"
    found = verify(one, other)
    assert found.equal
    expected = [("loop_resize", "body of node loop1")]
    assert names(found) == ([] if trips else 2 * expected)
    assert all(one.alike for one in found.unrun)


def test_two_files_are_told_apart_by_their_conventions() -> None:
    assert verify(always(GOOD), always(BAD)).verdict == "different"
    same = always(BAD)
    same.producer_name = "another"
    found = verify(always(BAD), same)
    assert found.equal
    assert [one.alike for one in found.unrun] == 2 * ["if1.else_branch/else_resize"]


@pytest.mark.parametrize(("trips", "expected"), [(0, ["deep_resize"]), (1, [])])
def test_graphs_within_graphs_are_counted(trips: int, expected: list[str]) -> None:
    x = np.random.default_rng(0).random((3, *SMALL), np.float32)
    given: tuple[dict[str, Array]] = ({"x": x, "trips": np.array(trips)},)
    other = scanning()
    other.producer_name = "another"
    found = verify(scanning(), other, VerifySettings(FeedSettings(given=given)))
    assert found.equal
    assert [one.node for one in found.unrun] == 2 * expected
    assert all(one.where == "body of node loop1" for one in found.unrun)
    driven = verify(scanning(), other)
    assert driven.equal
    assert not driven.unrun


@pytest.mark.parametrize("runtime", ["", "@reference"])
def test_a_function_that_a_branch_calls(runtime: str, tmp_path: Path) -> None:
    made = always(BAD)
    branch = made.graph.node[3].attribute[0].g
    body = [node("Relu", ["a"], ["q"], "relu"), node("Identity", ["s"], ["scales"]),
            enlarged(BAD, "q", "b", "else_resize")]  # fmt: skip
    opset = [helper.make_opsetid("", 19)]
    made.functions.append(helper.make_function("local", "Up", ["a", "s"], ["b"], body, opset))
    branch.node[0].CopyFrom(node("Up", ["x", "scales"], ["e"], "call", domain="local"))
    made.opset_import.append(helper.make_opsetid("local", 1))
    path = str(tmp_path / "called.onnx")
    onnx.save(made, path)
    found = verify(f"{path}{runtime}", Always())
    assert not [one for one in found.placement[0] if "else_resize" in one]
    assert names(found) == [("else_resize", "branch else of node if1")]
    assert found.verdict == "not all was compared"


def test_nodes_without_a_name_are_not_said_to_have_run() -> None:
    made = always(BAD)
    made.graph.node[3].ClearField("name")
    made.graph.node[3].attribute[0].g.node[0].ClearField("name")
    found = verify(made, Always())
    assert names(found) == [("e", "branch else of node y")]
    assert not [one for one in found.placement[0] if one.startswith("Resize")]


def test_a_pair_that_never_ran_and_is_another_one_is_suspected() -> None:
    one, other = always(GOOD), always(GOOD)
    resize = other.graph.node[3].attribute[0].g.node[0]
    resize.input[2] = "more"
    three = np.array([1, 1, 3, 3], np.float32)
    other.graph.initializer.append(onnx.numpy_helper.from_array(three, "more"))
    other.graph.node[3].attribute[0].g.output[0].CopyFrom(value("e", None))
    other.graph.output[0].CopyFrom(value("y", None))
    found = verify(one, other)
    assert not found.equal
    assert {one.node for one in found.unrun} == {"else_resize"}


def test_what_cannot_be_counted_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        """Return nothing, as of a file that is too large."""

    monkeypatch.setattr("halfpixel.verifying.driven.counted", none)
    found = verify(always(BAD), Always())
    assert found.equal
    assert names(found) == [("else_resize", ""), ("then_resize", "")]
    lines = [plain(line) for line in verify_report.lines(found)]
    assert any(line.startswith("not known to have run: else_resize") for line in lines)
