"""What `check` and `fix` make of models behind public reports, whose truth was measured.

    python benchmarks/truth/reports.py [FOLDER] [--wrong]

`FOLDER/manifest.csv` (`models/reports` where no folder is named) says of each model what is
expected: `loud`, an error or a warning names its site; `quiet`, neither; `note`, a note at most;
and whatever is expected, the site is listed. Beside a model lie inputs and the true first output,
`NAME.npz`. Printed is a row a model, and then, of every right model that has such a truth, whether
onnxruntime still gives it after `fix --unsafe-fixes`, and of every wrong one whether it does so
then. With --wrong only rows are printed that are not as expected.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from halfpixel.checking.check import Settings, check_paths
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from halfpixel.checking.result import FileReport

    Row = Mapping[str, str]

REPORTS = Path(__file__).resolve().parents[2] / "models" / "reports"
LOUD = frozenset({"error", "warning"})
TOLERANCES = (("float16", 2e-2), ("bicubic", 5e-3), ("", 1e-4))
"""By the word in the file's name: float16 rounds, TensorFlow's bicubic reads a table."""


def rows(folder: Path) -> list[Row]:
    """Return the rows of a folder's manifest."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def settings(row: Row) -> Settings:
    """Return what a row's options ask check for."""
    words = row["options"].split()
    return Settings(targets=tuple(b for a, b in pairwise(words) if a == "--target"))


def said(row: Row, report: FileReport) -> list[str]:
    """Return what check says of a row's site: severities and rules, `no site` where it has none."""
    if report.error is not None:
        return [f"error {report.error}"]
    names = row["site"].split("|")
    listed = any(site.name in names for site in report.sites)
    found = [f"{f.finding.severity} {f.rule.name}" for f in report.findings if f.site.name in names]
    return sorted(set(found)) if listed else ["no site"]


def as_expected(row: Row, words: Sequence[str]) -> bool:
    """Whether what was said of a site is what the manifest expects."""
    loud = any(word.split()[0] in LOUD for word in words)
    if "even kernel" in row["kind"]:
        return not any("unaligned-corners" in word for word in words)
    return words != ["no site"] and loud == (row["expected"] == "loud")


def outputs_agree(model: Path, truth: Path) -> bool | None:
    """Whether onnxruntime gives the true first output at every size that was measured.

    Returns:
        None where onnxruntime does not run the model.
    """
    files = [truth.with_suffix(".npz"), *sorted(truth.parent.glob(f"{truth.stem}.[0-9].npz"))]
    tolerance = next(far for word, far in TOLERANCES if word in truth.stem)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        name = session.get_outputs()[0].name
        for path in files:
            with np.load(path) as arrays:
                feeds = {one.name: arrays[one.name] for one in session.get_inputs()}
                got, want = session.run([name], feeds)[0], arrays[name]
            if got.shape != want.shape or np.abs(got - want).max(initial=0) > tolerance * max(
                1.0, float(np.abs(want).max(initial=0))
            ):
                return False
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return None
    return True


def after_fix(folder: Path, row: Row, scratch: Path) -> tuple[bool | None, bool | None]:
    """Return whether a model gives its true output as it is, and after `fix --unsafe-fixes`."""
    source = folder / row["file"]
    before = outputs_agree(source, source)
    result = fix(source, settings=FixSettings(settings(row), unsafe=True))
    if not result.changed:
        return before, before
    fixed = scratch / row["file"]
    result.save(fixed)
    return before, outputs_agree(fixed, source)


def repairs(folder: Path) -> Iterator[tuple[Row, bool | None, bool | None]]:
    """Yield every ONNX model with a known output, and whether it has it before and after fix."""
    with tempfile.TemporaryDirectory() as scratch:
        for row in rows(folder):
            path = folder / row["file"]
            if path.suffix == ".onnx" and path.with_suffix(".npz").exists():
                yield row, *after_fix(folder, row, Path(scratch))


def main() -> None:
    """Print both tables; exit with 1 where something is not as expected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=REPORTS)
    parser.add_argument("--wrong", action="store_true")
    asked = parser.parse_args()
    known = rows(asked.folder)
    unexpected = 0
    for row in known:
        report = check_paths([asked.folder / row["file"]], settings(row)).files[0]
        words = said(row, report)
        good = as_expected(row, words)
        unexpected += not good
        if not (good and asked.wrong):
            mark = "as expected" if good else "NOT AS EXPECTED"
            print(f"{row['file']}: {row['expected']}: {'; '.join(words) or 'nothing'}: {mark}")
    spoiled = mended = left = 0
    for row, before, after in repairs(asked.folder):
        if before and not after:
            spoiled += 1
            print(f"{row['file']}: right before fix, not after it")
        elif not before:
            mended += bool(after)
            left += not after
            if not after:
                print(f"{row['file']}: wrong, and not put right by fix")
    print(
        f"{len(known)} models: {len(known) - unexpected} as expected; fix spoiled {spoiled}, "
        f"put right {mended} and left {left} wrong"
    )
    sys.exit(1 if unexpected or spoiled else 0)


if __name__ == "__main__":
    main()
