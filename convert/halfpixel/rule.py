"""What a rule is: a question asked of every site, with examples that are its tests.

A rule is one file in a package that the entry point group `halfpixel.rules` names. The
file's docstring is its manual page, the file's name is its name, and it ends in a typed
constant ``RULE``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.boundary import package_boundary
from halfpixel.dialect import DIALECTS, Dialect
from halfpixel.errors import UsageError, did_you_mean
from halfpixel.origin import How, Intent, Operator, Origin, Safety
from halfpixel.registry import entry_points
from halfpixel.sampling import Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel.surroundings import Surroundings

if TYPE_CHECKING:
    from halfpixel.conventions.torch.interpolate import Interpolate

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
Kind = Literal["model", "target"]
Facts = Mapping[str, object]
"""What an example says of its site beside the operator, by the names of fields."""


class Fix(Struct, frozen=True):
    """The operator as it should be.

    Attributes:
        safety: `safe` where it is proven equal to what was meant or to what was there.
        operator: the description that the node should have; how it is written is for the writer
            of the format to say.
        factors: PyTorch's scale factors, one an axis of the operator, where the output
            lengths are off and these give the right ones, as trunc(length * factor).
        exact: a nearest resize must read PyTorch's pixels at every length, in onnxruntime's
            own arithmetic.
    """

    safety: Safety
    operator: Operator
    factors: tuple[float, ...] | None = None
    exact: bool = False


class Finding(Struct, frozen=True):
    """What a rule says of one site.

    Attributes:
        message: what is off, in numbers.
        severity: `error` is proven different from what was meant; `warning` is likely, or
            different at some sizes that the model can take; `note` informs.
        how: how it is known.
        fix: the operator as it should be, where the rule can say it.
        declined: why there is no fix, where there is none.
        whole: it is about the model as a whole, and no change of the node mends it.
    """

    message: str
    severity: Severity
    how: How
    fix: Fix | None = None
    declined: str = ""
    whole: bool = False


class Good(Struct, frozen=True):
    """A site on which the rule is silent."""

    site: Site
    because: str = ""


class Bad(Struct, frozen=True):
    """A site on which the rule finds exactly this."""

    site: Site
    finding: Finding


class GoodModel(Struct, frozen=True):
    """Sites of one model on which a rule about models is silent."""

    sites: tuple[Site, ...]


class BadModel(Struct, frozen=True):
    """Sites of one model, and the name of the site and the finding on it."""

    sites: tuple[Site, ...]
    node: str
    finding: Finding


Check = Callable[[Site], Iterator[Finding]]
CheckModel = Callable[[Sequence[Site]], Iterator[tuple[Site, Finding]]]


class Rule(Struct, frozen=True):
    """One defect that a site can have.

    Attributes:
        module: `__name__` of the rule's file.
        page: its docstring: the manual page.
        check: the question, of one site; None for a rule about a whole model.
        examples: its tests and its documentation.
        check_model: the question, of all the sites of a model together.
        dialects: those whose sites `check` is asked of.
        kind: `target` where it says what a runtime makes of a right model, which can be written
            otherwise; `model` where it says what the model itself computes.
        aliases: names of rules that it took the place of, by which it is still chosen.
        wanted: of which sites it is asked unless it is chosen by name; None for all.
    """

    module: str
    page: str | None
    check: Check | None = None
    examples: tuple[Good | Bad | GoodModel | BadModel, ...] = ()
    check_model: CheckModel | None = None
    dialects: tuple[Dialect, ...] = DIALECTS
    kind: Kind = "model"
    aliases: tuple[str, ...] = ()
    wanted: Callable[[Site], bool] | None = None

    def __repr__(self) -> str:
        """Return what it is called; pages and examples are long."""
        return f"Rule({self.module!r})"

    def findings(self, site: Site) -> Iterator[Finding]:
        """Ask it of one site; a rule is silent on dialects that are not its own."""
        if self.check is None or site.operation.dialect not in self.dialects:
            return
        if self.wanted is None or self.wanted(site):
            yield from self.check(site)

    @property
    def name(self) -> str:
        """The rule's name: its file's, with hyphens."""
        return self.module.rsplit(".", 1)[-1].replace("_", "-")

    @property
    def summary(self) -> str:
        """First line of the manual page."""
        return (self.page or "").strip().split("\n", 1)[0]

    @property
    def fixable(self) -> bool:
        """Whether an example shows a fix."""
        return any(isinstance(e, Bad | BadModel) and e.finding.fix for e in self.examples)


@lru_cache(maxsize=1)
def load_rules() -> tuple[Rule, ...]:
    """Return every rule of every installed rule package, by name.

    Raises:
        UsageError: a rule file does not end in ``RULE`` or cannot be imported, or two rules share a
            name.
    """
    rules: dict[str, Rule] = {}
    for package in entry_points("halfpixel.rules"):
        with package_boundary(package):
            found = list(package_rules(package))
        for rule in found:
            if rule.name in rules and rules[rule.name].module != rule.module:
                both = f"{rules[rule.name].module} and {rule.module}"
                raise UsageError(f"two rules are called {rule.name}: {both}")
            rules[rule.name] = rule
    return tuple(rule for _, rule in sorted(rules.items()))


def chosen_rules(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Return the rules that are asked for.

    Args:
        select: names or patterns of rules to ask; all where empty.
        ignore: names or patterns of rules to leave out.

    Raises:
        UsageError: a name or pattern that matches no rule.
    """
    rules = load_rules()
    chosen, left = _called(rules, select), _called(rules, ignore)
    wanted = (rule for rule in rules if not select or rule.name in chosen)
    return tuple(
        replace(rule, wanted=None) if rule.wanted and rule.name in chosen else rule
        for rule in wanted
        if rule.name not in left
    )


