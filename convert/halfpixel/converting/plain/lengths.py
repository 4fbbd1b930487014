"""Output lengths as PyTorch computes them, in graphs whose lengths are free.

Exporters compute with symbols in float32, where 100 * 0.29 is 29, and in float64 it is 28.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.sampling.arithmetic import simplest

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

LONGEST: Final = 1 << 14
"""Longest axis for which lengths are held against float64."""


def output_length(n: Any, factor: float) -> Any:  # noqa: ANN401 - a number or a symbol
    """Return trunc(n * factor), in float64."""
    import torch

    if isinstance(n, torch.Tensor):  # while tracing; of rank 1, or it would become float32
        wide = n.reshape(1).double() * torch.tensor([factor], dtype=torch.float64)
        return torch.floor(wide).long().reshape([])
    if isinstance(n, int):
        return int(n * factor)
    ratio = _in_integers(factor)  # exporters compute with symbols in float32
    if ratio is not None:
        return n * ratio[0] // ratio[1]
    count = count_of(torch.arange(n, dtype=torch.float64))
    length = torch.floor(count * torch.tensor([factor], dtype=torch.float64)).long().item()
    check = cast("Callable[[object], None]", vars(torch)["_check"])  # as torch.export asks for it
    check(length >= 1)
    return length


@lru_cache(maxsize=64)
def _in_integers(factor: float) -> tuple[int, int] | None:
    """Return p, q for which n * p // q is trunc(n * factor) at every length up to `LONGEST`.

    None where 100 * 0.29 is less than 29, and another multiple is not.

    >>> _in_integers(1.5), _in_integers(0.29)
    ((3, 2), None)
    """
    import numpy as np

    n = np.arange(1, LONGEST + 1)
    there = np.trunc(n * np.float64(factor)).astype(np.int64)
    near = simplest(factor)
    if near.denominator > LONGEST:
        return None
    for p, q in (
        (near.numerator, near.denominator),
        (near.numerator * LONGEST * 8 - 1, near.denominator * LONGEST * 8),
    ):
        if (n * p // q == there).all():
            return p, q
    return None


@lru_cache(maxsize=64)
def rounds_alike(factor: float) -> bool:
    """Whether runtimes give PyTorch's output length at every length up to `LONGEST`.

    They multiply in float32, PyTorch in float64.

    >>> rounds_alike(0.5), rounds_alike(0.6), rounds_alike(0.7)
    (True, True, False)
    """
    import numpy as np

    n = np.arange(1, LONGEST + 1)
    here = np.floor(n.astype(np.float32) * np.float32(factor))
    return bool((here == np.trunc(n * np.float64(factor))).all())


def count_of(places: "Tensor") -> "Tensor":
    """Return how many there are, as a tensor: a slice would do, but optimisers drop it."""
    import torch

    return torch.ones_like(places).sum(dim=0, keepdim=True)


def linspace(start: float, end: float, steps: Any, **options: Any) -> "Tensor":  # noqa: ANN401 - a symbol, torch's own
    """Return torch.linspace in plain operators: torch.export takes its count for fixed (2.13).

    Args:
        start: the first number.
        end: the last one.
        steps: how many, 1 or more.
        options: dtype and device, as in the call.

    Returns:
        The numbers, of shape (steps,), from both ends to the middle as PyTorch computes them.

    Source: PyTorch `aten/src/ATen/native/cpu/RangeFactoriesKernel.cpp`.

    >>> linspace(-1.0, 1.0, 5).tolist(), linspace(3.0, 9.0, 1).tolist()
    ([-1.0, -0.5, 0.0, 0.5, 1.0], [3.0])
    """
    import torch

    dtype = options.get("dtype") or torch.get_default_dtype()
    i = torch.arange(steps, dtype=dtype, device=options.get("device"))
    last = count_of(i) - 1
    step = (end - start) / torch.clamp(last, min=1)
    half = torch.floor((last + 1) / 2)
    first = (i < half) | (last == 0)
    return torch.where(first, start + step * i, end - step * (last - i))
