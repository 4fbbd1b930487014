"""Text from a file is printable: whatever is in it, and in every report of a line."""

import pytest
from hypothesis import given, settings

from halfpixel.errors import GraphError, HalfpixelError, UsageError
from halfpixel.printable import printable, printable_line, printable_lines
from hostile.names import FORBIDDEN, NAMES, UGLY, check_tame, check_told


@settings(deadline=None)
@given(NAMES)
def test_every_name_is_printable(name: str) -> None:
    text = printable_line(name)
    check_tame(text)
    assert "\n" not in text
    assert printable_line(text) == text


@settings(deadline=None)
@given(NAMES)
def test_what_is_plain_is_told_as_it_is(name: str) -> None:
    kept = FORBIDDEN.sub("", name)
    plain = "".join(c for c in kept if c.isalnum() or c in " \\/.-_")
    assert printable(plain) == plain


@settings(deadline=None)
@given(NAMES, NAMES)
def test_no_two_names_make_a_command_together(one: str, other: str) -> None:
    check_tame(printable_lines([f"{one}{other}", f"  {one}: {other}"]))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("neck/up.0", "neck/up.0"),
        ("größe 名 é", "größe 名 é"),
        ("a\\nb", "a\\nb"),
        ("a\nb\t\x1b[2J", r"a\nb\t\x1b[2J"),
        ("\u202eno", r"\u202eno"),
        ("a\u3164b\U000e0100", r"a\u3164b\U000e0100"),
        ("\udc80", r"\udc80"),
        ("::std::vector", r"\x3a:std::vector"),
        ("a::b", "a::b"),
        ("###[x] ##b", r"#\x23#[x] ##b"),
    ],
)
def test_names_are_told_readably(name: str, shown: str) -> None:
    assert printable_line(name) == shown


@pytest.mark.parametrize(
    "error", [HalfpixelError(UGLY), UsageError(f"a: {UGLY}"), GraphError("a.onnx", UGLY, UGLY)]
)
def test_an_error_is_one_line(error: HalfpixelError) -> None:
    check_tame(str(error))
    check_told(str(error))
    assert "\n" not in str(error)
