"""A report of verify as one HTML file: two sides held against each other, or a model's sites."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from halfpixel.checking.claim import claim_of
from halfpixel.intents.pairing import Pairing
from halfpixel.printable import many
from halfpixel.report.html.gallery import Gallery
from halfpixel.report.html.tables import Detail, Heads, Line, Mood, Part, Table, Tables, dumps
from halfpixel.report.html.words import lengths
from halfpixel.report.layout import plain
from halfpixel.report.verify_report import divergence_line, site_closing, unrun_lines
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import Output, Verification
from halfpixel.verifying.site_check import SiteResult

__all__ = ["dumps", "page_of", "page_of_sites", "verification_parts"]


def page_of(found: Verification) -> Tables:
    """Return the page of two sides that were compared."""
    gallery = Gallery()
    ran = sum(bool(case.outputs) for case in found.cases)
    lines = [
        f"{found.names[0]} held against {found.names[1]}",
        *([divergence_line(found.first)] if found.first is not None else []),
        *([found.proven] if found.proven else []),
    ]
    lines += [f"{line[:1].upper()}{line[1:]}" for line in unrun_lines(found.unrun)]
    if found.suspected and found.differs:
        lines.append(f"No run tells which node; check has something to say of {found.suspected}")
    if found.asked:
        lines.append("What is equal is what --tolerance or --task says, and nothing else decides.")
    counts = (len(found.outputs), "outputs"), (ran, f"of {many(len(found.cases), 'run')} compared")
    return Tables(
        "verify", _verdict(found), _mood(found), tuple(lines), counts,
        tuple(verification_parts(found, gallery)), gallery,
    )  # fmt: skip


def _verdict(found: Verification) -> str:
    if found.differs:
        return "The two sides differ"
    if found.equal:
        return "The two sides are equal"
    return f"{found.verdict[:1].upper()}{found.verdict[1:]}"


def _mood(found: Verification | SiteVerification) -> Mood:
    return "good" if found.equal else "error" if found.differs else "warning"


def verification_parts(found: Verification, gallery: Gallery, at: str = "") -> Iterator[Part]:
    """Yield the parts of a page that tell of one verification.

    Args:
        found: the verification.
        gallery: where its pictures go.
        at: what its anchors begin with, where a page tells of several.
    """
    yield Part("Outputs", f"{at}outputs", tuple(_outputs(found)))
    yield Part("Runs", f"{at}runs", tuple(_cases(found)))
    if found.pairing is not None:
        yield Part("Sites of both", f"{at}pairs", tuple(_pairs(found.pairing, gallery, at)))
    where = tuple(_placement(found.names, found.placement))
    yield Part("Where nodes ran", f"{at}placement", where)
    yield Part("What the optimiser changes", f"{at}optimiser", found.optimiser)


def _outputs(found: Verification) -> Iterator[Table]:
    if not found.outputs:
        return
    yield Table(
        "Each output at its worst over all runs",
        (
            ("Output", ""), ("Type", ""), ("Verdict", "badge"), ("Max abs", "number"),
            ("Max rel", "number"), ("Max ulp", "number"), ("Cosine", "number"),
            ("Beyond", "number"), ("Measured", ""),
        ),
        tuple(_output(one) for one in found.outputs),
    )  # fmt: skip


def _output(one: Output) -> Line:
    apart = one.difference
    name = one.name if one.name == one.other else f"{one.name} / {one.other}"
    group = "tells nothing" if one.blank else _group(apart)
    measured = [apart.reason] if apart.reason else []
    measured += [f"{key} {value:.4g}" for key, value in one.task.items()]
    if one.measure is not None:
        measured += [one.measure.text, one.measure.why]
    cells = (name, one.dtype, group, *_numbers(apart), f"{apart.cosine:.7g}")
    return Line(
        (*cells, f"{apart.beyond} of {apart.size}", "; ".join(filter(None, measured))), group
    )


def _numbers(found: Difference | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", ""
    return f"{found.max_abs:.3g}", f"{found.max_rel:.3g}", f"{found.max_ulp:.3g}"


def _group(found: Difference) -> str:
    return "equal" if found.equal else "different"


def _cases(found: Verification) -> Iterator[str | Table]:
    lines: list[Line] = []
    for case in found.cases:
        both = "both refuse: " if case.equal else ""
        group = "refused" if case.refused else "equal" if case.equal else "different"
        told = f"{both}{case.refused}" if case.refused else case.made
        lines.append(Line((case.lengths or "any", group, told), group))
    if lines:
        heads: Heads = (("Inputs", "code"), ("Verdict", "badge"), ("What they look like", ""))
        yield Table("Inputs that both sides ran on", heads, tuple(lines))
    if found.dropped:
        taken = "; ".join(found.dropped)
        yield f"Left out, since neither side takes them: {taken}: {found.refusal}"


def _pairs(found: Pairing, gallery: Gallery, at: str) -> Iterator[Table | Detail]:
    lines: list[Line] = []
    details: list[Detail] = []
    for number, pair in enumerate(found.pairs):
        group = {True: "equal", False: "different", None: "not known"}[pair.equal]
        link = f"{at}pair-{number}" if pair.difference else ""
        lines.append(Line((pair.a.path, pair.b.path, group, pair.difference), group, link))
        if link:
            facts = (("first", claim_of(pair.a)), ("second", claim_of(pair.b)))
            title = f"{pair.a.path} and {pair.b.path}"
            picture = gallery.of_pair(pair.a, pair.b)
            details.append(Detail(title, group, link, facts, pair.difference, picture))
    for side, alone in (("first", found.only_a), ("second", found.only_b)):
        for site in alone:
            names = (site.path, "") if side == "first" else ("", site.path)
            lines.append(Line((*names, "alone", f"only in the {side}"), "alone"))
    if lines:
        heads: Heads = (("First", ""), ("Second", ""), ("Verdict", "badge"), ("Difference", ""))
        yield Table("Sites that stand for the same call", heads, tuple(lines))
    yield from details


def _placement(
    names: Sequence[str], placement: Sequence[Mapping[str, str]]
) -> Iterator[str | Table]:
    for name, placed in zip(names, placement, strict=False):
        if not placed:
            continue
        counts = Counter(placed.values()).most_common()
        yield f"{name}: " + ", ".join(f"{many(n, 'node')} on {where}" for where, n in counts)
        if len(counts) > 1:
            lines = tuple(Line((node, where)) for node, where in placed.items())
            yield Table(name, (("Node", ""), ("Provider", "")), lines)


def page_of_sites(model: str, found: SiteVerification) -> Tables:
    """Return the page of a model whose sites ran one by one on providers."""
    results = found.results
    gallery = Gallery()
    ran = [one for one in results if one.exact is not None]
    verdict = plain(site_closing(found))
    counts = (
        (len({(one.site.graph, one.site.name) for one in results}), "sites"),
        (len(ran), "runs"), (len(results) - len(ran), "did not run alone"),
    )  # fmt: skip
    by_site: dict[tuple[str, str], list[SiteResult]] = {}
    for one in results:
        by_site.setdefault((one.site.graph, one.site.name), []).append(one)
    details = [_site(n, runs, gallery) for n, runs in enumerate(by_site.values())]
    lines = tuple(
        Line((runs[0].site.path, runs[0].site.op, detail.group, claim_of(runs[0].site)),
             detail.group, detail.anchor)
        for runs, detail in zip(by_site.values(), details, strict=True)
    )  # fmt: skip
    heads: Heads = (
        ("Node", ""),
        ("Type", ""),
        ("Verdict", "badge"),
        ("The PyTorch call that it is", "code"),
    )
    parts = (
        Part("Sites", "sites", (Table("Resampling sites", heads, lines),) if lines else ()),
        Part("Evidence", "evidence", tuple(details)),
        Part("The whole model", "whole", (*found.notes, *found.optimiser)),
    )
    head = f"{verdict[:1].upper()}{verdict[1:]}"
    return Tables("verify", head, _mood(found), (model,), counts, parts, gallery)


def _site(number: int, found: Sequence[SiteResult], gallery: Gallery) -> Detail:
    site = found[0].site
    groups = [_verdict_of(one) for one in found]
    group = next(g for g in ("different", "refused", "not run", "equal") if g in groups)
    facts = [
        ("is", claim_of(site)),
        ("lengths", lengths(site)),
    ]
    if site.intent is not None:
        facts.append(("meant", f"{site.intent.text} ({site.intent.how}: {site.intent.origin})"))
    if site.source:
        facts.append(("from", f"{site.source} {site.source_text}"))
    heads: Heads = (
        ("Provider", ""), ("Input", ""), ("Exact weights", "badge"), ("Max abs", "number"),
        ("Max rel", "number"), ("Max ulp", "number"), ("PyTorch", ""), ("Why it did not run", ""),
    )  # fmt: skip
    lines = tuple(
        Line(
            (
                one.provider or one.where, "x".join(map(str, one.shape)), state,
                *_numbers(one.exact),
                "" if one.torch is None else f"{_group(one.torch)}, {one.torch.max_abs:.3g}",
                one.refused,
            ),
            state,
        )
        for one, state in zip(found, groups, strict=True)
    )  # fmt: skip
    table = Table("Runs on each provider", heads, lines)
    picture = gallery.of_site(site)
    return Detail(site.path, group, f"site-{number}", tuple(facts), "", picture, tables=(table,))


def _verdict_of(one: SiteResult) -> str:
    if one.exact is None:
        return "refused" if one.refused_by_runtime else "not run"
    return "equal" if one.agrees else "different"
