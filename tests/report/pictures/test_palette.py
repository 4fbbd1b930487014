"""Colours are told apart: by who sees no red, no green or no blue, on light paper and on dark."""

import pytest

from halfpixel.report.pictures.sheet.palette import DARK, LIGHT, RAMP, grey, signed

Colour = tuple[float, float, float]

SEEN: dict[str, tuple[Colour, Colour, Colour]] = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
               (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                 (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
"""What an eye without one kind of cone sees, in linear light (Machado et al., 2009, severity 1)."""


def linear(colour: str) -> Colour:
    text = colour.removeprefix("#")
    text = "".join(2 * c for c in text) if len(text) == 3 else text
    parts = [int(text[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    low, middle, high = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return low, middle, high


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2.2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_stand_out(theme: dict[str, str]) -> None:
    for name in ("ink", "dim", "found-word", "meant-word"):
        assert contrast(theme[name], theme["paper"]) >= 4.5, name
    for name in ("found", "meant", "dim"):
        for ground in ("paper", "cell"):
            assert contrast(theme[name], theme[ground]) >= 3, (name, ground)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", SEEN)
def test_both_sides_differ_to_every_eye(eye: str, theme: dict[str, str]) -> None:
    pairs = [(theme["found"], theme["meant"]), (signed(0), signed(RAMP - 1))]
    for pair in pairs:
        one, other = (
            [sum(w * c for w, c in zip(row, linear(colour), strict=True)) for row in SEEN[eye]]
            for colour in pair
        )
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.2


def test_ramps_run_from_end_to_end() -> None:
    greys = [luminance(grey(level)) for level in range(RAMP)]
    assert greys == sorted(greys)
    assert len(set(greys)) == RAMP
    middle = RAMP // 2
    below = [luminance(signed(level)) for level in range(middle + 1)]
    above = [luminance(signed(level)) for level in range(middle, RAMP)]
    assert below == sorted(below)
    assert above == sorted(above, reverse=True)
