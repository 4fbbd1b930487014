"""Check, fix, convert and verify the resampling operators of exported models.

>>> import halfpixel
>>> halfpixel.parse_call("F.interpolate(x, size=(4, 4), mode='bilinear')").sampling(0).coordinate
'half_pixel'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halfpixel.checking.check import Settings, check, sites
    from halfpixel.checking.comparing.compare import compare
    from halfpixel.checking.comparing.result import Comparison
    from halfpixel.checking.result import Report
    from halfpixel.conventions.torch.interpolate import parse_call
    from halfpixel.converting.convert import convert
    from halfpixel.errors import HalfpixelError
    from halfpixel.fixing.fix import fix
    from halfpixel.fixing.result import FixResult
    from halfpixel.site import Site
    from halfpixel.verifying.one_model import verify_sites
    from halfpixel.verifying.verify import verify

__all__ = [
    "Comparison",
    "FixResult",
    "HalfpixelError",
    "Report",
    "Settings",
    "Site",
    "check",
    "compare",
    "convert",
    "fix",
    "parse_call",
    "sites",
    "verify",
    "verify_sites",
]

# Each name is imported when it is asked for: pytest loads the plugin in here on every start of
# everyone who has halfpixel installed, and waits for no more than it needs.
_PLACES = {
    "Comparison": "checking.comparing.result",
    "FixResult": "fixing.result",
    "HalfpixelError": "errors",
    "Report": "checking.result",
    "Settings": "checking.check",
    "Site": "site",
    "check": "checking.check",
    "compare": "checking.comparing.compare",
    "convert": "converting.convert",
    "fix": "fixing.fix",
    "parse_call": "conventions.torch.interpolate",
    "sites": "checking.check",
    "verify": "verifying.verify",
    "verify_sites": "verifying.one_model",
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
