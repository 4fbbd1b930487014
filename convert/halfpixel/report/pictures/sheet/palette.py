"""Colours and lines of a picture, light and dark: those of Okabe and Ito, and never colour alone.

Two colours that every kind of colour vision tells apart carry what is found and what was meant;
shapes tell the same once more: circles and full lines, diamonds and broken ones. Words in a
colour are a little darker or lighter than marks, for a contrast of at least 4.5 to 1.

Source: M. Okabe and K. Ito, "Color Universal Design", 2002; WCAG 2.2, 1.4.3 and 1.4.11.
"""

from collections.abc import Mapping
from typing import Final, Literal

Theme = Literal["auto", "light", "dark"]

LIGHT: Final = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "dim": "#59636e",
    "cell": "#f3f5f7",
    "edge": "#c4ccd4",
    "found": "#d55e00",
    "found-word": "#a84300",
    "meant": "#0072b2",
    "meant-word": "#00639b",
}
DARK: Final = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "dim": "#9da7b1",
    "cell": "#1a212a",
    "edge": "#3d4650",
    "found": "#e8820e",
    "found-word": "#f09a3c",
    "meant": "#56b4e9",
    "meant-word": "#6fc0ee",
}

STYLES: Final = {
    "paper": "fill:{paper}",
    "ink": "fill:{ink}",
    "dim": "fill:{dim}",
    "found-word": "fill:{found-word}",
    "meant-word": "fill:{meant-word}",
    "cells": "fill:{cell};stroke:{edge}",
    "frame": "fill:none;stroke:{ink};stroke-width:2",
    "centres": "fill:{paper};stroke:{dim};stroke-width:1.3",
    "ticks": "fill:none;stroke:{dim}",
    "found": "fill:none;stroke:{found};stroke-linecap:round",
    "meant": "fill:{meant}",
    "found-hollow": "fill:{paper};stroke:{found};stroke-width:1.6",
    "meant-hollow": "fill:{paper};stroke:{meant};stroke-width:1.6",
    "found-squares": "fill:none;stroke:{found};stroke-opacity:.35",
    "meant-squares": "fill:none;stroke:{meant};stroke-opacity:.4",
    "found-frame": "fill:none;stroke:{found};stroke-width:2;stroke-dasharray:7 4",
    "meant-frame": "fill:none;stroke:{meant};stroke-width:2;stroke-dasharray:3 3",
    "found-tails": "fill:none;stroke:{found};stroke-width:1.2;stroke-dasharray:2 2",
    "meant-tails": "fill:none;stroke:{meant};stroke-width:1.2;stroke-dasharray:2 2",
    "found-taps": "fill:none;stroke:{found};stroke-width:1.5",
    "meant-taps": "fill:none;stroke:{meant};stroke-width:1.5;stroke-dasharray:5 3",
    "thin-frame": "fill:none;stroke:{ink}",
    "on-dark": "fill:#fff",
    "on-light": "fill:#111",
    "arrows": "fill:none;stroke:{ink};stroke-width:1.4",
    "heads": "fill:{ink}",
}
"""What is drawn as what; a style is written where it is used."""

RAMP: Final = 33
"""Levels of grey of an image, and of a map of differences, whose middle one is no difference."""

_SAME: Final = (247, 247, 247)
_LESS: Final = (0, 90, 160)
_MORE: Final = (190, 80, 0)


def grey(level: int) -> str:
    """Return the colour of a level of an image, black to white: the same in every theme.

    >>> grey(0), grey(RAMP - 1)
    ('#000', '#fff')
    """
    value = round(255 * level / (RAMP - 1))
    text = f"{value:02x}"
    return f"#{text[0] * 3}" if text[0] == text[1] else f"#{text * 3}"


def signed(level: int) -> str:
    """Return the colour of a level of a difference: blue below none, orange above, white for none.

    >>> signed(RAMP // 2)
    '#f7f7f7'
    """
    middle = RAMP // 2
    end = _MORE if level > middle else _LESS
    part = abs(level - middle) / middle
    mixed = [round(a + (b - a) * part) for a, b in zip(_SAME, end, strict=True)]
    return "#" + "".join(f"{one:02x}" for one in mixed)


def style(used: Mapping[str, None], theme: Theme, prefix: str) -> str:
    """Return the style sheet of what is used, of one picture alone.

    Args:
        used: names of `STYLES`, in the order in which they came.
        theme: one of the two, or both, as the system of who looks prefers it; paper is light.
        prefix: the picture's own name.
    """

    def rules(colours: Mapping[str, str]) -> str:
        pairs = ((name, STYLES[name].format_map(colours)) for name in used)
        return "".join(f"#{prefix} .{name}{{{declared}}}" for name, declared in pairs)

    text = rules(DARK if theme == "dark" else LIGHT)
    if theme == "auto":
        text += f"@media screen and (prefers-color-scheme:dark){{{rules(DARK)}}}"
    return text
