"""Every F.interpolate, F.grid_sample and F.affine_grid that interpolate.py converts."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPORTERS = ("dynamo", "torchscript")
LENGTHS = {"up": (9, 10, 7), "down": (9, 10, 7), "to 1": (9, 10, 8), "from 1": (1, 1, 1)}
SIZES = {"up": (13, 16, 12), "down": (4, 7, 3), "to 1": (1, 1, 1), "from 1": (4, 5, 3)}
FACTORS = {"up": 1.7, "down": 0.6, "to 1": 0.14, "from 1": 3.5}
OTHERS = (
    (4, 5, 6),
    (2, 3, 2),
    (11, 9, 8),
    (16, 20, 12),
    (30, 7, 9),
    (45, 50, 10),
    (150, 5, 9),
    (90, 170, 3),
)
"""Lengths at which free axes are run again, where the call takes them: shorter, longer, unequal."""


@dataclass(frozen=True)
class Case:
    """One call.

    Attributes:
        name: of the row.
        call: as its author writes it.
        function: of torch.nn.functional.
        options: its keyword arguments.
        shapes: of its inputs.
        free: the free axes of its inputs, from 2 on, or the batch.
        others: shapes of its inputs at which it is run again.
        exporter: dynamo or torchscript.
    """

    name: str
    call: str
    function: str
    options: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    free: tuple[str, ...]
    others: tuple[tuple[tuple[int, ...], ...], ...]
    exporter: str


class Module(nn.Module):
    """One call."""

    def __init__(self, function: str, options: dict[str, Any]) -> None:
        """Take the call."""
        super().__init__()
        self.function, self.options = getattr(F, function), options

    def forward(self, x: Tensor) -> Tensor:
        """Make the call."""
        y: Tensor = self.function(x, **self.options)
        return y


class Sampling(Module):
    """One call of F.grid_sample."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:  # type: ignore[override]
        """Make the call."""
        y: Tensor = self.function(x, grid, **self.options)
        return y


class Grid(Module):
    """One call of F.affine_grid, its batch as long as theta's."""

    def forward(self, x: Tensor) -> Tensor:
        """Make the call."""
        size = [x.shape[0], *self.options["size"][1:]]
        y: Tensor = self.function(x, size, align_corners=self.options["align_corners"])
        return y


MODULES = {"interpolate": Module, "grid_sample": Sampling, "affine_grid": Grid}


def cases() -> Iterator[Case]:
    """Yield every row's call."""
    for exporter in EXPORTERS:
        yield from _interpolations(exporter)
        yield from _samplings(exporter)
        yield from _grids(exporter)


def _modes() -> Iterator[tuple[int, dict[str, Any]]]:
    names = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}
    for spatial, smooth in names.items():
        for mode in ("nearest", "nearest-exact", "area"):
            yield spatial, {"mode": mode}
        for mode, corners in itertools.product(smooth, (False, True)):
            yield spatial, {"mode": mode, "align_corners": corners}
            if spatial == 2:
                yield spatial, {"mode": mode, "align_corners": corners, "antialias": True}
    yield 2, {"mode": "lanczos", "antialias": True}  # which takes no align_corners=True


def _interpolations(exporter: str) -> Iterator[Case]:
    ways = ("size", "scale_factor", "recompute_scale_factor")
    for (spatial, mode), way, direction, free in itertools.product(
        list(_modes()), ways, LENGTHS, (False, True)
    ):
        options = dict(mode)
        if way == "size":
            options["size"] = SIZES[direction][:spatial]
        else:
            options["scale_factor"] = FACTORS[direction]
        if way == "recompute_scale_factor":
            options[way] = True
        shape = (1, 2, *LENGTHS[direction][:spatial])
        others = tuple(((1, 2, *lengths[:spatial]),) for lengths in OTHERS) if free else ()
        told = ", ".join(f"{key}={value!r}" for key, value in options.items())
        call = f"F.interpolate(x, {told})"
        axes = ",".join(str(axis) for axis in range(2, spatial + 2))
        name = f"{exporter} {spatial + 2}-D {direction} {'free' if free else 'fixed'} {call}"
        yield Case(
            name, call, "interpolate", options, (shape,), (f"x={axes}",) if free else (), others,
            exporter,
        )  # fmt: skip


def _samplings(exporter: str) -> Iterator[Case]:
    for spatial, mode, padding, corners, free in itertools.product(
        (2, 3), ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"),
        (False, True), (False, True),
    ):  # fmt: skip
        if spatial == 3 and mode == "bicubic":
            continue
        options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        told = ", ".join(f"{key}={value!r}" for key, value in options.items())
        shapes = [
            ((1, 2, *one[:spatial]), (1, *other[:spatial], spatial))
            for one, other in (
                ((5, 7, 4), (6, 3, 5)),
                ((8, 6, 5), (4, 9, 3)),
                ((1, 3, 2), (2, 2, 2)),
            )
        ]
        axes = ",".join(str(axis) for axis in range(2, spatial + 2))
        grid = ",".join(str(axis) for axis in range(1, spatial + 1))
        lengths = "free" if free else "fixed"
        name = f"{exporter} {spatial + 2}-D {lengths} F.grid_sample(x, grid, {told})"
        yield Case(
            name,
            f"F.grid_sample(x, grid, {told})",
            "grid_sample",
            options,
            shapes[0],
            (f"x={axes}", f"grid={grid}") if free else (),
            tuple(shapes[1:]) if free else (),
            exporter,
        )


def _grids(exporter: str) -> Iterator[Case]:
    for size, corners, free in itertools.product(
        ((2, 1, 4, 5), (2, 1, 1, 6), (2, 1, 3, 4, 5), (2, 1, 1, 1, 4)), (False, True), (False, True)
    ):
        spatial = len(size) - 2
        call = f"F.affine_grid(theta, {size}, align_corners={corners})"
        name = f"{exporter} {spatial + 2}-D {'free' if free else 'fixed'} {call}"
        yield Case(
            name, call, "affine_grid", {"size": size, "align_corners": corners},
            ((2, spatial, spatial + 1),), ("x=0",) if free else (),
            (((5, spatial, spatial + 1),), ((1, spatial, spatial + 1),)) if free else (), exporter,
        )  # fmt: skip
