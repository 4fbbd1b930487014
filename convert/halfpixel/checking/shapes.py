"""Shapes of a model's inputs as a person gives them, and a model at them."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from halfpixel.checking.result import FileReport, SiteFinding
    from halfpixel.format import Opened, Port
    from halfpixel.rule import Finding
    from halfpixel.site import Site

Shapes = Mapping[str, tuple[int, ...]]
"""Lengths of a model's inputs, by their names."""

ALONE: Final = (
    "its lengths are free in the file, and a fix at those of --shape may be wrong at others"
)
"""Why a finding that shows at given lengths alone is not fixed."""

_LENGTH: Final = re.compile(r"0*[1-9][0-9]{0,17}")
_BETWEEN: Final = re.compile("[x,]")


def parse_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the shapes that `NAME=1x3x64x64` texts say; commas may stand for the x.

    Raises:
        UsageError: a text that is none.

    >>> parse_shapes(["x=1x3x8x8", "y=1,3"])
    {'x': (1, 3, 8, 8), 'y': (1, 3)}
    """
    out: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, equals, listed = text.rpartition("=")
        parts = _BETWEEN.split(listed) if listed else []
        if not equals or not name or not all(_LENGTH.fullmatch(part) for part in parts):
            raise UsageError(f"--shape {text!r}: expected NAME=1x3x64x64")
        out[name] = tuple(int(part) for part in parts)
    return out


def check_shapes(ports: "Sequence[Port]", shapes: Shapes) -> None:
    """Refuse shapes that the inputs cannot have.

    Raises:
        UsageError: an input that is not there, another rank, or another length than a fixed one.

    >>> from halfpixel.format import Port
    >>> check_shapes([Port("x", "float32", ("n", 3, 8))], {"x": (1, 4, 8)})
    Traceback (most recent call last):
    ...
    halfpixel.errors.UsageError: --shape x=1x4x8: axis 1 of input 'x' is 3: nx3x8
    """
    known = {port.name: port.shape for port in ports}
    for name, shape in shapes.items():
        text = f"--shape {name}={'x'.join(map(str, shape))}"
        if name not in known:
            raise UsageError(f"{text}: no such input; there are: {', '.join(known)}")
        declared = known[name]
        if declared is None:
            continue
        words = "x".join("?" if n is None else str(n) for n in declared) or "a number alone"
        if len(shape) != len(declared):
            raise UsageError(f"{text}: input {name!r} has {len(declared)} axes: {words}")
        for axis, (n, m) in enumerate(zip(shape, declared, strict=True)):
            if isinstance(m, int) and n != m:
                raise UsageError(f"{text}: axis {axis} of input {name!r} is {m}: {words}")


def sites_at(model: "Opened", shapes: Shapes) -> "list[Site]":
    """Return the sites of a model at given lengths of its inputs, in the order of `sites`.

    A site that is none at these lengths is the one that it is in the file.

    Raises:
        UsageError: shapes that the inputs cannot have.
    """
    if not shapes:
        return model.sites
    check_shapes(model.inputs, shapes)
    there: defaultdict[tuple[str, str, str], list[Site]] = defaultdict(list)
    for site in reversed(model.sites_at(shapes)):
        there[site.graph, site.name, site.op].append(site)
    found: list[Site] = []
    for site in model.sites:
        named = there[site.graph, site.name, site.op]
        found.append(named.pop() if named else site)
    return found


def with_fixes_of(free: "FileReport", report: "FileReport") -> "FileReport":
    """Return what is found at given lengths, with the fixes of the file whose lengths are free.

    What shows at the given lengths alone is told and not fixed.

    Args:
        free: what is found at the lengths that the file says, notes too.
        report: what is found at the same sites at given lengths.
    """
    before: defaultdict[tuple[int, str], list[Finding]] = defaultdict(list)
    for place, one in _placed(free):
        before[place, one.rule.name].append(one.finding)
    found = tuple(
        replace(one, finding=_fixed_as(one.finding, before[place, one.rule.name]))
        for place, one in _placed(report)
    )
    return replace(report, findings=found)


def _placed(report: "FileReport") -> "Iterator[tuple[int, SiteFinding]]":
    """Yield each finding with the place of its site."""
    places = {id(site): place for place, site in enumerate(report.sites)}
    for one in report.findings:
        yield places[id(one.site)], one


def _fixed_as(finding: "Finding", others: "list[Finding]") -> "Finding":
    """Return a finding with the fix of the same finding in the file as it is."""
    if finding.fix is None:
        return finding
    other = others.pop(0) if others else None
    if other is None or other.fix is None:
        declined = other.declined if other is not None and other.declined else ALONE
        return replace(finding, fix=None, declined=declined)
    return replace(finding, fix=other.fix)
