"""What a resize computes along some axes, in lines: coordinates, and every framework's words."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.comparing.made import same_at
from halfpixel.checking.equivalents import equivalent
from halfpixel.convention import Convention, Remark, load_conventions
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling, Table, Weights
from halfpixel.sampling.axis import weights_at
from halfpixel.sampling.kernel import Filter, by_lengths
from halfpixel.sampling.kernels.base import Written
from halfpixel.sampling.kernels.chain import Blurred
from halfpixel.sampling.kernels.spline import Spline

EXAMPLE_LENGTH: Final = 4
"""Input length that coordinates are shown for where none is known."""

OTHER_LENGTH: Final = 6
"""That for a size of `EXAMPLE_LENGTH`, of which every sampling would be a copy."""

SAMPLES: Final = 8
"""Output samples whose source coordinates are listed."""

FORMULAS: Final = {
    "align_corners": "i * (n_in - 1) / (n_out - 1)",
    "half_pixel": "(i + 1/2) * r - 1/2",
    "pytorch_half_pixel": "(i + 1/2) * r - 1/2; 0 where n_out is 1",
    "pytorch_1_9_half_pixel": "(i + 1/2) * r - 1/2; -1/2 where n_out is 1",
    "half_pixel_symmetric": "(i + 1/2) * r - 1/2 + (n_in - r * n_out) / 2",
    "asymmetric": "i * r",
    "tf_half_pixel_for_nn": "(i + 1/2) * r",
    "tf_crop_and_resize": "roi_start * (n_in - 1) + i * (roi extent) * (n_in - 1) / (n_out - 1)",
    "pytorch_antialias_align_corners": "(i + 1/2) * r - 1/2 with r = (n_in - 1) / (n_out - 1)",
    "coreml_offset_corners": "(i + 1/2) * max(1, n_in - 1) / n_out",
    "box_half_pixel": "box_start + (i + 1/2) * r - 1/2 with r = (box extent) / n_out",
    "box_start_half_pixel": "start + (i + 1/2) * r - 1/2",
}

WINDOWS: Final = {
    "adaptive": "each that it touches in full, r = n_in / n_out",
    "overlap": "each by its part in it, r = n_in / n_out",
}

BORDERS: Final = {
    "clamp": "the border pixel",
    "symmetric": "the image turned over its edge",
    "mirror": "the image turned over the border pixel",
    "wrap": "the image again",
    "zero": "nothing",
}


class Nearby(Struct, frozen=True):
    """What a node says beside a sampling.

    Attributes:
        factor: the whole factor that gives the output lengths, where one does: some operators
            say no lengths.
        convention: whose words the node is written in.
        words: these.
        nearest: of a convention that has no words for it, the call that comes nearest is told.
        made: (input length, output length), some, where the factor gives others.
    """

    factor: int | None = None
    convention: str = ""
    words: str = ""
    nearest: bool = False
    made: tuple[tuple[int, int], ...] = ()


def example_input(n_out: int) -> int:
    """Return the input length for which a sampling of a given size is shown: another one.

    >>> example_input(8), example_input(4)
    (4, 6)
    """
    return OTHER_LENGTH if n_out == EXAMPLE_LENGTH else EXAMPLE_LENGTH


def sampling_lines(
    sampling: Sampling, lengths: Sequence[tuple[int | None, int | None]]
) -> Iterator[str]:
    """Yield the kernel, and the coordinates at some lengths.

    Args:
        sampling: what is computed along some axes.
        lengths: input and output lengths at which coordinates are shown.
    """
    yield f"  kernel: {kernel_words(sampling)}"
    formula = formula_of(sampling)
    if formula:
        yield f"  source coordinate of output i: {formula}"
    for n_in, n_out in lengths:
        if n_in is not None and n_out is not None and min(n_in, n_out) >= 1:
            yield from _coordinates(sampling, n_in, n_out)


def remark_line(remark: Remark) -> str:
    """Return what a library does beside the weights, in a line.

    >>> remark_line(Remark("rounding", "results are rounded", dtype="uint8"))
    '  beside the weights (rounding, uint8): results are rounded'
    """
    about = ", ".join(filter(None, (remark.about, remark.dtype)))
    return f"  beside the weights ({about}): {remark.text}"


def other_words(
    sampling: Sampling,
    spatial: int,
    *,
    parted: bool,
    near: Nearby | None = None,
    of: str = "",
) -> Iterator[str]:
    """Yield the words of every convention for a sampling.

    Args:
        sampling: what is computed along some axes.
        spatial: how many axes are resampled.
        parted: the other axes are computed otherwise.
        near: what else is known of the node, where it is one, and is to be told.
        of: what is told in other words, with a comma; empty for what stands above.
    """
    remarks = ["were every axis like this"] * parted
    if sampling.scale is not None and sampling.scale.denominator != 1:
        remarks.append("each rounds output lengths in its own way")
    remark = f" ({'; '.join(remarks)})" if remarks else ""
    yield f"  {of}in other words{remark}:"
    for convention in load_conventions():
        words = _words(convention, sampling, spatial, near or Nearby())
        yield f"    {convention.name}: {words or 'has no name for it'}"


def _words(convention: Convention, sampling: Sampling, spatial: int, near: Nearby) -> str | None:
    """Return a sampling in the words of a convention; None where it has none."""
    words = convention.write(sampling, spatial)
    if words and near.made and not same_at(convention, words, sampling, near.made):
        words = None
    if words is None and near.factor and sampling.scale is None:
        words = convention.write(replace(sampling, scale=Fraction(near.factor)), spatial)
    if words is None and near.convention == convention.name:
        words = near.words
    if words is None and near.nearest and not isinstance(sampling.kernel, Table):
        words = _nearest_words(convention, sampling, spatial, near.made)
    return words


def _nearest_words(
    convention: Convention, sampling: Sampling, spatial: int, made: tuple[tuple[int, int], ...]
) -> str | None:
    """Return the call of a convention that comes nearest to a sampling, and how far it is off."""
    found = equivalent(convention, (sampling,) * spatial, made=made)
    return None if found is None else f"nearest equivalent: {found.text}{found.note}"


def formula_of(sampling: Sampling) -> str:
    """Return where output i lies, with what r is; empty where there is no formula.

    >>> formula_of(Sampling("asymmetric", Nearest("floor"), scale=Fraction(2)))
    'i * r, r = 1 / 2'
    """
    if isinstance(sampling.kernel, Area):
        return f"the mean of pixels i * r to (i + 1) * r, {WINDOWS[sampling.kernel.window]}"
    if by_lengths(sampling.kernel):
        return ""
    step = "n_in / n_out" if sampling.scale is None else f"1 / {float(sampling.scale):.6g}"
    formula = FORMULAS[sampling.coordinate]
    return f"{formula}, r = {step}" if " r" in formula and "r =" not in formula else formula


def kernel_words(sampling: Sampling) -> str:
    """Return the kernel in words."""
    kernel = sampling.kernel
    if isinstance(kernel, Nearest):
        return f"nearest, {kernel.rounding}"
    plain = type(kernel).__name__.lower()
    words = [kernel.words if isinstance(kernel, Filter | Written) else plain]
    if isinstance(kernel, Cubic):
        words.append(f"a = {float(kernel.a):g}")
    if isinstance(kernel, Linear | Cubic) and kernel.antialias:
        words.append("antialias")
    if isinstance(kernel, Spline):
        pad = f"{kernel.pad} pixels put around it: {BORDERS[kernel.padding]}" if kernel.pad else ""
        beyond = f"beyond the border: {BORDERS[kernel.border]}"
        words += [one for one in (kernel.coordinate, pad, beyond) if one]
    elif isinstance(kernel, Blurred):
        sigma = "" if kernel.sigma is None else f"sigma = {float(kernel.sigma):g}"
        beyond = f"beyond the border: {BORDERS[kernel.border]}"
        then = f"then {kernel.then.coordinate}, {kernel_words(kernel.then)}"
        words += [one for one in (sigma, beyond, then) if one]
    elif sampling.exclude_outside:
        words.append("beyond the border: left out")
    elif sampling.border != "clamp":
        words.append(f"beyond the border: {BORDERS[sampling.border]}")
    return ", ".join(words)


def _coordinates(sampling: Sampling, n_in: int, n_out: int) -> Iterator[str]:
    """Yield the first source coordinates and the weights of the first samples."""
    count = min(n_out, SAMPLES)
    weights = weights_of(sampling, n_in, n_out, count)
    places = list(weights.positions[:count])
    if not by_lengths(sampling.kernel):
        line = sampling.line(n_in, n_out)
        places = [line.at(i) for i in range(count)]
    shown = [f"{float(place):.6g}" for place in places]
    more = " ..." if n_out > count else ""
    yield f"  at length {n_in} to {n_out}, outputs 0 to {count - 1} read: {' '.join(shown)}{more}"
    for i in range(min(count, 2)):
        row = " + ".join(f"{float(w):.6g} x[{j}]" for j, w in weights.rows[i])
        yield f"    y[{i}] = {row or 'the extrapolation value'}"


def weights_of(sampling: Sampling, n_in: int, n_out: int, count: int) -> Weights:
    """Return the weights of at least the first samples; of a table, which is written out, all."""
    if isinstance(sampling.kernel, Table):
        return sampling.weights(n_in, n_out)
    return weights_at(sampling, n_in, n_out, range(count))
