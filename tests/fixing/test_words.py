"""What check announces is what fix then writes, word by word, on every model that is kept here."""

from pathlib import Path

import pytest

import example_models as models
from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix

FILES = sorted(
    path
    for folder in ("corpus", "exporter_mismatches", "architectures", "coreml/variants")
    for pattern in ("*.onnx", "*.mlpackage", "*.mlmodel")
    for path in (models.MODELS / folder).glob(pattern)
)


@pytest.mark.parametrize("part", range(8))
def test_check_and_fix_use_the_same_words(part: int) -> None:
    seen = 0
    for path in FILES[part::8]:
        seen += _compare(path)
    assert seen


def _compare(path: Path) -> int:
    """Compare the words of the fixes of one model; return how many there are."""
    report = check(path)
    announced = {
        (one.site.graph, one.site.name, one.rule.name): one.words for one in report.findings
    }
    found = fix(path, unsafe_fixes=True, severity="note")
    compared = 0
    for change in found.changes:
        key = change.graph, change.node, change.why
        if key in announced:  # another pass may repair what the first brought to light
            assert announced[key] == change.text, f"{path}: {key}"
            compared += 1
    return compared
