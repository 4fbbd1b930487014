r"""Text from a file as it can be shown to people: nothing of it moves a cursor or begins a line.

Names, source lines, metadata, file names and the messages of other libraries are other people's
words. What a terminal acts upon, what is not seen, and what CI services take for a command is
escaped as Python spells it (``\x1b``, ``\u202e``, ``\n``); the rest is told as it is.

Sources: GitHub's actions/runner, ActionCommand.cs (``::name`` at the start of a line, blanks before
it trimmed, and ``##[name]`` anywhere in it); "Logging commands" of Azure Pipelines (``##vso[``) and
"Service messages" of TeamCity (``##teamcity[``); Unicode, Default_Ignorable_Code_Point.
"""

import re
from collections.abc import Iterable
from typing import Final

from halfpixel.late import late

_UNSEEN: Final = late(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""What Python counts as printable, and nobody sees; all else of that kind `isprintable` refuses."""

COMMAND: Final = re.compile(r"##(?=\w*\[)")
"""What Azure Pipelines, TeamCity and older workflow commands of GitHub begin with."""


def printable(text: str) -> str:
    r"""Return a text without anything that a terminal or a CI service acts upon.

    What was escaped stays as it is when it is escaped again.

    >>> printable("up"), printable("up\x1b[31m\n::error::no\u202e\udc80")
    ('up', 'up\\x1b[31m\\n::error::no\\u202e\\udc80')
    >>> print(printable("##vso[task.setvariable]"))
    \x23#vso[task.setvariable]
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    if not text.isascii():
        text = _UNSEEN().sub(lambda found: ascii(found[0])[1:-1], text)
    return COMMAND.sub(r"\\x23#", text) if "##" in text else text


def printable_line(text: str) -> str:
    r"""Return a text as one whole line of output: no name in it makes the line a command.

    >>> print(printable_line(" ::error::forged"))
     \x3a:error::forged
    """
    text = printable(text)
    start = text.lstrip(" ")
    if start.startswith("::"):
        return f"{text[: len(text) - len(start)]}\\x3a{start[1:]}"
    return text


def printable_lines(lines: Iterable[str]) -> str:
    r"""Return lines as one text, in which only they are lines.

    >>> printable_lines(["a\nb", "c"])
    'a\\nb\nc'
    """
    return "\n".join(map(printable_line, lines))


def many(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> many(1, "file"), many(2, "file")
    ('1 file', '2 files')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
