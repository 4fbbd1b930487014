"""Pictures of sites: samples lie where they read, and what is said of them is so."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

import example_models as models
import halfpixel
from halfpixel.report.pictures import (
    picture_of_finding,
    picture_of_pair,
    picture_of_site,
    write_picture,
)
from halfpixel.report.pictures.drawable import LONGEST
from halfpixel.rule import Finding, Fix, example_site
from halfpixel.sampling import Cubic, GridSample, Linear, Nearest, Resize, Sampling
from halfpixel.site import Site
from svg.boxes import drawn, lines, texts

HALFWAY, WHOLE = Fraction(1, 2), Fraction(1)
OUTSIDE = Sampling("tf_crop_and_resize", Linear(), roi=(-HALFWAY, WHOLE), extrapolate=True)
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


def centres(svg: str, name: str) -> list[tuple[float, float]]:
    """Return the middle of each mark of a class, in the order in which they are drawn."""
    found: list[tuple[float, float]] = []
    for _, _, points in lines(svg, name):
        across, down = ([point[k] for point in points] for k in (0, 1))
        found.append(((min(across) + max(across)) / 2, (min(down) + max(down)) / 2))
    return found


def test_samples_lie_where_they_read() -> None:
    """Two to four, along one axis: corners reads 0, 1/3, 2/3, 1; half pixel -1/4 to 5/4."""
    svg = picture_of_site(CORNERS, HALF, lengths=[(2, 4)])
    pixels = centres(svg, "centres")[-3:-1]  # those of the strip; the last one is the legend's
    (first, y), (second, _) = pixels
    side = second - first
    dots = [x for x, top in centres(svg, "found") if 20 < y - top < 30]
    expected = [Fraction(0), Fraction(1, 3), Fraction(2, 3), Fraction(1)]
    assert dots == pytest.approx([first + float(p) * side for p in expected], abs=0.11)
    inside = [x for x, top in centres(svg, "meant") if 20 < top - y < 30]
    assert inside == pytest.approx([first + p * side for p in (0.25, 0.75)], abs=0.11)
    hollow = [x for x, top in centres(svg, "meant-hollow") if 20 < top - y < 30]
    assert hollow == pytest.approx([first + p * side for p in (-0.25, 1.25)], abs=0.11)


def test_numbers_are_those_of_the_coordinates() -> None:
    said = texts(picture_of_site(CORNERS, HALF, lengths=[(4, 8), (4, 8)]))
    for coordinate in ("0.429", "0.857", "2.571", "\N{MINUS SIGN}0.25", "3.25", "+0.179"):
        assert coordinate in said
    assert "(0, 0) at (\N{MINUS SIGN}0.25, \N{MINUS SIGN}0.25)" in said
    assert "up to 0.25 px along an axis, at both ends" in said
    assert "0.179 px once the border rule has moved" in said


@pytest.mark.parametrize(
    ("found", "lengths", "sentence"),
    [
        (HALF, (4, 8), "edges on edges: both images cover the same area"),
        (CORNERS, (4, 8), "the edges of the output lie 0.286 px inside"),
        (CORNERS, (8, 4), "the edges of the output lie 0.667 px outside"),
        (Sampling("asymmetric", Linear()), (4, 8), "shifted by 0.25 px (right and down)"),
        (HALF, (5, 5), "a copy: every sample is the centre of its own pixel"),
        (Sampling("half_pixel", Cubic()), (4, 8), "the border pixel is repeated"),
        (
            Sampling("half_pixel", Cubic(antialias=True), exclude_outside=True), (4, 8),
            "beyond the outermost centres: what lies outside is left out, the rest counts for more",
        ),
        (
            OUTSIDE, (4, 8),
            "beyond the outermost centres: a constant, no pixel",
        ),
        (
            GridSample("linear", "zeros", align_corners=False), (2, 2),
            "at the first corner 25 % is image, the rest is 0",
        ),
        (
            GridSample("linear", "zeros", align_corners=True), (2, 2),
            "\N{MINUS SIGN}1 and 1 are the centres of the border pixels",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_them(
    found: Sampling | GridSample, lengths: tuple[int, int], sentence: str
) -> None:
    said = " ".join(texts(picture_of_site(found, lengths=[lengths, lengths])))
    assert sentence in said


def test_a_copy_is_not_enlarged() -> None:
    svg = picture_of_site(HALF, lengths=[(5, 5), (5, 5)])
    assert not [text for text in texts(svg) if text.startswith("along")]


def test_a_long_axis_shows_both_borders_and_the_middle() -> None:
    said = texts(picture_of_site(HALF, lengths=[(1000, 2000)]))
    assert "\N{MINUS SIGN}0.25" in said
    assert "999.25" in said
    assert {"0", "999", "1999"} <= set(said)
    assert any(len(text) == 3 and text.startswith("49") for text in said)


def test_outputs_of_other_lengths_are_told() -> None:
    (one, *_) = halfpixel.check(models.MISMATCHES / "C1.onnx").findings
    svg = picture_of_finding(one.site, one.finding)
    assert svg is not None
    said = " ".join(texts(svg))
    assert "the outputs are not even of the same size: 29x2 and 28x2" in said
    assert "100 pixels to 29 samples, 28 meant" in said


def test_nearest_is_compared_by_the_pixels_that_it_picks() -> None:
    floor = Sampling("asymmetric", Nearest("floor"))
    exact = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
    said = texts(picture_of_site(floor, exact, lengths=[(4, 8)]))
    assert "every sample lies where it was meant" in said
    said = texts(picture_of_site(floor, exact, lengths=[(4, 6)]))
    assert "up to 1 px along an axis, at sample 1" in said


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_a_theme_is_what_is_asked(theme: str) -> None:
    svg = picture_of_site(HALF, lengths=[(4, 8)], theme=theme)  # type: ignore[arg-type]
    assert ("prefers-color-scheme:dark" in svg) == (theme == "auto")
    assert ("#0d1117" in svg) == (theme != "light")


def test_a_picture_is_alone_in_its_page() -> None:
    """Its rules are of its own group, which no other picture has; it asks for nothing else."""
    one, other = (picture_of_site(HALF, lengths=[(4, n)]) for n in (8, 9))
    names = [re.findall(r'id="(\w+)"', svg) for svg in (one, other)]
    assert [len(found) for found in names] == [1, 1]
    assert names[0] != names[1]
    (sheet,) = re.findall(r"<style>(.*?)</style>", one)
    rules = re.sub(r"@media[^{]*\{", "", sheet).split("}")
    assert {rule.split(" ")[0] for rule in rules if rule} == {f"#{names[0][0]}"}
    for word in ("href", "url(", "script", "@import", "http://www.w3.org/2000/svg "):
        assert word not in one.replace('"http://www.w3.org/2000/svg"', "")


@pytest.mark.parametrize("model", ["A1", "A3", "B1", "B4", "C1"])
def test_a_finding_is_drawn_the_same_each_time(model: str, tmp_path: Path) -> None:
    report = halfpixel.check(models.MISMATCHES / f"{model}.onnx")
    one = report.findings[0]
    path = tmp_path / "site.svg"
    assert write_picture(one.site, one.finding, path)
    again = halfpixel.check(models.MISMATCHES / f"{model}.onnx").findings[0]
    assert path.read_text(encoding="utf-8") == picture_of_finding(again.site, again.finding)
    said = texts(path.read_text(encoding="utf-8"))
    if model == "B4":  # a note: it computes what was meant
        assert "file; at these lengths as it was meant" in said
    else:
        assert {"file", "meant", "displacement"} <= set(said)


@pytest.mark.parametrize("model", ["C3", "C4"])
def test_a_length_that_stays_is_drawn_as_the_copy_that_runtimes_make(model: str) -> None:
    (one, *_) = halfpixel.check(models.MISMATCHES / f"{model}.onnx").findings
    svg = picture_of_finding(one.site, one.finding)
    assert svg is not None
    said = " ".join(texts(svg))
    assert "a copy: every sample is the centre of its own pixel" in said
    assert "every sample lies where it was meant" not in said


def test_equal_sites_have_one_picture_without_a_heading() -> None:
    finding = fixed_to(CORNERS)
    one, other = (site(HALF, 4, 8, name) for name in ("a", "b"))
    bare = [picture_of_finding(each, finding, heading=False) for each in (one, other)]
    assert bare[0] == bare[1]
    assert picture_of_finding(one, finding) != picture_of_finding(other, finding)


def test_the_operator_after_a_fix_is_drawn_where_nothing_is_known_to_be_meant() -> None:
    svg = picture_of_finding(site(HALF, 2, 4), fixed_to(CORNERS))
    assert svg is not None
    assert "after the fix" in texts(svg)


@pytest.mark.parametrize(("n_in", "n_out"), [(None, None), (6, None), (None, 6), (1, 1), (300, 7)])
def test_free_lengths_are_chosen(n_in: int | None, n_out: int | None) -> None:
    for sampling in (HALF, Sampling("asymmetric", Nearest(), Fraction(3, 2))):
        svg = picture_of_finding(site(sampling, n_in, n_out), fixed_to(CORNERS))
        assert svg is not None
        assert drawn(svg).tag.endswith("svg")


def test_a_pair_of_free_lengths_is_drawn_at_the_smallest_that_show_it() -> None:
    svg = picture_of_pair(CORNERS, HALF, title="both")
    assert svg is not None
    assert "up to 0.25 px along an axis, at both ends" in texts(svg)


def test_what_cannot_be_drawn_is_not(tmp_path: Path) -> None:
    assert picture_of_finding(site(HALF, LONGEST + 1, 5)) is None
    unknown = example_site("Resize", None)
    assert picture_of_finding(unknown) is None
    assert not write_picture(unknown, None, tmp_path / "none.svg")
    with pytest.raises(ValueError, match="no lengths"):
        picture_of_site(HALF, lengths=[])
    with pytest.raises(ValueError, match="a picture has 1 to"):
        picture_of_site(HALF, lengths=[(0, 1)])


def test_a_grid_sample_of_a_model_is_drawn() -> None:
    (one, *_) = halfpixel.sites(models.ARCHITECTURES / "rt_detr-dynamo-o20.onnx")[-1:]
    assert one.op == "GridSample"
    svg = picture_of_finding(one)
    assert svg is not None
    assert any("grid values" in text for text in texts(svg))
