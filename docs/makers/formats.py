"""The page of the formats of a report, and the schema of those in JSON."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from halfpixel.cli.output import ENDINGS
from halfpixel.report import html, machine

SCHEMA = Path(machine.__file__).with_name("report.schema.json")

HEAD = """# Formats of a report

Made by `docs/build.py` from `convert/halfpixel/report`. `check`, `compare`, `fix`, `verify`,
`convert` and `conformance` have `--output-format FORMAT`. `-o FILE` writes the report there, whole
or not at all; of `fix` and `convert`, whose `-o` names the model, `--report FILE` does. `text`, for
people, breaks lines at the width of the terminal, or at what COLUMNS says. Formats for programs
have notes, too.

Where no format is named, the ending of the file names it; with any other the report is text:

ENDINGS

The reports in JSON are described by [report.schema.json](report.schema.json) (JSON Schema 2020-12),
which is `halfpixel/report/machine/report.schema.json` of the package. Fields may be added; none is
removed.
"""


def page() -> str:
    """Return the page of the formats: what the docstring of each says."""
    rows = [f"| `{ending}` | {form} |" for ending, form in ENDINGS.items()]
    table = "\n".join(["| file | format |", "| --- | --- |", *rows])
    lines = [HEAD.replace("ENDINGS", table)]
    for name in sorted(one.name for one in iter_modules(machine.__path__)):
        if name.startswith("as_"):
            told = import_module(f"{machine.__name__}.{name}").__doc__ or ""
            lines += [f"## {name.removeprefix('as_')}", "", told.strip(), ""]
    lines += ["## html", "", (html.__doc__ or "").strip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def schema() -> str:
    """Return the JSON Schema of the reports in JSON."""
    return SCHEMA.read_text(encoding="utf-8")
