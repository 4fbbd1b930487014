"""Core ML's names in an ML Program (MIL): conv_transpose.

pad_type "valid" cuts nothing, "custom" cuts pad, "same" cuts to length times stride, the floor of
the half at the start. Where it reads is in the docstring of `halfpixel.sampling`'s ConvTranspose.

Source: coremltools `converters/mil/mil/ops/defs/iOS15/conv.py`.
"""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from halfpixel.conventions.meaning import choice, whole
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError
from halfpixel.sampling import ConvTranspose


def conv_transpose(
    attributes: Attributes, kernel: tuple[int, ...], lengths: Sequence[int | None] = ()
) -> ConvTranspose:
    """Return what a conv_transpose computes.

    A given output_shape fixes the output lengths. The cut at the start is then the one that
    pad asks for, and the rest is cut (or added) at the end; where `lengths` are not known, the
    cut is halved.

    Args:
        attributes: its constant inputs by parameter name, defaults left out.
        kernel: kernel lengths, the last axes of its weight (C_in, C_out / groups, *kernel).
        lengths: spatial input lengths, as far as they are known.

    Raises:
        ConventionError: a list of the wrong length, a value below 1, an unknown pad_type.

    >>> conv_transpose({"strides": (2,), "pad_type": "same"}, (3,)).output_length(0, 5)
    10
    >>> halved = {"strides": (2,), "pad": (1, 1), "pad_type": "custom"}
    >>> conv_transpose(halved, (4,)).output_length(0, 5)
    10
    >>> conv_transpose({**halved, "output_shape": (1, 1, 11)}, (4,), (5,)).cut(0, 5)
    (11, 1, 0)
    """
    axes = len(kernel)
    strides, dilations = _ints(attributes, "strides", axes), _ints(attributes, "dilations", axes)
    for name, values in (("strides", strides), ("dilations", dilations), ("kernel", kernel)):
        if min(values, default=1) < 1:
            raise ConventionError(f"{name} holds {min(values)}, expected at least 1")
    kind = choice("pad_type", attributes.get("pad_type", "valid"), ("valid", "custom", "same"))
    pads = _ints(attributes, "pad", 2 * axes, 0) if kind == "custom" else (0,) * (2 * axes)
    shape = _listed(attributes, "output_shape")
    groups = whole("groups", attributes.get("groups", 1))
    if groups < 1 or min(pads, default=0) < 0:
        raise ConventionError(f"groups is {groups} and pad {pads}, expected at least 1 and 0")
    nothing = (0,) * axes
    meant = ConvTranspose(
        kernel,
        strides,
        pads[::2],
        pads[1::2],
        nothing,
        dilations,
        groups,
        None if shape is None else tuple(whole("output_shape", n) for n in shape)[-axes:],
        "SAME_UPPER" if kind == "same" or shape is not None else "NOTSET",
    )
    return _same(meant) if kind == "same" and shape is None else _fitted(meant, lengths)


def _ints(attributes: Attributes, name: str, count: int, rest: int = 1) -> tuple[int, ...]:
    given = _listed(attributes, name)
    values = (rest,) * count if given is None else tuple(whole(name, value) for value in given)
    if len(values) != count:
        raise ConventionError(f"{name} has {len(values)} values, expected {count}")
    return values


def _listed(attributes: Attributes, name: str) -> Sequence[int] | None:
    """Return a list of whole numbers; None where it is not given.

    Raises:
        ConventionError: it is no list.
    """
    given = attributes.get(name)
    if given is not None and not isinstance(given, Sequence):
        raise ConventionError(f"{name} is {given!r}, expected a list")
    return cast("Sequence[int] | None", given)


def _same(meant: ConvTranspose) -> ConvTranspose:
    """Return the same with what is cut to length times stride, the floor of the half at the start.

    >>> _same(ConvTranspose((4,), (2,), (0,), (0,), (0,), (1,), 1, None, "SAME_UPPER")).begin
    (1,)
    """
    over = [meant.reach(a) - meant.strides[a] for a in range(len(meant.kernel))]
    return replace(
        meant,
        begin=tuple(max(cut, 0) // 2 for cut in over),
        end=tuple(max(cut, 0) - max(cut, 0) // 2 for cut in over),
        output_padding=tuple(max(-cut, 0) for cut in over),
        auto_pad="NOTSET",
    )


def _fitted(meant: ConvTranspose, lengths: Sequence[int | None]) -> ConvTranspose:
    """Return the same with its output_shape said as a cut at the end, where lengths are known."""
    known = [n for n in lengths if n is not None]
    if meant.output_shape is None or len(known) != len(meant.kernel):
        return meant
    over = [
        meant.strides[a] * (n - 1) + meant.reach(a) - meant.begin[a] - meant.output_shape[a]
        for a, n in enumerate(known)
    ]
    return ConvTranspose(
        meant.kernel,
        meant.strides,
        meant.begin,
        tuple(max(cut, 0) for cut in over),
        tuple(max(-cut, 0) for cut in over),
        meant.dilations,
        meant.groups,
    )
