"""A fix that check shows, fix makes under the same options, of every model of the repository."""

import pytest

from example_models import MODELS
from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix
from halfpixel.rule import Severity

SUFFIXES = frozenset({".onnx", ".mlpackage", ".mlmodel"})
FOLDERS = ("corpus", "exporter_mismatches", "reports", "tensorflow", "coreml/interpolate")


@pytest.mark.parametrize("severity", ["warning", "note"])
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_announced_is_made(folder: str, unsafe: bool, severity: Severity) -> None:  # noqa: FBT001
    seen = 0
    for path in sorted(one for one in (MODELS / folder).iterdir() if one.suffix in SUFFIXES):
        told = {
            (one.site.graph, one.site.name)
            for one in check(path, severity=severity).findings
            if one.finding.fix and (unsafe or one.finding.fix.safety == "safe")
        }
        if told:
            changes = fix(path, unsafe_fixes=unsafe, severity=severity).changes
            assert told <= {(one.graph, one.node) for one in changes}, path.name
        seen += len(told)
    assert seen or not unsafe or severity == "warning"
