"""The page of the service: its statuses, its parameters and its headers, as the code has them."""

import re
from pathlib import Path
from typing import cast

from halfpixel.serving.answers import SECURITY, VERDICT
from halfpixel.serving.guard import METHODS
from halfpixel.serving.openapi import description
from halfpixel.serving.query import ReferenceQuery, UploadQuery, described
from halfpixel.serving.refused import REASONS

FOLDER = Path(__file__).parents[1] / "serving"
RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "serving.txt"

RATED = "1.5 OK"
"""What `systemd-analyze security --offline=true` of systemd 252 says of the unit."""


def page() -> str:
    """Return the page of the service: its text, with what the code has."""
    text = (FOLDER / "page.txt").read_text(encoding="utf-8")
    for name, told in {
        "verdict": VERDICT,
        "rated": RATED,
        "addresses": _addresses(),
        "parameters": _parameters(),
        "statuses": _statuses(),
        "headers": _headers(),
        "measured": _measured(),
        "unit": (FOLDER / "halfpixel-serve.service").read_text(encoding="utf-8").rstrip(),
        "container": (FOLDER / "Containerfile").read_text(encoding="utf-8").rstrip(),
    }.items():
        text = text.replace(f"{{{name}}}", told)
    return text


def _table(*rows: tuple[str, ...]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]])


def _addresses() -> str:
    paths = cast("dict[str, dict[str, dict[str, str]]]", description()["paths"])
    rows = [
        (f"`{method} {path}`", paths[path][method.lower()]["summary"])
        for path, methods in METHODS.items()
        for method in methods
    ]
    return _table(("request", "what it is"), *rows)


def _parameters() -> str:
    rows: dict[str, str] = {}
    for kind in (UploadQuery, ReferenceQuery):
        rows |= {f"`{one['name']}`": str(one["description"]) for one in described(kind)}
    return _table(("parameter", "what it says"), *rows.items())


def _statuses() -> str:
    rows = [("200", "a report"), *((str(status), why) for status, why in REASONS.items())]
    return _table(("status", "when"), *rows)


def _headers() -> str:
    rows = [(f"`{name}`", f"`{value}`") for name, value in SECURITY.items()]
    return _table(("header of every answer", "value"), *rows)


def _measured() -> str:
    """Return what the benchmark says, in a phrase."""
    text = RESULT.read_text(encoding="utf-8")
    answers = re.findall(r"(\d+) answers, \d+/s", text)[0]
    errors = re.findall(r"^errors: (\d+)", text, re.MULTILINE)[0]
    memory = re.findall(r"at most ([\d, ]+) MiB in each third", text)[0].split(", ")
    return f"{answers} answers, {errors} errors, at most {max(memory, key=int)} MiB in all"
