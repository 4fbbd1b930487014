"""A report for people: file, node, the PyTorch call it is, what is off, what to do.

It is told file by file, while others are still judged. Sites of a file that are alike are told
once; of many files or sites, each rule is told in full at the first, and the others are counted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.result import FileReport, Report, SiteFinding
from halfpixel.printable import many
from halfpixel.report.closing import WELL, closing
from halfpixel.report.layout import Line
from halfpixel.report.tally import Tally
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.site import Site

if TYPE_CHECKING:
    from halfpixel.report.alike import Block

VERDICTS: Final = {
    "native": "native",
    "fallback": "left to the CPU",
    "refused": "refused",
    "different": "computed differently",
}
"""What a target makes of a site, for people."""

MANY: Final = 20
"""Files, or sites that were told in full, from which on a rule is told in full once."""

UNREAD: Final = 5
"""Files that could not be read and are told with the reason."""

EXAMPLES: Final = 2
"""Files that are named of those in which a rule found the same, unless all of them are."""

NAMES: Final = 6
"""Nodes that are named of those that are alike."""

EMPTY: Final = Line()


class Text:
    """A report that grows file by file.

    Once a page or two is told, or of many files from the first on, what a rule said before is
    counted, and told at the end.

    Attributes:
        least: the mildest severity that is shown; milder ones are counted.
        verbose: every site is told in full, right ones too.
        quiet: what is wrong is told alone, and every file by its name.
        tally: what was told, counted.
    """

    def __init__(
        self, files: int, least: Severity = "note", *, verbose: bool = False, quiet: bool = False
    ) -> None:
        """Begin a report of so many files."""
        self.least: Severity = least
        self.verbose = verbose
        self.quiet = quiet
        self._many = files >= MANY
        self._blocks = 0
        self._told: set[tuple[str, str]] = set()
        self._folded: set[tuple[str, str]] = set()
        self._unread: list[str] = []
        self._places: dict[tuple[Severity, str], _Places] = {}
        self.tally = Tally()

    @property
    def _folds(self) -> bool:
        return not self.verbose and (self._many or self._blocks >= MANY)

    def file(self, file: FileReport) -> Iterator[Line]:
        """Yield what is told of a file; nothing where it is right."""
        self.tally.add(file)
        self._place(file)
        if file.error is not None:
            if self.tally.unread > UNREAD and (self.quiet or len(self._unread) < EXAMPLES):
                self._unread.append(file.path)
            if self.verbose or self.tally.unread <= UNREAD:
                yield Line("error", f": {file.error}", "error", 4)
            return
        if file.repaired and not self._folds and not self.quiet:
            changes = many(len(file.repaired), "change")
            yield Line("", f"{file.path}: repaired before by halfpixel: {changes} recorded", hang=2)
        shown = self._shown(file) if file.findings else []
        right = self._right(file)
        if shown or right:
            yield Line(file.path, "", "name", 2)
        for one in shown:
            yield from _block(one)
        for site in right:
            yield from _site(site, ())
            yield EMPTY
        for fault in (*file.faults, *file.unjudged):
            yield Line("error", f": {fault}", "error", 4)

    def _shown(self, file: FileReport) -> "list[Block]":
        """Return what is told of a file."""
        from halfpixel.report.alike import blocks

        found = blocks(file, self.least, fold=not self.verbose)
        return [new for one in found if (new := self._new(one)).found]

    def _new(self, block: "Block") -> "Block":
        """Return a block with what is told of it: where much was, what was not told before.

        What is told of a site at all is told with the gravest that is found there.
        """
        keys = [(one.finding.severity, one.rule.name) for one in block.found]
        new = list(block.found)
        if self._folds:
            both = zip(block.found, keys, strict=True)
            new = [one for one, key in both if key not in self._told]
            gravest = min(block.found, key=_rank)
            if new and _rank(gravest) < min(map(_rank, new)):
                new.insert(0, gravest)
            self._folded |= self._told & set(keys)
        self._told.update(keys)
        self._blocks += bool(new)
        return replace(block, found=tuple(new))

    def _right(self, file: FileReport) -> list[Site]:
        """Return the sites of a file that are told though nothing was found."""
        if not self.verbose:
            return []
        wrong = {id(one.site) for one in file.findings}
        return [site for site in file.sites if id(site) not in wrong]

    def _place(self, file: FileReport) -> None:
        """Remember in which files each rule found something: by name as far as that is told."""
        counts: Counter[tuple[Severity, str]] = Counter()
        counts.update((one.finding.severity, one.rule.name) for one in file.findings)
        for key, count in counts.items():
            places = self._places.setdefault(key, _Places())
            places.sites += count
            places.files += 1
            if self.quiet or places.files <= EXAMPLES:
                places.names.append(file.path)

    def end(self, *, statistics: bool = False, partial: bool = False) -> Iterator[Line]:
        """Yield what closes the report of all files: what was folded, counts, and one line.

        Args:
            statistics: count the findings of each rule.
            partial: not every rule was asked.
        """
        if self._unread and not self.verbose:
            rest = _named(self._unread, self.tally.unread - UNREAD)
            yield Line("error", f": not read either: {rest}", "error", 4)
        yield from self._counted()
        if statistics:
            for severity, name, count in self.tally.statistics():
                yield Line("", f"{count:6d}  {severity:8s} {name}")
        if self.quiet and not self._blocks and not self.tally.failed:
            return
        text = closing(self.tally, self.least, partial=partial)
        yield Line(text, "", "well" if WELL in text else "", 2)

    def _counted(self) -> Iterator[Line]:
        """Yield in which files each rule found something, of which not everything was told."""
        found = [(key, places) for key, places in self._places.items() if key in self._folded]
        found.sort(key=lambda pair: (SEVERITIES.index(pair[0][0]), -pair[1].sites, pair[0][1]))
        for (severity, rule), places in found:
            told = f"{many(places.sites, 'site')} in {many(places.files, 'file')}"
            names = _named(places.names, places.files)
            yield Line(severity, f" {rule}: {told}: {names}", severity, 4)
        if found and not self.quiet:
            text = "--verbose tells each in full, --output-format concise each in a line"
            yield Line("", text, hang=2)


class _Places(Struct):
    """Where a rule found something.

    Attributes:
        sites: how often.
        files: in how many files.
        names: the files that are named.
    """

    sites: int = 0
    files: int = 0
    names: list[str] = field(default_factory=list[str])


def _named(names: Sequence[str], count: int) -> str:
    """Return names, and how many more there are.

    >>> _named(["a", "b"], 5)
    'a, b and 3 more'
    """
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{', '.join(names)}{more}"


def lines(report: Report, *, statistics: bool = False, least: Severity = "note") -> Iterator[Line]:
    """Yield a report line by line, every site in full but those that are alike.

    Args:
        report: what was found.
        statistics: count the findings of each rule.
        least: the mildest severity that is shown; milder ones are counted.
    """
    text = Text(1, least)
    for file in report.files:
        yield from text.file(file)
    yield from text.end(statistics=statistics)


def _rank(one: SiteFinding) -> int:
    return SEVERITIES.index(one.finding.severity)


def _block(block: "Block") -> Iterator[Line]:
    yield from _site(block.site, block.others)
    for one, following in zip_longest(block.found, block.found[1:]):
        yield _finding(one)
        if following is None or _fix(following) != _fix(one):
            yield from _fix(one)
    yield EMPTY


def _site(site: Site, others: Sequence[Site]) -> Iterator[Line]:
    """Yield a site: its node, those that are alike, what it is and what it was meant to be."""
    from halfpixel.checking.claim import claim_of
    from halfpixel.report.alike import named
    from halfpixel.report.lengths import shapes_text

    operation = site.operation
    shapes = shapes_text(
        operation.input_shape, operation.output_shape, operation.surroundings.model_shape
    )
    yield Line(f"  {site.path}", f" ({site.op}, {operation.version}) {shapes}", "name", 4)
    if others:
        same = all(
            (one.input_shape, one.output_shape) == (site.input_shape, site.output_shape)
            for one in others
        )
        own = "" if same else ", at lengths of their own"
        names = named([one.path for one in others], NAMES)
        yield _field("alike", f"{len(others)} more{own}: {names}")
    yield _field("is", claim_of(site))
    if site.intent is not None:
        intent = site.intent
        yield _field("meant", f"{intent.text} [{intent.how}: {intent.origin}]")
    for name in operation.origin.targets:
        yield _field("on", f"{name}: {_verdict(site, name)}")
    if site.source:
        text = f": {site.source_text}" if site.source_text else ""
        yield _field("from", f"{site.source}{text}")


def _field(name: str, text: str) -> Line:
    return Line("", f"    {name:5}  {text}", hang=11)


def _finding(one: SiteFinding) -> Line:
    from halfpixel.report.alike import KNOWN

    finding, intent = one.finding, one.site.intent
    message = finding.message
    if intent is not None:  # which stands above
        message = message.removesuffix(f"; {intent.text} was meant")
    said = f" {one.rule.name}: {message} ({KNOWN.get(finding.how, finding.how)})"
    return Line(f"    {finding.severity}", said, finding.severity, 6)


def _fix(one: SiteFinding) -> tuple[Line, ...]:
    """Return what is to be done: a line, or none."""
    finding = one.finding
    if finding.fix is not None:
        return (Line("", f"      fix ({finding.fix.safety}): {one.words}", hang=8),)
    return (Line("", f"      no fix: {finding.declined}", hang=8),) if finding.declined else ()


def _verdict(site: Site, name: str) -> str:
    from halfpixel.targets.target import load_target

    said = load_target(name).says(site.operation)
    return "not known" if said is None else VERDICTS[said.verdict]
