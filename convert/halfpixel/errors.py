"""Everything that halfpixel raises on purpose.

::

    HalfpixelError
    +-- ModelFileError      a file that is no model, or is broken
    +-- GraphError          a well-formed file with an impossible graph
    +-- ConventionError     a value that an operator does not take
    +-- RuleError           a rule that fails on a site, the rule's own fault
    +-- Defect              a fault of halfpixel itself
    +-- RuntimeFailure      a runtime or provider that is missing, or is not used
    |   +-- RuntimeRefusal  a runtime that refuses a model or its inputs
    +-- UsageError          a wrong option or configuration
    +-- MissingExtraError   an optional dependency that is not installed

The text of each is the one line that a user is shown: what stands in it of a file, or of another
library's words, is printable.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from halfpixel.address import without_secrets
from halfpixel.printable import printable_line


class HalfpixelError(Exception):
    """Root of all errors that are raised on purpose."""

    def __str__(self) -> str:
        """Return the one line."""
        return printable_line(super().__str__())


class ModelFileError(HalfpixelError):
    """A file that cannot be read as a model.

    Attributes:
        path: the file, a path or an address.
        reason: what is wrong with it.
        hint: what to do, or None.
    """

    def __init__(self, path: object, reason: str, hint: str | None = None) -> None:
        """Compose the line from the file, the reason and the hint."""
        self.path, self.reason, self.hint = path, reason, hint
        super().__init__(f"{path}: {reason}" + (f"; {hint}" if hint else ""))


class OtherFormatError(ModelFileError):
    """A file that is a model of another format than the one that it was read as.

    Attributes:
        head: its first bytes, which say so.
    """

    def __init__(self, path: object, reason: str, head: bytes) -> None:
        """Compose the line from the file and the reason."""
        self.head = head
        super().__init__(path, reason)


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


class Defect(HalfpixelError):  # noqa: N818 - what it is called to people
    """A fault of halfpixel itself, and not of the file that brought it to light.

    Attributes:
        name: what was worked on.
    """

    def __init__(self, name: str, cause: Exception) -> None:
        """Compose the line from what was worked on, what was raised, and what a report needs."""
        self.name = name
        whose = "a defect of halfpixel, not of the file"
        super().__init__(f"{name}: {whose}: {said_of(cause)}{place_of(cause)}; {_please()}")


class RuleError(HalfpixelError):
    """A rule that raises on a site instead of judging it.

    Attributes:
        rule: the rule's name.
        node: the node that it failed on; empty where it is asked of a whole model.
    """

    def __init__(self, rule: str, package: str, node: str, cause: Exception) -> None:
        """Compose the line from the rule, its package, the node and what the rule raised."""
        self.rule, self.node = rule, node
        where = f" on node {node!r}" if node else ""
        whose = f"a defect of the rule, which is of {package}, not of the file"
        super().__init__(
            f"rule {rule} failed{where}: {said_of(cause)}{place_of(cause)}; {whose}; {_please()}"
        )


LONGEST_MESSAGE: Final = 200
"""Characters of another's message that are passed on."""


def said_of(error: BaseException) -> str:
    """Return what an error says, in one line and without its class.

    >>> said_of(ValueError("odd value")), said_of(KeyError("x")), said_of(MemoryError())
    ('odd value', "'x'", 'there is not enough memory')
    """
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, RecursionError):
        return "it is nested too deep to be followed"
    text = " ".join(str(error).split())[:LONGEST_MESSAGE]
    kept = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return kept or "it failed without a word"


NEAR: Final = 0.8
"""How alike (`difflib`, 1: equal) what is proposed is: a slip, and not another word."""

SHORT: Final = 4
ONE: Final = 0.74
"""Of a word of so few letters: one of them is otherwise."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what is proposed for a word that is not known; empty where nothing is near it.

    >>> did_you_mean("selct", ("select", "ignore")), did_you_mean("x", ("select",))
    ("; did you mean 'select'?", '')
    >>> did_you_mean("tensort", ("tensorrt",)), did_you_mean("tensorflow", ("tensorrt",))
    ("; did you mean 'tensorrt'?", '')
    """
    from difflib import get_close_matches

    close = get_close_matches(word[:LONGEST_MESSAGE], known, 1, NEAR if len(word) > SHORT else ONE)
    return f"; did you mean {close[0]!r}?" if close else ""


def system_reason(error: OSError) -> str:
    """Return what the operating system says of a failure, without the file's name.

    >>> system_reason(OSError(28, "No space left on device")), system_reason(OSError("odd"))
    ('no space left on device', 'odd')
    """
    return (error.strerror or str(error)).lower()


def place_of(error: BaseException) -> str:
    """Return where an error was raised: the innermost file and line."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if step is None:
        return ""
    path = Path(step.tb_frame.f_code.co_filename)
    return f" (at {path.parent.name}/{path.name}:{step.tb_lineno})"


def _please() -> str:
    """Return how to report a defect, with what is needed."""
    import platform
    import shlex
    import sys
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version("halfpixel")
    except PackageNotFoundError:
        release = "of no known version"
    command = [Path(sys.argv[0]).name if sys.argv else "", *sys.argv[1:]]
    shown = map(without_secrets, command)
    typed = shlex.join(part if part.isprintable() else repr(part) for part in shown)
    return (
        f"please report it with the model, halfpixel {release}, Python "
        f"{platform.python_version()}, {platform.platform()}, the command {typed}, "
        "and the traceback that it prints with --debug"
    )


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
