"""Conformance: what onnxruntime computes for every combination, and why where it differs."""

import contextlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner
from onnx import ModelProto, helper

import example_models as models
import halfpixel
from halfpixel.checking.check import Settings, check
from halfpixel.cli.main import cli
from halfpixel.conforming.causes import CAUSES, cause_of
from halfpixel.conforming.conformance import Conformance, Result
from halfpixel.conforming.models import Config, configurations
from halfpixel.conforming.reproducer import reproducer, smallest
from halfpixel.errors import UsageError
from halfpixel.fixing.fix import fix
from halfpixel.report.conformance_report import dumps, markdown
from halfpixel.targets.target import FOLDER, load_target, names
from halfpixel.verifying.site_check import SiteCheck
from oracles import by_onnxruntime

TABLE = FOLDER / "onnxruntime-cpu.json"
PAGE = Path(__file__).parents[2] / "docs" / "conformance-onnxruntime-cpu.md"
SAME = f"onnxruntime {onnxruntime.__version__}" == json.loads(TABLE.read_text("utf-8"))["runtime"]


@pytest.fixture(scope="module")
def quick() -> list[Result]:
    return list(Conformance(quick=True).results())


def test_every_difference_has_a_cause(quick: list[Result]) -> None:
    assert len(quick) > 400
    different = [result for result in quick if result.verdict == "different"]
    assert different
    assert [result.config for result in different if cause_of(result) is None] == []


@pytest.mark.skipif(not SAME, reason="the table was measured with another onnxruntime")
def test_the_committed_table_is_what_is_measured(quick: list[Result]) -> None:
    now = json.loads(dumps(quick, "runtime", "provider"))
    then = json.loads(TABLE.read_text("utf-8"))
    known = {_key(row): row for row in then["rows"]}
    for row in now["rows"]:
        old = known[_key(row)]
        for case in now["cases"][row["cases"]]:
            assert _said(now, row, case) == _said(then, old, case), (row, case)


def _key(row: Mapping[str, Any]) -> str:
    return json.dumps({k: v for k, v in row.items() if k not in {"cases", "not_equal"}})


def _said(body: Mapping[str, Any], row: Mapping[str, Any], case: str) -> object:
    found = row["not_equal"].get(case)
    return None if found is None else (found[0], body["reasons"][found[2]])


def test_the_table_covers_thousands() -> None:
    counts = json.loads(TABLE.read_text("utf-8"))["counts"]
    assert sum(counts.values()) == len(list(configurations(quick=False))) > 8000
    assert "unexplained" not in TABLE.read_text("utf-8")


def test_the_page_holds_every_cause() -> None:
    page = PAGE.read_text("utf-8")
    assert "Unexplained" not in page
    for cause in CAUSES:
        assert f"## {cause.name.capitalize()}" in page
        assert all(report in page for report in cause.reports)


def _different(quick: list[Result], name: str) -> list[Result]:
    found = [r for r in quick if r.verdict == "different"]
    return [r for r in found if (cause := cause_of(r)) is not None and cause.name == name]


KEPT = Config(
    "Resize", 19,
    (("mode", "linear"), ("coordinate_transformation_mode", "half_pixel")),
    "scales", (1, 1, 4, 5), (1, 1, 4, 5), "float32", "kept", (1.0, 1.0, 1.1, 1.1),
)  # fmt: skip


@pytest.mark.parametrize("config", [KEPT])
def test_a_reproducer_shows_the_difference(config: Config) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(reproducer(config), {})  # noqa: S102 - our own script
    found = np.array(printed.getvalue().replace("[", "").replace("]", "").split(), float)
    expected = reproducer(config).split("# expected, exactly")[1].split(": ", 1)[1].replace("#", "")
    exact = np.array(expected.replace("[", "").replace("]", "").split(), float)
    assert found.shape == exact.shape
    assert np.abs(found - exact).max() > 0.01


def test_the_smallest_is_chosen(quick: list[Result]) -> None:
    ties = _different(quick, "float32 tie")
    assert ties
    assert len(smallest(ties).config.shape) == 4
    page = "\n".join(markdown(quick, "runtime", "provider"))
    assert "## Refused" in page
    assert page.count("```python") == page.count("```") / 2


def test_the_command(tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    arguments = ["conformance", "--quick", "--output-format", "json", "-o", str(out)]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert load_target(str(out)).provider == "CPUExecutionProvider"
    missing = CliRunner().invoke(cli, ["conformance", "--provider", "qnn"])
    assert missing.exit_code == 2
    assert "pip install onnxruntime-qnn" in missing.output


def float64(mode: str = "linear") -> object:
    node = models.resize(attributes={"mode": mode})
    model = models.model([node])
    model.ir_version = 9
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = 11
    return model


def test_a_target_refuses_and_the_lowering_that_is_named_runs() -> None:
    model = float64()
    plain = {one.rule.name for one in check(model).findings}
    assert "target-refuses" not in plain
    settings = Settings(targets=("onnxruntime-cpu",))
    found = [o for o in check(model, settings).findings if o.rule.name == "target-refuses"]
    assert len(found) == 1
    assert "--lower NODE=matmul" in found[0].finding.declined
    (one,) = SiteCheck(model).results()
    assert "Could not find an implementation" in one.refused
    lowered = fix(model, lower={"up": "matmul"}, ignore=["*"]).model
    assert isinstance(lowered, ModelProto)
    x = np.random.default_rng(0).random((1, 1, 4, 4))
    (site,) = halfpixel.sites(model)
    np.testing.assert_allclose(by_onnxruntime(lowered, {"x": x}), site.evaluate(x), atol=1e-12)


def test_targets_are_tables() -> None:
    assert "onnxruntime-cpu" in names()
    with pytest.raises(UsageError, match=r"expected one of .*onnxruntime-cpu"):
        load_target("toaster")


def test_a_broken_table_is_told(tmp_path: Path) -> None:
    for place, text in enumerate(("{", "[]", "{}", '{"version": 2}', '{"version": 1, "rows": 3}')):
        path = tmp_path / f"{place}.json"
        path.write_text(text)
        with pytest.raises(UsageError, match="not a conformance table"):
            load_target(str(path))


def test_lengths_are_taken_for_those_that_were_run() -> None:
    target = load_target("onnxruntime-cpu")
    for attributes, refused in (({}, False), ({"exclude_outside": 1}, True)):
        node = models.resize(attributes=attributes)
        (site,) = halfpixel.sites(models.model([node]))
        said = target.verdict(site.operation)
        assert (said is not None) == refused
    deep = helper.make_node("Resize", ["x", "", "scales"], ["y"], "up", mode="cubic")
    deep_model = models.model([deep], (1, 1, 4, 4, 4), [models.scales(1, 1, 2, 2, 2)])
    (site,) = halfpixel.sites(deep_model)
    said = target.verdict(site.operation)
    assert said is not None
    assert said.verdict == "refused"
