"""Every rule keeps its word: its examples are its tests, and its page is complete."""

from importlib import import_module
from pathlib import Path

import pytest

from halfpixel.rule import (
    Bad,
    BadModel,
    Good,
    GoodModel,
    Rule,
    chosen_rules,
    load_rules,
    package_rules,
)

RULES = list(package_rules("halfpixel_rules"))
NAMES = [rule.name for rule in RULES]
SECTIONS = (
    "## Why it matters",
    "## Where it comes from",
    "## What is reported",
    "## Fix safety",
)
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.name}-{place}")
    for rule in RULES
    for place, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_is_judged_as_it_says(
    rule: Rule, example: Good | Bad | GoodModel | BadModel
) -> None:
    match example:
        case Good():
            assert rule.check is not None
            assert list(rule.findings(example.site)) == []
        case Bad():
            assert rule.check is not None
            assert list(rule.findings(example.site)) == [example.finding]
        case GoodModel():
            assert rule.check_model is not None
            assert list(rule.check_model(example.sites)) == []
        case BadModel():
            assert rule.check_model is not None
            found = [(site.name, one) for site, one in rule.check_model(example.sites)]
            assert found == [(example.node, example.finding)]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_has_a_page_and_both_kinds_of_example(rule: Rule) -> None:
    page = rule.page or ""
    places = [page.find(section) for section in SECTIONS]
    assert -1 not in places
    assert places == sorted(places)
    assert rule.summary.endswith(".")
    assert len(rule.summary) < 90
    assert any(isinstance(example, Good | GoodModel) for example in rule.examples)
    assert any(isinstance(example, Bad | BadModel) for example in rule.examples)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_finding_has_a_fix_or_says_why_it_has_none(rule: Rule) -> None:
    for example in rule.examples:
        if isinstance(example, Bad | BadModel):
            finding = example.finding
            assert (finding.fix is None) == bool(finding.declined)
            assert "\n" not in finding.message


def test_names_are_unique_and_those_of_files() -> None:
    assert len(set(NAMES)) == len(NAMES)
    folder = Path(str(import_module("halfpixel_rules").__file__)).parent
    files = {path.stem for path in folder.glob("[!_]*.py")}
    assert {name.replace("-", "_") for name in NAMES} == files


def test_rules_are_found_by_their_entry_point() -> None:
    assert set(NAMES) <= {rule.name for rule in load_rules()}


OLD_NAMES = {
    "antialias-border": "foreign-kernel",
    "even-kernel": "unaligned-corners",
    "foreign-cubic": "foreign-kernel",
    "misaligned-upsampling": "unaligned-corners",
    "nudged-scale": "device-dependent",
    "output-padding": "checkerboard",
    "roi-align-max": "target-differs",
    "unaligned-input": "unaligned-corners",
    "unpadded-stride": "unaligned-corners",
}


def test_a_rule_is_chosen_by_the_names_that_it_took_over() -> None:
    told = {alias: rule.name for rule in RULES for alias in rule.aliases}
    assert told == OLD_NAMES
    assert not told.keys() & set(NAMES)
    for alias, name in told.items():
        assert [rule.name for rule in chosen_rules(select=[alias])] == [name]
        assert name not in {rule.name for rule in chosen_rules(ignore=[alias])}


def test_a_pattern_speaks_of_the_names_of_today_first() -> None:
    assert {rule.name for rule in chosen_rules(select=["antialias-*"])} == {
        "antialias-column",
        "antialias-lost",
    }


def test_a_rule_that_is_chosen_by_name_is_asked_of_every_site() -> None:
    (always,) = chosen_rules(select=["even-kernel"])
    (usual,) = (rule for rule in chosen_rules() if rule.name == always.name)
    assert usual.wanted is not None
    assert always.wanted is None
