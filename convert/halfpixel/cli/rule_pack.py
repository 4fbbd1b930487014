"""The skeleton of a package of rules: what a third party starts from, passing its own tests."""

import keyword
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from halfpixel.errors import UsageError, system_reason

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST: Final = 64
RULE: Final = "whole_nearest"
"""The rule that a new pack holds, to be replaced."""


def new_pack(name: str, folder: Path) -> list[Path]:
    """Write the skeleton of a package of rules into a folder of its own name.

    Args:
        name: the package's name, in lower case with hyphens.
        folder: where the package's folder is made.

    Returns:
        The files that were written.

    Raises:
        UsageError: a name that is none, or one whose folder is there.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        told = "expected lower-case words joined by hyphens, such as my-rules"
        raise UsageError(f"{name!r} is no name of a package; {told}")
    package = name.replace("-", "_")
    taken = {"halfpixel", "halfpixel_rules", *sys.stdlib_module_names, *keyword.kwlist}
    if package in taken:
        raise UsageError(f"{name!r} is taken by Python or by halfpixel itself")
    root = folder / name
    if root.exists() or root.is_symlink():
        raise UsageError(f"{root} is there already, and is not written over")
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}-") as beside:
            whole = Path(beside) / name  # the folder gets its name when every file is there
            files = _files(name, package)
            for place, text in files.items():
                path = whole / place
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            whole.rename(root)
    except OSError as error:
        reason = system_reason(error)
        raise UsageError(f"{root}: cannot be written: {reason}") from error
    return [root / place for place in files]


def _files(name: str, package: str) -> Mapping[str, str]:
    """Return the text of each file, by its path in the package's folder."""
    return {
        "pyproject.toml": PYPROJECT.format(name=name, package=package),
        "README.md": README.format(name=name, package=package, rule=RULE.replace("_", "-")),
        f"{package}/__init__.py": f'"""Rules of {name} for halfpixel: one file, one rule."""\n',
        f"{package}/{RULE}.py": EXAMPLE,
        f"tests/test_{package}.py": TEST.format(package=package),
    }


PYPROJECT: Final = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
description = "Rules for halfpixel."
requires-python = ">=3.11"
dependencies = ["halfpixel"]

[project.entry-points."halfpixel.rules"]
{name} = "{package}"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]

[tool.pytest.ini_options]
pythonpath = ["."]
"""

README: Final = """\
# {name}

Rules for halfpixel. One file in `{package}/` is one rule, named after the defect; its docstring is
its page and its examples are its tests.

```console
pip install -e .
halfpixel rules
halfpixel explain {rule}
halfpixel check model.onnx --select {rule}
pytest
```
"""

EXAMPLE: Final = '''\
"""A nearest resize enlarges by a whole factor, which repeats every pixel.

## Why it matters
Say here what goes wrong, in numbers: how far samples are off, and at which sizes. This rule only
shows how one is written; put your own in its place.

## Where it comes from
Say which exporter, converter or habit makes such nodes, and in which versions.

## What is reported
A note for every enlarging nearest resize whose scale is a whole number.

## Fix safety
None: nothing is wrong with the node. A fix is `Fix("safe", operator)`: safe where it
is proven equal to what was meant or to what was there, unsafe where it assumes something.
"""

from collections.abc import Iterator
from fractions import Fraction

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """Look at the scale of every axis of a nearest resize."""
    operator = site.operator
    if not isinstance(operator, Resize) or not operator.axes:
        return
    scales = [_whole(sampling) for _, sampling in operator.axes]
    if all(scale is not None for scale in scales):
        factors = " x ".join(str(scale) for scale in scales)
        yield Finding(
            f"repeats every pixel {factors} times", "note", "proven", declined="nothing is wrong"
        )


def _whole(sampling: Sampling) -> int | None:
    """Return the whole factor by which a nearest axis grows; None for any other axis."""
    scale = sampling.scale
    if not isinstance(sampling.kernel, Nearest) or scale is None:
        return None
    return int(scale) if scale.denominator == 1 and scale > 1 else None


def _resize(sampling: Sampling) -> Resize:
    return Resize(((2, sampling), (3, sampling)))


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _resize(Sampling("half_pixel", Linear(), Fraction(2))))),
        Good(
            example_site("Resize", _resize(Sampling("asymmetric", Nearest(), Fraction(3, 2)))),
            because="one and a half repeats every second pixel",
        ),
        Bad(
            example_site("Resize", _resize(Sampling("asymmetric", Nearest(), Fraction(2)))),
            Finding(
                "repeats every pixel 2 x 2 times", "note", "proven", declined="nothing is wrong"
            ),
        ),
    ),
)
'''

TEST: Final = '''\
"""The examples of every rule are its tests, and its page has every section."""

import pytest

from halfpixel.rule import Bad, BadModel, Good, GoodModel, Rule, package_rules

RULES = list(package_rules("{package}"))
SECTIONS = ["Why it matters", "Where it comes from", "What is reported", "Fix safety"]
EXAMPLES = [
    pytest.param(rule, example, id=f"{{rule.name}}-{{place}}")
    for rule in RULES
    for place, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_is_judged_as_it_says(
    rule: Rule, example: Good | Bad | GoodModel | BadModel
) -> None:
    if isinstance(example, Good | Bad):
        assert rule.check is not None
        expected = [example.finding] if isinstance(example, Bad) else []
        assert list(rule.findings(example.site)) == expected
    else:
        assert rule.check_model is not None
        found = [(site.name, finding) for site, finding in rule.check_model(example.sites)]
        assert found == ([(example.node, example.finding)] if isinstance(example, BadModel) else [])


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_page_has_every_section(rule: Rule) -> None:
    headings = [line[3:] for line in (rule.page or "").splitlines() if line.startswith("## ")]
    assert headings == SECTIONS
    assert any(isinstance(example, Bad | BadModel) for example in rule.examples)


def test_there_is_a_rule() -> None:
    assert RULES
'''
