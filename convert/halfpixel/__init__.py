"""Check, fix, convert and verify the resampling operators of exported models.

>>> import halfpixel
>>> halfpixel.parse_call("F.interpolate(x, size=(4, 4), mode='bilinear')").sampling(0).coordinate
'half_pixel'
"""

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
