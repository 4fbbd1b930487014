"""A report as JSON, or as lines of it: stable from version 1 on; fields may be added, none removed.

`report.schema.json` beside this file describes what every command writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import asdict

from halfpixel.checking.result import FileReport, Report, SiteFinding, Suppressed
from halfpixel.quoting import json_text
from halfpixel.report.machine.entry import Run
from halfpixel.report.summary import Summary
from halfpixel.report.tally import Tally
from halfpixel.site import Site
from halfpixel.surroundings import Shape

VERSION: Final = 1


def dumps(report: Report, *, statistics: bool = False, summary: bool = False) -> str:
    """Return the report as JSON text, one object with every file.

    Args:
        report: what was found.
        statistics: count the findings of each rule.
        summary: count files and findings by producer, opset and rule.
    """
    return "".join(pieces(report.files, statistics=statistics, summary=summary))


def document(report: Report) -> dict[str, object]:
    """Return the report as plain values.

    >>> document(Report())
    {'version': 1, 'files': []}
    """
    return {"version": VERSION, "files": [file_fields(file) for file in report.files]}


def pieces(
    files: Iterable[FileReport], *, statistics: bool = False, summary: bool = False
) -> Iterator[str]:
    """Yield the report as JSON text, file by file as they come; see `dumps`.

    >>> "".join(pieces([], statistics=True))
    '{"version": 1, "files": [], "statistics": []}'
    """
    tally, sums = Tally(), Summary()
    yield f'{{"version": {VERSION}, "files": ['
    for place, file in enumerate(files):
        tally.add(file)
        sums.add(file)
        yield f"{', ' if place else ''}{_file_text(file)}"
    yield "]"
    if statistics:
        names = ("severity", "rule", "count")
        rows = [dict(zip(names, row, strict=True)) for row in tally.statistics()]
        yield f', "statistics": {json_text(rows)}'
    if summary:
        yield f', "summary": {json_text(sums.fields())}'
    yield "}"


def lines(files: Iterable[FileReport]) -> Iterator[str]:
    """Yield a line of JSON for each file (jsonlines.org): as it stands in the whole report."""
    for file in files:
        yield f"{_file_text(file)}\n"


def dumps_run(run: Run) -> str:
    """Return a run of any other command as lines of JSON, one an entry."""
    return "".join(f"{json_text(asdict(one))}\n" for one in run.entries)


def file_fields(file: FileReport) -> dict[str, object]:
    """Return what was found in a file as plain values."""
    return {**_head(file), "sites": _sites(file.sites), **_rest(file)}


def _file_text(file: FileReport) -> str:
    """Return what was found in a file as JSON text, as `json_text` writes its fields."""
    sites = ", ".join(_site_texts(file.sites))
    return f'{json_text(_head(file))[:-1]}, "sites": [{sites}], {json_text(_rest(file))[1:]}'


def _head(file: FileReport) -> dict[str, object]:
    """Return what stands before the sites of a file."""
    return {"path": file.path, "error": file.error}


def _rest(file: FileReport) -> dict[str, object]:
    """Return what stands behind the sites of a file."""
    return {
        "findings": [finding_fields(located) for located in file.findings],
        "repaired": list(file.repaired),
        "unjudged": list(file.unjudged),
        "faults": list(file.faults),
        "defect": file.defect,
        "suppressed": [_suppressed(one) for one in file.suppressed],
        "notices": list(file.notices),
        "producer": file.producer,
        "opset": file.opset,
    }


def _suppressed(one: Suppressed) -> dict[str, object]:
    """Return a finding that is known, and what says so."""
    return {
        **finding_fields(one.found),
        "reason": one.by.reason,
        "expires": one.by.expires or None,
        "by": one.by.where,
    }


def _sites(sites: Sequence[Site]) -> list[dict[str, object]]:
    """Return sites as plain values; what those that are alike share is spelled once."""
    shared: dict[tuple[int, str, str | None], dict[str, object]] = {}
    out: list[dict[str, object]] = []
    for site in sites:
        key = id(site.operation), site.graph, site.source
        if key not in shared:
            shared[key] = _site(site)
        out.append({**shared[key], "node": site.name})
    return out


def _site_texts(sites: Sequence[Site]) -> Iterator[str]:
    """Yield sites as JSON text; what those that are alike share is written once."""
    shared: dict[tuple[int, str, str | None], str] = {}
    for site in sites:
        key = id(site.operation), site.graph, site.source
        if key not in shared:
            fields = _site(site)
            del fields["node"]
            shared[key] = json_text(fields)[1:]
        yield f'{{"node": {json_text(site.name)}, {shared[key]}'


def _site(site: Site) -> dict[str, object]:
    intent = site.intent
    return {
        "node": site.name,
        "op": site.op,
        "opset": site.opset,
        "torch_call": site.torch_call,
        "torch_where": site.operation.torch_where or None,
        "intent": None if intent is None else intent.text,
        "input_shape": _shape(site.input_shape),
        "output_shape": _shape(site.output_shape),
        "graph": site.graph,
        "intent_known_by": None if intent is None else intent.how,
        "source": site.source,
        "problem": site.operation.problem or None,
        "targets": {name: _verdict(site, name) for name in site.operation.origin.targets},
    }


def _verdict(site: Site, name: str) -> dict[str, object] | None:
    """Return what a target makes of a site, with its source; None where that is not known."""
    from halfpixel.targets.target import load_target

    said = load_target(name).says(site.operation)
    if said is None:
        return None
    return {
        "verdict": said.verdict,
        "reason": said.reason or None,
        "how": said.how,
        "source": said.source,
        "reports": list(said.reports),
    }


def _shape(shape: Shape | None) -> list[int | str | None] | None:
    return None if shape is None else list(shape)


def finding_fields(located: SiteFinding) -> dict[str, object]:
    """Return a finding as plain values."""
    finding, fix = located.finding, located.finding.fix
    return {
        "rule": located.rule.name,
        "severity": finding.severity,
        "node": located.site.name,
        "message": finding.message,
        "fix": None if fix is None else fix.safety,
        "source": located.site.source,
        "graph": located.site.graph,
        "how": finding.how,
        "advice": None if fix is None else located.words,
        "declined": finding.declined or None,
    }
