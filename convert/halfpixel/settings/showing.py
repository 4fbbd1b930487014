"""What is settled for files, in lines that a configuration file could have."""

from collections.abc import Iterator, Sequence
from typing import Final

from halfpixel.address import Location
from halfpixel.quoting import json_text
from halfpixel.settings.configuration import Configuration
from halfpixel.settings.settled import Settled
from halfpixel.work import MOST

NAMED: Final = 8
"""Files that are named of those for which the same is settled."""


def lines(files: Sequence[Location], configuration: Configuration) -> Iterator[str]:
    """Yield what is settled for files, once for all for which it is the same."""
    groups: dict[int, tuple[Settled, list[Location]]] = {}
    for path in files:
        settled = configuration.of(path)
        groups.setdefault(id(settled), (settled, []))[1].append(path)
    for settled, paths in groups.values():
        yield from (f"# {path}" for path in paths[:NAMED])
        if len(paths) > NAMED:
            yield f"# and {len(paths) - NAMED} more"
        yield f"# from {', extending '.join(settled.files) or 'no configuration file'}"
        yield from _settled(settled)
        yield ""


def _settled(settled: Settled) -> Iterator[str]:
    check = settled.check
    expect: dict[str, list[str]] = {}
    for policy in check.policies:
        said = policy.text.rpartition(":")[2]
        expect.setdefault(policy.pattern, []).append(said)
    rows: dict[str, object] = {
        "select": check.select,
        "ignore": check.ignore,
        "severity": check.shown,
        "fail-on": settled.fail_on,
        "target": check.targets,
        "shape": [f"{name}={'x'.join(map(str, n))}" for name, n in check.shapes.items()],
        "preprocess": check.preprocess,
        "max-work": None if check.max_work == MOST else check.max_work,
        "baseline": settled.baseline,
        "in-nodes": None if check.in_nodes else False,
    }
    for key, value in rows.items():
        if value not in (None, (), []):
            yield f"{key} = {json_text(value)}"
    for pattern, meant in expect.items():
        yield f"expect.{json_text(pattern)} = {json_text(meant)}"
    for pattern, rules in check.ignored:
        yield f"per-node.{json_text(pattern)}.ignore = {json_text(rules)}"
    for known in check.suppressions:
        until = f", expires = {known.expires}" if known.expires else ""
        what = f"rule = {json_text(known.rules)}, node = {json_text(known.nodes)}"
        yield f"# suppress: {{ {what}, reason = {json_text(known.reason)}{until} }}"
