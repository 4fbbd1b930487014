"""What is said of a model, wherever it lies: the same as where it is a file."""

from pathlib import Path

import halfpixel


def told(report: halfpixel.Report) -> list[str]:
    """Return what is said, file by file."""
    return [f"{file.error} {one}" for file in report.files for one in file.findings]


def told_here(path: Path, model: bytes) -> list[str]:
    """Return what is said of a model where it is a file, which is one finding."""
    path.write_bytes(model)
    found = told(halfpixel.check(path))
    assert len(found) == 1
    return found
