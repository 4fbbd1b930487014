"""F.affine_grid as `torch.export` writes it: a table of base coordinates times theta.

Which of its two settings of align_corners the table was made with is read from its numbers: it runs
from -1 to 1, or from -1 + 1/n to 1 - 1/n.

Source: PyTorch `torch/_decomp/decompositions.py`, affine_grid_generator.
"""

from math import prod
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.decompositions.pattern import constants
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling import AffineGrid

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.arrays import Array

NEAR: Final = 0.25
"""Part of the distance between the two settings by which a table may miss one: it is rounded."""


def affine_grid_of(scope: Scope, name: str, lengths: tuple[int, ...]) -> AffineGrid | None:
    """Return the affine grid that a value holds; None where it is none.

    Args:
        scope: the graph.
        name: a constant grid, which is one where it is the identity, or what a product ends in.
        lengths: of the grid, such as (height, width).
    """
    found = scope.producer(name)
    if found is None or found[1].op_type == "Constant":
        return _read(scope, name, lengths, 0)
    where, node = found
    if node.op_type == "ReduceSum":
        product = where.producer(given_name(node, 0))
        if product is None or product[1].op_type != "Mul":
            return None
        where, node = product
    return _factor(where, node, lengths)


def _factor(scope: Scope, node: "NodeProto", lengths: tuple[int, ...]) -> AffineGrid | None:
    """Return the affine grid whose base one factor of a product is."""
    for name in node.input[:2]:
        found = _read(scope, name, lengths, 1)
        if found is not None:
            return found
    return None


def _read(scope: Scope, name: str, lengths: tuple[int, ...], ones: int) -> AffineGrid | None:
    """Return the affine grid whose base a constant is.

    Args:
        scope: the graph.
        name: the value.
        lengths: of the grid.
        ones: columns of ones behind the coordinates, 0 or 1.
    """
    tensor = scope.constant(name)
    count, columns = prod(lengths), len(lengths) + ones
    if tensor is None or not count or prod(tensor.dims) % (count * columns):
        return None
    dims = [n for n in tensor.dims if n != 1]
    if not dims or columns not in dims[-2:] or prod(dims) > count * columns * max(dims[0], 1):
        return None
    table = constants(scope)(name)
    if table is None or table.dtype.kind != "f":
        return None
    is_last = dims[-1] == columns
    pairs = table.reshape(-1, count, columns)[0]
    if not is_last:
        pairs = table.reshape(-1, columns, count)[0].T
    if ones and not (pairs[:, -1] == 1).all():
        return None
    return _setting(pairs[:, : len(lengths)], lengths)


def _setting(table: "Array", lengths: tuple[int, ...]) -> AffineGrid | None:
    """Return the setting whose base a table of coordinates x, y, z is, as far as it is rounded."""
    import numpy as np

    longest = max(lengths)
    if longest < 2:
        return None
    for corners in (False, True):
        grid = AffineGrid(align_corners=corners, single=0.0)
        axes = np.meshgrid(*(grid.base(n) for n in lengths), indexing="ij")
        base = np.stack([axis.ravel() for axis in reversed(axes)], axis=-1)
        if np.abs(table - base).max() <= NEAR / longest:
            return AffineGrid(corners)
    return None
