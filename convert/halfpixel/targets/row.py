"""A row of a target: conditions on a node in the field's words, a verdict, and its source.

A row holds where every condition holds, and not every condition of its `unless`. A condition is
one value or a list of which one must hold; `opset` and `rank` also take "11-18", "19-" and "-9".
`target_facts.py` lists the conditions.

Where it is known which attributes a runtime acts on in the place of a Resize's own, `computes`
names them. Whether that differs, and by how much, then follows exactly from the weights at the
lengths of each node: `computes = { nearest_mode = "floor" }`, or `by = "sizes"` for a step that
follows from the two lengths.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar, cast

from halfpixel.conventions.onnx.resize import Request, read
from halfpixel.errors import ConventionError
from halfpixel.sampling import Resize, compare_resize
from halfpixel.sampling.resize import ResizeVerdict
from halfpixel.site import Operation
from halfpixel.targets.facts import DEFAULTS, NUMBERS, WORDS, Facts, Value

Verdict = Literal["native", "fallback", "refused", "different"]
How = Literal["measured", "source"]
Word = TypeVar("Word", bound=str)

VERDICTS: Final[tuple[Verdict, ...]] = ("native", "fallback", "refused", "different")
HOWS: Final[tuple[How, ...]] = ("measured", "source")
FIELDS: Final = frozenset(
    {"verdict", "reason", "how", "source", "reports", "worst", "instead", "computes"}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        when: what must hold.
        unless: what must not hold, all of it together.
        verdict: what becomes of the node.
        reason: why, in a phrase.
        how: measured where it was run, or source: read in the runtime's own files.
        source: repository, version, path and function; or what was run.
        reports: links to public issues in which it was seen.
        worst: largest error that was seen, where it is different and known.
        instead: what runs natively, where the row can say it.
        computes: the attributes of a Resize that the runtime acts on; empty where not known.
    """

    when: Facts
    unless: Facts
    verdict: Verdict
    reason: str
    how: How
    source: str
    reports: tuple[str, ...] = ()
    worst: float | None = None
    instead: str = ""
    computes: Mapping[str, Value] = field(default_factory=dict[str, Value], hash=False)

    def holds(self, facts: Facts) -> bool:
        """Whether the row speaks of a node with these facts."""
        nothing = frozenset[Value]()

        def all_of(conditions: Facts) -> bool:
            return all(facts.get(key, nothing) & values for key, values in conditions.items())

        return all_of(self.when) and not (self.unless and all_of(self.unless))

    def compared(self, operation: Operation) -> ResizeVerdict | None:
        """Compare what the runtime computes with what the node says; None where not known."""
        operator = operation.operator
        if not self.computes or not isinstance(operator, Resize):
            return None
        changes = dict(self.computes)
        by = str(changes.pop("by", operation.by))
        ins, outs = operation.lengths()
        scales = operation.scales if by == "scales" else None
        request = Request(ins, by, scales, outs)
        attributes = {**operation.attributes, **changes}
        for name in ("axes", "keep_aspect_ratio_policy"):  # lengths are those of every axis here
            attributes.pop(name, None)
        try:
            meant = read("Resize", max(operation.opset, 11), attributes, request)
        except ConventionError:
            return None
        return compare_resize(meant.resize, operator, ins, outs)


def parse_rows(body: Mapping[str, object]) -> tuple[Row, ...]:
    """Return the rows of a target file, in order.

    Raises:
        ValueError: a row has a key, word or number that is none, or names no source.
    """
    sources = _texts("sources", body.get("sources", {}))
    how = body.get("how", "source")
    listed = body.get("row", [])
    if not isinstance(listed, list):
        raise ValueError("row is no list: write [[row]] above each")  # noqa: TRY004 - one kind
    rows: list[Row] = []
    for place, given in enumerate(cast("list[object]", listed), 1):
        try:
            rows.append(_row(given, sources, how))
        except ValueError as error:
            raise ValueError(f"row {place}: {error}") from None
    return tuple(rows)


