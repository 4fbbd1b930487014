"""What a preprocessor is: a program that readies images, and how that is written down.

Reading turns what somebody wrote (a configuration file, a call as text) into a `Pipeline`. Adding
a form is adding one file to `preprocessors/` that ends in a typed constant ``PREPROCESSOR``: it is
found by its place.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from msgspec import Struct

from halfpixel.conventions.python_call import PythonCall, parse
from halfpixel.errors import ConventionError, UsageError, said_of, system_reason
from halfpixel.pipeline.steps import Pipeline
from halfpixel.registry import find, places

LONGEST: Final = 1 << 22
"""Bytes of a configuration; a longer file is none."""

SUFFIXES: Final = (".json", ".xml", ".txt")
"""What names of files end in that may be configurations."""


class Written(Struct, frozen=True):
    """What was written down: one of the three is there.

    Attributes:
        values: a JSON object.
        call: a call as text.
        document: an XML document.
    """

    values: Mapping[str, object] | None = None
    call: PythonCall | None = None
    document: str = ""


class Preprocessor(Struct, frozen=True):
    """A program that readies images, and how what it does is written down.

    Attributes:
        name: the program.
        takes: whether something written is its.
        read: what it does; raises ConventionError for a value that it does not take.
        examples: something written as text, and the resize that it comes to, as the call of a
            library at an image of 480 rows and 640 columns.
        how: how what it means is known: the release it was run with, or where it was read.
    """

    name: str
    takes: Callable[[Written], bool]
    read: Callable[[Written], Pipeline]
    examples: tuple[tuple[str, str], ...]
    how: str


def load_preprocessors() -> tuple[Preprocessor, ...]:
    """Return every preprocessor, by name."""
    return _loaded(places("preprocessors"))


@lru_cache(maxsize=2)
def _loaded(_places: tuple[str, ...]) -> tuple[Preprocessor, ...]:
    return tuple(sorted(find("preprocessors", Preprocessor), key=lambda one: one.name))


def is_written(subject: str) -> bool:
    """Whether a text names a file that may be a configuration, or is the call of a preprocessor.

    >>> is_written("LetterBox(new_shape=(640, 640))"), is_written("F.interpolate(x, size=3)")
    (True, False)
    """
    if subject.lower().endswith(SUFFIXES) and "(" not in subject:
        return True
    head = subject.partition("(")[0].rpartition(".")[2].strip()
    if head == subject.strip() or not head.isidentifier():
        return False
    try:
        written = Written(call=parse(_commas(subject)))
    except ConventionError:
        return False
    return any(one.takes(written) for one in load_preprocessors())


def pipeline_of(subject: str) -> Pipeline:
    """Return what a configuration file, or a call as text, says of how images are readied.

    Args:
        subject: the path of a file, or the call.

    Raises:
        UsageError: it cannot be read, it is of no program that is known, or a value in it is none.

    >>> pipeline_of("LetterBox(new_shape=(640, 640))").output
    (640, 640)
    """
    path = Path(subject)
    is_call = "(" in subject and not subject.lower().endswith(SUFFIXES)
    name = subject if not is_call else subject.partition("(")[0]
    text = subject if is_call else _text(path)
    try:
        return read_pipeline(text)
    except ConventionError as error:
        raise UsageError(f"{name}: {error}") from error


def read_pipeline(text: str) -> Pipeline:
    """Return what a text says of how images are readied: JSON, XML or a call.

    Raises:
        ConventionError: it is none of these, of no program that is known, or has a wrong value.
    """
    written = _written(text)
    for one in load_preprocessors():
        if one.takes(written):
            return one.read(written)
    known = ", ".join(one.name for one in load_preprocessors())
    raise ConventionError(f"says nothing of how images are readied, as those of {known} do")


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise UsageError(f"{path}: no such file")
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: {system_reason(error)}") from error
    if len(data) > LONGEST:
        raise UsageError(f"{path}: longer than {LONGEST} bytes, which no configuration is")
    try:
        return data.decode("utf-8-sig")
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def _written(text: str) -> Written:
    """Return a text as what it is written in."""
    head = text.lstrip()[:1]
    if head == "<":
        return Written(document=text)
    if head in {"{", "["}:
        return Written(values=_json(text))
    return Written(call=parse(_commas(text)))


def _json(text: str) -> Mapping[str, object]:
    import msgspec

    try:
        found: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConventionError(f"is no JSON: {said_of(error)}") from error
    if not isinstance(found, dict):
        raise ConventionError("is JSON, but no object of names and values")
    return cast("Mapping[str, object]", found)


def _commas(text: str) -> str:
    r"""Return a call whose arguments stand one a line, as a module prints itself, with commas.

    >>> _commas("ImageClassification(\n    crop_size=[224]\n    resize_size=[232]\n)")
    'ImageClassification(crop_size=[224], resize_size=[232])'
    """
    lines = [line.strip().rstrip(",") for line in text.strip().splitlines()]
    if len(lines) < 3 or not lines[0].endswith("(") or lines[-1] != ")":
        return text
    return f"{lines[0]}{', '.join(line for line in lines[1:-1] if line)})"
