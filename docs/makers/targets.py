"""The page of all targets."""

from collections import Counter
from collections.abc import Iterator

from halfpixel.targets.coreml_system import SOURCES
from halfpixel.targets.row import Row
from halfpixel.targets.target import Target, load_target, names
from makers.asked import asked

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
    ops, when = asked(row.conditions)
    why = row.reason
    if row.computes:
        why += f"; *computes* {', '.join(f'{k}={v}' for k, v in row.computes.items())}"
    if row.worst is not None:
        why += f"; by up to {row.worst:g}"
    why += "".join(f" [report]({link})" for link in row.reports)
    return f"| {ops} | {when} | {row.verdict} | {why} | {row.how} | {place} |"
