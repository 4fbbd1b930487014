"""A file's report as bytes, for another process, another machine, or another day.

It is a pickle that is read with hands tied: nothing but values of halfpixel's own, fractions and
ranges can be made of it, so that bytes in a cache, or from a worker that a model has taken over,
run nothing. A rule is its name; how a site is computed stays behind with the model.

Source: Python documentation, "pickle", "Restricting Globals".
"""

import io
import pickle
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, cast

from msgspec import Struct

from halfpixel.checking.result import FileReport
from halfpixel.errors import HalfpixelError
from halfpixel.rule import Rule, load_rules
from halfpixel.site import Site

OTHERS: Final = frozenset(
    {("fractions", "Fraction"), ("builtins", "range"), ("msgspec._core", "rebuild")}
)
"""What a record may call that is not halfpixel's own: each makes a plain value of plain values."""


class RecordError(HalfpixelError):
    """Bytes that are no record, or one that another release wrote."""


def encoded(report: FileReport) -> bytes:
    """Return a report as bytes; what sites are computed by is left out."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=5)
    pickler.dispatch_table = {Rule: _of_rule, Site: _of_site}
    pickler.dump(report)
    return out.getvalue()


def decoded(data: bytes) -> FileReport:
    """Return the report that bytes spell.

    Raises:
        RecordError: they spell none.
    """
    try:
        report = _Reader(io.BytesIO(data)).load()
    except Exception as error:
        raise RecordError(f"not a record of a check: {error}") from error
    if not isinstance(report, FileReport):
        raise RecordError("not a record of a check: it holds no report")
    return report


def rule_named(name: str) -> Rule:
    """Return a rule that is installed.

    Raises:
        RecordError: there is none of that name.
    """
    try:
        return _rules()[name]
    except KeyError:
        raise RecordError(f"no rule is called {name!r}") from None


@lru_cache(maxsize=1)
def _rules() -> dict[str, Rule]:
    return {rule.name: rule for rule in load_rules()}


def _of_rule(rule: Rule) -> tuple[Callable[[str], Rule], tuple[str]]:
    return rule_named, (rule.name,)


def _of_site(site: Site) -> tuple[type[Site], tuple[Any, ...]]:
    return Site, (
        site.name, site.operation, site.graph, site.source, site.source_text, site.suppressed,
    )  # fmt: skip


class _Reader(pickle.Unpickler):  # noqa: S301 - this is what ties its hands
    def find_class(self, module: str, name: str) -> object:
        return _allowed(module, name)


@lru_cache(maxsize=512)
def _allowed(module: str, name: str) -> object:
    """Return what a record may call; only values, never a function that does something."""
    if (module, name) in OTHERS:
        return cast("object", getattr(import_module(module), name))
    if (module, name) == (__name__, rule_named.__name__):
        return rule_named
    if module.startswith("halfpixel.") and "." not in name:
        found = cast("object", getattr(import_module(module), name, None))
        kind = cast("type[object]", found) if isinstance(found, type) else None
        if kind is not None and (issubclass(kind, Struct) or is_dataclass(kind)):
            return kind
    raise RecordError(f"{module}.{name} is no value")