def _row(given: object, sources: Mapping[str, str], how: object) -> Row:
    if not isinstance(given, dict):
        raise ValueError("is no table")  # noqa: TRY004 - told like the others
    row = cast("Mapping[str, object]", given)
    source = str(row.get("source", ""))
    if source not in sources:
        expected = ", ".join(sources) or "none: [sources] is empty"
        raise ValueError(f"source is {source!r}, expected one of {expected}")
    known = FIELDS | {"unless"}
    when = _conditions({key: value for key, value in row.items() if key not in known})
    if "op" not in when:
        raise ValueError("names no op")
    worst = row.get("worst")
    if worst is not None and not isinstance(worst, int | float):
        raise ValueError(f"worst is {worst!r}, expected a number")
    verdict = _one_of("verdict", row.get("verdict"), VERDICTS)
    reason = str(row.get("reason", ""))
    if not reason and verdict != "native":
        raise ValueError("gives no reason")
    reports = row.get("reports", [])
    if not isinstance(reports, list):
        raise ValueError("reports is no list")  # noqa: TRY004 - told like the others
    return Row(
        when,
        _conditions(row.get("unless", {})),
        verdict,
        reason,
        _one_of("how", row.get("how", how), HOWS),
        sources[source],
        tuple(map(str, cast("list[object]", reports))),
        None if worst is None else float(worst),
        str(row.get("instead", "")),
        _computed(row.get("computes", {})),
    )


def _computed(given: object) -> dict[str, Value]:
    """Return attributes that a runtime acts on, one value each."""
    found = _conditions(given, "computes")
    out: dict[str, Value] = {}
    for key, values in found.items():
        if key not in {*DEFAULTS, "nearest_mode", "by"} or len(values) != 1:
            raise ValueError(f"computes: {key} is no attribute of a Resize with one value")
        out[key] = next(iter(values))
    return out


def _one_of(name: str, value: object, allowed: Sequence[Word]) -> Word:
    for one in allowed:
        if one == value:
            return one
    raise ValueError(f"{name} is {value!r}, expected one of {', '.join(allowed)}")


def _texts(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no table")  # noqa: TRY004 - told like the others
    return {str(k): str(v) for k, v in cast("dict[object, object]", value).items()}


def _conditions(given: object, name: str = "unless") -> dict[str, frozenset[Value]]:
    if not isinstance(given, dict):
        raise ValueError(f"{name} is no table")  # noqa: TRY004 - told like the others
    out: dict[str, frozenset[Value]] = {}
    for key, value in cast("Mapping[str, object]", given).items():
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        if key in NUMBERS:
            out[key] = frozenset(n for one in values for n in _numbers(key, one))
            continue
        if key not in WORDS:
            expected = ", ".join(sorted({*WORDS, *NUMBERS, *FIELDS, "unless"}))
            raise ValueError(f"{key} is no condition, expected one of {expected}")
        for one in values:
            if one not in WORDS[key]:
                expected = ", ".join(sorted(map(str, WORDS[key])))
                raise ValueError(f"{key} is {one!r}, expected one of {expected}")
        out[key] = frozenset(cast("list[Value]", values))
    return out


def _numbers(key: str, value: object) -> Iterator[int]:
    """Yield the numbers of a range.

    >>> list(_numbers("rank", "3-5")), list(_numbers("opset", "-2")), list(_numbers("rank", "7-"))
    ([3, 4, 5], [1, 2], [7, 8])
    """
    if isinstance(value, int):
        yield value
        return
    low, dash, high = str(value).partition("-")
    ends = low.strip() or "1", high.strip() or str(NUMBERS[key])
    if not dash or not all(end.isdecimal() for end in ends):
        raise ValueError(f'{key} is {value!r}, expected a number or a range such as "11-18"')
    yield from range(int(ends[0]), int(ends[1]) + 1)
