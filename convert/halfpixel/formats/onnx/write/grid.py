"""Resizes as GridSample, and affine grids as a matrix product: nodes with constant coordinates."""

from typing import TYPE_CHECKING, Final

from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.write.builder import Ends, Nodes, float_type
from halfpixel.formats.plan import Goal
from halfpixel.sampling import Cubic, Linear, Nearest
from halfpixel.sampling.lowering import grid_positions
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

GRID_SAMPLE_SINCE: Final = 16
GRID_SAMPLE_RENAMED: Final = 20


def grid_sample(nodes: Nodes, ends: Ends, operation: Operation, goal: Goal) -> None:
    """Sample at coordinates that are a constant, the border repeated; raises as `lower` does."""
    import numpy as np

    if nodes.opset < GRID_SAMPLE_SINCE:
        raise ConventionError(f"GridSample came with opset {GRID_SAMPLE_SINCE}")
    float_type(operation, "GridSample")
    ins, outs = goal.lengths
    rank = len(ins)
    if any(axis < 2 for axis, _ in goal.resize.axes) or not 4 <= rank <= 5:
        raise ConventionError("GridSample resamples the spatial axes of 4-D and 5-D inputs")
    if rank == 5 and nodes.opset < GRID_SAMPLE_RENAMED:
        raise ConventionError(f"5-D GridSample came with opset {GRID_SAMPLE_RENAMED}")
    kinds = {type(s.kernel) for _, s in goal.resize.axes}
    if len(kinds) > 1:
        raise ConventionError("the axes have different kernels")
    normalised: list[NDArray[np.float64]] = []
    for axis in range(2, rank):
        n_in, n_out = ins[axis], outs[axis]
        sampling = goal.resize.sampling(axis)
        if n_in is None or n_out is None:
            raise ConventionError("a constant grid needs lengths that the file fixes")
        positions = range(n_in) if sampling is None else grid_positions(sampling, n_in, n_out)
        if positions is None:
            raise ConventionError(f"GridSample has other weights than axis {axis} needs")
        normalised.append(np.array([float((2 * x + 1) / n_in) - 1 for x in positions]))
    mesh = np.meshgrid(*normalised, indexing="ij")
    grid = np.stack([*reversed(mesh)], axis=-1)[None].astype(np.float32)
    name = nodes.constant(np.ascontiguousarray(grid), "grid")
    if ins[0] != 1:
        batch = nodes.length(ends.x, 0)
        rest = nodes.ints(list(grid.shape[1:]), "grid_shape")
        name = nodes.add("Expand", [name, nodes.add("Concat", [batch, rest], axis=0)], "grids")
    mode = _grid_mode(kinds.pop() if kinds else Nearest, nodes.opset)
    nodes.add(
        "GridSample", [ends.x, name], output=ends.y,
        mode=mode, padding_mode="border", align_corners=0,
    )  # fmt: skip


def _grid_mode(kind: type, opset: int) -> str:
    old = opset < GRID_SAMPLE_RENAMED
    if kind is Linear:
        return "bilinear" if old else "linear"
    if kind is Cubic:
        return "bicubic" if old else "cubic"
    return "nearest"


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
