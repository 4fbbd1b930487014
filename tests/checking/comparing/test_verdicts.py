"""Two calls compared: every verdict is what PyTorch, or the exact weights, say."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

import halfpixel
from halfpixel.checking.comparing.apart import apart_at
from halfpixel.checking.comparing.words import lines, verdict_line
from halfpixel.convention import load_conventions
from halfpixel.errors import HalfpixelError, UsageError
from halfpixel.sampling import Cubic, Kernel, Linear, Nearest, Sampling

SMOOTH = "F.interpolate(x, size={}, mode='bilinear', antialias=True)"
CALLS = [
    "F.interpolate(x, size={}, mode='nearest')",
    "F.interpolate(x, size={}, mode='nearest-exact')",
    "F.interpolate(x, size={}, mode='bilinear')",
    "F.interpolate(x, size={}, mode='bilinear', align_corners=True)",
    SMOOTH,
    "F.interpolate(x, size={}, mode='bicubic')",
    "F.interpolate(x, size={}, mode='bicubic', antialias=True)",
    "F.interpolate(x, size={}, mode='area')",
]
SIZES = [((4, 4), (8, 8)), ((8, 6), (4, 3)), ((7, 7), (3, 3)), ((5, 3), (5, 7)), ((3, 3), (1, 1))]


def ran(call: str, ins: tuple[int, int]) -> np.ndarray:
    """Return what PyTorch makes of an impulse at every pixel: the weights, of shape (n, h, w)."""
    count = ins[0] * ins[1]
    x = torch.eye(count, dtype=torch.float64).reshape(count, 1, *ins)
    made: torch.Tensor = eval(call, {"F": F, "x": x})  # noqa: S307 - the table's own text
    return made.numpy()[:, 0]


@pytest.mark.parametrize(("ins", "outs"), SIZES)
def test_pytorch_tells_the_same_apart(ins: tuple[int, int], outs: tuple[int, int]) -> None:
    size = f"{ins[1]}x{ins[0]}:{outs[1]}x{outs[0]}"
    for one, other in product(CALLS, repeat=2):
        texts = one.format(outs), other.format(outs)
        found = halfpixel.compare(*texts, size=size)
        gap = float(np.abs(ran(texts[0], ins) - ran(texts[1], ins)).max())
        assert (gap < 1e-9) is found.equal, (texts, size, verdict_line(found))
        assert found.verdict != "open"


@pytest.mark.parametrize("call", CALLS)
def test_what_is_written_instead_is_the_first(call: str) -> None:
    """Where a call is told to be the first in the second's words, PyTorch computes the same."""
    first = call.format((3, 3))
    for other in CALLS:
        found = halfpixel.compare(first, other.format((3, 3)), size="7:3")
        if found.equal:
            continue
        assert found.instead is not None
        assert found.instead.equal
        np.testing.assert_allclose(ran(found.instead.text, (7, 7)), ran(first, (7, 7)), atol=1e-9)


@pytest.mark.parametrize(("n_in", "n_out"), [(4, 8), (8, 4), (7, 3), (3, 7), (640, 224), (5, 1)])
def test_numbers_are_those_of_the_matrices(n_in: int, n_out: int) -> None:
    kernels: list[Kernel] = [
        Linear(),
        Linear(antialias=True),
        Cubic(Fraction(-1, 2)),
        Nearest("floor"),
    ]
    samplings = [Sampling(rule, one) for rule in ("half_pixel", "asymmetric") for one in kernels]
    for a, b in product(samplings, repeat=2):
        apart = apart_at(a, b, n_in, n_out)
        gap = a.weights(n_in, n_out).matrix() - b.weights(n_in, n_out).matrix()
        assert float(apart.weights) == pytest.approx(np.abs(gap).max(), abs=1e-12)
        most = max(np.clip(gap, 0, None).sum(1).max(), np.clip(-gap, 0, None).sum(1).max())
        assert float(apart.change) == pytest.approx(most, abs=1e-12)
        if apart.weights:
            assert apart.pixel is not None
            assert abs(gap[apart.output, apart.pixel]) == pytest.approx(float(apart.weights))


