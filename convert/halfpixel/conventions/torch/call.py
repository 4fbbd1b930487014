"""From a resize to the PyTorch call that it is, found by comparing weights, not names.

Every call that F.interpolate can make over the axes in question is a candidate; the first is the
answer that is proven equal, at the lengths that are known, and that PyTorch's own kernels compute
so. Axes in an order that F.interpolate does not take are permuted around the call.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import Family, Interpolate, candidates
from halfpixel.conventions.torch.proviso import Lengths, Place, provisos, stays, turned
from halfpixel.sampling import Nearest, Resize, Sampling, Table
from halfpixel.sampling.arithmetic import likeliest, output_length_float64, simplest
from halfpixel.sampling.nearest import pytorch_nearest
from halfpixel.work import remembered


class View(Struct, frozen=True):
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


class Match(Struct, frozen=True):
    """A call that is what a node computes.

    Attributes:
        call: the call, on the axes of `view`.
        view: the layout in which it is made.
        where: what has to hold of lengths that are not known, each in words; empty for every one.
        turned: the call is made on the transposed image.
    """

    call: Interpolate
    view: View
    where: tuple[str, ...] = ()
    turned: bool = False

    @property
    def text(self) -> str:
        """The call as Python, with the permutations that its layout needs."""
        before, after = self.view.before, self.view.after
        if not self.turned:
            return self.call.text(f"x{before}") + after
        size, factor = self.call.size, self.call.scale_factor
        call = replace(
            self.call,
            size=None if size is None else size[::-1],
            scale_factor=None if factor is None else factor[::-1],
        )
        return call.text(f"x{before}.mT", ("width", "height")) + ".mT" + after


@remembered(1024)
def matching_call(
    resize: Resize,
    scales: tuple[float, ...] | None,
    input_lengths: Lengths,
    output_lengths: Lengths,
    kept: frozenset[int] = frozenset(),
) -> Match | None:
    """Return the F.interpolate call that is proven to be `resize`.

    Args:
        resize: what the operator computes.
        scales: scales one an axis, where scales were given; None where sizes were.
        input_lengths: known lengths one an axis, None each where unknown.
        output_lengths: likewise.
        kept: axes that are known to stay, whatever their length is.
    """
    rank = len(input_lengths)
    view = view_of([axis for axis, _ in resize.axes], rank)
    place = Place(resize, input_lengths, output_lengths, kept)
    left = stays(place)
    if view is None or left is None:
        return None
    spatial = len(view.axes)
    wanted = resize.axes[0][1] if resize.axes else None
    calls: list[Interpolate] = []
    if scales is not None:
        factors = tuple(float(simplest(scales[axis])) for axis in view.axes)
        calls += candidates(spatial, scaled=factors)
        calls = [call for call in calls if _fits(call, view, input_lengths, output_lengths)]
    if scales is None or not calls:  # up to opset 10 a size was written as a scale
        calls += candidates(spatial, scaled=None)
    calls.sort(key=lambda call: _strange(call.sampling(0), wanted))
    if wanted is not None and isinstance(wanted.kernel, Table):
        scaled = candidates(spatial, scaled=_table_factors(resize, view))
        calls += [call for call in scaled if _fits(call, view, input_lengths, output_lengths)]
    for call in calls:
        where = provisos(call, view.axes, on_view(call, view), place)
        if where is not None:
            told = (*where, left) if left else where
            sized = _with_size(call, view, output_lengths)
            return Match(sized, view, told, turned(call, view.axes, place))
    return None


def _fits(call: Interpolate, view: View, input_lengths: Lengths, output_lengths: Lengths) -> bool:
    """Whether PyTorch gives the output lengths that are known for a call with factors."""
    for axis, factor in zip(view.axes, call.scale_factor or (), strict=True):
        n_in, n_out = input_lengths[axis], output_lengths[axis]
        if None not in {n_in, n_out} and output_length_float64(n_in or 0, factor) != n_out:
            return False
    return True


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
    """Rank candidates: the same kernel and the same kind of coordinates come first.

    Single pixels of a table are nearest-exact before nearest, which exporters write as a Resize.
    """
    if wanted is None:
        return 0
    if isinstance(wanted.kernel, Table) and all(len(row) == 1 for row in wanted.kernel.rows):
        exact = sampling.coordinate == "tf_half_pixel_for_nn"
        return int(not exact) if isinstance(sampling.kernel, Nearest) else 2
    same = type(sampling.kernel) is type(wanted.kernel)
    corners = sampling.coordinate == wanted.coordinate
    return (0 if same else 2) + (0 if corners else 1)


class Closest(Struct, frozen=True):
    """The nearest call whose pixels come closest to tables that a graph computes.

    Attributes:
        call: mode nearest or nearest-exact, by size or with a factor.
        off: samples that read another pixel.
        samples: samples that were compared.
        first: (n_in, n_out, output, pixel here, pixel in PyTorch) of the first that is off.
        length: (n_in, n_out here, n_out in PyTorch) of the first trial of another length.
    """

    call: Interpolate
    off: int
    samples: int
    first: tuple[int, int, int, int, int] | None
    length: tuple[int, int, int] | None = None


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
    length: tuple[int, int, int] | None = None
    for (ins, outs), rows in zip(lengths, tables, strict=True):
        for n_in, n_out, row in zip(ins, outs, rows, strict=True):
            there = pytorch_nearest(n_in, n_out, factor[0] if factor else None, exact=exact)
            samples += n_out
            if factor and length is None and n_out != output_length_float64(n_in, factor[0]):
                length = (n_in, n_out, output_length_float64(n_in, factor[0]))
            for i, (a, b) in enumerate(zip(row, there, strict=True)):
                if a % n_in != b:
                    off += 1
                    first = first or (n_in, n_out, i, a % n_in, b)
    return Closest(call, off, samples, first, length)


def on_view(call: Interpolate, view: View) -> Resize:
    """Return what a call computes on the tensor that `view` lays out."""
    pairs = sorted((axis, call.sampling(k)) for k, axis in enumerate(view.axes))
    return Resize(tuple(pairs))


def _with_size(call: Interpolate, view: View, output_lengths: Lengths) -> Interpolate:
    if call.size is None:
        return call
    return replace(call, size=tuple(output_lengths[axis] for axis in view.axes))
