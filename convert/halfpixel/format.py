"""What a format is: how a kind of model is read without weights, walked, and written back."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.origin import Operator, Safety
from halfpixel.site import Site
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from halfpixel.sampling.lowering import Cost


class Port(Struct, frozen=True):
    """One input of a model.

    Attributes:
        name: its name.
        dtype: element type, such as float32; empty where it is not declared.
        shape: lengths: numbers, symbols, None where unknown; None where not even the rank is.
        role: what the values are for, where an operator that reads them says so: "image" of a
            Resize or GridSample, "grid" of the latter, "rois" and "batch_indices" of a RoiAlign,
            "theta" of an AffineGrid.
        bounds: least length, greatest length and step of each axis, where the guards of a module
            say them; None where they do not, nothing where there are none.
    """

    name: str
    dtype: str = ""
    shape: Shape | None = None
    role: str = ""
    bounds: tuple[tuple[int, int, int] | None, ...] = ()


class Value(Struct, frozen=True):
    """A value inside a model.

    Attributes:
        name: its name.
        node: name of the node that makes it.
        op: that node's type.
        reads: the values that the node reads.
        graph: path of the graph that the node stands in; empty for the main graph.
    """

    name: str
    node: str
    op: str
    reads: tuple[str, ...] = ()
    graph: str = ""


class SiteValues(Struct, frozen=True):
    """The values between which a site stands.

    Attributes:
        data: the value that is resampled.
        output: the value that it makes.
        main: they are values of the main graph, and can be asked for while it runs.
        inputs: every value that the node reads, what is resampled first.
    """

    data: str
    output: str
    main: bool
    inputs: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """What one site should compute instead, and who asks for it.

    Attributes:
        site: its place among the model's sites.
        operator: what it should compute.
        why: the rule or option that asks for it.
        factors: PyTorch's scale factors, one an axis, where they give the output lengths.
        exact: a nearest resize must read PyTorch's pixels at every length.
        lowering: in which operators it is written; None for what changes least.
        safety: how safe it is.
        rules: every rule and option that asks for it.
        plain: the change as the first rule asks for it, where another or an option adds to it.
    """

    site: int
    operator: Operator
    why: str
    factors: tuple[float, ...] | None = None
    exact: bool = False
    lowering: str | None = None
    safety: Safety = "safe"
    rules: frozenset[str] = frozenset()
    plain: "Change | None" = None

    def with_rule(self, other: "Change") -> "Change":
        """Return the change with what another rule asks for at the same operator."""
        factors, exact = self.factors or other.factors, self.exact or other.exact
        added = (factors, exact) != (self.factors, self.exact)
        return replace(
            self,
            factors=factors,
            exact=exact,
            safety="unsafe" if "unsafe" in {self.safety, other.safety} else self.safety,
            rules=self.rules | other.rules,
            plain=self.plain or self if added else self.plain,
        )


class Outcome(Struct, frozen=True):
    """What became of a change, or of a finding or request that none was made of.

    Attributes:
        node: name of the node.
        graph: path of the subgraph or function it stands in; empty in the main graph.
        op: its type before.
        why: the rule or option that asked for it.
        safety: how safe the change is.
        text: the change in words; empty where it was declined.
        reason: why it was declined.
        before: what stood there, line by line.
        after: what stands there now.
        cost: of the operators before and after, where lengths are known.
    """

    node: str
    graph: str
    op: str
    why: str
    safety: Safety = "safe"
    text: str = ""
    reason: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    cost: "tuple[Cost, Cost] | None" = None

    @classmethod
    def declined(cls, site: Site, why: str, reason: str) -> "Outcome":
        """Return that nothing is made of what is asked for at a site, and why."""
        return cls(site.name, site.graph, site.op, why, reason=reason)

    @classmethod
    def made(  # noqa: PLR0913 - one argument a field
        cls,
        site: Site,
        change: Change,
        *,
        text: str,
        before: Sequence[str],
        after: Sequence[str],
        cost: "tuple[Cost, Cost] | None" = None,
    ) -> "Outcome":
        """Return that a change is made at a site, in words and lines."""
        return cls(
            site.name, site.graph, site.op, change.why, change.safety, text,
            before=tuple(before), after=tuple(after), cost=cost,
        )  # fmt: skip


class ChangedModel(Protocol):
    """A changed model that is not written yet."""

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """What became of every change, in the order in which they were asked for."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What changed beside the sites, such as the opset."""
        ...

    @property
    def opened(self) -> "Opened":
        """The changed model, to be looked at or changed again."""
        ...

    @property
    def pieces(self) -> "Sequence[bytes | tuple[int, int]]":
        """Its file in new bytes and (start, stop) of the old one; none where there is no file."""
        ...

    def verify(self) -> None:
        """Raise GraphError where the changed model is not sound."""
        ...

    def save(self, target: Path, *, replace: bool) -> None:
        """Write it to a file, whole or not at all."""
        ...

    def copy_out(self, stream: BinaryIO) -> None:
        """Write it to an open stream."""
        ...

    def model(self) -> object:
        """Return it as an object of the kind that was given."""
        ...


