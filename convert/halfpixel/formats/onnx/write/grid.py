"""Resizes as GridSample, and affine grids as a matrix product: nodes with constant coordinates."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.plan import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

GRID_SAMPLE_SINCE: Final = 16
GRID_SAMPLE_RENAMED: Final = 20
OLDER_MODES: Final[Mapping[str, str]] = {"linear": "bilinear", "cubic": "bicubic"}
"""Names of modes before opset 20."""


def grid_sample(nodes: Nodes, ends: Ends, plan: Grid) -> None:
    """Sample at coordinates that are a constant, the border repeated.

    Args:
        nodes: where the nodes are added.
        ends: the values between which they stand.
        plan: the coordinates.
    """
    import numpy as np

    normalised = [
        np.array([float((2 * x + 1) / n_in) - 1 for x in positions])
        for n_in, positions in zip(plan.lengths, plan.positions, strict=True)
    ]
    mesh = np.meshgrid(*normalised, indexing="ij")
    grid = np.stack([*reversed(mesh)], axis=-1)[None].astype(np.float32)
    name = nodes.constant(np.ascontiguousarray(grid), "grid")
    if plan.batch != 1:
        batch = nodes.length(ends.x, 0)
        rest = nodes.ints(list(grid.shape[1:]), "grid_shape")
        name = nodes.add("Expand", [name, nodes.add("Concat", [batch, rest], axis=0)], "grids")
    names = OLDER_MODES if nodes.opset < GRID_SAMPLE_RENAMED else {}
    mode = names.get(plan.kernel, plan.kernel)
    nodes.add(
        "GridSample", [ends.x, name], output=ends.y,
        mode=mode, padding_mode="border", align_corners=0,
    )  # fmt: skip


def affine_grid(
    nodes: Nodes, theta: str, y: str, base: "Sequence[NDArray[np.float64]]", dtype: str
) -> None:
    """Add an affine grid as a product of its constant base with theta.

    Args:
        nodes: where the nodes are added.
        theta: value of shape (N, d, d + 1).
        y: the value that is made, of shape (N, *lengths, d).
        base: base coordinates of every spatial axis.
        dtype: element type of theta.
    """
    import numpy as np

    axes = np.meshgrid(*base, indexing="ij")
    points = np.stack([*reversed(axes), np.ones_like(axes[0])], axis=-1)
    flat = points.reshape(-1, points.shape[-1]).astype(dtype)
    turned = nodes.add("Transpose", [theta], perm=[0, 2, 1])
    grid = nodes.add("MatMul", [nodes.constant(flat, "base"), turned])
    shape = nodes.ints([0, *(len(b) for b in base), len(base)], "shape")
    nodes.add("Reshape", [grid, shape], output=y)
