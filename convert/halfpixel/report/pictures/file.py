"""A picture as a file: SVG as it is, PNG by resvg, written whole or not at all."""

from pathlib import Path
from typing import Final

from halfpixel.errors import MissingExtraError, UsageError
from halfpixel.formats import atomic

ZOOM: Final = 2.0
"""Dots a unit of the SVG, in a PNG: what a sharp screen shows."""


def save(svg: str, path: Path) -> None:
    """Write a picture, as what its name ends in: .svg or .png; a file of that name is replaced.

    Raises:
        UsageError: another ending.
        MissingExtraError: resvg-py is missing, for a PNG.
        ModelFileError: the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending == ".svg":
        data = svg.encode("utf-8", "backslashreplace")
    elif ending == ".png":
        data = png(svg)
    else:
        raise UsageError(f"{path}: a picture's name ends in .svg or .png")
    atomic.write([data], None, path, replace=True)


def png(svg: str) -> bytes:
    """Return a picture as PNG, light.

    Raises:
        MissingExtraError: resvg-py is missing.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingExtraError("resvg-py", "pictures") from error
    return svg_to_bytes(svg_string=svg, zoom=ZOOM)
