"""Models behind public reports: each is loud or quiet as its measured truth asks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet
from reports import REPORTS, after_fix, as_expected, rows, said, settings

from halfpixel.checking.check import check_paths

ROWS = {row["file"]: row for row in rows(REPORTS)}

NOT_YET: Final = {
    "the table of exporters does not tell what this one dropped, keeps in names, or means": (
        "tf-nearest-16x16-to-8x8-ios16.mlpackage",
        "tf1-nearest-6x7-to-4x5-nn.mlmodel",
        "tfcoreml-upsample-x2.mlmodel",
        "paddle-align-mode-1-6x7-to-12x14.onnx",
        "paddle-length-1-4x5-to-5x1.onnx",
        "tf-area-6x8-to-3x4.onnx",
        "tf-bicubic-legacy-12x14.onnx",
        "deeplab-513-tf2onnx-1.5.6-o8-a.onnx",
        "tf2onnx-1.5.6-bilinear-o11.onnx",
        "tf2onnx-1.7.1-bilinear-o10.onnx",
        "tf-nearest-half-pixel-floor.onnx",
        "tf2onnx-1.6.1-nearest-o11.onnx",
        "tf2onnx-1.9.3-nearest-align-corners.onnx",
        "defaults-cubic.onnx",
        "defaults-linear-antialias.onnx",
    ),
    "free lengths are not judged, or what is frozen beside them is not seen": (
        "adaptive-pool-3x3-exported-at-7x7-up.onnx",
        "adaptive-pool-6x6-exported-at-6x6.onnx",
        "frozen-batch-nearest.onnx",
        "frozen-positions-silent.onnx",
    ),
    "what the exporter wrote in other operators, or another domain, is not seen": (
        "grid-disagreement-01-9x9.onnx",
        "area-4-to-3.onnx",
        "area-8x8-to-4x4.onnx",
    ),
    "a note or a warning is given where nothing is wrong": (
        "antialias-x3-after-crop.onnx",
        "global-pool-16-gate-align-corners.onnx",
    ),
}
"""Files of which check does not say yet what it should, by the reason."""

SPOILED: Final = ("paddle-align-mode-1-6x7-to-12x14.onnx",)
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
