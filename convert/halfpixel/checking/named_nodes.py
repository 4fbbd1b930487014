"""Nodes that a person names: a name that no model has is a mistake, and is told as one."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.site import Site


def check_expected(expect: Sequence[str], seen: "Iterable[Site]") -> None:
    """Refuse `--expect NODE:...` for a node that no model has.

    Raises:
        UsageError: such an expectation.
    """
    from halfpixel.intents.policy import parse_policy

    named = ((text, parse_policy(text).pattern) for text in expect)
    _check_nodes("--expect", [(text, one) for text, one in named if one != "*"], seen)


def check_lowered(lower: Sequence[str], seen: "Iterable[Site]") -> None:
    """Refuse `--lower NODE=KIND` for a node that no model has.

    Raises:
        UsageError: such a request.
    """
    _check_nodes("--lower", [(text, text.rpartition("=")[0]) for text in lower], seen)


def _check_nodes(option: str, patterns: Sequence[tuple[str, str]], seen: "Iterable[Site]") -> None:
    """Refuse what an option says of nodes, (its text, their pattern), where no model has any."""
    known = list(dict.fromkeys(name for site in seen for name in (site.path, site.name)))
    for text, pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            listed = ", ".join(known[:5]) or "none"
            raise UsageError(f"{option} {text!r}: no such node; there are: {listed}")
