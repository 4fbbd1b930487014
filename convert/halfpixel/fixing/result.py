"""What may be changed in a model, and what became of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from halfpixel.address import Address, Location, location
from halfpixel.boundary import boundary
from halfpixel.checking.check import Settings
from halfpixel.checking.result import FileReport
from halfpixel.errors import HalfpixelError, ModelFileError, UsageError
from halfpixel.format import ChangedModel, Outcome
from halfpixel.formats.known import named


class FixSettings(Struct, frozen=True):
    """What may be changed.

    Attributes:
        check: which rules are asked, what is expected, and the mildest severity that is
            repaired; warnings and errors where it says nothing else.
        unsafe: fixes that rest on an assumption are made too.
        max_opset: newest opset that the model may be taken to; None for any.
        lower: (node pattern, kind) pairs of sites that are written in other operators.
    """

    check: Settings = Settings(severity="warning")
    unsafe: bool = False
    max_opset: int | None = None
    lower: tuple[tuple[str, str], ...] = ()


@dataclass
class FixResult:
    """What became of one model.

    Attributes:
        path: the file as it was named; "<model>" for a model in memory.
        changes: what was changed, in graph order.
        declined: what was not, and why.
        notes: what changed beside the sites, such as the opset.
        error: why the model could not be read or changed, or None.
        report: what `check` says of the result.
        cause: what `error` is the text of.
        faults: rules that failed on the model, a line each; what the others say is done.
        there: what would be written is there already.
    """

    path: str
    changes: tuple[Outcome, ...] = ()
    declined: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    report: FileReport | None = None
    cause: HalfpixelError | None = field(default=None, repr=False, compare=False)
    faults: tuple[str, ...] = ()
    there: bool = False
    _rewritten: ChangedModel | None = None
    _source: object = None

    @property
    def changed(self) -> bool:
        """Whether the result differs from what was given."""
        return bool(self.changes)

    @property
    def model(self) -> object:
        """The changed model, as an object of the kind that was given.

        For a path, an onnx.ModelProto. A model without changes is returned as it was given.

        Raises:
            UsageError: there is no model, because of `error`.
        """
        if self.error is not None:
            raise UsageError(self.error) from self.cause
        if self._rewritten is None:
            return self._source
        if not self.changes and not isinstance(self._source, str | Path | Address):
            return self._source
        with boundary(self.path):
            return self._rewritten.model()

    def save(self, target: str | Path, *, replace: bool = True) -> None:
        """Write the result to a file, whole or not at all.

        Args:
            target: the file, or the address of one elsewhere, which is replaced; the model's own
                file only where `replace` is true.
            replace: a file of that name is replaced.

        Raises:
            ModelFileError: it cannot be written, or is named as a model of another format.
            UsageError: there is no model, because of `error`.
        """
        if self.error is not None or self._rewritten is None:
            reason = self.error or f"{self.path}: there is nothing to write"
            raise UsageError(reason) from self.cause
        with boundary(self.path):
            where = location(target) if isinstance(target, str) else target
            self._check_format(where)
            if isinstance(where, Path):
                self._rewritten.save(where, replace=replace)
                return
            from halfpixel.storage.fetching import written

            source = self._source
            beside = location(source) if isinstance(source, str) else source
            with written(where, beside if isinstance(beside, Address) else None) as new:
                self._rewritten.save(new, replace=False)

    def _check_format(self, target: Location) -> None:
        """Refuse the name of another format's file: a fix leaves a model what it is."""
        found = named(target.name)
        own = "" if self._rewritten is None else self._rewritten.opened.format
        if found is not None and found.name != own:
            told = f"a fix leaves {_a(own)} model what it is"
            raise ModelFileError(target, f"is a name for {found.name} models, and {told}")

    def copy_out(self, stream: BinaryIO) -> None:
        """Write the result to an open stream; raises as `save` does for a file."""
        if self.error is not None or self._rewritten is None:
            reason = self.error or f"{self.path}: there is nothing to write"
            raise UsageError(reason) from self.cause
        with boundary(self.path):
            self._rewritten.copy_out(stream)


def _a(name: str) -> str:
    """Return the name of a format behind its article.

    >>> _a("ONNX"), _a("LiteRT")
    ('an ONNX', 'a LiteRT')
    """
    return f"an {name}" if name[:1] in "AEIO" else f"a {name}"
