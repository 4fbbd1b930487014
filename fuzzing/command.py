"""A command run in this process, and what it may do: end as documented, and print plain text."""

import contextlib
import io
import json
import logging
import re
import unicodedata
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from fuzzing.mutation import MARK

CODES: Final = frozenset({0, 1, 2})
"""Exit codes of `halfpixel` that are documented."""

UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
FORGED: Final = re.compile(rf"^(?:{MARK}|::error file=other\.py|::{MARK})", re.MULTILINE)
LOGGER: Final = "halfpixel"
"""What the boundary logs to; the rooms' own loggers tell of what they have dealt with."""

DEFECT: Final = re.compile(r"defect of (halfpixel|the rule)", re.IGNORECASE)
RAISED: Final = re.compile(
    r"\b(?:[A-Z]\w*(?:Error|Exception)|Malformed|KeyboardInterrupt)(?=:|\()|Traceback \(most"
)

SCRIPT: Final = re.compile(r"<script\b.*?</script>", re.DOTALL)
"""Of a page: the code is our own, and the data in it is held to be data by the tests of pages."""


class Failure(AssertionError):  # noqa: N818 - it is what a run counts
    """Something that no input may lead to; the text is the same for all inputs of one kind."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code.
        out: what it wrote to standard output.
        err: what it wrote to standard error.
        raised: what its boundary caught last that is no error of the file, as logged for --debug.
    """

    code: int
    out: bytes
    err: str
    raised: BaseException | None = None


def run(arguments: tuple[str, ...]) -> Ended:
    """Run `halfpixel` with arguments in the working folder; raises whatever it raises."""
    from halfpixel.cli.main import cli

    out, err = io.BytesIO(), io.BytesIO()
    code: object = 0
    with (
        _logged() as raised,
        io.TextIOWrapper(out, "utf-8", errors="backslashreplace", newline="") as to_out,
        io.TextIOWrapper(err, "utf-8", errors="backslashreplace", newline="") as to_err,
    ):
        with contextlib.redirect_stdout(to_out), contextlib.redirect_stderr(to_err):
            try:
                cli.main(list(arguments), prog_name="halfpixel")
            except SystemExit as end:
                code = end.code
        to_out.flush()
        to_err.flush()
        ended = code if isinstance(code, int) else -1
        return Ended(ended, out.getvalue(), _text(err.getvalue()), raised[-1] if raised else None)


def judge(ended: Ended, arguments: tuple[str, ...], given: str) -> None:
    """Hold what a command did to what it may do.

    Args:
        ended: what it did.
        arguments: what it was asked.
        given: what stood in its files and arguments, as text.

    Raises:
        Failure: it ended or printed as no command may.
        BaseException: what it caught as a defect of its own.
    """
    name = arguments[0]
    out = _text(ended.out)
    if ended.raised is not None:
        raise ended.raised
    form = _form(arguments)
    if DEFECT.search(ended.err + (out if form in {"text", "concise", "github"} else "")):
        raise Failure(f"{name} tells of a defect")
    if ended.code not in CODES:
        raise Failure(f"{name} ends with exit code {ended.code}")
    for text in (_shown(out, form), ended.err):
        _plain(text, f"{name} {form}")
        for raised in RAISED.findall(text):
            if raised not in given:
                raise Failure(f"{name} {form} shows {raised}")
    if form in {"json", "sarif", "gitlab"} and (out or ended.code != 2):
        try:
            json.loads(out)
        except ValueError as error:
            raise Failure(f"{name} {form} is not JSON") from error


def _shown(out: str, form: str) -> str:
    """Return what a report shows: lines of CSV without their ends, a page without its scripts."""
    if form == "csv":
        return out.replace("\r\n", "\n")
    return SCRIPT.sub("", out) if form == "html" else out


def _plain(text: str, what: str) -> None:
    """Refuse text that speaks to a terminal or to a CI."""
    for character in set(text) - {"\n"}:
        if character in BIDI or unicodedata.category(character) in UNPRINTABLE:
            raise Failure(f"{what} prints U+{ord(character):04X}")
    if forged := FORGED.search(text):
        raise Failure(f"{what} lets a text of a file start a line: {forged[0]}")


def _form(arguments: tuple[str, ...]) -> str:
    if "--output-format" not in arguments:
        return "text"
    return arguments[arguments.index("--output-format") + 1]


class _Catcher(logging.Handler):
    """Keeps what the boundary logs, where it is a defect or memory that ran out.

    A file that the system does not give, and nesting too deep, are told as such.
    """

    def __init__(self) -> None:
        super().__init__()
        self.raised: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        from halfpixel.errors import HalfpixelError, RuleError

        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, RuleError):
            error = error.__cause__
        expected = isinstance(error, HalfpixelError | OSError | RecursionError)
        if record.name == LOGGER and error is not None and not expected:
            self.raised.append(error)


@contextlib.contextmanager
def _logged() -> Generator[list[BaseException]]:
    """Keep what the product's own logger is told while a command runs."""
    logger, catcher = logging.getLogger(LOGGER), _Catcher()
    level, spread = logger.level, logger.propagate
    logger.addHandler(catcher)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield catcher.raised
    finally:
        logger.removeHandler(catcher)
        logger.setLevel(level)
        logger.propagate = spread


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
