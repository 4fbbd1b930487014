"""Plots of the benchmark book, by pygal: no scripts, readable without colours and in the dark.

pygal writes SVG itself and brings nothing along, so that a page is built anywhere to the same
bytes; what it adds for a browser's pointer (a script, a date) is taken out again.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pygal
from pygal.etree import etree
from pygal.style import Style

# pygal finds its plug-ins by a hook into every import, which Python 3.11 warns of: there are none
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]

SVG = "http://www.w3.org/2000/svg"
INK, PAPER, DARK_INK, DARK_PAPER = "#1f2328", "#ffffff", "#e6edf3", "#0d1117"
OURS, PEER, LIMIT = "#0072b2", "#8c959f", "#d55e00"
COLOURS = {"ours": OURS, "peer": PEER, "limit": LIMIT}
DASHES = {"ours": "", "peer": "8, 4", "limit": "2, 4"}
DRAWN = {"ours": "solid", "peer": "dashed", "limit": "dotted"}
GUIDE, DARK_GUIDE = "#d0d7de", "#373e47"
SHEET = (
    f"inline:#ID .axis .guide.line{{stroke:{GUIDE}!important;stroke-dasharray:none!important}}"
    "#ID .series .line{stroke-width:3;stroke-opacity:1}"
    "@media screen and (prefers-color-scheme:dark){"
    f"#ID .background{{fill:{DARK_PAPER}!important}}"
    f"#ID text{{fill:{DARK_INK}!important}}#ID .axis .line{{stroke:{DARK_INK}}}"
    f"#ID .axis .guide.line{{stroke:{DARK_GUIDE}!important}}}}"
)


class Bar(NamedTuple):
    """A bar: its words, its length, and whose it is (ours, peer or limit)."""

    words: str
    length: float
    role: str


class Curve(NamedTuple):
    """A curve: its words, its points, and whose it is."""

    words: str
    points: Sequence[tuple[float, float]]
    role: str


def bars(name: str, title: str, told: str, rows: Sequence[Bar]) -> str:
    """Return a plot of bars on a logarithmic axis, the first on top.

    Args:
        name: of the file, which its parts are called after.
        title: what stands above it.
        told: what it shows, for those who do not see it.
        rows: the bars.
    """
    least = 10 ** math.floor(math.log10(min(row.length for row in rows)) - 0.2)
    most = max(row.length for row in rows) * 1.3
    plot = pygal.HorizontalBar(
        **_common(name),
        title=title,
        height=90 + 34 * len(rows),
        show_legend=False,
        range=(least, most),
        zero=least,
        x_value_formatter=_number,
        y_labels=_decades(least, most),
        value_formatter=_number,
    )
    plot.x_labels = [row.words for row in reversed(rows)]
    plot.add("", [{"value": row.length, "color": COLOURS[row.role]} for row in reversed(rows)])
    return _svg(plot, name, title, told)


def curves(name: str, title: str, told: str, x_words: str, lines: Sequence[Curve]) -> str:
    """Return a plot of curves on logarithmic axes.

    Args:
        name: of the file, which its parts are called after.
        title: what stands above it.
        told: what it shows, for those who do not see it.
        x_words: what grows.
        lines: the curves.
    """
    xs = sorted({x for line in lines for x, _ in line.points})
    ys = [y for line in lines for _, y in line.points]
    low, high = min(ys) * 0.8, max(ys) * 1.25
    plot = pygal.XY(
        **_common(name),
        title=title,
        height=420,
        legend_at_bottom=True,
        legend_at_bottom_columns=1,
        range=(low, high),
        x_title=x_words,
        y_labels=_decades(low, high),
        value_formatter=_number,
        show_x_guides=True,
    )
    plot.x_labels = [{"value": math.log10(x), "label": f"{x:,.0f}"} for x in xs]
    for line in lines:
        dash = {"dasharray": DASHES[line.role]} if DASHES[line.role] else {}
        plot.add(
            f"{line.words} ({DRAWN[line.role]})",
            [{"value": (math.log10(x), y), "color": COLOURS[line.role]} for x, y in line.points],
            stroke_style={"width": 3, **dash},
        )
    return _svg(plot, name, title, told)


def _common(name: str) -> dict[str, Any]:
    style = Style(
        background=PAPER, plot_background=PAPER, foreground=INK, foreground_strong=INK,
        foreground_subtle=INK, colors=(OURS, PEER, LIMIT), opacity="1", label_font_size=14,
        major_label_font_size=14, legend_font_size=14, title_font_size=16, value_font_size=14,
        font_family="DejaVu Sans,Verdana,Helvetica,Arial,sans-serif", transition="0s",
    )  # fmt: skip
    return {
        "style": style,
        "logarithmic": True,
        "js": [],
        "width": 860,
        "margin_right": 45,
        "explicit_size": True,
        "truncate_label": -1,
        "truncate_legend": -1,
        "css": ["file://style.css", "file://graph.css", SHEET.replace("ID", f"chart-{name}")],
    }


def _decades(low: float, high: float) -> list[float]:
    """Return numbers to be written along a logarithmic axis."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    wide = len(powers) > 4
    steps = (1,) if wide else (1, 2, 5)
    return [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]


def _number(value: float) -> str:
    """Return a number of an axis."""
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def _svg(plot: Any, name: str, title: str, told: str) -> str:  # noqa: ANN401 - pygal has no types
    """Return the text of a plot: no script, no date, named and told for those who do not see it."""
    etree.to_etree()  # lxml, where it is installed, writes other bytes
    plot.uuid = name
    root = ET.fromstring(plot.render())  # noqa: S314 - written a line before
    ET.register_namespace("", SVG)
    for parent in list(root.iter()):
        for child in list(parent):
            tag = child.tag.rpartition("}")[2]
            shown = "class" in child.attrib and "desc" in child.attrib["class"].split()
            if tag in {"script", "title"} or (tag == "desc" and shown):
                parent.remove(child)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-told")
    for place, (tag, text) in enumerate((("title", title), ("desc", told))):
        element = ET.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{_end(tag)}"})
        element.text = text
        root.insert(place, element)
    return ET.tostring(root, encoding="unicode") + "\n"


def _end(tag: str) -> str:
    return "title" if tag == "title" else "told"


def told(rows: Iterable[str]) -> str:
    """Return what a plot shows, in a sentence."""
    return "; ".join(rows) + "."
