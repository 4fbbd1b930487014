"""Plans: chosen from the exact description alone, without a model and without onnx."""

import subprocess
import sys
from fractions import Fraction

import pytest
from msgspec.structs import replace

from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.write.plan import LAYERS, PROGRAM, kinds_of
from halfpixel.formats.lowerings import Capabilities
from halfpixel.formats.onnx.write.plan import OTHERS, opset_for
from halfpixel.formats.plan import (
    Conv,
    Copy,
    Floor,
    Gather,
    Grid,
    Matrix,
    Pixels,
    Product,
    Said,
    SizedResize,
)
from halfpixel.formats.planner import OwnWords, choose, costs, lowered
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling

HALF = Sampling("half_pixel", Linear())
CUBIC = Sampling("half_pixel", Cubic(Fraction(-3, 4)))
FLOOR = Sampling("asymmetric", Nearest("floor"))
CORNERS = Sampling("align_corners", Linear())
OUTSIDE = Sampling(
    "tf_crop_and_resize", Linear(), roi=(Fraction(-1), Fraction(2)), extrapolate=True
)
NOTHING = OwnWords(lambda: None, lambda: "nothing says it")


def goal(
    sampling: Sampling, *lengths: tuple[int | None, int | None], dtype: str = "float32"
) -> SizedResize:
    """Return a resize of some axes after a batch of one and two channels."""
    axes = tuple((axis, sampling) for axis, (n, m) in enumerate(lengths, 2) if n is None or n != m)
    ins, outs = zip((1, 1), (2, 2), *lengths, strict=True)
    return SizedResize(Resize(axes), (ins, outs), {}, dtype=dtype)


UP, DOWN, SAME = (4, 8), (6, 2), (5, 5)


@pytest.mark.parametrize(
    ("wanted", "able", "lowering", "expected"),
    [
        (goal(HALF, SAME, SAME), OTHERS, None, "a copy: no length changes"),
        (goal(HALF, SAME, SAME), PROGRAM, None, "identity: every length stays"),
        (goal(FLOOR, UP, UP), OTHERS, None, "written as gather"),
        (goal(HALF, UP, UP), OTHERS, None, "written as matmul"),
        (goal(HALF, UP, UP), OTHERS, "conv", "written as conv"),
        (goal(CUBIC, UP, UP), OTHERS, "gridsample", "written as gridsample"),
        (goal(FLOOR, UP, UP), PROGRAM, None, "written as 2 gather"),
        (goal(HALF, UP, SAME), PROGRAM, None, "written as 1 matmul"),
        (goal(FLOOR, SAME, SAME), PROGRAM, "gather", "a copy"),
    ],
)  # fmt: skip
def test_a_plan_says_itself(
    wanted: SizedResize, able: Capabilities, lowering: str | None, expected: str
) -> None:
    assert choose(wanted, able, NOTHING, lowering).text == expected


def test_own_words_come_first_and_alone_where_they_are_asked_for() -> None:
    said = Said("Resize", {"mode": "linear"}, "set mode=linear", since=11)
    own = OwnWords(lambda: said, lambda: "nothing says it")
    wanted = goal(HALF, UP, UP)
    assert choose(wanted, OTHERS, own) is said
    assert choose(wanted, OTHERS, own, "resize") is said
    assert isinstance(choose(wanted, OTHERS, own, "matmul"), Product)
    with pytest.raises(ConventionError, match="nothing says it"):
        choose(wanted, OTHERS, NOTHING, "resize")


@pytest.mark.parametrize(
    ("wanted", "able", "lowering", "reason"),
    [
        (goal(HALF, (None, 8), UP), OTHERS, None,
         "nothing says it; a matrix product needs lengths that the file fixes"),
        (goal(HALF, UP, UP), OTHERS, "gather",
         "a gather reads one sample each, and this blends several"),
        (goal(HALF, UP, UP, dtype="int32"), OTHERS, "matmul",
         "a matrix product needs a float type, the input is int32"),
        (goal(HALF, UP, UP), replace(OTHERS, largest=63), "matmul",
         "its matrices would hold 64 numbers"),
        (goal(OUTSIDE, UP, UP), OTHERS, "matmul",
         "samples outside the image are a constant, not a product"),
        (goal(HALF, UP, UP, UP), PROGRAM, "matmul",
         "only the last two axes are resampled by matrix products"),
        (goal(FLOOR, (None, 8), UP), PROGRAM, "gather", "it needs lengths that the file fixes"),
        (goal(FLOOR, (None, None), UP), OTHERS, "gather", "neither sizes nor scales are known"),
        (goal(HALF, DOWN, UP), OTHERS, "conv", ("axis 2 enlarges by no whole factor with these "
         "coordinates and this kernel")),
        (goal(CUBIC, UP), OTHERS, "gridsample",
         "GridSample resamples the spatial axes of 4-D and 5-D inputs"),
    ],
)  # fmt: skip
def test_a_plan_that_is_none_says_why(
    wanted: SizedResize, able: Capabilities, lowering: str | None, reason: str
) -> None:
    with pytest.raises(ConventionError) as raised:
        choose(wanted, able, NOTHING, lowering)
    assert str(raised.value) == reason


