"""Pictures of sites: the same text each time, well-formed, with what they are about in them."""

import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import example_models as models
import halfpixel
from halfpixel.report.picture import LONGEST, WIDE, picture, write_picture
from halfpixel.rule import Finding, Fix, example_site
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.site import Site

SVG = "{http://www.w3.org/2000/svg}"
HALF, CORNERS = Sampling("half_pixel", Linear()), Sampling("align_corners", Linear())


def site(sampling: Sampling, n_in: int | None, n_out: int | None, name: str = "up") -> Site:
    resize = Resize(((2, sampling), (3, sampling)))
    return example_site(
        "Resize",
        resize,
        name=name,
        input_shape=(1, 1, n_in, n_in),
        output_shape=(1, 1, n_out, n_out),
    )


def fixed_to(sampling: Sampling) -> Finding:
    fix = Fix("safe", Resize(((2, sampling), (3, sampling))))
    return Finding("off", "error", "proven", fix)


def drawn(text: str | None) -> ET.Element:
    assert text is not None
    return ET.fromstring(text)  # noqa: S314 - our own text


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("model", ["A1", "A3", "B1", "B4"])
def test_a_finding_is_drawn_the_same_each_time(model: str, tmp_path: Path) -> None:
    report = halfpixel.check(models.MISMATCHES / f"{model}.onnx")
    one = report.findings[0]
    path = tmp_path / "site.svg"
    assert write_picture(one.site, one.finding, path)
    again = halfpixel.check(models.MISMATCHES / f"{model}.onnx").findings[0]
    assert path.read_text(encoding="utf-8") == picture(again.site, again.finding)
    root = drawn(path.read_text(encoding="utf-8"))
    assert any(text.startswith("is: ") for text in texts(root))


def test_positions_are_those_of_the_weights() -> None:
    """Two to four: half pixel reads -1/4 (clamped to 0), 1/4, 3/4, 1; corners 0, 1/3, 2/3, 1."""
    root = drawn(picture(site(HALF, 2, 4), fixed_to(CORNERS)))
    left = float(next(one for one in root.iter(f"{SVG}rect") if one.get("x")).get("x", ""))
    circles = [float(one.get("cx", "")) for one in root.iter(f"{SVG}circle")]
    expected = [Fraction(0), Fraction(1, 4), Fraction(3, 4), Fraction(1)]
    expected += [Fraction(0), Fraction(1, 3), Fraction(2, 3), Fraction(1)]
    assert circles == pytest.approx([left + (float(p) + 0.5) * 48 for p in expected], abs=0.01)
    assert "input pixels 0 to 1 of 2; output sample 1 is 0.0833 input px off" in texts(root)


@pytest.mark.parametrize(
    ("sampling", "n_in", "n_out"),
    [
        (HALF, 1000, 2003), (HALF, 7, 3), (HALF, None, None), (HALF, 1, 1),
        (Sampling("half_pixel", Cubic(Fraction(-3, 4))), 5, 9),
        (Sampling("asymmetric", Nearest(), Fraction(3, 2)), 5, None),
        (Sampling("half_pixel", Area()), 9, 4),
    ],
)  # fmt: skip
def test_any_axis_is_drawn(sampling: Sampling, n_in: int | None, n_out: int | None) -> None:
    root = drawn(picture(site(sampling, n_in, n_out)))
    pixels = [one for one in root.iter(f"{SVG}rect") if one.get("x")]
    assert 1 <= len(pixels) <= WIDE
    assert list(root.iter(f"{SVG}circle"))
    width = float(root.get("width", ""))
    assert all(0 <= float(one.get("cx", "")) <= width for one in root.iter(f"{SVG}circle"))


def test_a_long_axis_is_cut_to_its_worst_part() -> None:
    root = drawn(picture(site(HALF, 100, 200), fixed_to(HALF.by_size())))
    assert "input pixels 0 to 11 of 100; output sample 0 is 0 input px off" in texts(root)
    root = drawn(picture(site(Sampling("asymmetric", Linear()), 100, 150), fixed_to(CORNERS)))
    (line,) = [text for text in texts(root) if text.startswith("input pixels")]
    found = re.search(r"pixels (\d+) to (\d+) of 100; output sample (\d+) is", line)
    assert found is not None
    first, last, worst = map(int, found.groups())
    assert first <= worst * 100 // 150 <= last


def test_names_cannot_break_the_picture() -> None:
    root = drawn(picture(site(HALF, 2, 4, name='<a href="x">&')))
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == '<a href="x">&'


def test_what_cannot_be_drawn_is_not(tmp_path: Path) -> None:
    (one, *_) = halfpixel.sites(models.ARCHITECTURES / "rt_detr-dynamo-o20.onnx")[-1:]
    assert one.op == "GridSample"
    assert picture(one) is None
    assert not write_picture(one, None, tmp_path / "none.svg")
    assert picture(site(HALF, LONGEST + 1, 5)) is None
