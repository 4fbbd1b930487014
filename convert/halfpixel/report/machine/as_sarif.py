"""A report as SARIF 2.1.0, which code hosts show beside the files of a change.

Plain values, in the order in which the specification describes them. A model has no lines: the
place of a finding is the file, and in it the node and the graph that it stands in. Where the
exporter recorded the line of PyTorch that made the node, that line is a related location.

Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; sections are
named where they decide. GitHub asks for a startLine, and tells results apart by
partialFingerprints.primaryLocationLineHash.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Final

from halfpixel.checking.result import (
    IN_NODE,
    Failure,
    FileReport,
    Report,
    SiteFinding,
    Suppression,
)
from halfpixel.printable import printable
from halfpixel.quoting import json_text, sarif_message
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.report.machine.sarif_fixes import fixes_of
from halfpixel.report.machine.sarif_places import ROOT, Places, Values, artifact, uri
from halfpixel.rule import Bad, BadModel, Rule, Severity, load_rules
from halfpixel.site import Site

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
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
    return _log(_run(report, folder or Path.cwd()))


def dumps_run(run: Run, folder: Path | None = None) -> str:
    """Return a run of any command as SARIF text; see `dumps`."""
    return json_text(_log(_other_run(run, folder or Path.cwd())), indent=2)


def _log(run: Values) -> Values:
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _run(report: Report, folder: Path) -> Values:
    known = {rule.name: rule for rule in load_rules()}
    silenced = [(file, one) for file in report.files for one in file.suppressed]
    told = (*report.findings, *(one.found for _, one in silenced))
    known.update((one.rule.name, one.rule) for one in told)
    rules = sorted(known.values(), key=lambda rule: rule.name)
    places = Places(folder)
    order = {rule.name: place for place, rule in enumerate(rules)}
    results = [
        _result(file, located, places, order[located.rule.name], fixes.get(id(located), ()))
        for file in report.files
        for fixes in [fixes_of(file, artifact(file.path, folder))]
        for located in file.findings
    ]
    for file, one in silenced:
        result = _result(file, one.found, places, order[one.found.rule.name], ())
        results.append({**result, "suppressions": [_suppression(one.by)]})
    driver: Values = {
        "name": "halfpixel",
        "version": version("halfpixel"),
        "rules": [_rule(rule) for rule in rules],
        "notifications": [
            {"id": kind, "shortDescription": {"text": text}} for kind, text in FAILURES.items()
        ],
    }
    failures = [(file.path, *failure) for file in report.files for failure in file.failures]
    paths = [file.path for file in report.files]
    return _whole("check", driver, failures, paths, places, results)


def _other_run(run: Run, folder: Path) -> Values:
    places = Places(folder)
    rules = list(dict.fromkeys(one.rule for one in run.entries if not one.failed))
    driver: Values = {
        "name": "halfpixel",
        "version": version("halfpixel"),
        "rules": [{"id": name} for name in rules],
    }
    results = [_entry(one, places, rules.index(one.rule)) for one in run.entries if not one.failed]
    failures = [(one.file, one.rule, one.message) for one in run.entries if one.failed]
    paths = list(dict.fromkeys((*(file for file, _ in run.looked), *(e.file for e in run.entries))))
    return _whole(run.command, driver, failures, paths, places, results)


def _whole(  # noqa: PLR0913, PLR0917 - one argument a part
    command: str,
    driver: Values,
    failures: Sequence[tuple[str, str, str]],
    paths: Sequence[str],
    places: Places,
    results: Sequence[Values],
) -> Values:
    """Return a run (3.14) of its parts; failures are (file, kind, text)."""
    where = f"The folder in which halfpixel {command} ran."
    return {
        "tool": {"driver": driver},
        "invocations": [_invocation(failures, places.folder)],
        "originalUriBaseIds": {ROOT: {"description": {"text": where}}},
        "artifacts": [{"location": artifact(path, places.folder)} for path in paths],
        "logicalLocations": places.graphs,
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


def _invocation(failures: Sequence[tuple[str, str, str]], folder: Path) -> Values:
    """Return how the run went (3.20): what could not be read or judged is notified."""
    failed: list[Values] = [
        {
            "level": "error",
            "message": {"text": sarif_message(text)},
            "locations": [{"physicalLocation": {"artifactLocation": artifact(file, folder)}}],
            "descriptor": {"id": kind},
        }
        for file, kind, text in failures
    ]
    return {"executionSuccessful": not failed, "toolExecutionNotifications": failed}


def _result(
    file: FileReport, located: SiteFinding, places: Places, index: int, fixes: Sequence[Values]
) -> Values:
    """Return a finding as a result (3.27)."""
    site, finding, name = located.site, located.finding, located.rule.name
    place = artifact(file.path, places.folder)
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
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": sarif_message(_message(located))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": place, "region": {"startLine": 1}},
                "logicalLocations": [places.node(file.path, site.graph, site.name)],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": places.fingerprint([str(place["uri"]), *_where(site), name])
        },
        "properties": {key: value for key, value in told.items() if value is not None},
    }
    related = list(_related(site))
    if related:
        out["relatedLocations"] = related
    if fixes:
        out["fixes"] = list(fixes)
    return out


def _entry(one: Entry, places: Places, index: int) -> Values:
    """Return what another command says as a result."""
    place = artifact(one.file, places.folder)
    location: Values = {"physicalLocation": {"artifactLocation": place}}
    if one.node:
        location["logicalLocations"] = [places.node(one.file, one.graph, one.node)]
    text = f"{one.place}: {one.message}" if one.node else one.message
    key = [str(place["uri"]), one.graph, one.node, one.rule]
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": sarif_message(text)},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": places.fingerprint(key)},
    }


def _suppression(by: Suppression) -> Values:
    """Return what silences a finding (3.35): the node's own metadata, or a configuration."""
    kind = "inSource" if by.where == IN_NODE else "external"
    return {"kind": kind, "justification": sarif_message(f"{by.where}: {by.reason}")}


def _message(located: SiteFinding) -> str:
    """Return the finding, and what is to be done about it."""
    site, finding = located.site, located.finding
    text = f"{'/'.join(filter(None, _where(site)))} ({site.op}): {finding.message} ({finding.how})"
    if finding.fix is not None:
        return f"{text}. Fix ({finding.fix.safety}): {located.words}"
    return f"{text}. No fix: {finding.declined}" if finding.declined else text


def _where(site: Site) -> tuple[str, str]:
    return site.graph, site.name


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
        "physicalLocation": {"artifactLocation": {"uri": uri(PurePath(file))}, "region": region},
    }