class Opened(Protocol):
    """A model whose structure was read."""

    @property
    def format(self) -> str:
        """Name of its format."""
        ...

    @property
    def written(self) -> tuple[str, str]:
        """Which program wrote it, with its version, and the version of its operators; or empty."""
        ...

    @property
    def sites(self) -> list[Site]:
        """Its resampling sites, in graph order."""
        ...

    def sites_at(self, shapes: Mapping[str, tuple[int, ...]]) -> list[Site]:
        """Return its sites as they are where inputs have given lengths, in graph order.

        Raises:
            UsageError: the format's lengths do not follow from those of the inputs.
        """
        ...

    @property
    def record(self) -> Sequence[str]:
        """What earlier fixes changed, a line each, as they recorded it in the model."""
        ...

    def words(self, change: Change, newest: int | None) -> str:
        """Return what `rewrite` would write for a change alone, in words; nothing is written.

        What shows only while writing is not seen, such as a lift that a node of the graph refuses.

        Raises:
            ConventionError: nothing says it, with the reason.
        """
        ...

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> ChangedModel:
        """Return the model with changes made, as far as they can be."""
        ...

    @property
    def inputs(self) -> Sequence[Port]:
        """What the model takes, in order."""
        ...

    @property
    def data_files(self) -> Sequence[str]:
        """Names of the files beside it that hold its weights."""
        ...

    @property
    def values(self) -> Sequence[Value]:
        """Values of the main graph, in the order they are computed."""
        ...

    @property
    def site_values(self) -> Sequence[SiteValues]:
        """The values between which each site stands, in the order of `sites`."""
        ...


class Reads(Struct, frozen=True):
    """What of a model's files a check reads.

    Attributes:
        structure: bytes that hold all that is read of the model itself, apart from its weights.
        data: the other files that may be looked at.
    """

    structure: bytes
    data: tuple[Path, ...] = ()


class Format(Struct, frozen=True):
    """One kind of model file.

    Attributes:
        name: the format's name.
        suffixes: endings of file names that belong to it.
        takes: whether an object in memory is a model of this format.
        opened: the structure of a model in a file or in memory; raises ModelFileError or
            GraphError.
        usual: a file whose name says nothing is taken for one.
        reads: what of a file a check reads; raises as `opened`. None where nobody can say.
        identifier: what its files say at a byte; None where they say nothing.
    """

    name: str
    suffixes: tuple[str, ...]
    takes: Callable[[object], bool]
    opened: Callable[[object], Opened]
    usual: bool = False
    reads: Callable[[Path], Reads | None] | None = None
    identifier: tuple[int, bytes] | None = None
