"""Two calls side by side, as `explain` tells them: what is said is what PyTorch computes."""

import pytest
import torch
from click.testing import CliRunner
from torch.nn import functional as F  # noqa: N812 - its usual name

import halfpixel
from halfpixel.cli.main import cli

PAIRS = [
    ("F.interpolate(x, scale_factor=2, mode='bilinear')",
     "F.interpolate(x, size=(8, 8), mode='bilinear')"),
    ("F.interpolate(x, scale_factor=2, mode='bilinear')",
     "F.interpolate(x, size=(8, 8), mode='bilinear', align_corners=True)"),
    ("F.interpolate(x, size=7, mode='nearest')", "F.interpolate(x, size=7, mode='nearest-exact')"),
    ("F.interpolate(x, scale_factor=2)", "F.interpolate(x, scale_factor=2, mode='nearest-exact')"),
    ("F.interpolate(x, size=2, mode='area')", "F.interpolate(x, size=2, mode='bilinear')"),
    ("F.interpolate(x, size=3, mode='bicubic')",
     "F.interpolate(x, size=3, mode='bicubic', antialias=True)"),
    ("F.interpolate(x, size=8, mode='bicubic')",
     "F.interpolate(x, size=8, mode='bicubic', antialias=True)"),
    ("F.adaptive_avg_pool2d(x, 2)", "F.interpolate(x, size=(2, 2), mode='area')"),
    ("F.interpolate(x, size=(8, 4))", "F.interpolate(x, size=(8, 4), mode='nearest-exact')"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_pytorch_parts_where_it_is_said(one: str, other: str) -> None:
    wide = 6 if "(8, 4)" in one else 4  # a size is shown from another length
    x = torch.rand(1, 1, 4, wide, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours, theirs = (eval(text, {"F": F, "x": x}) for text in (one, other))  # noqa: S307 - the table
    found = halfpixel.compare(one, other, size=f"{wide}x4")
    assert bool(torch.allclose(ours, theirs, atol=1e-12)) is found.equal


TOLD = [
    (
        "F.interpolate(x, scale_factor=2, mode='bilinear')",
        "tf.compat.v1.image.resize_bilinear(x, (8, 8))",
        [
            "different at length 4 to 8: samples are up to 0.25 input px apart, weights up to 0.25",
            "  kernel: linear",
            "    a  (i + 1/2) * r - 1/2, r = 1 / 2",
            "    b  i * r, r = n_in / n_out",
            "    a      -0.25  0.25  0.75  1.25  1.75  2.25  2.75  3.25",
            "    b          0   0.5     1   1.5     2   2.5     3   3.5",
            "    apart   0.25  0.25  0.25  0.25  0.25  0.25  0.25  0.25",
            "    b  0.5 x[0] + 0.5 x[1]",
        ],
    ),
    (
        "F.interpolate(x, scale_factor=2, mode='bilinear')",
        "cv2.resize(x, None, fx=2, fy=2)",
        ["equal at every length: the same formulas"],
    ),
    (
        "cv2.resize",
        "interpolate",
        ["  kernel:", "different: length 1 becomes 8 in a and 2 in b; but for the lengths"],
    ),
    (
        "F.interpolate(x, scale_factor=2)",
        "F.interpolate(x, scale_factor=2, mode='nearest-exact')",
        ["    b      0.25 0.75", "equal at every length: one period of the factor"],
    ),
    (
        "F.interpolate(x, scale_factor=2.5)",
        "F.interpolate(x, size=9)",
        ["different: length 1 becomes 2 in a and 9 in b"],
    ),
    (
        "F.interpolate(x, scale_factor=1.7, mode='bilinear')",
        "F.interpolate(x, size=6, mode='bilinear')",
        ["different at length 4 to 6: samples are up to"],
    ),
    ("F.grid_sample(x, g)", "GridSample()", ["equal"]),
    (
        "F.affine_grid(theta, size, align_corners=True)",
        "AffineGrid(align_corners=1)",
        ["open"],
    ),
    (
        "torchvision.ops.roi_align(x, boxes, 7)",
        "RoiAlign(output_height=7, output_width=7)",
        ["different: aligned is False in a and True in b: samples are up to 0.5 input px apart"],
    ),
    (
        "nn.PixelShuffle(2)",
        "DepthToSpace(blocksize=2)",
        ["different: mode is CRD in a and DCR in b"],
    ),
    ("F.grid_sample(x, g)", "F.interpolate(x, size=4)", ["open: b resizes along axes"]),
    ("F.interpolate(x, (4, 8))", "F.interpolate(x, (4, 8), mode='bilinear')", ["  width:"]),
]


@pytest.mark.parametrize(("one", "other", "words"), TOLD)
def test_two_calls_are_told_side_by_side(one: str, other: str, words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["explain", one, other])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("a  ")
    assert lines[1].startswith("b  ")
    for word in words:
        assert any(line.startswith(word) for line in lines), (word, result.output)


def test_lengths_at_which_they_part_are_found() -> None:
    half = "Resize(mode=linear, coordinate_transformation_mode=half_pixel, sizes=[8, 8])"
    torchs = half.replace("half_pixel", "pytorch_half_pixel")
    assert halfpixel.compare(half, torchs).equal
    free = [one.replace("[8, 8]", "sizes") for one in (half, torchs)]
    found = halfpixel.compare(*free)
    assert found.axes[0].witness == (2, 1)
    assert found.examples
    assert all(one.equal for one in found.examples)


@pytest.mark.parametrize("texts", [("F.interpolate(x)", "F.grid_sample(x, g)"), ("up", "down")])
def test_what_is_no_call_is_refused(texts: tuple[str, str]) -> None:
    result = CliRunner().invoke(cli, ["explain", *texts])
    assert result.exit_code == 2
