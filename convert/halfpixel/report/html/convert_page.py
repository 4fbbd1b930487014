"""A report of convert, or of fix, as one HTML file: calls and sites, changes, what is left."""

from collections.abc import Iterator, Sequence

from halfpixel.checking.claim import claim_of
from halfpixel.checking.result import SiteFinding
from halfpixel.converting.result import CallSite, Conversion
from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.printable import many
from halfpixel.report.html.around import diff
from halfpixel.report.html.gallery import Gallery
from halfpixel.report.html.proof import HOW
from halfpixel.report.html.tables import Detail, Heads, Line, Mood, Part, Table, Tables, dumps
from halfpixel.report.html.verify_page import verification_parts

__all__ = ["dumps", "page_of", "page_of_fixes"]


def page_of(found: Conversion) -> Tables:
    """Return the page of a conversion."""
    gallery = Gallery()
    opset = "" if found.opset is None else f", opset {found.opset}"
    lines = [f"{found.source}: by {found.exporter}{opset}"]
    if found.output:
        lines.append(f"Written to {found.output}")
    elif found.refused:
        lines.append("Nothing was written.")
    verdict, mood = _verdict(found)
    counts = (
        (len(found.sites), "calls and sites"), (len(found.changes), "changed"),
        (len(found.declined), "declined"), (found.findings, "left"),
    )  # fmt: skip
    parts = [
        Part("Calls and sites", "sites", tuple(_sites(found.sites))),
        Part("Changes", "changes", tuple(changes(found.changes, found.declined))),
        Part("What is left", "left", (*_left(found.remaining, gallery), *found.narrower)),
        Part("Notes", "notes", found.notes),
    ]
    for number, one in enumerate(found.verifications):
        names = " against ".join(one.names)
        parts += [
            Part(part.heading, part.anchor, part.items, names)
            for part in verification_parts(one, gallery, f"run-{number}-")
        ]
    return Tables("convert", verdict, mood, tuple(lines), counts, tuple(parts), gallery)


def _verdict(found: Conversion) -> tuple[str, Mood]:
    if found.refused:
        return f"Refused: {found.refused}", "error"
    verified = "verified" if found.verified else "not verified"
    if found.findings:
        return f"Written, {verified}, {many(found.findings, 'finding')} left", "warning"
    return f"Written and {verified}", "good" if found.verified else "warning"


def _sites(pairs: Sequence[CallSite]) -> Iterator[Table]:
    lines: list[Line] = []
    for place, pair in enumerate(pairs, 1):
        call, site = pair.call, pair.site
        fixed = "; ".join(one.text for one in pair.changes)
        group = "fixed" if fixed else "kept" if call is not None and site is not None else "alone"
        claim = "" if site is None else claim_of(site)
        cells = (
            str(place), "" if call is None else call.text,
            "" if call is None or not call.source else call.source,
            "" if site is None else f"{site.path} ({site.op})", claim, group,
            "; ".join(filter(None, (fixed, pair.note))),
        )  # fmt: skip
        lines.append(Line(cells, group))
    if lines:
        heads: Heads = (
            ("No.", "number"), ("The call", "code"), ("From", ""), ("Site", ""),
            ("The PyTorch call that it is", "code"), ("Verdict", "badge"), ("What became of it",
            ""),
        )  # fmt: skip
        yield Table("Each call of the program, and the site that it became", heads, tuple(lines))


def changes(made: Sequence[Outcome], declined: Sequence[Outcome]) -> Iterator[Detail]:
    """Yield a detail for each change, with its diff, and for each that was declined."""
    for one in made:
        facts = [("asked for by", one.why), ("safety", one.safety)]
        if one.cost is not None:
            before, after = one.cost
            told = f"{before.multiply_adds} to {after.multiply_adds} multiply-adds a channel"
            facts.append(("cost", f"{told}, {before.bytes} to {after.bytes} bytes"))
        title = f"{_node(one)} ({one.op})"
        yield Detail(title, "fixed", facts=tuple(facts), text=one.text, diff=diff(one))
    for one in declined:
        title = f"{_node(one)} ({one.op})"
        yield Detail(title, "declined", facts=(("asked for by", one.why),), text=one.reason)


def _node(one: Outcome) -> str:
    return f"{one.graph}/{one.node}" if one.graph else one.node


def _left(found: Sequence[SiteFinding], gallery: Gallery) -> Iterator[Detail]:
    for one in found:
        site, said = one.site, one.finding
        facts = [("is", claim_of(site))]
        if site.intent is not None:
            facts.append(("meant", f"{site.intent.text} ({site.intent.how}: {site.intent.origin})"))
        facts += [("rule", one.rule.name), ("known", HOW.get(said.how, said.how))]
        if said.fix is not None:
            facts.append(("fix", f"{one.words} ({said.fix.safety})"))
        elif said.declined:
            facts.append(("no fix", said.declined))
        title = f"{site.path} ({site.op})"
        yield Detail(title, said.severity, "", tuple(facts), said.message, gallery.of(one))


def page_of_fixes(results: Sequence[tuple[FixResult, str]]) -> Tables:
    """Return the page of files that were fixed, each with where it was written."""
    gallery = Gallery()
    made = sum(len(result.changes) for result, _ in results)
    failed = [result for result, _ in results if result.error is not None or result.faults]
    left = [
        one for result, _ in results if result.report is not None for one in result.report.findings
    ]
    fixed = sum(bool(result.changes) for result, _ in results)
    verdict = f"{many(made, 'site')} fixed in {fixed} of {many(len(results), 'file')}"
    mood: Mood = "error" if failed else "warning" if left else "good"
    parts: list[Part] = []
    for number, (result, output) in enumerate(results):
        told = [f"written to {output}" if output else "not written", *result.notes]
        if result.error is not None:
            told = [result.error]
        unjudged = () if result.report is None else result.report.unjudged
        items: tuple[str | Table | Detail, ...] = (
            "; ".join(told), *result.faults, *unjudged,
            *changes(result.changes, result.declined),
            *_left(() if result.report is None else result.report.findings, gallery),
        )  # fmt: skip
        parts.append(Part(result.path, f"file-{number}", items))
    declined = sum(len(result.declined) for result, _ in results)
    counts = (made, "changed"), (declined, "declined"), (len(left), "left")
    return Tables("fix", verdict, mood, (), counts, tuple(parts), gallery)
