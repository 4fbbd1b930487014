"""Precision and recall of `halfpixel check` on models whose truth was measured.

    python benchmarks/truth/precision_recall.py FOLDER [FOLDER ...]

A folder holds models and a table, `manifest.csv` or `architectures.csv`, with a row a model:
`file` (or `case`, the name without `.onnx`) and `onnxruntime_vs_eager`, which is `ok`,
`differs` or `does-not-load`; several verdicts, one an input size, stand with semicolons
between them. A model is called wrong where check gives it an error or a warning. Every model
that is called wrongly is listed.
"""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

from folders import measured

from halfpixel.checking.check import Settings, check_paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from halfpixel.checking.result import FileReport

TABLES = ("manifest.csv", "architectures.csv")


def truths(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield (model, whether onnxruntime gives what PyTorch gave)."""
    tables = [folder / name for name in TABLES if (folder / name).exists()]
    if not tables:
        sys.exit(f"{folder}: no {' or '.join(TABLES)} there")
    with tables[0].open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row.get("file") or f"{row['case']}.onnx"
            words = {word.strip() for word in row["onnxruntime_vs_eager"].split(";")}
            yield folder / name, words == {"ok"}


def called_wrong(report: FileReport) -> bool:
    """Whether check has an error or a warning on a model."""
    severities = {one.finding.severity for one in report.findings}
    return bool(severities & {"error", "warning"}) or report.error is not None


def measure(folder: Path) -> bool:
    """Print the figures of one folder; return whether both are perfect."""
    known = list(truths(folder))
    report = check_paths([path for path, _ in known], Settings())
    right = wrong = missed = false = 0
    for (path, ok), file in zip(known, report.files, strict=True):
        called = called_wrong(file)
        right += called and not ok
        wrong += not ok
        missed += not ok and not called
        false += ok and called
        if called == ok:
            rules = sorted({f"{f.finding.severity} {f.rule.name}" for f in file.findings})
            word = "false alarm" if ok else "missed"
            print(f"  {word}: {path.name}: {file.error or ', '.join(rules) or 'no finding'}")
    flagged = right + false
    precision = 100 * right / flagged if flagged else 100.0
    recall = 100 * right / wrong if wrong else 100.0
    print(
        f"{folder}: {len(known)} models, {wrong} wrong, {len(report.sites)} sites: "
        f"precision {precision:.1f} % ({right}/{flagged}), recall {recall:.1f} % ({right}/{wrong})"
    )
    return not missed and not false


if __name__ == "__main__":
    measured(__doc__, measure)
