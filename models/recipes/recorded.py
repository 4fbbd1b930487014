"""Which resampling calls a module makes, noted while it runs."""

from __future__ import annotations

import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDED = {
    "torch.nn.functional": ("interpolate", "grid_sample", "affine_grid", "conv_transpose2d"),
    "torchvision.ops": ("roi_align",),
}


@contextmanager
def recording(calls: list[str]) -> Iterator[None]:
    """Append a line for each resampling call made meanwhile, in order."""
    places = [
        (sys.modules[module], name)
        for module, names in RECORDED.items()
        if module in sys.modules
        for name in names
    ]
    originals = [getattr(module, name) for module, name in places]
    try:
        for (module, name), function in zip(places, originals, strict=True):
            setattr(module, name, recorder(name, function, calls))
        yield
    finally:
        for (module, name), function in zip(places, originals, strict=True):
            setattr(module, name, function)


def recorder(name: str, function: Callable[..., Tensor], calls: list[str]) -> Callable[..., Tensor]:
    """Return the function, noting its arguments before each call."""

    def recorded(*args: object, **options: object) -> Tensor:
        calls.append(f"{name}({', '.join(words(function, args, options))})")
        return function(*args, **options)

    return recorded


def words(
    function: Callable[..., Tensor], args: tuple[object, ...], options: dict[str, object]
) -> Iterator[str]:
    """Yield the arguments of a call as a person would write them, tensors by their shape."""
    try:
        given = inspect.signature(function).bind(*args, **options).arguments
    except ValueError:  # written in C, without a signature
        rest = ("weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
        given = dict(zip(("input", *rest), args, strict=False)) | options
    for key, value in given.items():
        if isinstance(value, Tensor):
            yield f"{key}={'x'.join(map(str, value.shape))}"
        elif value is not None:
            yield f"{key}={tuple(value) if isinstance(value, (list, tuple)) else value!r}"
