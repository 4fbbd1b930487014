"""A fix that check shows, fix makes under the same options, of every model of the repository."""

import pytest

from example_models import MODELS
from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix
from halfpixel.rule import Severity

SUFFIXES = frozenset({".onnx", ".mlpackage", ".mlmodel"})
FEWEST = {
    "corpus": {"warning": (0, 15), "note": (5, 20)},
    "exporter_mismatches": {"warning": (20, 30), "note": (20, 30)},
    "reports": {"warning": (5, 20), "note": (5, 25)},
    "tensorflow": {"warning": (0, 0), "note": (2, 2)},
    "coreml/interpolate": {"warning": (0, 2), "note": (10, 12)},
}
"""How many nodes of a folder have a fix at least: a safe one, or any."""


@pytest.mark.parametrize("severity", ["warning", "note"])
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("folder", FEWEST)
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
    assert seen >= FEWEST[folder][severity][unsafe]
