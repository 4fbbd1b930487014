"""Names that would speak to a terminal, a CI service or Python; what output may hold of them."""

import re
from typing import Final

from hypothesis import strategies as st

UGLY: Final = (
    "\x1b[31mred\x1b[0m\n::error file=other.py,line=1::forged\r\n ::warning::too\r\x07\x7f\x00"
    "##[error]old ##vso[task.complete result=Failed] ##teamcity[buildStop]\v::a\f::b\x1c::c\x85::d"
    "\u202eback\u2066\u200b\ufeff\u3164\ufe0f\u2028::error::e\u2029::f\x9b1mbold\U000e0041"
    "boom()\n#\"'\"\"\"boom()'''\\\nboom() <script>]]>&`|"
)
"""A name with all of it; `told` says which words of it must be told still."""

FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff]"
)
"""What moves a cursor, turns text round, is not seen, or is no text."""

CI: Final = re.compile(r"##\w*\[")

FRAGMENTS: Final = [
    "\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\t", "\x1b[2J",
    "\x9b", "\x07", "\x00", "\u202e", "\u200b", "\u3164", "\ufe0f", "\ud800", "\udc80",
    "\udfff", "\uffff", '"""', "'''", '"', "'", "\\", "\\\\", "#", "{", "}", "{0}", "%", "%0A",
    "::", "::error::", " ::", "##", "##[x]", "###[", "##vso[", "]]>", "</title>", "<script>",
    "&amp;", "](", "|", "`", ",", ":", "boom()", "/", "..", " ", "up", "é", "名",
]  # fmt: skip

NAMES: Final = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join),
).map(lambda name: name.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
"""Names of every character, and of what ends a line, a string, a comment or an element."""


def check_tame(text: str, *, commands: bool = False) -> None:
    """Assert that a text has no character but line breaks that acts, and no forged command.

    Args:
        text: what was printed.
        commands: the lines are workflow commands of our own.
    """
    for line in text.split("\n"):
        assert not FORBIDDEN.search(line), ascii(line)
        assert not CI.search(line), line
        if commands and line:
            assert line.startswith(("::error file=", "::warning file=", "::notice file=")), line
            assert line.count("::") >= 2
        else:
            assert not line.lstrip().startswith("::"), line


def check_told(text: str) -> None:
    """Assert that what can be read of `UGLY` is told, each word of it."""
    folded = re.sub(r"[\s│]|%0A", "", text)
    for word in ("31mred", "forged", "back", "1mbold", "boom()", "buildStop"):
        assert word in folded, (word, text)
