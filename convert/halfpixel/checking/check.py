"""Check: every resampling site of a model, judged by every rule.

This is the job that lint is: read, walk, ask the rules, report.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.address import Address, Location, location, name_of
from halfpixel.boundary import boundary
from halfpixel.checking.asking import faults_of, in_order, of_model, of_site
from halfpixel.checking.result import FileReport, Report, SiteFinding, Suppression, announced
from halfpixel.errors import Defect, HalfpixelError, RuleError, UsageError
from halfpixel.format import Opened
from halfpixel.formats.known import load_formats, opened_file
from halfpixel.origin import Intent
from halfpixel.rule import SEVERITIES, Finding, Rule, Severity, chosen_rules
from halfpixel.site import Operation, Site
from halfpixel.work import MOST, PLAIN, TooMuchWork, one_node, spend, working

if TYPE_CHECKING:
    from halfpixel.checking.preprocessing import Readied
    from halfpixel.intents.policy import Policy


class Settings(Struct, frozen=True):
    """What is asked, and what is expected.

    Attributes:
        select: names or patterns of rules to ask; all where empty.
        ignore: names or patterns of rules to leave out.
        policies: what the user expects of sites.
        severity: the mildest severity that is reported; None where nobody chose one, and all is.
        targets: names of targets, or paths of their tables, that the models are to run on.
        max_work: steps of exact work that a file may take.
        shapes: lengths of inputs, by name, at which models are judged.
        intents: what sites are known to mean, by (graph, node), in the place of what the file
            shows: what `convert` reads from PyTorch's own graph.
        suppressions: findings that are known, with the reason.
        ignored: (pattern of nodes, rules that are not asked of them) pairs.
        in_nodes: what the metadata of a node suppresses is suppressed.
        preprocess: the file, or the call, that says how images were readied for training.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    policies: "tuple[Policy, ...]" = ()
    severity: Severity | None = None
    targets: tuple[str, ...] = ()
    max_work: int = MOST
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    intents: Mapping[tuple[str, str], Intent] = field(default_factory=dict[tuple[str, str], Intent])
    suppressions: tuple[Suppression, ...] = ()
    ignored: tuple[tuple[str, tuple[str, ...]], ...] = ()
    in_nodes: bool = True
    preprocess: str | None = None

    @property
    def shown(self) -> Severity:
        """The mildest that people are shown and `fix` repairs: notes where rules are chosen."""
        return self.severity or ("note" if self.select else "warning")


def settings_of(
    select: Sequence[str] | str = (),
    ignore: Sequence[str] | str = (),
    expect: Sequence[str] | str = (),
    severity: Severity = "note",
) -> Settings:
    """Return settings from texts, as the command line takes them; one text is a list of one.

    Raises:
        UsageError: a policy or a severity that is none.

    >>> settings_of(expect="align_corners=false").policies[0].pattern
    '*'
    """
    if severity not in SEVERITIES:
        raise UsageError(f"severity is {severity!r}, expected one of {', '.join(SEVERITIES)}")
    chosen, left, meant = (
        (texts,) if isinstance(texts, str) else tuple(texts) for texts in (select, ignore, expect)
    )
    if not meant:
        return Settings(chosen, left, (), severity)
    from halfpixel.intents.policy import parse_policy

    return Settings(chosen, left, tuple(map(parse_policy, meant)), severity)


def sites(source: object, *, max_work: int = MOST) -> list[Site]:
    """Return every resampling site of a model, in graph order.

    Args:
        source: a path, the address of a file elsewhere (`s3://bucket/model.onnx`), or a model in
            memory: onnx.ModelProto, onnx_ir.Model or torch.onnx.ONNXProgram.
        max_work: steps of exact work that it may take.

    Returns:
        One `Site` for each operator that resamples, in subgraphs and functions too; the reason
        where one is too much work is its operation's `problem`.

    Raises:
        ModelFileError: the file cannot be read as a model.
        GraphError: the graph is impossible.
        UsageError: no format takes such an object.
    """
    with boundary(name_of(source)), working(max_work):
        return opened(source).sites


def opened(source: object) -> Opened:
    """Return the structure of a model, from a path, an address or an object; raises as `sites`."""
    if callable(getattr(source, "rewrite", None)):
        return cast("Opened", source)  # it was read before
    if isinstance(source, str | Path | Address):
        path = location(source) if isinstance(source, str) else source
        return opened_file(path)
    for found in load_formats():
        if found.takes(source):
            return found.opened(source)
    kind = f"{type(source).__module__}.{type(source).__qualname__}"
    raise UsageError(f"{kind} is neither a path nor a model that can be read")


def check(  # noqa: PLR0913 - one keyword an option of the command
    source: object,
    settings: Settings | None = None,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    expect: Sequence[str] = (),
    severity: Severity = "note",
) -> Report:
    """Judge the resampling sites of one model.

    Args:
        source: as for `sites`.
        settings: all of what follows at once, in place of the other keywords.
        select: names or patterns of rules to ask; all where empty.
        ignore: names or patterns of rules to leave out.
        expect: what is meant, as `--expect` takes it: `[NODE:]KEY=VALUE`.
        severity: the mildest severity that is reported.

    Returns:
        The report; a file that cannot be read is an error in it, not an exception.

    Raises:
        UsageError: the settings name an unknown rule, or no format takes the object.
    """
    judge = Judge(settings or settings_of(select, ignore, expect, severity))
    return Report((judge.file(source, name_of(source)),))


