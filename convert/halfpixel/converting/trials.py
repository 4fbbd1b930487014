"""The inputs that a file is verified with: as exported, and other lengths where some are free."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.converting.quietly import quietly
from halfpixel.converting.source import Source, feeds_of, placeholders, tensors_of
from halfpixel.format import Port

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    Feeds = dict[str, NDArray[np.generic]]

OTHERS: Final[tuple[Callable[[int, int], int], ...]] = (
    lambda n, axis: n + 1 + axis % 2,
    lambda n, axis: 2 * n + axis % 2,
    lambda n, axis: 3 * n - 1 - 2 * (axis % 2),
    lambda n, axis: n + 32 * (1 + axis % 2),
    lambda n, _axis: 2 * n,
    lambda n, _axis: n + 64,
    lambda n, _axis: max(n // 2, 1),
    lambda _n, axis: 1 + axis % 2,
)
"""Other lengths of free axes, one a trial: odd ones, longer ones, multiples of 32, short ones."""

MOST_OTHERS: Final = 5
GROWTH: Final = 8
MOST_NUMBERS: Final = 1 << 21
"""Most numbers that the module may make at other lengths: `GROWTH` times as many, or these."""


def cases(source: Source) -> "tuple[Feeds, ...]":
    """Return the inputs that the file is verified with: as exported, and other lengths."""
    found = [source.feeds]
    if source.reference is not None:  # its constants were computed from the first inputs
        found.append(feeds_of(source.inputs, source.limits, 1))
    ranges = _limits(source)
    seen = {tuple(array.shape for array in source.feeds.values())}
    most = max(GROWTH * (_numbers(source, source.feeds) or 0), MOST_NUMBERS)
    for trial, other in enumerate(OTHERS) if any(source.free.values()) else ():
        ports: list[Port] = []
        for port in source.inputs:
            shape = list(cast("tuple[int, ...]", port.shape))
            for axis in source.free.get(port.name, ()):
                low, high = ranges.get((port.name, axis), (1, None))
                new = other(shape[axis], axis) if axis else 1 + trial % 3
                wanted = max(new, low)
                shape[axis] = wanted if high is None else min(wanted, high)
            ports.append(Port(port.name, port.dtype, tuple(shape), port.role))
        shapes = tuple(cast("tuple[int, ...]", port.shape) for port in ports)
        if shapes in seen or len(found) > MOST_OTHERS:
            continue
        seen.add(shapes)
        feeds = feeds_of(ports, source.limits, 1 + trial)
        if _takes(source, feeds, most):
            found.append(feeds)
    return tuple(found)


def _takes(source: Source, feeds: "Feeds", most: int) -> bool:
    """Whether the module takes these lengths, and makes no more numbers than `most`."""
    made = _numbers(source, feeds)
    return made is not None and made <= most


def _numbers(source: Source, feeds: "Feeds") -> int | None:
    """Return how many numbers the module makes; None where it takes no such lengths."""
    import torch
    from torch.utils import _pytree

    try:
        with torch.no_grad(), quietly():
            made: Any = source.module(*tensors_of(feeds))
    except Exception:  # noqa: BLE001 - whatever a module raises, it does not take them
        return None
    leaves = cast("list[object]", _pytree.tree_leaves(made))
    return sum(leaf.numel() for leaf in leaves if isinstance(leaf, torch.Tensor))


def _limits(source: Source) -> dict[tuple[str, int], tuple[int, int | None]]:
    """Return the lengths that PyTorch's graph takes, by input and axis."""
    return {} if source.program is None else dict(_ranges(source.program, source.names))


def _ranges(
    program: "torch.export.ExportedProgram", names: Sequence[str]
) -> "Iterator[tuple[tuple[str, int], tuple[int, int | None]]]":
    told = cast("Mapping[object, Any]", getattr(program, "range_constraints", {}))
    limits = {str(symbol): limit for symbol, limit in told.items()}
    for name, node in zip(names, placeholders(program), strict=False):
        for axis, n in enumerate(node.meta["val"].shape):
            limit: Any = None if isinstance(n, int) else limits.get(str(n))
            if limit is None:
                continue
            high = int(limit.upper) if limit.upper.is_Integer else None
            yield (name, axis), (max(int(limit.lower), 1), high)