UP = "F.interpolate(x, scale_factor=2, mode='bilinear')"
CV = "cv2.resize(x, (30, 20), interpolation=cv2.INTER_LINEAR)"
TOLD = [
    (UP, "cv2.resize(x, None, fx=2, fy=2)", {}, "equal at every length: the same formulas"),
    (UP, "F.interpolate(x, size=(8, 8), mode='bilinear')", {"size": "4"},
     "equal at width and height 4 to 8: every weight is the same"),
    ("F.interpolate(x, size=(20, 30), mode='bilinear')", CV, {}, "equal at every length"),
    (UP, "tf.compat.v1.image.resize_bilinear(x, size)", {},
     "different at length 4 to 8: samples are up to 0.25 input px apart, weights up to 0.25"),
    ("tf.image.resize(x, size)", "cv2.resize(x, (w, h))", {"scale": 2}, "equal at every length"),
    ("tf.image.resize(x, size)", "tf.compat.v1.image.resize_bilinear(x, size)", {"scale": "7/3"},
     "different at length 4 to 9"),
    ("F.interpolate(x, scale_factor=2)", "F.interpolate(x, scale_factor=2, mode='nearest-exact')",
     {}, "equal at every length: one period of the factor and both borders"),
    ("F.interpolate(x, scale_factor=1.7)", "cv2.resize(x, None, fx=1.7, fy=1.7, interpolation=0)",
     {}, "different: length 1 becomes 1 in a and 2 in b; but for the lengths the weights are the"),
    ("F.interpolate(x, size=8)", "F.interpolate(x, size=9)", {},
     "different: every length becomes 8 in a and 9 in b"),
    (SMOOTH.format((20, 30)), CV, {}, "different at length 30 to 20: samples are at the same"),
    (SMOOTH.format((20, 30)), CV, {"size": "30x20"}, "equal at width 30 to 30, height 20 to 20"),
    ("F.avg_pool2d(x, 2)", "F.interpolate(x, (112, 112), mode='area')", {"size": "224"},
     "equal at width and height 224 to 112: every weight is the same"),
    ("F.avg_pool2d(x, 2)", "F.interpolate(x, scale_factor=0.5, mode='area')", {},
     "different at width 3 to 1, height 2 to 1"),
    ("F.avg_pool2d(x, 2)", "nn.AvgPool2d(2)", {}, "equal: the same call"),
    ("F.grid_sample(x, g)", "GridSample()", {}, "equal"),
    ("F.grid_sample(x, g)", "GridSample(align_corners=1)", {},
     "different: align_corners is False in a and True in b: samples are up to 0.5 input px apart"),
    ("F.grid_sample(x, g)", UP, {}, "open: b resizes along axes, the other does not"),
    ("F.pixel_shuffle(x, 2)", "DepthToSpace(blocksize=2, mode=CRD)", {}, "equal"),
    ("nn.PixelShuffle(2)", "DepthToSpace(blocksize=2)", {}, "different: mode is CRD in a and DCR"),
    ("F.interpolate(x, size=(3, 4, 5), mode='trilinear')", UP, {}, "open: a is over 3 axes, b"),
    ("torch.ops.aten.upsample_bilinear2d.vec(x, None, False, [2.0, 2.0])", UP, {}, "equal at"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "given", "words"), TOLD)
def test_a_verdict_is_told(a: str, b: str, given: dict[str, str | float], words: str) -> None:
    found = halfpixel.compare(a, b, **given)  # type: ignore[arg-type]
    assert verdict_line(found).startswith(words), verdict_line(found)
    assert bool(found) is found.equal is (found.verdict == "equal")
    assert all(lines(found))