def check_paths(paths: Sequence[Location], settings: Settings) -> Report:
    """Judge the models in several files, one after the other."""
    judge = Judge(settings)
    return Report(tuple(judge.file(path, str(path)) for path in paths))


_Said = dict[int, tuple[Operation, tuple[tuple[Rule, Finding], ...], tuple[RuleError, ...]]]


class Judge:
    """The rules, and what they already said of operations that are alike."""

    def __init__(self, settings: Settings) -> None:
        """Choose the rules, and see that the targets are there."""
        self.settings = settings
        self.rules = chosen_rules(settings.select, settings.ignore)
        self._said: _Said = {}
        self._left: dict[int, str] = {}
        self._failed: list[RuleError] = []
        self._aimed: dict[int, tuple[Operation, Operation]] = {}
        self._readied: Readied | None = None
        if settings.preprocess is not None:
            from halfpixel.checking.preprocessing import readied_by

            self._readied = readied_by(settings.preprocess)
        if settings.targets:
            from halfpixel.targets.target import load_target

            for name in settings.targets:
                load_target(name)

    def file(self, source: object, name: str) -> FileReport:
        """Return what is found in one file or model."""
        for kept in (self._said, self._left, self._aimed):
            kept.clear()  # no other file shares its operations
        try:
            with boundary(name), working(self.settings.max_work):
                model = opened(source)
                report = self.judged(model, name)
                if not any(one.finding.fix for one in report.findings):
                    return report
                return announced(model, report)
        except UsageError:
            raise
        except HalfpixelError as error:
            return FileReport(name, error=str(error), defect=isinstance(error, Defect))

    def judged(self, model: Opened, name: str) -> FileReport:
        """Return what is found in a model that was read; its sites keep their order."""
        if not self.settings.shapes:
            return self.report(model, name, model.sites)
        from halfpixel.checking.shapes import sites_at, with_fixes_of

        report = self.report(model, name, sites_at(model, self.settings.shapes))
        free = Judge(replace(self.settings, shapes={}, severity="note"))
        return with_fixes_of(free.report(model, name, model.sites), report)

    def report(self, model: Opened, name: str, sites: Sequence[Site]) -> FileReport:
        """Return what is found at the sites of a model, at the lengths that they have here."""
        found = tuple(self.with_expectation(site) for site in sites)
        if self._readied is not None:
            found = self._readied.of_sites(model, found)
        del self._failed[:]
        located = tuple(self._located(found))
        faults = tuple(f"{name}: {text}" for text in self.faults)
        left = [(site.path, reason) for site in found if (reason := self._unjudged(site))]
        unjudged = tuple(f"{name}: node {path!r}: {reason}" for path, reason in left)
        record = tuple(model.record)
        producer, opset = model.written
        report = FileReport(
            name, found, located, None, record, unjudged, faults, producer=producer, opset=opset
        )
        known, ignored = self.settings.suppressions, self.settings.ignored
        if known or ignored or any(site.suppressed for site in found):
            from halfpixel.checking.suppressing import silenced

            own = self.settings.in_nodes
            report = silenced(report, self.rules, known, ignored, in_nodes=own)
        report = report if self._readied is None else self._readied.noticed(model, report)
        return in_order(report, self.settings.severity or "note")

    def _unjudged(self, site: Site) -> str:
        """Return why a site was not judged; empty where it was."""
        operation = site.operation
        return operation.problem if operation.unjudged else self._left.get(id(operation), "")

    @property
    def faults(self) -> tuple[str, ...]:
        """Rules that failed on what was judged last, a line each."""
        return tuple(faults_of(self._failed))

    def with_expectation(self, site: Site) -> Site:
        """Put what is known, then the user's policy, in the place of what the file shows."""
        told = self.settings.intents.get((site.graph, site.name))
        if told is not None and told != site.intent:
            site = replace(site, operation=site.operation.meaning(told))
        if self.settings.targets:
            key = id(site.operation)
            if key not in self._aimed:
                origin = replace(site.operation.origin, targets=self.settings.targets)
                aimed = replace(site.operation, origin=origin)
                self._aimed[key] = (site.operation, aimed)
            site = replace(site, operation=self._aimed[key][1])
        if not self.settings.policies:
            return site
        from halfpixel.intents.policy import expected

        intent = expected(site.operation, (site.name, site.path), self.settings.policies)
        return site if intent is None else replace(site, operation=site.operation.meaning(intent))

    def _located(self, found: Sequence[Site]) -> Iterator[SiteFinding]:
        """Yield what every rule says of every site, then what rules say of all of them."""
        for site in found:
            for rule, finding in self.findings_of(site):
                yield SiteFinding(rule, site, finding)
        yield from (SiteFinding(*one) for one in of_model(self.rules, found, self._failed))

    def findings_of(self, site: Site) -> tuple[tuple[Rule, Finding], ...]:
        """Ask every rule of an operation once, however many sites share it; none of an unjudged.

        A rule that fails is logged, and is a fault of the file's report; the others are asked.
        """
        key = id(site.operation)
        if key not in self._said:
            failed: list[RuleError] = []
            found: tuple[tuple[Rule, Finding], ...] = ()
            try:
                with one_node():
                    spend(PLAIN)
                    found = tuple(of_site(self.rules, site, failed))
            except TooMuchWork as error:
                self._left[key] = str(error)
            self._said[key] = (site.operation, found, tuple(failed))
        _, found, failures = self._said[key]
        self._failed += failures
        return found
