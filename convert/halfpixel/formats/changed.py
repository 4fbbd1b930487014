"""A changed model that is not written yet: an edit, applied as the file is read again."""

from collections.abc import Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

from halfpixel.format import Outcome

E = TypeVar("E")


class Editable(Protocol[E]):
    """A model in a file, with how it differs from that."""

    edit: E

    def edited(self, edit: E) -> Self:
        """Return the same file with another edit."""
        ...


M = TypeVar("M", bound="Editable[Any]")


class Changed(Generic[M, E]):
    """A changed model.

    Attributes:
        before: the model that was changed.
        edit: the whole change since it was read.
        outcomes: what became of every change that was asked for.
        notes: what changed beside the sites.
    """

    def __init__(self, before: M, edit: E, outcomes: Sequence[Outcome]) -> None:
        """Keep the change; nothing is read until it is asked for."""
        self.before, self.edit, self.outcomes = before, edit, tuple(outcomes)
        self.notes: tuple[str, ...] = ()
        self._opened: M | None = None

    @property
    def opened(self) -> M:
        """The changed model."""
        if self._opened is None:
            same = self.edit is self.before.edit
            self._opened = self.before if same else self.before.edited(self.edit)
        return self._opened
