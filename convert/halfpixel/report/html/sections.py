"""The sites and findings of checked files, as a page shows them: rows, sections, choices."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from halfpixel.boundary import boundary
from halfpixel.checking.claim import claim_of
from halfpixel.checking.result import FileReport, SiteFinding
from halfpixel.errors import HalfpixelError
from halfpixel.quoting import bytes_of
from halfpixel.report.html.around import Around, Behind, behind
from halfpixel.report.html.gallery import Gallery, Picture
from halfpixel.report.html.proof import HOW, Axis, OnTarget, axes_of, runtimes_of
from halfpixel.report.html.words import lengths, producer_of, ranks
from halfpixel.rule import SEVERITIES, Rule
from halfpixel.site import Site
from halfpixel.work import working

if TYPE_CHECKING:
    from collections.abc import Mapping

DISTINCT: Final = 500
"""Findings, each of its own kind, whose comparison, picture and runtimes are told."""

MOST: Final = 2000
"""Findings that have a section each; of what is met after that the table alone tells."""

CLEAN: Final = "clean"
"""Stands for the severity of a site without a finding."""


class Row(Struct, frozen=True):
    """One site in the table.

    Attributes:
        site: the site.
        file: the file it is in.
        file_number: the file's place among the choices.
        producer: place of its producer among the choices.
        severity: its gravest finding's, or `CLEAN`.
        rules: places of its rules among the choices.
        names: the rules' names.
        shapes: its lengths, for people.
        target: the section of its gravest finding; empty where it has none.
        gravity: 0 for an error, more for what is milder.
        claim: what the site computes, in words.
    """

    site: Site
    file: str
    file_number: int
    producer: int
    severity: str
    rules: tuple[int, ...]
    names: tuple[str, ...]
    shapes: str
    target: str
    gravity: int
    claim: str


class Section(Struct, frozen=True):
    """One finding.

    Attributes:
        anchor: by which it is linked to: it stays while file, graph, node and rule do.
        row: its site's row.
        located: the finding.
        rule: place of its rule among the choices.
        shared: what findings that are alike have in common.
        around: what stands around the site; None where that is not known.
        diff: the lines of the change that mends it.
    """

    anchor: str
    row: Row
    located: SiteFinding
    rule: int
    shared: "Shared"
    around: Around | None = None
    diff: tuple[str, ...] = ()


class Shared(Struct, frozen=True):
    """What is shown of every finding of an operation that is alike.

    Attributes:
        known: how the finding is known, in a sentence.
        axes: the comparison behind it.
        runtimes: the targets that are known to take it, to leave it and so on, by what they do.
        evidence: where that is told with its sources; empty where nothing is known.
        picture: the picture; None where there is nothing to draw.
        failed: why the rest cannot be told or drawn; empty where it can.
    """

    known: str
    axes: tuple[Axis, ...] = ()
    runtimes: "Mapping[str, Sequence[str]]" = field(default_factory=dict[str, "Sequence[str]"])
    evidence: str = ""
    picture: Picture | None = None
    failed: str = ""


class Sections(Struct):
    """The rows, sections and choices of several files.

    Attributes:
        gallery: the pictures.
        rows: a row each site.
        sections: a section each finding, gravest first within a file.
        rules: the rules that found something, by name.
        producers: the programs that wrote the files.
        files: the files.
        evidence: what runtimes make of sites, each with a site of which it is said.
        untold: findings that have no section.
    """

    gallery: Gallery = field(default_factory=Gallery)
    rows: list[Row] = field(default_factory=list[Row])
    sections: list[Section] = field(default_factory=list[Section])
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    producers: list[str] = field(default_factory=list[str])
    files: list[str] = field(default_factory=list[str])
    evidence: dict[str, tuple[str, tuple[OnTarget, ...]]] = field(
        default_factory=dict[str, tuple[str, tuple[OnTarget, ...]]]
    )
    untold: int = 0
    _shared: dict[tuple[int, int], Shared] = field(default_factory=dict[tuple[int, int], Shared])
    _anchors: dict[str, int] = field(default_factory=dict[str, int])
    _found: Counter[str] = field(default_factory=Counter[str])

    @property
    def grave(self) -> "list[Section]":
        """The sections, gravest first, in the order of the files where equally grave."""
        return sorted(self.sections, key=lambda one: SEVERITIES.index(one.located.finding.severity))

    @property
    def orders(self) -> tuple[list[int], list[int]]:
        """The place of each row where rows are in the order of their nodes, and of their calls."""
        return (
            ranks([row.site.path for row in self.rows]),
            ranks([row.claim for row in self.rows]),
        )

    @property
    def severities(self) -> "Mapping[str, int]":
        """How many findings there are of each severity, and sites without one."""
        counts: dict[str, int] = {name: self._found[name] for name in SEVERITIES}
        return {**counts, CLEAN: sum(row.severity == CLEAN for row in self.rows)}

    def add(self, file: FileReport, most: int) -> None:
        """Add what was found in one file.

        Args:
            file: what was found.
            most: steps of exact work that a second look at it may take.
        """
        again = behind(file, most)
        self._found.update(one.finding.severity for one in file.findings)
        for one in file.findings:
            self.rules.setdefault(one.rule.name, one.rule)
        number = _place(self.files, file.path)
        by_site: dict[int, list[tuple[int, SiteFinding]]] = {}
        for count, (place, one) in enumerate(zip(file.places, file.findings, strict=True)):
            by_site.setdefault(place, []).append((count, one))
        with working(most):
            for place, site in enumerate(file.sites):
                self._site(site, file.path, number, by_site.get(place, ()), again, place)

    def _site(  # noqa: PLR0913, PLR0917 - a site, where it stands, and what is known of it
        self,
        site: Site,
        path: str,
        number: int,
        found: Sequence[tuple[int, SiteFinding]],
        again: Behind,
        place: int,
    ) -> None:
        names = list(self.rules)
        gravity = min(
            (SEVERITIES.index(one.finding.severity) for _, one in found), default=len(SEVERITIES)
        )
        room = max(0, MOST - len(self.sections))
        self.untold += max(0, len(found) - room)
        anchors = [self._anchor(path, *one.key) for _, one in found[:room]]
        row = Row(
            site,
            path,
            number,
            _place(self.producers, producer_of(site)),
            (*SEVERITIES, CLEAN)[gravity],
            tuple(names.index(one.rule.name) for _, one in found),
            tuple(dict.fromkeys(one.rule.name for _, one in found)),
            lengths(site),
            anchors[0] if anchors else "",
            gravity,
            claim_of(site),
        )
        self.rows.append(row)
        around = again.arounds[place] if again.arounds else None
        for anchor, (count, one) in zip(anchors, found, strict=False):
            self.sections.append(
                Section(
                    anchor, row, one, names.index(one.rule.name), self._alike(path, one), around,
                    again.diffs.get(count, ()),
                )
            )  # fmt: skip

    def _alike(self, path: str, one: SiteFinding) -> Shared:
        """Return what findings that are alike share; of what cannot be told or drawn, why."""
        key = id(one.site.operation), id(one.finding)
        if key not in self._shared:
            known = HOW.get(one.finding.how, one.finding.how)
            shared = Shared(known)
            if len(self._shared) < DISTINCT:
                try:
                    with boundary(path):
                        shared = self._told(known, one)
                except HalfpixelError as error:
                    shared = Shared(known, failed=str(error))
            self._shared[key] = shared
        return self._shared[key]

    def _told(self, known: str, one: SiteFinding) -> Shared:
        anchor, said = self._evidence(one.site)
        runtimes: dict[str, list[str]] = {}
        for told in said:
            runtimes.setdefault(told.verdict, []).extend(told.names)
        return Shared(known, axes_of(one), runtimes, anchor, self.gallery.of(one))

    def _evidence(self, site: Site) -> tuple[str, tuple[OnTarget, ...]]:
        """Return where it is told what runtimes make of a site, and that."""
        said = runtimes_of(site.operation)
        if not said:
            return "", ()
        known = (anchor for anchor, (_, other) in self.evidence.items() if other == said)
        anchor = next(known, f"evidence-{len(self.evidence)}")
        about = f"{site.op}: {claim_of(site)}"
        self.evidence.setdefault(anchor, (about, said))
        return anchor, said

    def _anchor(self, *parts: str) -> str:
        """Return a name for a link that stays while the texts that it is made of do."""
        text = hashlib.sha256(bytes_of("\0".join(parts))).hexdigest()[:10]
        self._anchors[text] = count = self._anchors.get(text, 0) + 1
        return f"finding-{text}" if count == 1 else f"finding-{text}-{count}"


def sections_of(files: Iterable[FileReport], most: int) -> Sections:
    """Return the rows and sections of several files."""
    found = Sections()
    for file in files:
        found.add(file, most)
    return found


def _place(known: list[str], text: str) -> int:
    """Return the place of a text in a list, to which it is added where it is new."""
    if text not in known:
        known.append(text)
    return known.index(text)
