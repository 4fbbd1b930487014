"""`halfpixel explain --picture`: the drawings that explained align_corners, and better ones.

The golden files are those of `GOLDEN`; `python tests/cli/test_explain_picture.py` writes them anew.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import example_models as models
from halfpixel.cli.main import cli
from svg.boxes import beyond, overlaps, texts

FOLDER = Path(__file__).parents[1] / "report" / "pictures" / "golden"
UP = 'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=%s)'
GRID = "F.grid_sample(x, grid, align_corners=%s)"
CORNERS, HALF = UP % "True", UP % "False"

GOLDEN: dict[str, tuple[str, ...]] = {
    "forum-4x4-to-8x8": (CORNERS, HALF),
    "forum-4x4-to-8x8-true": (CORNERS,),
    "forum-4x4-to-8x8-false": (HALF,),
    "two-pixels": (GRID % "False", GRID % "True", "--image", "100 200"),
    "three-by-three": (CORNERS, HALF, "--image", "1 2 0; 3 4 0; 0 0 0"),
}
"""The forum's drawing, the two pixels of torchsample's note, and a 3x3 image asked about."""


def drawn(path: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli, ["explain", *arguments, "--picture", str(path)])
    assert result.exit_code == 0, result.output
    assert f"picture: {path}" in result.output.splitlines()
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_files(name: str, tmp_path: Path) -> None:
    found = drawn(tmp_path / "a.svg", *GOLDEN[name])
    assert found == (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert overlaps(found) == []
    assert beyond(found) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("asymmetric-linear",),
        (str(models.MISMATCHES / "A3.onnx"), "--image", "edge"),
        (f"{models.MISMATCHES / 'A3.onnx'}:node__upsample_bilinear2d_aa",),
        ("cv2.resize(x, (9, 3), interpolation=cv2.INTER_AREA)", "--image", "zone-plate"),
        ("F.avg_pool2d(x, 2)",),
        ("torchvision.ops.roi_align(x, boxes, (3, 3), aligned=True)",),
        ("F.affine_grid(theta, (1, 1, 4, 4), align_corners=True)",),
        ("F.pixel_shuffle(x, 2)", "--image", "ramp"),
        ('F.interpolate(x, scale_factor=1.7, mode="nearest")',
         'F.interpolate(x, scale_factor=1.7, mode="nearest-exact")', "--image", "checkerboard"),
        ('F.interpolate(x, size=8, mode="linear")',),
        ('F.interpolate(x, size=(8, 8, 8), mode="trilinear")',),
        ("torch.ops.aten.upsample_bilinear2d.vec(x, [8, 8], False, None)",),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_explained_is_drawn(arguments: tuple[str, ...], tmp_path: Path) -> None:
    found = drawn(tmp_path / "a.svg", *arguments)
    assert overlaps(found) == []
    assert beyond(found) == []
    assert drawn(tmp_path / "a.svg", *arguments) == found  # replaced


def test_a_png_is_drawn(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["explain", HALF, "--picture", str(tmp_path / "a.PNG")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((HALF, "--picture", "a.gif"), "a picture's name ends in .svg or .png"),
        ((HALF, "--picture", "no/a.svg"), "cannot be written: no such file or directory"),
        ((HALF, "--image", "ramp"), "--image is for --picture FILE"),
        ((HALF, "--picture", "a.svg", "--image", "cat"), "none of ramp, checkerboard, zone-plate"),
        (("F.conv_transpose2d(x, w)", "--picture", "a.svg"), "the kernel is data"),
        ((HALF, "F.interpolate(x, size=9, mode='linear')", "--picture", "a.svg", "--image", "1 2"),
         "2 and 1 axes"),
        (("F.interpolate(x, size=8, mode='linear')", "--picture", "a.svg", "--image", "ramp"),
         "an image has two axes"),
        ((HALF, "--picture", ""), "a picture's name ends in"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_drawn_is_one_line(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["explain", *arguments])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == []


def test_of_several_nodes_one_is_named(tmp_path: Path) -> None:
    model = models.ARCHITECTURES / "rt_detr-dynamo-o20.onnx"
    path = str(tmp_path / "a.svg")
    result = CliRunner().invoke(cli, ["explain", str(model), "--picture", path])
    assert result.exit_code == 2
    assert "resampling nodes, expected one; name one, as" in result.stderr


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    result = CliRunner().invoke(cli, ["explain", HALF, "--picture", str(tmp_path / "a.png")])
    assert result.exit_code == 2
    expected = "resvg-py is not installed: pip install 'halfpixel[pictures]'"
    assert result.stderr.splitlines() == [f"halfpixel: {expected}"]
    monkeypatch.setitem(sys.modules, "PIL", None)
    (tmp_path / "b.png").write_bytes(b"")
    arguments = ["--picture", str(tmp_path / "a.svg"), "--image", str(tmp_path / "b.png")]
    result = CliRunner().invoke(cli, ["explain", HALF, *arguments])
    assert result.stderr.splitlines() == [
        "halfpixel: pillow is not installed: pip install 'halfpixel[images]'"
    ]


def test_the_values_of_the_note_are_there() -> None:
    """A quarter of 100 at the corner of the image without align_corners, as the note says."""
    said = texts((FOLDER / "two-pixels.svg").read_text(encoding="utf-8"))
    assert {"25", "100", "200"} <= set(said)
    assert "at the first corner 25 % is image, the rest is 0" in said


if __name__ == "__main__":
    for name, arguments in GOLDEN.items():
        command = [sys.executable, "-m", "halfpixel", "explain", *arguments]
        subprocess.run([*command, "--picture", str(FOLDER / f"{name}.svg")], check=True)