def _called(rules: Sequence[Rule], patterns: Sequence[str]) -> frozenset[str]:
    """Return the names of the rules that patterns match; what matches none may match an alias."""
    found: set[str] = set()
    for pattern in patterns:
        names = {rule.name for rule in rules if fnmatchcase(rule.name, pattern)} or {
            rule.name for rule in rules if any(fnmatchcase(one, pattern) for one in rule.aliases)
        }
        if not names:
            hint = did_you_mean(pattern, [rule.name for rule in rules])
            see = hint or "; see 'halfpixel rules'"
            raise UsageError(f"no rule is called {pattern!r}{see}")
        found |= names
    return frozenset(found)


def rule_names(kind: Kind) -> frozenset[str]:
    """Return the names of the rules of one kind."""
    return frozenset(rule.name for rule in load_rules() if rule.kind == kind)


def package_rules(package: str) -> Iterator[Rule]:
    """Yield the rules of one package; a file whose name starts with `_` is not a rule.

    Raises:
        UsageError: a file does not end in a typed constant ``RULE``.
    """
    for info in iter_modules(import_module(package).__path__):
        if info.name.startswith("_"):
            continue
        module = import_module(f"{package}.{info.name}")
        rule = getattr(module, "RULE", None)
        if not isinstance(rule, Rule):
            raise UsageError(f"{package}.{info.name} does not end in RULE = Rule(...)")
        yield rule


def example_site(
    op: str,
    operator: Operator | None,
    like: Facts | None = None,
    **facts: object,
) -> Site:
    """Return a site for a rule's examples, called up and of opset 19 unless said otherwise.

    Args:
        op: node type.
        operator: what it computes.
        like: facts that several examples share.
        facts: those of this one: `name`, and fields of `Operation`, `Surroundings` and `Origin`.

    Raises:
        TypeError: there is no such field.

    >>> example_site("Resize", None, joined=True).operation.surroundings.joined
    True
    """
    given: dict[str, Any] = {"opset": 19, "attributes": {}, **(like or {}), **facts}
    name = str(given.pop("name", "up"))
    around = {key: given.pop(key) for key in Surroundings.__struct_fields__ if key in given}
    origin = {key: given.pop(key) for key in Origin.__struct_fields__ if key in given}
    given |= {"surroundings": Surroundings(**around), "origin": Origin(**origin)}
    return Site(name, Operation(op=op, operator=operator, **given))


def example_resize(sampling: Sampling) -> Resize:
    """Return a resize of the last two axes of four, for examples."""
    return Resize(((2, sampling), (3, sampling)))


def example_record(call: "Interpolate") -> Intent:
    """Return that a call was recorded by the exporter, for examples."""
    return Intent("recorded", "a record", call.text(), call)
