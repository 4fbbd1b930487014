"""F.interpolate and F.affine_grid in plain operators: products with weight matrices, and gathers.

Lengths are tensors throughout, so that nothing that is free becomes a constant, and source
coordinates are computed in float32, in the order in which PyTorch computes them.

Source: PyTorch `aten/src/ATen/native/UpSample.h`, `cpu/UpSampleKernel.cpp`,
`AdaptivePooling.h`, `AffineGridGenerator.cpp`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.conventions.torch_interpolate import Family
from halfpixel.converting.lengths import count_of, output_length

if TYPE_CHECKING:
    from torch import Tensor

TAPS: Final = {"linear": 2.0, "cubic": 4.0, "lanczos": 6.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One call of F.interpolate as it was made.

    Attributes:
        family: what mode means; also "lanczos".
        size: output lengths, or None.
        factors: scale factors, or None.
        align_corners: as in the call.
        antialias: as in the call.
        recomputed: recompute_scale_factor.
    """

    family: Family | str
    size: Sequence[Any] | None
    factors: Sequence[float] | None
    align_corners: bool = False
    antialias: bool = False
    recomputed: bool = False


def each(value: Any, spatial: int) -> Sequence[Any]:  # noqa: ANN401 - numbers or symbols
    """Return one value an axis."""
    if isinstance(value, list | tuple):
        return cast("Sequence[Any]", value)
    return [value] * spatial


def pooled(input: "Tensor", output_size: Any, *, spatial: int) -> "Tensor":  # noqa: A002, ANN401 - torch's names
    """Return F.adaptive_avg_pool of that many axes in plain operators.

    >>> import torch
    >>> pooled(torch.rand(1, 2, 8, 6), 2, spatial=2).shape
    torch.Size([1, 2, 2, 2])
    """
    x = input
    lengths = each(output_size, spatial)
    kept = [x.shape[k - spatial] if n is None else n for k, n in enumerate(lengths)]
    return resized(x, Wanted("area", kept, None))


def resized(x: "Tensor", wanted: Wanted) -> "Tensor":
    """Return F.interpolate of a tensor in plain operators.

    >>> import torch
    >>> x = torch.rand(1, 1, 4, 5)
    >>> y = resized(x, Wanted("linear", None, (1.5, 2.0)))
    >>> there = torch.nn.functional.interpolate(x, scale_factor=(1.5, 2.0), mode="bilinear")
    >>> bool((y - there).abs().max() < 1e-6)
    True
    """
    import torch

    spatial = len(wanted.size or wanted.factors or ())
    first = x.dim() - spatial
    ins = [x.shape[first + k] for k in range(spatial)]
    outs = [
        wanted.size[k]
        if wanted.size is not None
        else output_length(ins[k], (wanted.factors or ())[k])
        for k in range(spatial)
    ]
    axes = [_Axis(ins[k], outs[k], _factor(wanted, k), x) for k in range(spatial)]
    y = x
    for k, axis in enumerate(axes):
        place = first + k
        if wanted.family.startswith("nearest"):
            exact = wanted.family == "nearest-exact"
            index = axis.nearest(exact=exact)
            if spatial == 2 and not exact:
                index = axis.shortcut(index)
            y = torch.index_select(y, place, index)
        elif not (axis.stays_fixed and wanted.family != "area" and _copies(wanted)):
            weights = axis.weights(wanted)
            if axis.may_stay and _copies(wanted):
                same = (axis.i.long()[:, None] == axis.j.long()).to(weights.dtype)
                weights = torch.where(axis.stays, same, weights)
            y = product(y, weights.to(x.dtype), place)
    return x.clone() if y is x else y


def _copies(wanted: Wanted) -> bool:
    """Whether PyTorch copies an axis whose length stays."""
    return wanted.antialias or wanted.family == "linear"


def _factor(wanted: Wanted, axis: int) -> float | None:
    given = None if wanted.recomputed or wanted.factors is None else wanted.factors[axis]
    return given if given is not None and given > 0 else None


def product(x: "Tensor", weights: "Tensor", axis: int) -> "Tensor":
    """Return the product along one axis."""
    import torch

    if axis == x.dim() - 2:
        return torch.matmul(weights, x)
    if axis == x.dim() - 1:
        return torch.matmul(x, weights.t())
    return torch.matmul(x.transpose(axis, -1), weights.t()).transpose(axis, -1)


