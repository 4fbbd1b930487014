"""A call as text: what it computes, in the first convention that reads it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.comparing.made import made_apart
from halfpixel.checking.example_calls import SAMPLERS, names_near
from halfpixel.checking.samplers import sampler_of
from halfpixel.checking.sampling_words import EXAMPLE_LENGTH
from halfpixel.convention import Convention, Reading, load_conventions, methods_known
from halfpixel.conventions.expression import call_in, inner_calls
from halfpixel.conventions.python_call import PythonCall, Symbol, parse
from halfpixel.errors import ConventionError, UsageError
from halfpixel.intents.aten_call import OPS, lengths_of, read_call

ATEN: Final = f"{OPS}aten."

MOST_INNER: Final = 64
"""Calls in the arguments of one that is not known, of which the first that is known is taken."""


class Called(Struct, frozen=True):
    """What a call computes: along axes, or as a sampler.

    Attributes:
        text: the call.
        name: whose words it is in.
        reading: what it computes along its spatial axes; None for a sampler.
        operator: the sampler.
        convention: the dictionary that reads it; None for a sampler and for ATen's operators.
    """

    text: str
    name: str
    reading: Reading | None = None
    operator: object = None
    convention: Convention | None = None

    def made(self, axis: int) -> tuple[tuple[int, int], ...]:
        """Return output lengths of some input lengths, where the axis's factor gives others.

        A line of coordinates with a step may be read for as many samples as anybody likes.

        >>> called("ndimage.affine_transform(x, [0.5], order=1)").made(0)[:2]
        ((4, 4), (3, 3))
        >>> called("F.interpolate(x, scale_factor=1.7)").made(0)
        ()
        """
        reading, convention = self.reading, self.convention
        sampling = None if reading is None else reading.samplings[axis]
        if reading is None or convention is None or sampling is None or sampling.scale is None:
            return ()
        return made_apart(sampling.scale, self._lengths(convention, axis))

    def _lengths(self, convention: Convention, axis: int) -> Callable[[int], int | None]:
        def made(n: int) -> int | None:
            opened = convention.read(self.text, n)
            return opened.at((n,) * len(opened.samplings)).lengths[axis]

        return made


def called(text: str) -> Called:
    """Return what a call, or the call in a text, computes.

    Raises:
        UsageError: no convention reads it.
    """
    text = call_of(text)
    try:
        call = parse(text)
        name, sampler = sampler_of(call)
    except ConventionError as error:
        raise UsageError(f"{text}: {error}") from error
    if call.name.startswith(ATEN):
        made, sampler = aten_reading(text, call)
        return Called(text, "PyTorch", made, sampler)
    if sampler is not None:
        return Called(text, name, operator=sampler)
    convention, made = reading_of(text)
    remarks = (
        *(one for one in convention.remarks if one.concerns(made.samplings)),
        *made.remarks,
    )
    with suppress(ConventionError):  # of a box that the example has not: lengths stay open
        axes = len(made.samplings)
        by_lengths = made.by_lengths is not None
        at = made.at((EXAMPLE_LENGTH,) * axes) if by_lengths else None
        made = replace(made, lengths=(at or convention.read(text, EXAMPLE_LENGTH)).lengths)
    return Called(text, convention.name, replace(made, remarks=remarks), convention=convention)


def call_of(text: str) -> str:
    """Return the call that a line of a program is made of, as Python; the text where it is none.

    >>> call_of("J = imresize(I, [16 9]);"), call_of("y = torch.sigmoid(F.interpolate(x, 8))")
    ('imresize(I, [16, 9])', 'F.interpolate(x, 8)')
    """
    for one in load_conventions():
        text = text if one.respell is None else one.respell(text)
    found = call_in(text, methods_known())
    if _is_known(found):
        return found
    inside = next(filter(_is_known, inner_calls(found)[:MOST_INNER]), None)
    return found if inside is None else inside


def _is_known(text: str) -> bool:
    """Whether what a call is named is read."""
    try:
        name = parse(text).name
    except ConventionError:
        return False
    last = name.rpartition(".")[2]
    near = any(one.nearness(name) is not None for one in load_conventions())
    return near or last in SAMPLERS or name.startswith(ATEN)


def aten_reading(text: str, call: PythonCall) -> tuple[Reading | None, object]:
    """Return what one of PyTorch's ATen operators computes: along axes, or as a sampler."""
    arguments = [f"%{v}" if isinstance(v, Symbol) else v for v in call.positional]
    found = None if call.named else read_call(call.name.removeprefix(OPS), arguments)
    intent = None if found is None else found[1]
    if intent is None:
        raise UsageError(f"{text}: no ATen operator that resamples, with its arguments by place")
    if intent.call is None:
        return None, intent.operator
    size = lengths_of(arguments[1]) or (None,) * intent.call.spatial
    axes = range(intent.call.spatial)
    return Reading(tuple(intent.call.sampling(axis) for axis in axes), size), None


def reading_of(text: str) -> tuple[Convention, Reading]:
    """Return the convention that reads a call, and what the call computes at open lengths.

    Raises:
        UsageError: no convention knows such a call, or takes its arguments.
    """
    conventions = load_conventions()
    try:
        name = parse(text).name
    except ConventionError as error:
        raise UsageError(str(error)) from error
    near = [(nearness, one) for one in conventions if (nearness := one.nearness(name)) is not None]
    if not near:
        near_by = ", ".join(names_near(name))
        hint = f"; did you mean one of {near_by}?" if near_by else ""
        every = "'halfpixel explain --list' names all"
        raise UsageError(f"{text}: {name} is no operator that is known{hint}; {every}")
    reasons: list[str] = []
    nearest = min(nearness for nearness, _ in near)
    near = [pair for pair in near if pair[0] <= nearest + 1]  # not a method, where a function is
    for _, one in sorted(near, key=lambda pair: pair[0]):
        try:
            found = one.read(text, None)
            if found.by_lengths is None:
                one.read(text, EXAMPLE_LENGTH)
        except ConventionError as error:
            reasons.append(f"{one.name}: {error}")
        else:
            return one, found
    raise UsageError(f"{text}: {'; '.join(reasons)}")
