"""What the program need not wait for: libraries import more at their start than a check uses.

- msgspec asks typing_extensions, where that is installed, for what Python's own typing has since
  3.11: it is let do without.
- protobuf imports its text format and all of its Python implementation, which its compiled one
  seldom asks: they are loaded once they are asked for (`importlib.util.LazyLoader`).

Of the program alone: who imports halfpixel as a library gets every module as it is.
"""

import gc
import sys
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec
from typing import Final

DOES_WITHOUT: Final = "typing_extensions"
LATE: Final = ("google.protobuf.internal.python_message",)


def collect_seldom() -> None:
    """Collect garbage after so many objects more: a short process leaves little of it."""
    gc.set_threshold(200_000)  # while it starts, what is usual costs a fifth


def import_msgspec() -> None:
    """Import msgspec without typing_extensions."""
    if DOES_WITHOUT in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[DOES_WITHOUT] = None  # type: ignore[assignment] # so that it cannot be imported
    try:
        import_module("msgspec")
    finally:
        del sys.modules[DOES_WITHOUT]


def delay_protobuf() -> None:
    """Let modules of protobuf be loaded once they are asked for."""
    for name in LATE:
        spec = None if name in sys.modules else find_spec(name)
        if spec is None or spec.loader is None:
            continue
        spec.loader = loader = LazyLoader(spec.loader)
        module = module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
        package, _, own = name.rpartition(".")
        setattr(sys.modules[package], own, module)  # else whoever imports it from there loads it
