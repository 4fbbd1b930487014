"""From a resize to the PyTorch call that it is, found by comparing weights, not names.

Every call that F.interpolate can make over the axes in question is a candidate; the first
that is proven equal, at the lengths that are known, is the answer. Axes in an order that
F.interpolate does not take are permuted around the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from halfpixel.conventions.torch.interpolate import Family, Interpolate, candidates
from halfpixel.sampling import Linear, Resize, Sampling, Table, compare
from halfpixel.sampling.arithmetic import likeliest, pytorch_nearest
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.resize import compare_resize, surely_differ

Lengths = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class View:
    """How a tensor is laid out for F.interpolate: (batch, channel, *spatial).

    Attributes:
        axes: the axes of the tensor that are spatial in the call.
        before: Python after `x` that makes the layout.
        after: Python after the call that undoes it.
    """

    axes: tuple[int, ...]
    before: str = ""
    after: str = ""


def view_of(axes: Sequence[int], rank: int) -> View | None:
    """Return a layout in which `axes` are the spatial ones; None for more than three.

    >>> view_of((1, 2), 4).before
    '.permute(0, 3, 1, 2)'
    """
    if 3 <= rank <= 5 and all(axis >= 2 for axis in axes):
        return View(tuple(range(2, rank)))
    if len(axes) > 3 or not axes:
        return None
    others = [axis for axis in range(rank) if axis not in axes]
    order = [*others, *axes]
    before = after = ""
    if order != list(range(rank)):
        inverse = [order.index(axis) for axis in range(rank)]
        before = f".permute({', '.join(map(str, order))})"
        after = f".permute({', '.join(map(str, inverse))})"
    match len(others):
        case 0:
            return View(tuple(axes), before + "[None, None]", "[0, 0]" + after)
        case 1:
            return View(tuple(axes), before + ".unsqueeze(1)", ".squeeze(1)" + after)
        case 2:
            return View(tuple(axes), before, after)
        case count:
            shape = ", ".join(f"x.shape[{axis}]" for axis in others[: count - 1])
            flat = f".flatten(0, {count - 2})"
            return View(tuple(axes), before + flat, f".unflatten(0, ({shape},))" + after)


@lru_cache(maxsize=1024)
def matching_call(
    resize: Resize,
    scales: tuple[float, ...] | None,
    input_lengths: Lengths,
    output_lengths: Lengths,
) -> Interpolate | None:
    """Return the F.interpolate call that is proven to be `resize`.

    Args:
        resize: what the operator computes.
        scales: scales one an axis, where scales were given; None where sizes were.
        input_lengths: known lengths one an axis, None each where unknown.
        output_lengths: likewise.
    """
    rank = len(input_lengths)
    view = view_of([axis for axis, _ in resize.axes], rank)
    if view is None:
        return None
    spatial = len(view.axes)
    wanted = resize.axes[0][1] if resize.axes else None
    calls: list[Interpolate] = []
    if scales is not None:
        calls += candidates(spatial, scaled=tuple(likeliest(scales[axis]) for axis in view.axes))
        calls = [call for call in calls if _fits(call, view, input_lengths, output_lengths)]
    if scales is None or not calls:  # up to opset 10 a size was written as a scale
        calls += candidates(spatial, scaled=None)
    calls.sort(key=lambda call: _strange(call.sampling(0), wanted))
    if wanted is not None and isinstance(wanted.kernel, Table):
        calls += candidates(spatial, scaled=_table_factors(resize, view))
    open_lengths = None in input_lengths or None in output_lengths
    open_lengths &= all(output_lengths[axis] != 1 for axis in view.axes)
    for call in calls:
        if _is(call, view, resize, input_lengths, output_lengths):
            return _with_size(call, view, output_lengths)
        before = replace(call, version=(1, 9))
        if open_lengths and _is(before, view, resize, input_lengths, output_lengths):
            return _with_size(call, view, output_lengths)
    return None


def _fits(call: Interpolate, view: View, input_lengths: Lengths, output_lengths: Lengths) -> bool:
    """Whether PyTorch gives the output lengths that are known for a call with factors."""
    ins = [input_lengths[axis] for axis in view.axes]
    known = [n for n in ins if n is not None]
    found = call.output_lengths(known) if len(known) == len(ins) else None
    if found is None:
        return True
    outs = [output_lengths[axis] for axis in view.axes]
    return all(n is None or n == m for n, m in zip(outs, found, strict=True))


def _table_factors(resize: Resize, view: View) -> tuple[float, ...]:
    """Return the scale factors that the steps of a gather's tables show, to four digits."""
    factors: list[float] = []
    for axis in view.axes:
        sampling = resize.sampling(axis)
        kernel = sampling.kernel if sampling is not None else None
        factors.append(_table_factor(kernel) if isinstance(kernel, Table) else 1.0)
    return tuple(factors)


