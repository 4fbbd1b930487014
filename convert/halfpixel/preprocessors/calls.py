"""The calls of libraries that make the resizes of preprocessors, by the names of their filters."""

from typing import Final

from halfpixel.errors import ConventionError
from halfpixel.pipeline.steps import Values
from halfpixel.preprocessors.fields import listed, shown

PILLOW: Final = ("NEAREST", "LANCZOS", "BILINEAR", "BICUBIC", "BOX", "HAMMING")
"""Pillow's filters by number. Source: Pillow 13.0 `Image.py`, Resampling; run."""

NAMES: Final = {
    "nearest": "NEAREST",
    "nearest-exact": "NEAREST",
    "box": "BOX",
    "bilinear": "BILINEAR",
    "linear": "BILINEAR",
    "hamming": "HAMMING",
    "bicubic": "BICUBIC",
    "cubic": "BICUBIC",
    "lanczos": "LANCZOS",
}
"""Filters by the names that torchvision, timm and others have for Pillow's.

Of an image of Pillow's, torchvision's nearest and nearest-exact are the same. Source: torchvision
0.29 `transforms/functional.py`, pil_modes_mapping; timm 1.0.31 `data/transforms.py`; run.
"""


def pillow(name: str) -> str:
    """Return the call of Pillow's resize for a filter, with {width} and {height} left open.

    >>> pillow("BICUBIC")
    'Image.resize(({width}, {height}), Image.BICUBIC)'
    """
    return f"Image.resize(({{width}}, {{height}}), Image.{name})"


def pillow_numbered(name: str, value: object) -> str:
    """Return Pillow's filter of a number.

    Raises:
        ConventionError: Pillow has no such filter.

    >>> pillow_numbered("resample", 3)
    'BICUBIC'
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(PILLOW):
        known = ", ".join(f"{place} ({one})" for place, one in enumerate(PILLOW))
        raise ConventionError(f"{name} is {shown(value)}, expected one of {known}")
    return PILLOW[value]


def named(name: str, value: str) -> str:
    """Return Pillow's filter of a name that others have for it.

    Raises:
        ConventionError: it is no such name.

    >>> named("interpolation", "bicubic")
    'BICUBIC'
    """
    found = NAMES.get(value.lower().replace("_", "-"))
    if found is None:
        raise ConventionError(
            f"{name} is {shown(value)}, expected one of {', '.join(sorted(NAMES))}"
        )
    return found


def opencv(name: str) -> str:
    """Return the call of cv2.resize for an interpolation, with {width} and {height} left open."""
    return f"cv2.resize(x, ({{width}}, {{height}}), interpolation=cv2.{name})"


def rescaled(factor: float) -> Values:
    """Return that values are multiplied by a factor.

    >>> rescaled(1 / 255).words
    'values times 1/255'
    """
    parts = round(1 / factor) if factor else 0
    whole = parts and abs(1 / parts - factor) < 1e-9
    return Values("rescale", f"values times {f'1/{parts}' if whole else f'{factor:.9g}'}")


def normalised(mean: tuple[float, ...], std: tuple[float, ...]) -> Values:
    """Return that a mean is taken off values, and what is left is divided by a deviation."""
    return Values("normalise", f"less {listed(mean)}, over {listed(std)}")


MODES: Final = {"NEAREST": "nearest-exact", "BILINEAR": "bilinear", "BICUBIC": "bicubic"}
"""F.interpolate's modes by Pillow's filters. Source: torchvision 0.29.1; run."""


def interpolate(name: str, *, antialias: bool) -> str:
    """Return the call of F.interpolate for a filter of Pillow's, with its lengths left open.

    Raises:
        ConventionError: F.interpolate has none like it.

    >>> interpolate("BICUBIC", antialias=True).partition("mode")[2]
    '="bicubic", align_corners=False, antialias=True)'
    """
    if name not in MODES:
        raise ConventionError(f"interpolation is {name}, and tensors have {', '.join(MODES)}")
    corners = "" if name == "NEAREST" else ", align_corners=False"
    smooth = ", antialias=True" if antialias and corners else ""
    return f'F.interpolate(x, size=({{height}}, {{width}}), mode="{MODES[name]}"{corners}{smooth})'
