"""A canvas: marks, lines and texts that become one SVG, all of one kind in one group.

It measures each text, so that what is laid out beside it can be kept apart. Whatever it writes goes
through `quoting.xml`; what it names has a prefix made from the picture itself.
"""

import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from halfpixel.quoting import xml
from halfpixel.report.pictures.sheet.letters import DEEP, fitted, width
from halfpixel.report.pictures.sheet.palette import Theme, style

FONT: Final = "DejaVu Sans,Verdana,Helvetica,Arial,sans-serif"
WORDS: Final = 200.0
"""Most of a title, in sizes of its font."""

HEAD: Final = 5.0
"""Length of an arrow's head."""


def number(value: float) -> str:
    """Return a coordinate with one decimal at most: a tenth of a pixel is not seen.

    >>> number(12.0), number(0.28), number(-0.01)
    ('12', '0.3', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


class Canvas:
    """What is drawn so far, from the top left, in pixels of the screen."""

    def __init__(self) -> None:
        """Start with an empty sheet."""
        self._parts: list[str] = []
        self._drawn: list[str] = []
        self._used: dict[str, None] = {"paper": None}
        self._right = self._bottom = 0.0

    def _reach(self, x: float, y: float) -> None:
        self._right, self._bottom = max(self._right, x), max(self._bottom, y)

    @contextmanager
    def group(self, name: str) -> Generator[None]:
        """Draw marks of one style, all of them one path; none where nothing is drawn."""
        self._drawn = []
        yield
        self._path(name, self._drawn)
        self._drawn = []

    def _path(self, name: str, commands: Sequence[str], more: str = "") -> None:
        if commands:
            self._used[name] = None
            self._parts.append(f'<path class="{name}"{more} d="{"".join(commands)}"/>\n')

    def dots(self, name: str, points: Iterable[tuple[float, float]], radius: float) -> None:
        """Draw filled circles of one size: lines of no length, whose ends are round."""
        commands: list[str] = []
        for x, y in points:
            self._reach(x + radius, y + radius)
            commands.append(f"M{number(x)} {number(y)}h0")
        self._path(name, commands, f' stroke-width="{number(2 * radius)}"')

    def rect(self, x: float, y: float, wide: float, high: float) -> None:
        """Draw a rectangle."""
        self._reach(x + wide, y + high)
        across = number(wide)
        self.path(f"M{number(x)} {number(y)}h{across}v{number(high)}h-{across}z")

    def circle(self, x: float, y: float, radius: float) -> None:
        """Draw a circle."""
        self._reach(x + radius, y + radius)
        radius = round(radius, 1)
        r, d = number(radius), number(2 * radius)
        self.path(f"M{number(x - radius)} {number(y)}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0z")

    def path(self, commands: str) -> None:
        """Draw a path, whose commands hold numbers alone."""
        self._drawn.append(commands)

    def diamond(self, x: float, y: float, radius: float) -> None:
        """Draw a diamond."""
        self._reach(x + radius, y + radius)
        r = number(radius)
        self.path(f"M{number(x)} {number(y - radius)}l{r} {r}-{r} {r}-{r}-{r}z")

    def line(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw a line from point to point."""
        for x, y in points:
            self._reach(x, y)
        self.path("M" + "L".join(f"{number(x)} {number(y)}" for x, y in points))

    def tiles(
        self, left: float, top: float, side: float, paths: Mapping[str, Sequence[str]]
    ) -> None:
        """Draw squares in colours of their own, no line between them.

        Args:
            left: where the first one starts.
            top: its upper end.
            side: side of one.
            paths: by colour, the commands of lines whose unit is a square, as thick as one.
        """
        moved = f"translate({number(left)} {number(top + side / 2)}) scale({side:.4f})"
        inner = "".join(
            f'<path stroke="{one}" d="{"".join(path)}"/>\n' for one, path in paths.items()
        )
        self._parts.append(f'<g transform="{moved}" shape-rendering="crispEdges">{inner}</g>\n')

    def text(  # noqa: PLR0913 - how it is written, a keyword each
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        name: str = "ink",
        anchor: str = "start",
        bold: bool = False,
        most: float | None = None,
    ) -> float:
        """Write a text on a line and return how wide it is at most.

        Args:
            x: where it starts, or its middle or end, as `anchor` says.
            y: the line that its letters stand on.
            text: what is written; made printable, and quoted.
            size: size of the font.
            name: its style.
            anchor: start, middle or end.
            bold: in bold.
            most: how wide it may be; its middle is left out where it is wider.
        """
        shown = fitted(text, size, most if most is not None else float("inf"), bold=bold)
        if not shown:
            return 0.0
        self._used[name] = None
        wide = width(shown, size, bold=bold)
        start = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        self._reach(x + (1 - start) * wide, y + DEEP * size)
        placed = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
        placed += "" if anchor == "start" else f' text-anchor="{anchor}"'
        placed += ' font-weight="700"' if bold else ""
        self._parts.append(f'<text class="{name}" {placed}>{xml(shown)}</text>\n')
        return wide

    def svg(self, title: str, theme: Theme, *, wide: float = 0, margin: float = 20) -> str:
        """Return the whole as SVG.

        Args:
            title: what a reader is told who does not see it.
            theme: light, dark, or as the system prefers it.
            wide: least width.
            margin: room right of and below what was drawn.
        """
        title = fitted(title, 1, 2 * WORDS)
        across = number(max(wide, self._right + margin))
        down = number(self._bottom + margin)
        body = "".join(self._parts)
        drawn = f"{title}{theme}{across}{down}{body}".encode("utf-8", "backslashreplace")
        prefix = f"hp{hashlib.sha256(drawn).hexdigest()[:10]}"
        return "\n".join(
            _document(prefix, (across, down), title, style(self._used, theme, prefix), body)
        )


def _document(
    prefix: str, size: tuple[str, str], title: str, sheet: str, body: str
) -> Iterable[str]:
    """Yield the lines of an SVG; all that has a style stands in one group, which has the prefix."""
    across, down = size
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'width="{across}" height="{down}" viewBox="0 0 {across} {down}">'
    )
    yield f"<title>{xml(title)}</title>"
    yield f'<g id="{prefix}" font-family="{FONT}"><style>{sheet}</style>'
    yield f'<path class="paper" d="M0 0h{across}v{down}H0z"/>'
    yield body.rstrip()
    yield "</g></svg>\n"


def arrow(
    start: tuple[float, float], end: tuple[float, float]
) -> tuple[list[tuple[float, float]], str]:
    """Return an arrow as its shaft, a line, and its head, the commands of a path.

    A short arrow has a small head; one that is no longer than a hair is none.

    >>> arrow((0, 0), (0.1, 0))
    ([], '')
    >>> arrow((0, 0), (20, 0))[1]
    'M20 0L15 2L15 -2z'
    """
    (x, y), (u, v) = start, end
    long = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    if long < 0.5:
        return [], ""
    a, b = (u - x) / long, (v - y) / long
    head = min(HEAD, 0.6 * long)
    foot = u - a * head, v - b * head
    side = 0.4 * head
    left = foot[0] - b * side, foot[1] + a * side
    right = foot[0] + b * side, foot[1] - a * side
    points = "L".join(f"{number(p)} {number(q)}" for p, q in ((u, v), left, right))
    return [start, foot], f"M{points}z"
