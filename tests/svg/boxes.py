"""Where the texts and the marks of an SVG lie: read from the file alone, not from what drew it."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree as ET

from halfpixel.report.pictures.sheet.letters import width

SVG = "{http://www.w3.org/2000/svg}"
TOKEN = re.compile(r"[MmLlHhVvAaZz]|-?\d*\.?\d+")

Point = tuple[float, float]


class Box(NamedTuple):
    """A text's box, or a mark's."""

    left: float
    top: float
    right: float
    bottom: float
    what: str

    def meets(self, other: "Box") -> bool:
        """Whether two boxes overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def crossed_by(self, start: Point, end: Point) -> bool:
        """Whether a line goes through the box (Liang and Barsky's clipping)."""
        (x, y), (u, v) = start, end
        low, high = 0.0, 1.0
        for p, q in (
            (x - u, x - self.left),
            (u - x, self.right - x),
            (y - v, y - self.top),
            (v - y, self.bottom - y),
        ):
            if p == 0:
                if q < 0:
                    return False
            elif p < 0:
                low = max(low, q / p)
            else:
                high = min(high, q / p)
        return low < high


def drawn(svg: str) -> ET.Element:
    """Return the root of an SVG; raises where it is no XML."""
    return ET.fromstring(svg)  # noqa: S314 - our own


def texts(svg: str) -> list[str]:
    """Return every text."""
    return [one.text or "" for one in drawn(svg).iter(f"{SVG}text")]


def text_boxes(svg: str) -> Iterator[Box]:
    """Yield the box of every text."""
    for one in drawn(svg).iter(f"{SVG}text"):
        size, text = float(one.get("font-size", "")), one.text or ""
        wide = width(text, size, bold=one.get("font-weight") == "700")
        x, y = float(one.get("x", "")), float(one.get("y", ""))
        left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[one.get("text-anchor", "start")]
        yield Box(left, y - 0.76 * size, left + wide, y + 0.24 * size, text)


def lines(svg: str, *classes: str) -> Iterator[tuple[str, float, list[Point]]]:
    """Yield each line that is drawn: its class, how thick it is, and its points."""
    for one in drawn(svg).iter(f"{SVG}path"):
        name = one.get("class")
        if name is None or name == "paper" or (classes and name not in classes):
            continue
        for points in subpaths(one.get("d", "")):
            yield name, float(one.get("stroke-width", 1)), points


def subpaths(commands: str) -> Iterator[list[Point]]:
    """Yield the points of each part of a path; an arc goes through its highest or lowest point."""
    tokens = TOKEN.findall(commands)
    x = y = 0.0
    points: list[Point] = []
    at, command = 0, "M"
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        if command in "Zz":
            points.append(points[0])
            continue
        count = {"m": 2, "l": 2, "h": 1, "v": 1, "a": 7}[command.lower()]
        given = [float(token) for token in tokens[at : at + count]]
        at += count
        base = (x, y) if command.islower() else (0.0, 0.0)
        match command.lower():
            case "m":
                if points:
                    yield points
                points = []
                x, y = base[0] + given[0], base[1] + given[1]
                command = "l" if command == "m" else "L"
            case "l":
                x, y = base[0] + given[0], base[1] + given[1]
            case "h":
                x = base[0] + given[0]
            case "v":
                y = base[1] + given[0]
            case _:
                to = base[0] + given[5], base[1] + given[6]
                side = given[0] if to[0] > x else -given[0]
                points.append(((x + to[0]) / 2, y + side))
                x, y = to
        points.append((x, y))
    if points:
        yield points


def overlaps(svg: str) -> list[str]:
    """Return what a text touches: another text, a mark or a line; a value lies in its pixel."""
    boxes = list(text_boxes(svg))
    found = [
        f"{one.what!r} and {other.what!r}"
        for k, one in enumerate(boxes)
        for other in boxes[k + 1 :]
        if one.meets(other)
    ]
    for name, thick, points in lines(svg):
        half = thick / 2
        across, down = ([point[k] for point in points] for k in (0, 1))
        around = Box(
            min(across) - half - 0.01, min(down) - half - 0.01, max(across) + half + 0.01,
            max(down) + half + 0.01, "",
        )  # fmt: skip
        for box in [box for box in boxes if box.meets(around)]:
            grown = Box(box.left - half, box.top - half, box.right + half, box.bottom + half, "")
            pairs = pairwise(points if len(points) > 1 else points * 2)
            if any(grown.crossed_by(*pair) or _inside(grown, pair[0]) for pair in pairs):
                found.append(f"{box.what!r} and {name} at {points[0]}")
    return found


def _inside(box: Box, point: Point) -> bool:
    return box.left < point[0] < box.right and box.top < point[1] < box.bottom


def beyond(svg: str) -> list[str]:
    """Return the texts that reach out of the picture."""
    root = drawn(svg)
    wide, high = float(root.get("width", "")), float(root.get("height", ""))
    return [
        one.what
        for one in text_boxes(svg)
        if one.left < 0 or one.top < 0 or one.right > wide or one.bottom > high
    ]
