"""Every convention that is found: its examples are read, and what is written is read back."""

import sys
from pathlib import Path

import pytest

from halfpixel import conventions
from halfpixel.checking.explain import explain
from halfpixel.convention import Convention, load_conventions
from halfpixel.conventions.python_call import parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Sampling, compare

CONVENTIONS = load_conventions()
EXAMPLES = [(one, text, sampling) for one in CONVENTIONS for text, sampling in one.examples]
NAMES = [f"{one.name}: {text}" for one, text, _ in EXAMPLES]


def test_conventions_are_found_by_name() -> None:
    names = [one.name for one in CONVENTIONS]
    assert names == sorted(set(names))
    assert all(one.examples for one in CONVENTIONS)


@pytest.mark.parametrize(("convention", "text", "sampling"), EXAMPLES, ids=NAMES)
def test_examples_are_read(convention: Convention, text: str, sampling: Sampling) -> None:
    assert convention.nearness(parse(text).name) == 0 or "interpolate" in text
    for found in convention.read(text, None).samplings:
        assert found is not None
        verdict = compare(found, sampling)
        assert verdict.equal


@pytest.mark.parametrize(("_", "text", "sampling"), EXAMPLES, ids=NAMES)
def test_what_is_written_is_read_back(_: Convention, text: str, sampling: Sampling) -> None:
    """By every convention that has words for it; a crop of the whole image crops nothing."""
    for convention in CONVENTIONS:
        words = convention.write(sampling, 2)
        if words is None:
            assert text not in dict(convention.examples)
            continue
        for found in convention.read(words, None).samplings:
            assert found is not None
            assert compare(found, sampling).equal


@pytest.mark.parametrize(("convention", "text", "sampling"), EXAMPLES, ids=NAMES)
def test_examples_are_explained(convention: Convention, text: str, sampling: Sampling) -> None:
    lines = list(explain(text))
    assert lines[1].strip() == f"in the words of {convention.name}"
    told = lines[-len(CONVENTIONS) :]
    for one, line in zip(CONVENTIONS, told, strict=True):
        words = one.write(sampling, 2)
        head = f"    {one.name}: "
        if words is None:
            assert line.startswith((f"{head}nearest equivalent: ", f"{head}has no name for it"))
        else:
            assert line == f"{head}{words}"


LENGTHS = [
    # a call, and its output lengths for inputs of length 5
    ("F.interpolate(x, scale_factor=(1.5, 2), mode='bilinear')", (7, 10)),
    ("F.interpolate(x, size=size, mode='trilinear')", (None, None, None)),
    ("torch.nn.Upsample((3, 4))", (3, 4)),
    ("cv2.resize(x, None, fx=1.5, fy=10/3)", (17, 8)),
    ("cv2.resize(x, dsize=(4, height), interpolation=2)", (None, 4)),
    ("tf.image.resize(x, [n * 3 for n in x.shape[1:3]])", (15, 15)),
    ("tf.image.resize(x, (3, 4), tf.image.ResizeMethod.NEAREST_NEIGHBOR)", (3, 4)),
    ("Resize(mode=linear, scales=[1, 1, 1.5, 2])", (7, 10)),
    ("Resize(mode=linear, scales=1.5)", (7, 7)),
    ("Resize(mode=linear, sizes=[1, 3, 8, 9])", (8, 9)),
    ("Resize(mode=cubic, sizes=[8, 9], axes=[2, 3], keep_aspect_ratio_policy=not_larger)", (8, 8)),
    ("Resize(scales=2, opset=10)", (10, 10)),
    ("Upsample(mode=linear, scales=[1, 1, 2, 2])", (10, 10)),
    ("upsample(x, fractionalScalingFactor=(1.5, 2.0), mode=BILINEAR)", (7, 10)),
    ("resize(x, shape=(0, 7), resized_dims=2, interpolation_mode=LINEAR)", (5, 7)),
    ("mb.resize(x, shape=(4, 5, 6), resized_dims=3)", (4, 5, 6)),
]  # fmt: skip


def reader_of(text: str) -> Convention:
    """Return the convention that is nearest to a call by name."""
    name = parse(text).name
    near = [(one.nearness(name), one.name, one) for one in CONVENTIONS]
    return min((rank, title, one) for rank, title, one in near if rank is not None)[2]


@pytest.mark.parametrize(("text", "lengths"), LENGTHS)
def test_lengths(text: str, lengths: tuple[int | None, ...]) -> None:
    assert reader_of(text).read(text, 5).lengths == lengths