def test_products_come_in_the_order_in_which_they_cost_least() -> None:
    wanted = goal(HALF, UP, DOWN)
    plan = lowered(wanted, "matmul", OTHERS)
    assert isinstance(plan, Product)
    assert [(step.axis, step.n_out) for step in plan.steps] == [(3, 2), (2, 8)]
    kept = lowered(wanted, "mixed", LAYERS)
    assert isinstance(kept, Product)
    assert [step.axis for step in kept.steps] == [2, 3]


def test_a_mixed_plan_gathers_where_one_sample_is_read() -> None:
    axes = ((2, FLOOR), (3, HALF))
    wanted = SizedResize(Resize(axes), ((1, 2, 2, 4), (1, 2, 4, 8)), {}, dtype="float32")
    plan = lowered(wanted, "mixed", LAYERS)
    assert isinstance(plan, Product)
    first, second = plan.steps
    assert first == Pixels(2, (0, 0, 1, 1))
    assert isinstance(second, Matrix)
    assert kinds_of(first, 4) == ("gather",)
    assert kinds_of(second, 4) == ("batchedMatmul",)
    assert kinds_of(Matrix(2, second.weights), 4) == ("transpose", "batchedMatmul", "transpose")


def test_constants_outside_the_image_are_left_to_a_printer_that_sets_them() -> None:
    plan = lowered(goal(OUTSIDE, UP, UP), "mixed", replace(LAYERS, constant=True))
    assert isinstance(plan, Product)
    assert all(isinstance(step, Matrix) and step.weights.outside for step in plan.steps)


def test_pixels_are_computed_where_lengths_are_free() -> None:
    scaled = replace(FLOOR, scale=Fraction(2))
    plan = lowered(goal(scaled, (None, None), (None, None)), "gather", OTHERS)
    assert isinstance(plan, Gather)
    assert plan.steps[0] == Floor(2, half=False, factor=2.0, n_out=None, sized=False, doubles=True)
    with pytest.raises(ConventionError, match="too early"):
        lowered(goal(scaled, (None, None), UP), "gather", replace(OTHERS, free="too early"))


@pytest.mark.parametrize(
    ("wanted", "lowering", "kind", "opset"),
    [
        (goal(FLOOR, UP, UP), "gather", Gather, 1),
        (goal(replace(FLOOR, scale=Fraction(2)), (None, None), UP), "gather", Gather, 11),
        (goal(CUBIC, UP, UP), "gridsample", Grid, 16),
        (goal(HALF, UP, UP, UP), "gridsample", Grid, 20),
        (goal(HALF, UP, UP), "conv", Conv, 1),
        (goal(HALF, SAME, SAME), None, Copy, 1),
    ],
)
def test_a_plan_needs_an_opset(
    wanted: SizedResize, lowering: str | None, kind: type, opset: int
) -> None:
    plan = choose(wanted, OTHERS, NOTHING, lowering)
    assert isinstance(plan, kind)
    assert opset_for(plan) == opset


def test_costs_are_told_of_other_operators_at_known_lengths() -> None:
    wanted = goal(HALF, UP, UP)
    told = costs(wanted, lowered(wanted, "matmul", OTHERS))
    assert told is not None
    assert [one.multiply_adds for one in told] == [256, 384]
    assert costs(wanted, Copy()) is None
    free = goal(replace(FLOOR, scale=Fraction(2)), (None, None), (None, None))
    assert costs(free, lowered(free, "gather", OTHERS)) is None


def test_choosing_imports_nothing_heavy() -> None:
    code = (
        "import sys; import halfpixel.formats.onnx.write.plan, halfpixel.formats.planner; "
        "print([m for m in ('onnx', 'numpy', 'google.protobuf', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
