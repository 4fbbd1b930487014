"""The tables of this package: TOML, parsed once and then read as Python reads its own bytecode.

Parsing the tables that a check asks takes longer than all else that it does with a small model.
So what a table says is kept beside the bytecode of the module that reads it, under the rules of
that: it counts for a file of this time and size, PYTHONDONTWRITEBYTECODE and PYTHONPYCACHEPREFIX
hold, and where nothing can be written nothing is.
"""

import marshal
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final, cast

PACKAGE: Final = Path(__file__).parent.parent
"""Tables elsewhere are a user's own, and are parsed each time."""


def table_of(path: Path) -> Mapping[str, object]:
    """Return what a table says.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no TOML, or no UTF-8.
        RecursionError: its values are nested too deep.
    """
    if not path.is_relative_to(PACKAGE):
        return _parsed(path)
    about = path.stat()
    state = about.st_mtime_ns, about.st_size
    kept = _kept_at(path)
    with suppress(OSError, EOFError, ValueError, TypeError):
        found = marshal.loads(kept.read_bytes())  # noqa: S302 - as trusted as bytecode is
        if found[0] == state:
            return cast("Mapping[str, object]", found[1])
    body = _parsed(path)
    if not sys.dont_write_bytecode:
        _keep(kept, (state, body))
    return body


def _parsed(path: Path) -> Mapping[str, object]:
    import tomllib

    return tomllib.loads(path.read_text(encoding="utf-8"))


def _kept_at(path: Path) -> Path:
    """Return the file beside bytecode, whose name no module's has."""
    return Path(cache_from_source(str(path.with_name(f"{path.name}.py"))))


def _keep(kept: Path, value: Any) -> None:  # noqa: ANN401 - plain values, as marshal takes them
    """Write a file whole or not at all; where that cannot be, it is left."""
    whole = kept.with_name(f"{kept.name}.{os.getpid()}")
    with suppress(OSError, ValueError):
        data = marshal.dumps(value)
        kept.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(data)
        whole.replace(kept)