def _table_factor(table: Table) -> float:
    places = [(i, sum(j * w for j, w in row)) for i, row in enumerate(table.rows)]
    inner = [(i, x) for i, x in places if 0 < x < table.n_in - 1]
    if len(inner) < 2 or inner[-1][1] == inner[0][1]:
        return 1.0
    steps = inner[-1][0] - inner[0][0]
    return float(f"{float(steps / (inner[-1][1] - inner[0][1])):.4g}")


def _strange(sampling: Sampling, wanted: Sampling | None) -> int:
    """Rank candidates: the same kernel and the same kind of coordinates come first."""
    if wanted is None:
        return 0
    same = type(sampling.kernel) is type(wanted.kernel)
    corners = sampling.coordinate == wanted.coordinate
    return (0 if same else 2) + (0 if corners else 1)


@dataclass(frozen=True, slots=True)
class Closest:
    """The nearest call whose pixels come closest to tables that a graph computes.

    Attributes:
        call: mode nearest or nearest-exact, by size or with a factor.
        off: samples that read another pixel.
        samples: samples that were compared.
        first: (n_in, n_out, output, pixel here, pixel in PyTorch) of the first that is off.
    """

    call: Interpolate
    off: int
    samples: int
    first: tuple[int, int, int, int, int] | None


def closest_nearest(
    lengths: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
    tables: Sequence[tuple[tuple[int, ...], ...]],
    factors: Sequence[float] = (),
) -> Closest | None:
    """Return the nearest call that is closest to tables of source pixels.

    Args:
        lengths: (input, output) lengths along the axes, one pair a trial.
        tables: the pixels read along each axis, one set a trial.
        factors: scale factors that may have been meant.

    >>> closest_nearest([((4,), (8,))], [((0, 0, 1, 1, 2, 2, 3, 3),)]).off
    0
    """
    if not lengths:
        return None
    axes = len(lengths[0][0])
    names: tuple[Family, ...] = ("nearest-exact", "nearest")
    calls = [Interpolate(name, axes, (None,) * axes) for name in names]
    for factor in factors:
        calls += [Interpolate(name, axes, None, (likeliest(factor),) * axes) for name in names]
    return min((_closeness(call, lengths, tables) for call in calls), key=lambda c: c.off)


def _closeness(
    call: Interpolate,
    lengths: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
    tables: Sequence[tuple[tuple[int, ...], ...]],
) -> Closest:
    exact, factor = call.family == "nearest-exact", call.scale_factor
    off = samples = 0
    first: tuple[int, int, int, int, int] | None = None
    for (ins, outs), rows in zip(lengths, tables, strict=True):
        for n_in, n_out, row in zip(ins, outs, rows, strict=True):
            there = pytorch_nearest(n_in, n_out, factor[0] if factor else None, exact=exact)
            samples += n_out
            for i, (a, b) in enumerate(zip(row, there, strict=True)):
                if a % n_in != b:
                    off += 1
                    first = first or (n_in, n_out, i, a % n_in, b)
    return Closest(call, off, samples, first)


def on_view(call: Interpolate, view: View) -> Resize:
    """Return what a call computes on the tensor that `view` lays out."""
    pairs = sorted((axis, call.sampling(k)) for k, axis in enumerate(view.axes))
    return Resize(tuple(pairs))


def _is(
    call: Interpolate,
    view: View,
    resize: Resize,
    input_lengths: Lengths,
    output_lengths: Lengths,
) -> bool:
    meant = on_view(call, view)
    copied = tuple(
        (axis, sampling)
        for axis, sampling in meant.axes
        if resize.sampling(axis) is not None or not _copies(sampling, input_lengths[axis])
    )
    if surely_differ(Resize(copied), resize, input_lengths, output_lengths):
        return False
    verdict = compare_resize(Resize(copied), resize, input_lengths, output_lengths)
    if any(isinstance(sampling.kernel, Table) for _, sampling in resize.axes):
        return verdict.negligible  # the weights of a table were rounded to float32
    return verdict.proven or (verdict.equal and not _free(input_lengths, output_lengths, resize))


def _free(input_lengths: Lengths, output_lengths: Lengths, resize: Resize) -> bool:
    return any(None in {input_lengths[a], output_lengths[a]} for a, _ in resize.axes)


def _copies(sampling: Sampling, length: int | None) -> bool:
    """Whether an axis whose length stays the same is copied by this sampling."""
    if sampling.scale is not None and sampling.scale != ONE:
        return False
    copy = Sampling("asymmetric", Linear(), ONE)
    if length is None:
        return sampling.coordinate in {"half_pixel", "align_corners", "asymmetric"}
    return compare(sampling, copy, length, length).equal


def _with_size(call: Interpolate, view: View, output_lengths: Lengths) -> Interpolate:
    if call.size is None:
        return call
    return replace(call, size=tuple(output_lengths[axis] for axis in view.axes))


def call_text(call: Interpolate, resize: Resize, rank: int) -> str:
    """Return the call as Python, with the permutations that its layout needs."""
    view = view_of([axis for axis, _ in resize.axes], rank) or View(())
    return call.text(f"x{view.before}") + view.after
