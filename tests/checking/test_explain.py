"""Explain says a rule's page, a node's meaning, and a call in every framework's words."""

import contextlib
from pathlib import Path

import pytest
from click.testing import CliRunner

import example_models as models
from halfpixel.checking.explain import explain
from halfpixel.cli.main import cli
from halfpixel.convention import load_conventions
from halfpixel.errors import UsageError
from halfpixel.rule import load_rules
from halfpixel.work import MOST, TooMuchWork, working

NODE = "node__upsample_bilinear2d_aa"


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.name)
def test_a_rule_is_explained_by_its_page(rule: object) -> None:
    name = getattr(rule, "name", "")
    text = "\n".join(explain(name))
    assert text.startswith(name)
    assert "## Fix safety" in text


CALLS = [
    (
        "F.interpolate(x, scale_factor=2, mode='bilinear')",
        [
            "outputs 0 to 7 read: -0.25 0.25 0.75 1.25 1.75 2.25 2.75 3.25",
            "y[1] = 0.75 x[0] + 0.25 x[1]",
            "Resize(mode=linear, coordinate_transformation_mode=half_pixel, scales=2)",
            'TensorFlow: tf.image.resize(x, [n * 2 for n in x.shape[1:3]], method="bilinear")',
            "OpenCV: cv2.resize(x, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)",
        ],
    ),
    (
        "nn.Upsample(size=3, mode='nearest-exact')",
        ["INTER_NEAREST_EXACT", 'method="nearest"', "nearest_mode=round_prefer_ceil"],
    ),
    (
        "F.interpolate(x, size=(3, 4), mode='bilinear', align_corners=True)",
        [
            "resize_bilinear(x, size, align_corners=True)",
            "OpenCV: nearest equivalent: cv2.resize(x, (width, height), interpolation=cv2.INTER_",
            ", off by 0.714 input px, weights 0.571, at length 7 to 3",
        ],
    ),
    (
        "cv2.resize(x, (8, 6), interpolation=cv2.INTER_AREA)",
        ["the mean of pixels i * r to (i + 1) * r, each by its part in it, r = n_in / n_out"],
    ),
    (
        "cv2.resize(x, (8, 6), interpolation=cv2.INTER_LINEAR)",
        ["in the words of OpenCV", "length 4 to 6", "length 4 to 8", 'method="bilinear"'],
    ),
    (
        "Resize(mode=linear, coordinate_transformation_mode=asymmetric)",
        ["in the words of ONNX", "i * r", "tf.compat.v1.image.resize_bilinear(x, size)"],
    ),
    (
        "upsample_bilinear(x, scale_factor_height=2, scale_factor_width=2, align_corners=False)",
        [
            "in the words of Core ML ML Program",
            "length 4 to 8",
            "F.interpolate(x, scale_factor=2.0",
        ],
    ),
    (
        "upsample(x, scalingFactor=(1, 2), mode=BILINEAR, linearUpsampleMode=ALIGN_CORNERS_TRUE)",
        [
            "neural network",
            "axis 0:\n  a copy",
            'F.interpolate(x, size=(height, width), mode="bilinear"',
        ],
    ),
    (
        "F.interpolate(x, scale_factor=(2, 1.7), mode='bilinear')",
        [
            "in other words (were every axis like this):",
            "(were every axis like this; each rounds output lengths in its own way):",
        ],
    ),
    ("upsample(x, scale_factor=2)", ["in the words of PyTorch", "INTER_NEAREST"]),
    (
        "ndimage.affine_transform(x, [0.5, 0.5], order=1, offset=-0.25)",
        ["y[0] = the extrapolation value", "Pillow: nearest equivalent: Image"],
    ),
]


@pytest.mark.parametrize(("call", "words"), CALLS)
def test_a_call_is_explained_in_every_convention(call: str, words: list[str]) -> None:
    text = "\n".join(explain(call))
    for word in words:
        assert word in text


WIDE = [
    "cv2.resize(x, (224, 224), interpolation=cv2.INTER_LANCZOS4)",
    "tf.image.resize(x, (224, 224), method='lanczos5')",
    "tf.image.resize(x, (224, 224), method='lanczos5', antialias=True)",
    "jax.image.resize(x, (224, 224), 'lanczos5')",
    "keras.ops.image.resize(x, (1280, 960), interpolation='lanczos5')",
    "ndimage.zoom(x, 3, order=5)",
]
"""Calls whose kernels are wide."""


@pytest.mark.parametrize("call", WIDE)
def test_a_wide_kernel_is_told_whole_at_the_usual_work(call: str) -> None:
    with working(MOST):
        text = "\n".join(explain(call))
    told = text.partition("in other words:")[2]
    assert all(f"    {one.name}: " in told for one in load_conventions())


@pytest.mark.parametrize(
    "call",
    [
        "F.interpolate(x, scale_factor=0.0013, mode='lanczos', antialias=True)",
        "jax.image.scale_and_translate(x, (9, 9), (0, 1), [0.0013, 0.0017], [0, 3], 'lanczos5')",
        "ndimage.zoom(x, 9999.7, order=5)",
    ],
)
def test_a_hostile_width_takes_no_more_than_it_may(call: str) -> None:
    with working(MOST) as work:
        with contextlib.suppress(TooMuchWork):
            list(explain(call))
        assert work.done <= MOST // 2


@pytest.mark.parametrize("suffix", ["", f":{NODE}"])
def test_a_model_is_explained_node_by_node(suffix: str) -> None:
    text = "\n".join(explain(f"{models.MISMATCHES / 'A1.onnx'}{suffix}"))
    assert f"{NODE} (Resize, opset 20)" in text
    assert "antialias = 1" in text
    assert "meant: F.interpolate(x, size=(3, 4)" in text


