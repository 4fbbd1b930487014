"""The job itself: settings, sharing, and rules that fail."""

from collections.abc import Iterator
from importlib import import_module

import pytest

import example_models as models
import halfpixel
from halfpixel import check as job
from halfpixel.checking.check import Settings
from halfpixel.errors import UsageError
from halfpixel.rule import Finding, Rule, chosen_rules
from halfpixel.site import Site

PATH = models.MISMATCHES / "A1.onnx"


def broken(site: Site) -> Iterator[Finding]:
    """Fail on every site."""
    yield Finding(str(1 // len(site.graph)), "note", "proven")


def test_a_rule_that_fails_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule("package.broken_rule", "A rule.", broken)
    module = import_module("halfpixel.checking.check")  # the package's attribute is the function

    def only(*_patterns: object) -> tuple[Rule, ...]:
        return (rule,)

    monkeypatch.setattr(module, "chosen_rules", only)
    (file,) = halfpixel.check(PATH).files
    assert file.error is None
    (fault,) = file.faults
    assert fault.startswith(f"{PATH}: rule broken-rule failed on node 'node__upsample")
    assert "a defect of the rule, which is of package" in fault
    assert "ZeroDivisionError" not in fault
    assert "\n" not in fault


def test_rules_are_chosen_by_name_and_pattern() -> None:
    names = [rule.name for rule in chosen_rules(select=("frozen-*",))]
    assert names == ["frozen-size", "frozen-window"]
    left = chosen_rules(ignore=("*-*",))
    assert all("-" not in rule.name for rule in left)
    with pytest.raises(UsageError, match="no rule is called 'nothing'"):
        chosen_rules(select=("nothing",))


def test_sites_that_are_alike_share_their_operation() -> None:
    nodes = [models.resize("x", f"y{k}", f"up{k}") for k in range(3)]
    made = models.model(nodes)
    made.graph.output[0].name = "y0"
    for k in range(3):
        info = made.graph.value_info.add()
        info.name = f"y{k}"
        info.type.tensor_type.elem_type = 1
        for n in (1, 1, 8, 8):
            info.type.tensor_type.shape.dim.add().dim_value = n
    found = halfpixel.sites(made)
    assert [site.name for site in found] == ["up0", "up1", "up2"]
    assert len({id(site.operation) for site in found[1:]}) == 1


def test_the_mildest_severity_that_is_reported() -> None:
    path = models.MISMATCHES / "B4.onnx"
    assert job(path).findings
    assert not job(path, Settings(severity="warning")).findings