class _Axis:
    """One axis: its lengths as tensors, so that nothing that is free becomes a constant."""

    def __init__(self, n_in: Any, n_out: Any, factor: float | None, x: "Tensor") -> None:  # noqa: ANN401 - numbers or symbols
        import torch

        self.factor = factor
        fixed = isinstance(n_in, int) and isinstance(n_out, int)
        self.stays_fixed = bool(fixed and n_in == n_out)
        # a factor of 1 to 2 keeps short lengths; without one a ratio of 1 is the identity itself
        self.may_stay = self.stays_fixed or (not fixed and factor is not None and 1 < factor < 2)
        dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
        self.i = torch.arange(n_out, dtype=dtype, device=x.device)
        self.j = torch.arange(n_in, dtype=dtype, device=x.device)
        self.n_out, self.n_in = count_of(self.i), count_of(self.j)
        self.stays = self.n_out.long() == self.n_in.long()

    def step(self, *, corners: bool = False) -> "Tensor | float":
        """Return input pixels an output pixel, as PyTorch computes it."""
        import torch

        if corners:
            return (self.n_in - 1) / torch.clamp(self.n_out - 1, min=1) * (self.n_out > 1)
        if self.factor is not None:
            return torch.full_like(self.n_in, 1.0 / self.factor)
        return self.n_in / self.n_out

    def nearest(self, *, exact: bool) -> "Tensor":
        """Return the pixel that each output pixel reads."""
        import torch

        places = torch.floor((self.i + 0.5 if exact else self.i) * self.step())
        return torch.minimum(places, self.n_in - 1).long()

    def shortcut(self, index: "Tensor") -> "Tensor":
        """Return what PyTorch's nearest over two axes reads where a length stays or doubles."""
        import torch

        if self.factor is None or not 1 < self.factor < 3:
            return index
        index = torch.where(self.stays, self.i.long(), index)
        doubles = self.n_out.long() == 2 * self.n_in.long()
        half = torch.div(self.i.long(), 2, rounding_mode="floor")
        return torch.where(doubles, half, index)

    def weights(self, wanted: Wanted) -> "Tensor":
        """Return the matrix (out, in)."""
        if wanted.family == "area":
            return self._windows()
        step = self.step(corners=wanted.align_corners)
        if wanted.antialias:
            return self._stretched(step, wanted.family)
        at = self.i * step if wanted.align_corners else (self.i + 0.5) * step - 0.5
        return self._linear(at) if wanted.family == "linear" else self._cubic(at)

    def _windows(self) -> "Tensor":
        import torch

        n_in, n_out = self.n_in.long(), self.n_out.long()
        i, j = self.i.long()[:, None], self.j.long()
        start = torch.div(i * n_in, n_out, rounding_mode="floor")
        end = torch.div((i + 1) * n_in + n_out - 1, n_out, rounding_mode="floor")
        inside = (j >= start).to(self.i.dtype) * (j < end).to(self.i.dtype)
        return inside / (end - start).to(self.i.dtype)

    def _linear(self, at: "Tensor") -> "Tensor":
        import torch

        at = torch.minimum(torch.clamp(at, min=0), self.n_in - 1)
        return torch.clamp(1 - torch.abs(at[:, None] - self.j), min=0)

    def _cubic(self, at: "Tensor") -> "Tensor":
        import torch

        low = torch.floor(at)
        total = torch.zeros_like(at[:, None] - self.j)
        for k in (-1, 0, 1, 2):
            index = torch.minimum(torch.clamp(low + k, min=0), self.n_in - 1)
            weight = _keys(torch.abs(at - low - k), -0.75)
            part = (index.long()[:, None] == self.j.long()).to(at.dtype) * weight[:, None]
            total = total + part
        return total

    def _stretched(self, step: "Tensor | float", family: str) -> "Tensor":
        import torch

        scale = torch.clamp(cast("Tensor", step), min=1)
        support = scale * (TAPS[family] / 2)
        centre = (self.i + 0.5) * step
        first = torch.clamp(torch.floor(centre - support + 0.5), min=0)[:, None]
        last = torch.minimum(torch.floor(centre + support + 0.5), self.n_in)[:, None]
        place = (self.j - centre[:, None] + 0.5) / scale
        inside = (self.j >= first).to(place.dtype) * (self.j < last).to(place.dtype)
        weight = _KERNELS[family](torch.abs(place)) * inside
        return weight / weight.sum(dim=1, keepdim=True)


def _triangle(x: "Tensor") -> "Tensor":
    import torch

    return torch.clamp(1 - x, min=0)


def _keys(x: "Tensor", a: float) -> "Tensor":
    """Return Keys' cubic kernel of distances that are not negative."""
    import torch

    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def _lanczos(x: "Tensor") -> "Tensor":
    import torch

    turn = x * torch.pi
    safe = torch.where(x > 0, turn, torch.ones_like(x))
    lobe = torch.sin(safe) / safe * torch.sin(safe / 3) / (safe / 3)
    inner = torch.where(x > 0, lobe, torch.ones_like(x))
    return torch.where(x < 3, inner, torch.zeros_like(x))


_KERNELS: Final[Mapping[str, Callable[["Tensor"], "Tensor"]]] = {
    "linear": _triangle,
    "cubic": lambda x: _keys(x, -0.5),
    "lanczos": _lanczos,
}


def affine_grid(
    theta: "Tensor",
    size: Sequence[Any],
    align_corners: bool | None = None,  # noqa: FBT001 - torch's own signature
) -> "Tensor":
    """Return F.affine_grid in plain operators: an axis of length 1 has base coordinate 0."""
    import torch

    lengths = list(size)[2:]
    bases: list[Tensor] = []
    for n in lengths:
        i = torch.arange(n, dtype=theta.dtype, device=theta.device)
        count = count_of(i)
        if align_corners:
            span = torch.clamp(count - 1, min=1)
            bases.append((2 * i - (count - 1)) / span)
        else:
            bases.append((2 * i + 1 - count) / count)
    rank = len(lengths)
    spread = [
        bases[rank - 1 - k].reshape([-1 if axis == rank - 1 - k else 1 for axis in range(rank)])
        for k in range(rank)
    ]
    planes = [plane.expand(lengths) for plane in spread]
    base = torch.stack([*planes, torch.ones_like(planes[0])], dim=-1)
    flat = torch.matmul(base.reshape(1, -1, rank + 1), theta.transpose(1, 2))
    return flat.reshape([theta.shape[0], *lengths, rank])
