"""What an exporter is: a program that wrote a model, and what its writing can only have meant.

An exporter is one file of `exporters/`, named after how the producer's name begins: `keras.toml`
speaks of keras2onnx too. Where no table knows the producer, or it is a tool that rewrites what
others exported, the name of the graph is asked, then what a converter kept of the original's names
(`kept_name.py`): what these begin with is the file's name too. A file says by which of them it is
told, and holds rows. A row has conditions on a node (`conditions/`), perhaps a range of the
producer's versions, a source, and one of

- `call`: what PyTorch was asked for, as arguments of F.interpolate, each a value or a word that
  says where it is read (`CALLS`);
- `as_written`: in these aspects (`ASPECTS`) the file says what was meant; `framework` computes so;
- `instead`: what is written was never meant: `framework` computes this in its place (`INSTEAD`);
- `cannot_be_known`: the exporter writes the same whatever was meant in these aspects; `readings`
  are flags of the original call that it drops (`FLAGS`);
- `likely`: which of these flags the original call had, by its name; what it is not.

Of the rows that hold, the first that speaks of an aspect counts; a `call` speaks of the aspect
"call", and so does a row that leaves the whole call to what is written. A version that is not
known counts as the newest.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field

from halfpixel.conditions.condition import Conditions
from halfpixel.conditions.facts import Facts

How = Literal["measured", "read"]
HOWS: Final[tuple[How, ...]] = ("measured", "read")

Aspect = Literal[
    "call", "mode", "coordinates", "rounding", "cubic", "align_corners", "antialias", "scales",
    "sizes", "flags", "windows",
]  # fmt: skip
ASPECTS: Final[tuple[Aspect, ...]] = (
    "call", "mode", "coordinates", "rounding", "cubic", "align_corners", "antialias", "scales",
    "sizes", "flags", "windows",
)  # fmt: skip
"""What a row can speak of: cubic is the coefficient and the border, sizes are constants,
windows those of a pooling."""

FLAGS: Final[tuple[str, ...]] = ("align_corners=True", "half_pixel_centers=True")
"""Flags of TensorFlow's resizes that an exporter may drop."""

INSTEAD: Final[Mapping[str, Aspect]] = {
    "coordinates": "coordinates", "nearest_mode": "rounding",
    "cubic_coeff_a": "cubic", "exclude_outside": "cubic",
}  # fmt: skip
"""What a row can say was meant in place of what is written, and the aspect that it is."""

By = Literal["producer", "graph", "kept"]
BYS: Final[tuple[By, ...]] = ("producer", "graph", "kept")
"""By what a model tells who wrote it, the first that does."""

CALLS: Final[Mapping[str, tuple[object, ...]]] = {
    "mode": ("nearest", "nearest-exact", "linear", "cubic", "as written", "named"),
    "align_corners": (True, False, "as written"),
    "antialias": (True, False, "as written", "named"),
    "lengths": ("as written", "by plain factors", "by size"),
    "recompute_scale_factor": (True, False),
}
"""Arguments of a call, and what they may be.

"as written" is read from the node, "named" from the ATen call in its name. Lengths are given
by a scale_factor "as written" wherever the node has scales, "by plain factors" where those are
constants that read like somebody's own, else by size. recompute_scale_factor holds of a linear
call by fractions.
"""

MULTIPLIES: Final[tuple[str, ...]] = ("float64", "unknown")
VERSIONS: Final[tuple[str, ...]] = ("producer", "newest")
FIELDS: Final = frozenset(
    {"versions", "call", "as_written", "cannot_be_known", "framework", "origin", "recorded"}
    | {"instead", "readings", "likely", "how", "source", "reports", "note"}
)
KEYS: Final = frozenset(
    {
        "title",
        *BYS,
        "rewrites",
        "pytorch",
        "nudges",
        "multiplies",
        "origin",
        "how",
        "sources",
        "row",
    }
)

KINDS: Final = ("call", "as_written", "instead", "cannot_be_known", "likely")

Version = tuple[int, ...]
"""Major, minor and, where it is told, patch."""


class Row(Struct, frozen=True):
    """What an exporter means by a node.

    Attributes:
        conditions: which nodes.
        oldest: the producer's first version that writes so; None for all there are.
        newest: the last one.
        call: arguments of the call that was meant; None where the row tells no call.
        as_written: aspects in which the file says what was meant.
        cannot_be_known: aspects that the file does not tell.
        framework: what computes as the node says.
        origin: one phrase that says how a call is known.
        recorded: the file itself tells the call; it is no habit.
        instead: what was meant in place of what is written.
        readings: flags that the original call may have had.
        likely: the flag that it had, as far as its name tells.
        how: measured where models were run, or read.
        source: repository, release, file and function, or the models that were run.
        reports: links to public issues in which it was seen.
        note: what there is to say beside it.
    """

    conditions: Conditions
    oldest: Version | None
    newest: Version | None
    call: Mapping[str, object] | None
    as_written: frozenset[Aspect]
    cannot_be_known: frozenset[Aspect]
    framework: str
    origin: str
    recorded: bool
    how: How
    source: str
    reports: tuple[str, ...] = ()
    note: str = ""
    instead: Mapping[str, object] = field(default_factory=dict[str, object])
    readings: tuple[str, ...] = ()
    likely: str = ""

    def covers(self, version: Version | None) -> bool:
        """Whether the row speaks of what this version of the producer wrote."""
        if version is None:
            return self.newest is None
        early = self.oldest is not None and version < self.oldest
        late = self.newest is not None and version[: len(self.newest)] > self.newest
        return not early and not late

    def speaks_of(self, aspect: Aspect) -> bool:
        """Whether the row says something of an aspect."""
        if aspect in self.as_written or aspect in self.cannot_be_known:
            return True
        if aspect in {INSTEAD[key] for key in self.instead}:
            return True
        told = {"call": self.call is not None, "flags": bool(self.likely)}
        return told.get(aspect, False)


class Exporter(Struct, frozen=True):
    """One exporter.

    Attributes:
        name: the file's name.
        title: what people call it.
        marks: patterns of the names that it gives itself or its graph, and of what is kept of the
            original's names; empty where there is no such mark.
        rewrites: it puts its name in place of the exporter's: all else is asked before it.
        pytorch: whose version the meaning of PyTorch's calls is of: the producer's or the newest.
        nudges: it writes a length as a factor, (n_out + 0.0001) / n_in.
        multiplies: in which type the framework behind it computes a length by a factor.
        rows: what is known, in order.
    """

    name: str
    title: str
    marks: Mapping[By, str]
    rewrites: bool = False
    pytorch: str = "newest"
    nudges: bool = False
    multiplies: str = "unknown"
    rows: tuple[Row, ...] = ()

    def row(self, aspect: Aspect, facts: Facts, version: Version | None) -> Row | None:
        """Return the first row that holds of a node and speaks of an aspect."""
        told = [row for row in self.rows if row.speaks_of(aspect) and row.covers(version)]
        for row in told:
            if row.conditions.hold(facts):
                return row
        return None
