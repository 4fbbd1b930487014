"""A report as SARIF 2.1.0, which code hosts show beside the files of a change.

Plain values, in the order in which the specification describes them. A model has no lines: the
place of a finding is the file, and in it the node and the graph that it stands in. Where the
exporter recorded the line of PyTorch that made the node, that line is a related location.

Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; sections are
named where they decide. GitHub asks for a startLine, and tells results apart by
partialFingerprints.primaryLocationLineHash.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Final

from msgspec import Struct, field

from halfpixel.checking.result import Failure, FileReport, Report, SiteFinding
from halfpixel.printable import printable
from halfpixel.quoting import bytes_of, json_text, sarif_message, uri_path
from halfpixel.rule import Bad, BadModel, Rule, Severity, load_rules
from halfpixel.site import Site

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT: Final = "%SRCROOT%"
"""What relative paths are relative to: the folder in which the command ran."""

FAILURES: Final[Mapping[Failure, str]] = {
    "unreadable": "A file could not be read.",
    "defect": "A defect of halfpixel, or of a rule.",
    "unjudged": "A node was too much work.",
}
"""What each kind of notification says."""

SEVERITIES: Final[Mapping[Severity, str]] = {
    "error": "error",
    "warning": "warning",
    "note": "recommendation",
}
"""GitHub's words for the severity of a rule."""

Values = dict[str, object]

_LINE: Final = re.compile(r"[1-9][0-9]{0,8}")


def dumps(report: Report, folder: Path | None = None) -> str:
    """Return a report as SARIF text.

    Args:
        report: what was found.
        folder: what paths are told relative to; the working folder unless told.
    """
    return json_text(document(report, folder), indent=2)


def document(report: Report, folder: Path | None = None) -> Values:
    """Return a report as plain values.

    >>> document(Report())["version"]
    '2.1.0'
    """
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, folder or Path.cwd())]}


class _Run(Struct):
    """What the results of a run share.

    Attributes:
        folder: what paths are relative to.
        rules: the place of each rule, by name.
        graphs: the graphs and nodes that results are about, in the order they are met.
        places: where each graph or node stands among these.
        seen: how often each fingerprint was met.
    """

    folder: Path
    rules: Mapping[str, int]
    graphs: list[Values] = field(default_factory=list[Values])
    places: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    seen: Counter[str] = field(default_factory=Counter[str])


def _run(report: Report, folder: Path) -> Values:
    known = {rule.name: rule for rule in load_rules()}
    known.update((one.rule.name, one.rule) for one in report.findings)
    rules = sorted(known.values(), key=lambda rule: rule.name)
    run = _Run(folder, {rule.name: place for place, rule in enumerate(rules)})
    results = [_result(file, located, run) for file in report.files for located in file.findings]
    driver = {
        "name": "halfpixel",
        "version": version("halfpixel"),
        "rules": [_rule(rule) for rule in rules],
        "notifications": [
            {"id": kind, "shortDescription": {"text": text}} for kind, text in FAILURES.items()
        ],
    }
    return {
        "tool": {"driver": driver},
        "invocations": [_invocation(report.files, folder)],
        "originalUriBaseIds": {
            ROOT: {"description": {"text": "The folder in which halfpixel check ran."}}
        },
        "artifacts": [{"location": _artifact(file.path, folder)} for file in report.files],
        "logicalLocations": run.graphs,
        "results": results,
        "columnKind": "unicodeCodePoints",
    }


def _rule(rule: Rule) -> Values:
    """Return a reportingDescriptor (3.49); its level is that of its gravest example."""
    page = (rule.page or "").strip()
    level = _level(rule)
    return {
        "id": rule.name,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": _section(page, "Why it matters") or rule.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["resampling", *(["fixable"] if rule.fixable else [])],
            "problem.severity": SEVERITIES[level],
        },
    }


def _level(rule: Rule) -> Severity:
    found = [one.finding.severity for one in rule.examples if isinstance(one, Bad | BadModel)]
    for level in SEVERITIES:
        if level in found:
            return level
    return "warning"


def _section(page: str, heading: str) -> str:
    r"""Return the text below a heading of a page, in one line.

    >>> _section("It.\n\n## Why\na\nb\n\n## Else\nc", "Why")
    'a b'
    """
    _, _, rest = page.partition(f"## {heading}\n")
    return " ".join(rest.partition("\n## ")[0].split())


def _invocation(files: Sequence[FileReport], folder: Path) -> Values:
    """Return how the run went (3.20): what could not be read or judged is notified."""
    failed: list[Values] = [
        {
            "level": "error",
            "message": {"text": sarif_message(text)},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(file.path, folder)}}],
            "descriptor": {"id": kind},
        }
        for file in files
        for kind, text in file.failures
    ]
    return {"executionSuccessful": not failed, "toolExecutionNotifications": failed}


