"""A row of a target: conditions on a node in the field's words, a verdict, and its source.

`conditions/` has the language of the conditions, which tables of exporters share.

Where it is known which attributes a runtime acts on in the place of a Resize's own, `computes`
names them. Whether that differs, and by how much, then follows exactly from the weights at the
lengths of each node: `computes = { nearest_mode = "floor" }`, or `by = "sizes"` for a step that
follows from the two lengths.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field

from halfpixel.conditions.condition import Conditions, parse_conditions, parse_values
from halfpixel.conditions.facts import ASKED
from halfpixel.conditions.rows import Sources, links, one_of, source_of
from halfpixel.conditions.rows import parse_rows as rows_of
from halfpixel.conditions.words import Value
from halfpixel.conventions.onnx.resize import FIRST_RESIZE, Request, read
from halfpixel.errors import ConventionError
from halfpixel.sampling import Resize, compare_resize
from halfpixel.sampling.resize import ResizeVerdict
from halfpixel.site import Operation
from halfpixel.targets.steps import stepped

Verdict = Literal["native", "fallback", "refused", "different"]
How = Literal["measured", "source"]

VERDICTS: Final[tuple[Verdict, ...]] = ("native", "fallback", "refused", "different")
HOWS: Final[tuple[How, ...]] = ("measured", "source")
MOST_BITS: Final = 32
FIELDS: Final = frozenset(
    {"verdict", "reason", "how", "source", "reports", "worst", "instead", "computes"}
    | {"optimised", "illegal", "step_bits"}
)


class Row(Struct, frozen=True):
    """One row.

    Attributes:
        conditions: what must hold of a node, and what must not.
        verdict: what becomes of the node.
        reason: why, in a phrase.
        how: measured where it was run, or source: read in the runtime's own files.
        source: repository, version, path and function; or what was run.
        reports: links to public issues in which it was seen.
        worst: largest error that was seen, where it is different and known.
        instead: what runs natively, where the row can say it.
        computes: the attributes of a Resize that the runtime acts on; empty where not known.
        optimised: it holds only once the runtime's own optimisation, which is on by default, has
            changed what stands around the node.
        illegal: ONNX itself does not allow the node.
        step_bits: fractional bits of the step along an axis, of a resize by whole numbers; 0 where
            it is not rounded to so many.
    """

    conditions: Conditions
    verdict: Verdict
    reason: str
    how: How
    source: str
    reports: tuple[str, ...] = ()
    worst: float | None = None
    instead: str = ""
    computes: Mapping[str, Value] = field(default_factory=dict[str, Value])
    optimised: bool = False
    illegal: bool = False
    step_bits: int = 0

    def compared(self, operation: Operation) -> ResizeVerdict | None:
        """Compare what the runtime computes with what the node says; None where not known."""
        operator = operation.operator
        if self.step_bits and isinstance(operator, Resize):
            made = stepped(operator, *operation.lengths, self.step_bits)
            return None if made is None else compare_resize(made, operator, *operation.lengths)
        if not self.computes or not isinstance(operator, Resize):
            return None
        changes = dict(self.computes)
        by = str(changes.pop("by", operation.by))
        ins, outs = operation.lengths
        scales = operation.scales if by == "scales" else None
        request = Request(ins, by, scales, outs)
        attributes = {**operation.attributes, **changes}
        for name in ("axes", "keep_aspect_ratio_policy"):  # lengths are those of every axis here
            attributes.pop(name, None)
        try:
            meant = read("Resize", max(operation.opset, FIRST_RESIZE), attributes, request)
        except ConventionError:
            return None
        return compare_resize(meant.resize, operator, ins, outs)


def parse_rows(body: Mapping[str, object]) -> tuple[Row, ...]:
    """Return the rows of a target file, in order.

    Raises:
        ValueError: a row has a key, word or number that is none, or names no source.
    """
    how = body.get("how", "source")
    return rows_of(body, lambda row, sources: _row(row, sources, how))


def _row(row: Mapping[str, object], sources: Sources, how: object) -> Row:
    source = source_of(row, sources)
    conditions = parse_conditions(row, FIELDS)
    if "op" not in conditions.when:
        raise ValueError("names no op")
    worst = row.get("worst")
    if worst is not None and not isinstance(worst, int | float):
        raise ValueError(f"worst is {worst!r}, expected a number")
    verdict = one_of("verdict", row.get("verdict"), VERDICTS)
    reason = str(row.get("reason", ""))
    if not reason and verdict != "native":
        raise ValueError("gives no reason")
    return Row(
        conditions,
        verdict,
        reason,
        one_of("how", row.get("how", how), HOWS),
        source,
        links(row),
        None if worst is None else float(worst),
        str(row.get("instead", "")),
        _computed(row.get("computes", {})),
        row.get("optimised") is True,
        row.get("illegal") is True,
        _bits(row.get("step_bits", 0)),
    )


def _bits(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= MOST_BITS:
        raise ValueError(f"step_bits is {given!r}, expected a number up to {MOST_BITS}")
    return given


def _computed(given: object) -> dict[str, Value]:
    """Return attributes that a runtime acts on, one value each."""
    found = parse_values("computes", given, FIELDS)
    out: dict[str, Value] = {}
    for key, values in found.items():
        if key not in {*ASKED, "nearest_mode", "by"} or len(values) != 1:
            raise ValueError(f"computes: {key} is no attribute of a Resize with one value")
        out[key] = next(iter(values))
    return out
