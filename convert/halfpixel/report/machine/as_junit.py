"""A run as JUnit XML: a suite a file, a case a node, a failure for what makes the exit code 1.

Of `check` that is what `fail-on` says, errors and warnings where it says nothing; `--exit-zero`
changes the exit code alone. What is milder is in the output of its case and fails none. What could
not be read or judged is an error.

Source: the schema that Jenkins' xUnit plugin publishes (junit-10.xsd); CI services read that.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from halfpixel.quoting import xml
from halfpixel.report.machine.entry import Entry, Run

WHOLE = "the file"
"""The case that stands for a file."""


def dumps(run: Run) -> str:
    """Return a run as the text of an XML document."""
    return "\n".join(_lines(run))


def _lines(run: Run) -> Iterator[str]:
    cases: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for file, node in run.looked:
        _ = cases[file][node]
    for one in run.entries:
        cases[one.file][one.node or WHOLE].append(one)
    entries = [found for file in cases.values() for found in file.values()]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="{xml(f"halfpixel {run.command}")}" {_counts(entries)}>'
    for file, nodes in cases.items():
        yield f'  <testsuite name="{xml(file)}" {_counts(list(nodes.values()))}>'
        for node, found in nodes.items():
            yield from _case(file, node, found)
        yield "  </testsuite>"
    yield "</testsuites>"


def _counts(cases: Sequence[Sequence[Entry]]) -> str:
    errors = sum(any(one.failed for one in case) for case in cases)
    failures = sum(any(one.fails for one in case) for case in cases) - errors
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'


def _case(file: str, node: str, found: Sequence[Entry]) -> Iterator[str]:
    head = f'    <testcase classname="{xml(file)}" name="{xml(node)}"'
    if not found:
        yield f"{head}/>"
        return
    yield f"{head}>"
    mild = [one for one in found if not one.fails]
    wrong = [one for one in found if one.fails]
    if wrong:
        kind = "error" if any(one.failed for one in wrong) else "failure"
        first = wrong[0]
        text = "\n".join(line for one in wrong for line in _said(one))
        yield (
            f'      <{kind} type="{xml(first.rule)}" message="{xml(first.message)}">{text}</{kind}>'
        )
    if mild:
        text = "\n".join(line for one in mild for line in _said(one))
        yield f"      <system-out>{text}</system-out>"
    yield "    </testcase>"


def _said(one: Entry) -> Iterator[str]:
    """Yield what an entry says, a line each, quoted."""
    place = f"{one.place}: " if one.node else ""
    yield xml(f"{place}{one.severity} {one.rule}: {one.message}")
    for word, call in zip(("is", "meant"), one.calls, strict=True):
        if call:
            yield xml(f"  {word:5}  {call}")
    if one.source:
        yield xml(f"  from   {one.source}")
    if one.advice:
        yield xml(f"  {one.advice}")
