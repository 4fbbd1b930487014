"""Everything that halfpixel raises on purpose.

::

    HalfpixelError
    +-- ModelFileError      a file that is no model, or is broken
    +-- GraphError          a well-formed file with an impossible graph
    +-- ConventionError     a value that an operator does not take
    +-- RuleError           a rule that fails on a site, the rule's own fault
    +-- RuntimeFailure      a runtime or provider that is missing, or is not used
    |   +-- RuntimeRefusal  a runtime that refuses a model or its inputs
    +-- UsageError          a wrong option or configuration
    +-- MissingExtraError   an optional dependency that is not installed

The text of each is the one line that a user is shown: what stands in it of a file, or of another
library's words, is printable.
"""

from pathlib import Path

from halfpixel.printable import printable_line


class HalfpixelError(Exception):
    """Root of all errors that are raised on purpose."""

    def __str__(self) -> str:
        """Return the one line."""
        return printable_line(super().__str__())


class ModelFileError(HalfpixelError):
    """A file that cannot be read as a model.

    Attributes:
        path: the file.
        reason: what is wrong with it.
        hint: what to do, or None.
    """

    def __init__(self, path: Path, reason: str, hint: str | None = None) -> None:
        """Compose the line from the file, the reason and the hint."""
        self.path, self.reason, self.hint = path, reason, hint
        super().__init__(f"{path}: {reason}" + (f"; {hint}" if hint else ""))


class GraphError(HalfpixelError):
    """A graph that cannot be: a cycle, a missing value, shapes that do not belong together.

    Attributes:
        path: the file, or an empty text where the model has none.
        node: the node, or an empty text where it is about the whole graph.
        reason: what is wrong.
    """

    def __init__(self, path: str, node: str, reason: str) -> None:
        """Compose the line from the file, the node and the reason."""
        self.path, self.node, self.reason = path, node, reason
        where = f"{path}: " if path else ""
        what = f"node {node!r}: " if node else ""
        super().__init__(f"{where}{what}{reason}")


class ConventionError(HalfpixelError):
    """A value that an operator, at its version, does not take."""


class RuleError(HalfpixelError):
    """A rule that raises on a site instead of judging it."""

    def __init__(self, rule: str, node: str, cause: Exception) -> None:
        """Compose the line from the rule, the node and what the rule raised."""
        kind = type(cause).__name__
        super().__init__(f"rule {rule} failed on node {node!r}: {kind}: {cause}")

    def of(self, name: str) -> HalfpixelError:
        """Return the error with the file's name in front."""
        return HalfpixelError(f"{name}: {self}")


class RuntimeFailure(HalfpixelError):  # noqa: N818 - what happened is that it failed
    """A runtime or provider that is missing, cannot be loaded, or leaves a node to another.

    Attributes:
        side: what was to run, and where.
        reason: the runtime's own words.
    """

    def __init__(self, side: str, reason: str) -> None:
        """Compose the line from the side and the reason."""
        self.side, self.reason = side, " ".join(reason.split())
        super().__init__(f"{side}: {self.reason}")


class RuntimeRefusal(RuntimeFailure):
    """A runtime that refuses a model, or its inputs, in its own words."""


class UsageError(HalfpixelError):
    """A wrong option or configuration."""


class MissingExtraError(HalfpixelError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """Compose the line from the package and the extra that brings it."""
        super().__init__(f"{package} is not installed: pip install 'halfpixel[{extra}]'")


def reason_of(error: Exception) -> str:
    """Return why something failed, without the file and the node that a GraphError names."""
    return error.reason if isinstance(error, GraphError) else str(error)
