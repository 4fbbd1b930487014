"""Models behind public reports: each is loud or quiet as its measured truth asks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet
from truth.reports import REPORTS, after_fix, as_expected, rows, said, settings

from halfpixel.checking.check import check_paths

ROWS = {row["file"]: row for row in rows(REPORTS)}

NOT_YET: Final[dict[str, tuple[str, ...]]] = {}
"""Files of which check does not say yet what it should, by the reason."""

SPOILED: Final[tuple[str, ...]] = ()
"""Right files that an unsafe fix makes wrong: their finding is one that is not due."""


def cases(names: Iterable[str], missing: Mapping[str, str]) -> list[ParameterSet]:
    """Return a case a file, expected to fail where a reason is known."""
    marks = {
        name: [pytest.mark.xfail(reason=missing[name], strict=True)] if name in missing else []
        for name in names
    }
    return [pytest.param(name, marks=mark, id=name) for name, mark in marks.items()]


TRUE = [
    name
    for name in ROWS
    if name.endswith(".onnx") and (REPORTS / name).with_suffix(".npz").exists()
]


@pytest.mark.parametrize(
    "name", cases(ROWS, {file: why for why, files in NOT_YET.items() for file in files})
)
def test_what_is_said_is_what_the_truth_asks(name: str) -> None:
    """Loud, quiet or at most a note, at a site that is listed."""
    row = ROWS[name]
    words = said(row, check_paths([REPORTS / name], settings(row)).files[0])
    assert as_expected(row, words), f"{row['truth']}: said {words}"


@pytest.mark.parametrize("name", cases(TRUE, dict.fromkeys(SPOILED, "the finding is not due")))
def test_an_unsafe_fix_never_spoils_a_right_model(name: str, tmp_path: Path) -> None:
    """A model that gave the true output in onnxruntime gives it after fix."""
    before, after = after_fix(REPORTS, ROWS[name], tmp_path)
    assert after or not before
