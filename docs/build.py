"""Write the pages that are made from the code: `python docs/build.py`.

`rules.md` holds the manual page of every rule, which is its module's docstring, `targets.md` every
row of every target with its source, and `exporters.md` those of every exporter. `formats.md` says
what each format of a report is for, and `report.schema.json` describes the reports in JSON.
`--check` writes nothing: it compares each page with what would be written, and says which is stale.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from halfpixel.conditions.condition import Conditions
from halfpixel.conditions.words import NUMBERS, Value
from halfpixel.intents import exporter
from halfpixel.intents import exporter_file as exporters
from halfpixel.intents.exporter import Exporter
from halfpixel.report import machine
from halfpixel.rule import Rule, load_rules
from halfpixel.targets.coreml_system import SOURCES
from halfpixel.targets.row import Row
from halfpixel.targets.target import Target, load_target, names

FOLDER = Path(__file__).parent
SCHEMA = Path(machine.__file__).with_name("report.schema.json")


def rules_page() -> str:
    """Return the page of all rules: a table, then each manual page one heading deeper."""
    rules = load_rules()
    table = [f"| [{r.name}](#{r.name}) | {_fix(r)} | {r.summary} |" for r in rules]
    head = ["# Rules", "", "Made by `docs/build.py` from the rules themselves.", ""]
    head += ["| rule | fix | what it finds |", "| --- | --- | --- |", *table, ""]
    return "\n".join([*head, *(_page(rule) for rule in rules)]).rstrip() + "\n"


def _fix(rule: Rule) -> str:
    return "yes" if rule.fixable else ""


def _page(rule: Rule) -> str:
    page = (rule.page or "").strip().replace("\n## ", "\n### ")
    before = f"\nIt took the place of {', '.join(rule.aliases)}.\n" if rule.aliases else ""
    return f"## {rule.name}\n\n{page}\n{before}"


TARGETS = """# Targets

Made by `docs/build.py` from `convert/halfpixel/targets`. `halfpixel check --target NAME` holds a
model against one or more of them; `fix --target NAME` writes the attributes that it takes, where
they are proven to say the same.

- **native**: it takes the node. **fallback**: within onnxruntime, the node is left to the CPU or
  another provider. **refused**: the model does not load, or fails on its first run.
  **different**: it takes the node and computes something else.
- Of a target's rows the first that holds counts, then its table. What no row holds of is not known,
  and nothing is said of it.
- **measured** was run here; **source** was read in the runtime's own files at the version that is
  named, and not run.
- *arithmetic* is whose float32 steps to the pixel of a nearest resize are repeated
  (`sampling/nearest.py`): where they read other pixels than the node says, at its own lengths or
  at those that a free axis takes, that is **different** too.
- *computes* names the attributes that the runtime acts on instead: whether that differs at a node's
  own lengths, and by how much, is decided from the weights.
"""


def targets_page() -> str:
    """Return the page of all targets: a table, then the rows of each with their sources."""
    lines = [TARGETS, "| target | what it is | runtime | rows | measured |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for name in names():
        target = load_target(name)
        rows = len(target.rows) or ""
        lines.append(
            f"| [{name}](#{name}) | {target.summary} | {target.runtime} | {rows} | {_run(target)} |"
        )
    for name in names():
        lines += ["", f"## {name}", "", *_target(load_target(name))]
    return "\n".join(lines).rstrip() + "\n"


def _run(target: Target) -> str:
    if target.table is not None:
        return "yes, every configuration"
    counts = Counter(row.how for row in target.rows)
    return f"{counts['measured']} rows" if counts["measured"] else "no"


def _target(target: Target) -> Iterator[str]:
    left = f", which leaves nodes to {target.left_to}" if target.left_to else ""
    provider = f", {target.provider}{left}" if target.provider else ""
    yield f"{target.summary}. {target.runtime}{provider}."
    if target.arithmetic is not None:
        yield f"Nearest pixels: the arithmetic of {target.arithmetic}."
    if target.system is not None:
        yield "Operators are held against the specification version that they came with, and those"
        yield "of ONNX against what Core ML is proven to say at that version."
        yield f"Read, not run, in {SOURCES[target.system.dialect.name]}."
    if target.table is not None:
        yield "What the rows leave is in a table that `halfpixel conformance` measured on"
        yield f"{target.table.runtime}, {target.table.provider}."
    if not target.rows:
        return
    sources = list(dict.fromkeys(row.source for row in target.rows))
    yield ""
    yield "| operator | when | verdict | why | how | source |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield from (_row(row, sources.index(row.source) + 1) for row in target.rows)
    yield ""
    yield from (f"{place}. {source}" for place, source in enumerate(sources, 1))


def _row(row: Row, place: int) -> str:
    ops, when = _asked(row.conditions)
    why = row.reason
    if row.computes:
        why += f"; *computes* {', '.join(f'{k}={v}' for k, v in row.computes.items())}"
    if row.worst is not None:
        why += f"; by up to {row.worst:g}"
    why += "".join(f" [report]({link})" for link in row.reports)
    return f"| {ops} | {when} | {row.verdict} | {why} | {row.how} | {place} |"


def _conditions(conditions: Mapping[str, frozenset[Value]]) -> str:
    return ", ".join(f"{key} {_values(key, values)}" for key, values in conditions.items())


def _values(key: str, values: frozenset[Value]) -> str:
    """Return values as a list, or a run of numbers as a range."""
    numbers = sorted(value for value in values if isinstance(value, int))
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        end = f"to {numbers[-1]}" if numbers[-1] < NUMBERS[key] else "or more"
        return f"{numbers[0]} {end}"
    return " or ".join(sorted(map(str, values)))


def _asked(conditions: Conditions) -> tuple[str, str]:
    """Return the operators of a row, and its other conditions."""
    ops = ", ".join(sorted(map(str, conditions.when.get("op", ("any",)))))
    when = _conditions({key: values for key, values in conditions.when.items() if key != "op"})
    if conditions.unless:
        when = "; ".join(
            part for part in (when, f"unless {_conditions(conditions.unless)}") if part
        )
    return ops, when


EXPORTERS = """# Exporters

