"""Write the pages that are made from the code: `python docs/build.py`.

`rules.md` holds the manual page of every rule, which is its module's docstring, and `targets.md`
every row of every target with its source. A test compares each committed page with what this
file would write.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from halfpixel.rule import Rule, load_rules
from halfpixel.targets.coreml_system import SOURCES
from halfpixel.targets.facts import NUMBERS, Value
from halfpixel.targets.row import Row
from halfpixel.targets.target import Target, load_target, names

FOLDER = Path(__file__).parent


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
    return f"## {rule.name}\n\n{page}\n"


HEAD = """# Targets

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
- *computes* names the attributes that the runtime acts on instead: whether that differs at a node's
  own lengths, and by how much, is decided from the weights.
"""


def targets_page() -> str:
    """Return the page of all targets: a table, then the rows of each with their sources."""
    lines = [HEAD, "| target | what it is | runtime | rows | measured |"]
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
    when = _conditions({key: values for key, values in row.when.items() if key != "op"})
    if row.unless:
        when = "; ".join(part for part in (when, f"unless {_conditions(row.unless)}") if part)
    why = row.reason
    if row.computes:
        why += f"; *computes* {', '.join(f'{k}={v}' for k, v in row.computes.items())}"
    if row.worst is not None:
        why += f"; by up to {row.worst:g}"
    why += "".join(f" [report]({link})" for link in row.reports)
    ops = ", ".join(sorted(map(str, row.when["op"])))
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


def main() -> None:
    """Write every page."""
    (FOLDER / "rules.md").write_text(rules_page(), encoding="utf-8")
    (FOLDER / "targets.md").write_text(targets_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
