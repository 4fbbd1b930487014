"""One axis of a resampling call in plain operators: which pixels are read, or with what weights.

Lengths are tensors throughout, so that nothing that is free becomes a constant, and source
coordinates are computed in the order, and in the precision, in which PyTorch computes them.
An output place is `i`, an input place is `j`; a matrix of weights has the shape (out, in).

Source: PyTorch `aten/src/ATen/native/UpSample.h`, `cpu/UpSampleKernel.cpp`, `AdaptivePooling.h`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from halfpixel.conventions.torch.interpolate import Family
from halfpixel.converting.plain.lengths import count_of

if TYPE_CHECKING:
    from torch import Tensor

TAPS: Final = {"linear": 2.0, "cubic": 4.0, "lanczos": 6.0}


class Interpolation(Struct, frozen=True):
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


class TensorAxis:
    """One axis: its lengths as tensors, so that nothing that is free becomes a constant.

    Attributes:
        i: the output places 0 .. out - 1, of shape (out,).
        j: the input places 0 .. in - 1, of shape (in,).
        n_out: how many output places there are, of shape (1,).
        n_in: how many input places there are, of shape (1,).
        stays: whether they are as many, of shape (1,).
    """

    def __init__(self, n_in: Any, n_out: Any, factor: float | None, x: "Tensor") -> None:  # noqa: ANN401 - numbers or symbols
        """Lay out the places of an axis of n_in pixels that become n_out by a factor."""
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

    def nearest(self, short: "Tensor | bool", *, exact: bool) -> "Tensor":
        """Return the pixel that each output pixel reads, of shape (out,).

        Args:
            short: whether PyTorch takes the kernel that copies whole pixels. In it a length that
                stays is copied and one that doubles reads each pixel twice, whatever the factor
                says; and its coordinates are float32 for float64 images too.
            exact: nearest-exact, which has no such copies.

        >>> import torch
        >>> axis = TensorAxis(3, 6, 2.2, torch.rand(1, 1, 3, 3))
        >>> [axis.nearest(short, exact=False).tolist() for short in (True, False)]
        [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2]]
        """
        import torch

        i = self.i + 0.5 if exact else self.i
        places = torch.floor((i * self.step()).float())  # rounded first, as floorf rounds it
        if short is not False and self.i.dtype == torch.float64:
            step = torch.reciprocal(torch.full_like(self.n_in, self.factor or 1)).float()
            if self.factor is None:
                step = self.n_in.float() / self.n_out.float()
            single = torch.floor(i.float() * step)
            places = single if isinstance(short, bool) else torch.where(short, single, places)
        index = torch.minimum(places, (self.n_in - 1).float()).long()
        return index if exact or short is False else self._copied(index, short)

    def _copied(self, index: "Tensor", short: "Tensor | bool") -> "Tensor":
        """Return what the kernel that copies reads where a length stays or doubles."""
        import torch

        if self.factor is None or not 1 < self.factor < 3:
            return index
        doubles = self.n_out.long() == 2 * self.n_in.long()
        half = torch.div(self.i.long(), 2, rounding_mode="floor")
        copied = torch.where(self.stays, self.i.long(), torch.where(doubles, half, index))
        return copied if isinstance(short, bool) else torch.where(short, copied, index)

    def weights(self, wanted: Interpolation) -> "Tensor":
        """Return the matrix of shape (out, in) whose product with an axis resizes it.

        >>> import torch
        >>> axis = TensorAxis(2, 4, None, torch.rand(1, 1, 2))
        >>> axis.weights(Interpolation("linear", [4], None)).tolist()
        [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
        """
        if wanted.family == "area":
            return self._windows()
        step = self.step(corners=wanted.align_corners)
        if wanted.antialias:
            return self._stretched(step, wanted.family)
        at = self.i * step if wanted.align_corners else (self.i + 0.5) * step - 0.5
        return self._linear(at) if wanted.family == "linear" else self._cubic(at)

    def _windows(self) -> "Tensor":
        """Return the weights (out, in) of area: a window is floor(i n/m) to ceil((i + 1) n/m).

        >>> import torch
        >>> TensorAxis(3, 2, None, torch.rand(1, 1, 3))._windows().tolist()
        [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
        """
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
            weight = keys(torch.abs(at - low - k), -0.75)
            part = (index.long()[:, None] == self.j.long()).to(at.dtype) * weight[:, None]
            total = total + part
        return total

    def _stretched(self, step: "Tensor | float", family: str) -> "Tensor":
        """Return the weights (out, in) of an antialiased axis: a kernel as wide as a step.

        Args:
            step: input pixels an output pixel; the kernel is stretched where it is over 1.
            family: linear, cubic (a = -0.5) or lanczos (three lobes).

        >>> import torch
        >>> axis = TensorAxis(4, 2, None, torch.rand(1, 1, 4))
        >>> axis._stretched(axis.step(), "linear")[0]
        tensor([0.4286, 0.4286, 0.1429, 0.0000])
        """
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


def keys(x: "Tensor", a: float) -> "Tensor":
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
    "cubic": lambda x: keys(x, -0.5),
    "lanczos": _lanczos,
}
