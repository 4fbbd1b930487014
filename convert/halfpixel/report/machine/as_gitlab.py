"""A run as a report of GitLab's code quality: a list of issues.

Source: GitLab documentation, "Code Quality", "Code Quality report format": description,
check_name, fingerprint, severity of info, minor, major, critical or blocker, and location with
path and lines.begin. Paths are relative to the repository, and do not start with "./".
"""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Final

from halfpixel.printable import printable_line
from halfpixel.quoting import bytes_of, json_text
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.rule import Severity

SEVERITIES: Final[dict[Severity, str]] = {"error": "major", "warning": "minor", "note": "info"}


def dumps(run: Run, folder: Path | None = None) -> str:
    """Return a run as the text of a code quality report.

    Args:
        run: what is said.
        folder: what paths are told relative to; the working folder unless told.
    """
    seen: Counter[str] = Counter()
    root = folder or Path.cwd()
    return json_text([_issue(one, root, seen) for one in run.entries], indent=2)


def _issue(one: Entry, folder: Path, seen: Counter[str]) -> dict[str, object]:
    path = relative(one.file, folder)
    parts = (path, one.graph, one.node, one.rule)
    key = hashlib.sha256(bytes_of("\0".join(parts))).hexdigest()[:32]
    seen[key] += 1
    number = f":{seen[key]}" if seen[key] > 1 else ""
    said = [f"{one.place}: {one.message}" if one.node else one.message, one.advice]
    return {
        "type": "issue",
        "check_name": one.rule,
        "description": printable_line("; ".join(filter(None, said))),
        "categories": ["Bug Risk"],
        "severity": "blocker" if one.failed else SEVERITIES[one.severity],
        "fingerprint": f"{key}{number}",
        "location": {"path": path, "lines": {"begin": 1}},
    }


def relative(path: str, folder: Path) -> str:
    """Return a path from a folder where it lies below it, with slashes.

    >>> relative("/here/a/m.onnx", Path("/here")), relative("./m.onnx", Path("/here"))
    ('a/m.onnx', 'm.onnx')
    """
    whole = folder / path
    try:
        return whole.relative_to(folder).as_posix()
    except ValueError:
        return whole.as_posix()
