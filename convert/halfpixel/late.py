"""Regular expressions that are compiled once they are asked for: a check asks few of them."""

import re
from collections.abc import Callable
from functools import lru_cache


def late(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    r"""Return what returns a compiled expression, the same each time.

    >>> digits = late(r"\d+")
    >>> digits().findall("a1b22"), digits() is digits()
    (['1', '22'], True)
    """

    @lru_cache(maxsize=1)
    def compiled() -> re.Pattern[str]:
        return re.compile(pattern, flags)

    return compiled