LINES = [
    (SMOOTH.format((224, 224)), "cv2.resize(x, (224, 224))", "640x480", [
        "  at length 640 to 224, outputs 0 to 7 read:",
        "  most at output 6, input pixel 18: a takes 0.339 of it, b 0.929",
        "no option of cv2.resize says a: nearest is cv2.resize(x, (224, 224), interpolation=cv2.IN",
    ]),
    (UP, "tf.compat.v1.image.resize_bilinear(x, size)", None, [
        "the shortest that tell them apart: 2 to 4",
        "at usual lengths: 4 to 8 0.25 px, weights 0.25; 7 to 14 0.25 px, weights 0.25",
        "b as a: tf.image.resize(x, [n * 2 for n in x.shape[1:3]]",
    ]),
    (CV, "F.interpolate(x, size=(20, 30), mode='bilinear', align_corners=True)", None, [
        'b as a: F.interpolate(x, size=(20, 30), mode="bilinear", align_corners=False)',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "size", "words"), LINES)
def test_where_they_part_is_told(a: str, b: str, size: str | None, words: list[str]) -> None:
    told = list(lines(halfpixel.compare(a, b, size=size)))
    for word in words:
        assert any(line.startswith(word) for line in told), (word, told)


REFUSED = [
    ("F.interpolat(x, 2)", UP, {}, "torch.nn.functional.interpolate"),
    ("cv2.resiz", UP, {}, "no model file and no call.*did you mean 'resize'"),
    ("F.interpolate(x)", UP, {}, "F.interpolate"),
    ("cv2.resize(x, (30, 20), interpolation=cv2.INTER_LINER)", UP, {}, "expected one of INTER_"),
    (UP, UP, {"size": "640*480"}, "expected WIDTHxHEIGHT:WIDTHxHEIGHT"),
    (UP, UP, {"size": "0x4"}, "0 pixels, expected 1 to"),
    (UP, UP, {"size": "4x4:9x8"}, "an output length of 9 is asked for, and it gives 8"),
    (UP, UP, {"size": "4x4x4"}, "3 lengths, and the calls are over 2 axes"),
    (UP, UP, {"scale": "3"}, "--scale says 3, and it has 2"),
    (UP, UP, {"scale": "1/0"}, "expected a factor"),
    (UP, UP, {"scale": "2", "size": "4:8"}, "a scale and output lengths are both given"),
]


@pytest.mark.parametrize(("a", "b", "given", "words"), REFUSED)
def test_what_cannot_be_compared_is_refused(
    a: str, b: str, given: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        halfpixel.compare(a, b, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1_000_000_000, (2_000_000_000, 3)])
def test_huge_sizes_end_soon(size: int | tuple[int, int]) -> None:
    a, b = SMOOTH.format(size), SMOOTH.format(size).replace("bilinear", "bicubic")
    assert halfpixel.compare(a, b).verdict == "different"
    with pytest.raises(HalfpixelError, match="not judged: it takes more than"):
        halfpixel.compare(a, b, size="1000000", max_work=1000)


def test_a_verdict_stands_where_what_is_nearest_is_too_much_work() -> None:
    bicubic = "F.interpolate(x, size=(20, 20), mode='bicubic')"
    spline = "skimage.transform.resize(x, (20, 20), order=3)"
    found = halfpixel.compare(bicubic, spline, size="48:20", max_work=8000)
    assert (found.verdict, found.instead, found.instead_left_out) == ("different", None, True)
    assert any("takes more work: see --max-work" in line for line in lines(found))
    whole = halfpixel.compare(bicubic, spline, size="48:20")
    assert whole.instead is not None
    assert "order=3" in whole.instead.text


EXAMPLES = [text for one in load_conventions() for text, _ in one.examples]


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_convention_says_what_it_is_itself(text: str) -> None:
    found = halfpixel.compare(text, text)
    assert found.equal, verdict_line(found)
    assert found.at_every_length


@pytest.mark.parametrize("b", ["F.avg_pool2d(x, 2)", "cv2.resize(x, (w, h))"])
def test_the_factor_that_is_asked_for_is_part_of_every_answer(b: str) -> None:
    assert halfpixel.compare("F.avg_pool2d(x, 2)", b, scale="1/2").scale == Fraction(1, 2)