REFUSED = [
    ("F.interpolate(x, size=0)", "size is 0, expected at least 1"),
    ("F.interpolate(x, scale_factor=-2)", "scale_factor is -2, expected a positive number"),
    ("F.interpolate(x, scale_factor=s)", "scale_factor is s, expected a number"),
    ("F.interpolate(x, size=3, mode='quadratic')", "mode is 'quadratic', expected one of"),
    ("F.interpolate(x, size=3, scale_factor=2)", "size and scale_factor are both given"),
    ("F.interpolate(x, size=3, align_corners='no')", "align_corners is 'no', expected True"),
    ("F.interpolate(x, size=3, corners=True)", "has no argument corners"),
    ("F.interpolate(x, size=1e999)", "size is inf, expected a whole number"),
    ("cv2.resize(x)", "neither dsize nor fx and fy"),
    ("cv2.resize(x, None, fx=2)", "neither dsize nor fx and fy"),
    ("cv2.resize(x, (3, 4), interpolation=cv2.INTER_MAX)", "interpolation is 'INTER_MAX'"),
    ("cv2.resize(x, (3, 4, 5))", r"dsize is \(3, 4, 5\), expected 2 lengths"),
    ("cv2.resize(x, (3, 4), size=2)", "cv2.resize has no argument size"),
    ("cv2.resize(x, (3, 4), dsize=2)", "dsize is given twice"),
    ("tf.image.resize(x)", "size is not given"),
    ("tf.image.resize(x, 3)", "size is 3, expected 2 lengths"),
    ("tf.image.resize(x, (3, 4), method='hamming')", "method is 'hamming'"),
    ("tf.compat.v1.image.resize(x, (3, 4), method='lanczos3')", "method is 'lanczos3'"),
    ("tf.image.resize(x, (3, 4), preserve_aspect_ratio=True)", "preserve_aspect_ratio is True"),
    ("tf.compat.v1.image.resize_area(x, (3, 4), half_pixel_centers=True)", "has no argument"),
    ("Resize(mode=lanczos, scales=2)", "mode is 'lanczos'"),
    ("Resize(mode=linear, scales=0)", "scales holds 0.0, expected a positive finite number"),
    ("Resize(mode=linear, scales=2, sizes=3)", "both scales and sizes"),
    ("Resize(mode=linear, size=3)", "Resize has no argument size"),
    ("Resize(mode=linear, scales=2, opset=9)", "opset is 9, Resize came with 10"),
    ("Resize(scales=2, axes=2)", "axes is 2, expected a list"),
    ("Resize(scales=[1, 2, 3], axes=[2, 3])", "3 values for 2 axes"),
    ("resize_bilinear(x, target_size_height=3, sampling_mode=HALF)", "sampling_mode is 'HALF'"),
    ("upsample_bilinear(x, scale_factor_height=f)", "scale_factor_height is f, expected a number"),
    ("upsample_bilinear(x, align_corners=false)", "align_corners is false, expected True or False"),
    ("upsample(x, scalingFactor=2)", "scalingFactor is 2, expected 2 numbers"),
    ("resizeBilinear(x, targetSize=(h, 0))", r"targetSize is 0, expected at least 1"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_wrong_calls_are_refused_by_their_value(text: str, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        reader_of(text).read(text, 4)


@pytest.mark.parametrize(
    "text",
    [
        "1 + 1",
        "cv2.resize",
        "cv2.resize(*x)",
        "cv2.resize(**x)",
        "cv2.resize(x, \0)",
        "(" * 5000 + ")" * 5000,
    ],
    ids=range(6),
)
def test_what_is_no_call(text: str) -> None:
    with pytest.raises(ConventionError):
        parse(text)


TOY = '''"""A framework with one operator: toy.grow(x, size)."""

from halfpixel.convention import Convention, Reading
from halfpixel.conventions.python_call import open_lengths, parse
from halfpixel.sampling import Linear, Sampling

HALF = Sampling("half_pixel", Linear())


def _read(text, _length):
    given = parse(text).bind("x", "size")
    return Reading((HALF, HALF), open_lengths("size", given.get("size"), 2))


def _write(sampling, spatial):
    return "toy.grow(x, size)" if sampling == HALF and spatial == 2 else None


CONVENTION = Convention("Toy", ("toy.grow",), _read, _write, (("toy.grow(x, size)", HALF),))
'''


def test_a_file_dropped_in_is_read_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy_grow.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(conventions, "__path__", [*conventions.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "halfpixel.conventions.toy_grow", raising=False)
    assert "    Toy: toy.grow(x, size)" in list(explain("cv2.resize(x, (width, height))"))
    lines = list(explain("toy.grow(x, (8, 8))"))
    assert lines[1] == "  in the words of Toy"
    assert any("cv2.INTER_LINEAR" in line for line in lines)


def test_a_constant_of_another_type_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy_wrong.py").write_text("CONVENTION = 3\n", encoding="utf-8")
    monkeypatch.setattr(conventions, "__path__", [*conventions.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match="toy_wrong: CONVENTION is not a Convention"):
        load_conventions()


def test_the_whole_image_is_no_crop() -> None:
    whole = Sampling("tf_crop_and_resize", Linear())
    onnx = reader_of("Resize()")
    assert "roi" not in (onnx.write(whole, 2) or "")
