"""Write the pages that are made from the code: `python docs/build.py`.

`rules.md` holds the manual page of every rule, which is its module's docstring, `targets.md` every
row of every target with its source, `exporters.md` those of every exporter, and `configuration.md`
every key of a configuration file. `formats.md` says what each format of a report is for, and
`report.schema.json` describes the reports in JSON. `--check` writes nothing: it compares each page
with what would be written, and says which is stale.
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
from halfpixel.settings.keys import PerFile, PerNode, Suppress, Table
from halfpixel.settings.pattern import USUAL
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


CONFIGURATION = """# Configuration

The tables of keys are made by `docs/build.py` from `convert/halfpixel/settings/keys.py`.

`halfpixel check` and `halfpixel fix` read, for each model, the nearest `halfpixel.toml`, or
`pyproject.toml` with a table `[tool.halfpixel]`, in the model's own folder or one above it; a model
with none has that of the working folder. Files are not merged, but for what one says with `extend`;
`--config FILE` takes the place of them all, and an option of the command line comes before what a
file says. `halfpixel check PATH --show-settings` prints what is settled for each model, and where.

```toml
# halfpixel.toml; in pyproject.toml each table is [tool.halfpixel...]
extend = "../halfpixel.toml"
ignore = ["checkerboard"]
target = ["tensorrt"]
fail-on = "error"
extend-exclude = ["third_party", "experiments/*.onnx"]
baseline = "halfpixel-baseline.json"

[expect]
"neck.*" = "align_corners=false"

[per-file."legacy/*.onnx"]
ignore = ["asymmetric-linear"]
severity = "error"

[per-node."/head/*"]
ignore = ["nearest-off-by-one"]

[[suppress]]
rule = "asymmetric-linear"
file = "depth.onnx"
node = "/decoder/up*"
reason = "trained with the shift, and fine-tuned on it"
expires = 2027-01-31
```

A key, a rule or a value that there is not ends the command with exit code 2 and one line that names
the file, the key and the value, and proposes what is near. A pattern of nodes that matches no node
of the models that were checked is told on standard error.

Patterns are those of a shell. One without a slash is that of a name, wherever the file lies; one
with a slash is that of a path from the folder of the configuration file, in which `*` stands for
slashes too. A folder stands for all that is in it.

## Keys
"""

SUPPRESSING = r"""
## Findings that are known

A finding that may stay is suppressed with a reason, and with the last day on which that holds. Then
it is none: it is neither shown nor fixed, and makes no exit code; how many there are is told on
standard error, and JSON has each. What expired suppresses nothing, and is told where its finding is
there again; what suppresses nothing is told, to be taken out.

A node of an ONNX model may say so itself, in its `metadata_props` under `halfpixel.suppress`, a line
for each, `RULE[, RULE] [until DATE]: REASON`:

```python
node.metadata_props.add(
    key="halfpixel.suppress",
    value="asymmetric-linear until 2027-01-31: trained with the shift",
)
```

Of models of others that is a reason for doubt: `in-nodes = false`, or `--ignore-suppressions`, finds
what they suppress.

## A registry in a day

```console
halfpixel check models --write-baseline halfpixel-baseline.json
halfpixel check models --baseline halfpixel-baseline.json
```

The first writes every finding that is there, the second shows those that are new. An entry is a
finding by its file, seen from the baseline's folder, by its rule, and by what its site computes; of
sites that are alike the place in the graph, or the name where it is still there, tells which is
meant. So nodes may be renumbered, as every export does, and the lengths that are free be called
otherwise. What is found no more is told, until `--write-baseline` writes the file anew. `fix` knows
no baseline.

## In a build, and beside an editor

- `--fail-on error` lets warnings pass, `--fail-on note` not even notes; `--exit-zero` lets all pass.
- `--fix --exit-non-zero-on-fix`, and `halfpixel fix --exit-non-zero-on-fix`, fail where anything
  had to be fixed. Run again, a fix says that nothing is left to do.
- `halfpixel check - < model.onnx` reads a model from standard input; `--stdin-filename NAME` says
  what it is called, and where its configuration is sought.
- `halfpixel check models --watch` checks again whenever a model or a configuration changes
  (`pip install 'halfpixel[watch]'`).
- What is excluded is passed over in folders and patterns; `--force-exclude` passes over what is
  named itself, as pre-commit does.

## Completion

The shell completes commands, options, rules and targets once it is told to:

| shell | line | in |
| --- | --- | --- |
| bash | `eval "$(_HALFPIXEL_COMPLETE=bash_source halfpixel)"` | `~/.bashrc` |
| zsh | `eval "$(_HALFPIXEL_COMPLETE=zsh_source halfpixel)"` | `~/.zshrc` |
| fish | `_HALFPIXEL_COMPLETE=fish_source halfpixel \| source` | `~/.config/fish/completions/halfpixel.fish` |
"""  # noqa: E501 - a row of a table


def configuration_page() -> str:
    """Return the page of configuration: how it is found, and every key."""
    lines = [CONFIGURATION, *_keys(Table), "", "Passed over where `exclude` says nothing:"]
    lines += [f"{', '.join(f'`{name}`' for name in USUAL)}."]
    tables = (
        ("per-file", '[per-file."PATTERN"]', PerFile),
        ("per-node", '[per-node."PATTERN"]', PerNode),
        ("suppress", "[[suppress]]", Suppress),
    )
    for name, head, kind in tables:
        lines += ["", f"### {name}", "", f"`{head}`: {_summary(kind)}", "", *_keys(kind)]
    return "\n".join([*lines, SUPPRESSING]).rstrip() + "\n"


def _summary(kind: type) -> str:
    """Return what a docstring says before its attributes."""
    return " ".join((kind.__doc__ or "").partition("Attributes:")[0].split())


def _keys(kind: type) -> Iterator[str]:
    """Yield a table of the attributes of a class, as its docstring says them."""
    yield "| key | |"
    yield "| --- | --- |"
    rows: list[list[str]] = []
    for line in (kind.__doc__ or "").partition("Attributes:\n")[2].rstrip().splitlines():
        indent = len(line) - len(line.lstrip())
        if indent == 8:
            rows.append(list(line.strip().partition(": ")[::2]))
        else:
            rows[-1][1] += f" {line.strip()}"
    yield from (f"| `{key}` | {text} |" for key, text in rows)


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
    "configuration.md": configuration_page,
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