def test_a_node_is_shown_beside_what_was_meant() -> None:
    """The numbers are those of its formulas: 7 to 3 by 7/3, and by 2."""
    lines = list(explain(str(models.MISMATCHES / "A3.onnx")))
    read = [line.split() for line in lines if line.split()[:1] in (["is"], ["meant"], ["apart"])]
    at = next(place for place, row in enumerate(read) if row[0] == "apart") - 2
    steps = [7 / 3, 2]
    for row, step in zip(read[at : at + 2], steps, strict=True):
        assert [float(x) for x in row[1:]] == pytest.approx(
            [(i + 0.5) * step - 0.5 for i in range(3)], abs=1e-5
        )
    worst = 2.5 * 7 / 3 - 2.5 * 2
    assert float(read[at + 2][-1]) == pytest.approx(worst, abs=1e-3)
    text = "\n".join(lines)
    assert f"different: at length 7 to 3 samples are up to {worst:.3g} input px apart" in text
    assert "error scale-or-size: the call has scale_factor=0.5" in text
    assert "; fix (safe): set scales 1, 1, 0.5, 0.5" in text
    assert text.count("in other words") == 1
    words = text[text.index("what was meant, in other words") :]
    assert "F.interpolate(x, scale_factor=0.5" in words
    assert "size=(height, width)" not in words


def test_a_node_as_meant_is_told_once() -> None:
    text = "\n".join(explain(str(models.MISMATCHES / "A6.onnx")))
    assert text.count("as meant: equal") == 2
    assert text.count("  in other words:") == 1
    assert "what was meant, in" not in text


def test_a_table_of_weights_stands_beside_what_was_meant() -> None:
    text = "\n".join(explain(str(models.MISMATCHES / "A8.onnx")))
    assert "  is: " in text
    assert "defect" not in text


def test_an_axis_that_keeps_its_length_is_as_meant() -> None:
    path = models.MODELS / "coreml/interpolate/bilinear_ac0-4x4-to-4x4-ios15.mlpackage"
    text = "\n".join(explain(str(path)))
    assert "different" not in text


def test_what_arithmetic_parts_is_no_difference_of_weights() -> None:
    text = "\n".join(explain(str(models.MISMATCHES / "C4.onnx")))
    assert "the runtime's float32 reads up to 1 input px from what PyTorch reads" in text
    assert "error scale-keeps-length" in text


@pytest.mark.parametrize("option", ["--picture", "--html"])
def test_a_picture_takes_the_place_of_the_numbers(tmp_path: Path, option: str) -> None:
    from click.testing import CliRunner

    from halfpixel.cli.main import cli

    out = tmp_path / ("a.svg" if option == "--picture" else "a.html")
    model = str(models.MISMATCHES / "A3.onnx")
    told = CliRunner().invoke(cli, ["explain", model, option, str(out)]).stdout.splitlines()
    assert [line.split()[0] for line in told] == [
        f"{model}:", "is:", "meant:", "picture:" if option == "--picture" else "page:",
    ]  # fmt: skip
    if option == "--html":
        assert "in other words" in out.read_text(encoding="utf-8")


def test_a_size_is_shown_from_another_length() -> None:
    lines = list(explain("cv2.resize(x, (4, 4))"))
    assert "  at length 6 to 4, outputs 0 to 3 read: 0.25 1.75 3.25 4.75" in lines


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("asymetric-linear", "did you mean 'asymmetric-linear'"),
        ("nothing like it", "is no rule, no model file and no call"),
        ("F.interpolate(x, mode='bilinear')", "neither size nor scale_factor"),
        ("numpy.image.resize(x, (8, 8))", "numpy.image.resize is no operator that is known"),
        ("cv2.resize(x, (0, 8))", "OpenCV: dsize is 0, expected at least 1"),
        ("cv2.resize(", "is not a Python call"),
        (f"{models.MISMATCHES / 'A1.onnx'}:nowhere", "no resampling node is called 'nowhere'"),
    ],
)
def test_what_cannot_be_explained_is_refused(subject: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        list(explain(subject))


def test_a_folder_is_none_of_them() -> None:
    with pytest.raises(UsageError, match="is a folder"):
        list(explain(str(models.MODELS)))


@pytest.mark.parametrize(
    "path", sorted((models.MODELS / "coreml/interpolate").glob("*.ml*")), ids=lambda p: p.stem
)
def test_a_node_has_a_name_in_its_own_words(path: Path) -> None:
    """Core ML's operators by factors have one, at free lengths too."""
    kind = "neural network" if path.suffix == ".mlmodel" else "ML Program"
    text = "\n".join(explain(str(path)))
    meant = "what was meant, in other words" in text  # a call that Core ML may have no name for
    assert meant or f"Core ML {kind}: has no name for it" not in text


def test_a_bare_name_is_drawn_as_its_example(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from halfpixel.cli.main import cli

    drawn = tmp_path / "a.svg"
    arguments = ["explain", "F.grid_sample", "GridSample", "--picture", str(drawn)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "equal: the same operator" in result.output
    assert drawn.exists()


def test_two_calls_that_differ_are_no_failure() -> None:
    calls = ["F.interpolate(x, scale_factor=2, mode='bilinear')", "cv2.resize(x, (8, 8))"]
    result = CliRunner().invoke(cli, ["explain", *calls])
    assert result.exit_code == 0, result.output
    assert "the exit code is 0" in " ".join(
        CliRunner().invoke(cli, ["explain", "--help"]).output.split()
    )