Made by `docs/build.py` from `convert/halfpixel/intents/exporters`: what the programs that write
models can only have meant by what they write. A call that the exporter recorded on the node itself
comes before all of this; `--expect` overrides it.

- Of an exporter's rows the first that holds and speaks of a thing counts. Of producers that are not
  here nothing is said.
- **means** a call: this is what PyTorch was asked for. *as written* is read from the node, *named*
  from the call's name in the node's; *plain factors* are constants that read like somebody's own,
  all else counts as a size.
- **means what it writes**: in these aspects the file says what was meant, and the framework that is
  named computes so.
- **never means this**: no call of the framework computes what is written; it has this in its place.
- **cannot be known**: the exporter writes the same whatever was meant; the flags of the original
  call that it drops are named. **likely had** names the one that the call's own name suggests.
- **measured**: models were run; **read**: in the exporter's own files, and not run.
"""


def exporters_page() -> str:
    """Return the page of all exporters: a table, then the rows of each with their sources."""
    known = [
        exporters.load_exporter(exporters.FOLDER / f"{name}.toml") for name in exporters.names()
    ]
    lines = [EXPORTERS, "| exporter | told by | rows | measured |", "| --- | --- | --- | --- |"]
    for one in known:
        run = sum(row.how == "measured" for row in one.rows)
        marks = ", ".join(f"{by} `{mark}`" for by, mark in one.marks.items() if mark)
        head = f"| [{one.title}](#{one.title.lower().replace(' ', '-')}) | {marks} |"
        lines.append(f"{head} {len(one.rows)} | {run or 'no'} |")
    for one in known:
        lines += ["", f"## {one.title}", "", *_exporter(one)]
    return "\n".join(lines).rstrip() + "\n"


def _exporter(one: Exporter) -> Iterator[str]:
    sources = list(dict.fromkeys(row.source for row in one.rows))
    yield "| operator | when | versions | what it means | how | source |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in one.rows:
        ops, when = _asked(row.conditions)
        means = _means(row) + "".join(f" [report]({link})" for link in row.reports)
        place = sources.index(row.source) + 1
        yield f"| {ops} | {when} | {_versions(row)} | {means} | {row.how} | {place} |"
    yield ""
    yield from (f"{place}. {source}" for place, source in enumerate(sources, 1))


def _versions(row: exporter.Row) -> str:
    ends = [".".join(map(str, end)) if end else "" for end in (row.oldest, row.newest)]
    return " to ".join(ends).strip() if row.newest else f"{ends[0]} or newer" if ends[0] else "all"


def _means(row: exporter.Row) -> str:
    if row.call is not None:
        told = "**means** " + ", ".join(f"{key} {_said(value)}" for key, value in row.call.items())
    elif row.as_written:
        by = f" ({row.framework})" if row.framework else ""
        told = f"**means what it writes**: {', '.join(sorted(row.as_written))}{by}"
    elif row.instead:
        other = ", ".join(f"{key} *{value}*" for key, value in row.instead.items())
        told = f"**never means this**: {row.framework} has {other}"
    elif row.likely:
        told = f"**likely had** {row.likely}"
    else:
        flags = " or ".join((*row.readings, "neither")) if row.readings else ""
        told = f"**cannot be known**: {', '.join(sorted(row.cannot_be_known))}"
        told += f", which {flags} would tell" if flags else ""
    return f"{told}; {row.note}" if row.note else told


def _said(value: object) -> str:
    return str(value) if isinstance(value, bool) else f"*{value}*"


FORMATS_HEAD = """# Formats of a report

Made by `docs/build.py` from `convert/halfpixel/report/machine`. `check`, `fix`, `verify`, `convert`
and `conformance` have `--output-format FORMAT`. `-o FILE` writes the report there, whole or not at
all; of `fix` and `convert`, whose `-o` names the model, `--report FILE` does. `text`, for people,
breaks lines at the width of the terminal, or at what COLUMNS says. Formats for programs have notes,
too.

The reports in JSON are described by [report.schema.json](report.schema.json) (JSON Schema 2020-12),
which is `halfpixel/report/machine/report.schema.json` of the package. Fields may be added; none is
removed.
"""


def formats_page() -> str:
    """Return the page of the formats: what the docstring of each says."""
    lines = [FORMATS_HEAD]
    for name in sorted(one.name for one in iter_modules(machine.__path__)):
        if name.startswith("as_"):
            page = import_module(f"{machine.__name__}.{name}").__doc__ or ""
            lines += [f"## {name.removeprefix('as_')}", "", page.strip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def schema_page() -> str:
    """Return the JSON Schema of the reports in JSON."""
    return SCHEMA.read_text(encoding="utf-8")


PAGES: Mapping[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "targets.md": targets_page,
    "exporters.md": exporters_page,
    "formats.md": formats_page,
    "report.schema.json": schema_page,
}


def stale() -> list[str]:
    """Return the pages that are not what would be written."""
    return [name for name, page in PAGES.items() if _text(FOLDER / name) != page()]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main(arguments: Sequence[str] = ()) -> int:
    """Write every page, or with --check say which are stale; return the exit code."""
    if "--check" in arguments:
        for name in (old := stale()):
            sys.stderr.write(f"docs/{name} is stale, run: python docs/build.py\n")
        return 1 if old else 0
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