def _result(file: FileReport, located: SiteFinding, run: _Run) -> Values:
    """Return a finding as a result (3.27)."""
    site, finding, name = located.site, located.finding, located.rule.name
    place = _artifact(file.path, run.folder)
    fix = finding.fix
    told: Values = {
        "how": finding.how,
        "op": site.op,
        "version": site.operation.version,
        "torchCall": site.torch_call,
        "torchWhere": site.operation.torch_where or None,
        "meant": None if site.intent is None else site.intent.text,
        "fix": None if fix is None else located.words,
        "fixSafety": None if fix is None else fix.safety,
        "noFix": finding.declined or None,
    }
    out: Values = {
        "ruleId": name,
        "ruleIndex": run.rules[name],
        "level": finding.severity,
        "message": {"text": sarif_message(_message(located))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": place, "region": {"startLine": 1}},
                "logicalLocations": [_node(file.path, site, run)],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": _fingerprint([str(place["uri"]), *_where(site), name], run)
        },
        "properties": {key: value for key, value in told.items() if value is not None},
    }
    related = list(_related(site))
    if related:
        out["relatedLocations"] = related
    return out


def _message(located: SiteFinding) -> str:
    """Return the finding, and what is to be done about it."""
    site, finding = located.site, located.finding
    text = f"{'/'.join(filter(None, _where(site)))} ({site.op}): {finding.message} ({finding.how})"
    if finding.fix is not None:
        return f"{text}. Fix ({finding.fix.safety}): {located.words}"
    return f"{text}. No fix: {finding.declined}" if finding.declined else text


def _where(site: Site) -> tuple[str, str]:
    return site.graph, site.name


def _node(path: str, site: Site, run: _Run) -> Values:
    """Return the node as a logical location (3.33) whose parent is the graph it stands in."""
    graph = (path, site.graph)
    if graph not in run.places:
        run.places[graph] = len(run.graphs)
        run.graphs.append(
            {
                "name": site.graph or "main graph",
                "fullyQualifiedName": f"{path}:{site.graph}",
                "kind": "graph",
            }
        )
    node = (path, site.graph, site.name)
    full = f"{path}:{'/'.join(filter(None, _where(site)))}"
    if node not in run.places:
        run.places[node] = len(run.graphs)
        run.graphs.append(
            {
                "name": site.name,
                "fullyQualifiedName": full,
                "kind": "node",
                "parentIndex": run.places[graph],
            }
        )
    return {
        "index": run.places[node],
        "name": site.name,
        "fullyQualifiedName": full,
        "kind": "node",
    }


def _fingerprint(parts: Iterable[str], run: _Run) -> str:
    """Return a hash that stays while file, graph, node and rule do, whatever the numbers."""
    text = hashlib.sha256(bytes_of("\0".join(parts))).hexdigest()[:16]
    run.seen[text] += 1
    return f"{text}:{run.seen[text]}"


def _related(site: Site) -> Iterator[Values]:
    """Yield the line of PyTorch that made the node, where the exporter recorded it."""
    if not site.source:
        return
    file, _, line = site.source.rpartition(":")
    if not file or not _LINE.fullmatch(line):
        return
    region: Values = {"startLine": int(line)}
    if site.source_text:
        region["snippet"] = {"text": printable(site.source_text)}
    yield {
        "id": 1,
        "message": {"text": "the call that was exported"},
        "physicalLocation": {"artifactLocation": {"uri": _uri(PurePath(file))}, "region": region},
    }


def _artifact(path: str, folder: Path) -> Values:
    """Return where a file lies (3.4): relative to the folder where it is below it.

    >>> _artifact("/here/a b.onnx", Path("/here"))
    {'uri': 'a%20b.onnx', 'uriBaseId': '%SRCROOT%'}
    >>> _artifact("/else/m.onnx", Path("/here"))
    {'uri': 'file:///else/m.onnx'}
    """
    whole = folder / path
    try:
        below = whole.relative_to(folder)
    except ValueError:
        return {"uri": _uri(whole)}
    if ".." in below.parts:
        return {"uri": _uri(whole.resolve())}
    return {"uri": _uri(below), "uriBaseId": ROOT}


def _uri(path: PurePath) -> str:
    """Return a path as a URI reference; a first part with a colon is no scheme.

    >>> _uri(PurePath("a:b/c.onnx"))
    'a%3Ab/c.onnx'
    """
    text = uri_path(path.as_posix())
    return f"file:///{text.lstrip('/')}" if path.is_absolute() else text  # no host of another's
