"""Check, fix, convert and verify the resampling operators of exported models.

>>> import halfpixel
>>> halfpixel.parse_call("F.interpolate(x, size=(4, 4), mode='bilinear')").sampling(0).coordinate
'half_pixel'
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halfpixel.check import Report, Settings, check, sites
    from halfpixel.conventions.torch_interpolate import parse_call
    from halfpixel.convert import convert
    from halfpixel.errors import HalfpixelError
    from halfpixel.fix import fix
    from halfpixel.fixes import FixResult
    from halfpixel.site import Site
    from halfpixel.verify import verify

__all__ = [
    "FixResult",
    "HalfpixelError",
    "Report",
    "Settings",
    "Site",
    "check",
    "convert",
    "fix",
    "parse_call",
    "sites",
    "verify",
]

# Each name is imported when it is asked for: pytest loads the plugin in here on every start of
# everyone who has halfpixel installed, and waits for no more than it needs.
_PLACES = {
    "FixResult": "fixes",
    "HalfpixelError": "errors",
    "Report": "check",
    "Settings": "check",
    "Site": "site",
    "check": "check",
    "convert": "convert",
    "fix": "fix",
    "parse_call": "conventions.torch_interpolate",
    "sites": "check",
    "verify": "verify",
}


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the names that are there, imported or not."""
    return sorted({*globals(), *__all__})


class _Api(ModuleType):
    """Keeps `halfpixel.check` the function: an import of the module check would take its name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _PLACES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Api
