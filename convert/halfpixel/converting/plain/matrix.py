"""The inverse of a small matrix in plain operators, which neither exporter has.

Affine warps turn pixels into the coordinates of a grid and back: their matrices are of 2 or 3 rows.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import Tensor

ROWS: Final = (2, 3)
"""Rows of matrices that are inverted."""


def inverse(A: "Tensor", **options: Any) -> "Tensor":  # noqa: ANN401, N803 - torch's own signature
    """Return torch.linalg.inv by cofactors.

    Args:
        A: (..., 2, 2) or (..., 3, 3).
        options: as in the call; none is read.

    Returns:
        Its inverse, of the same shape; numbers that are not finite where there is none.

    >>> import torch
    >>> turned = torch.tensor([[[0.0, 2.0, 1.0], [1.0, 0.0, 3.0], [0.0, 0.0, 1.0]]])
    >>> bool((inverse(turned) - torch.linalg.inv(turned)).abs().max() < 1e-6)
    True
    """
    del options
    import torch

    m = [[A[..., i, j] for j in range(A.shape[-1])] for i in range(A.shape[-2])]
    if len(m) == 2:
        cofactors = [[m[1][1], -m[1][0]], [-m[0][1], m[0][0]]]
    else:
        cofactors = [
            [
                m[(i + 1) % 3][(j + 1) % 3] * m[(i + 2) % 3][(j + 2) % 3]
                - m[(i + 1) % 3][(j + 2) % 3] * m[(i + 2) % 3][(j + 1) % 3]
                for j in range(3)
            ]
            for i in range(3)
        ]
    determinant = sum(
        (a * c for a, c in zip(m[0][1:], cofactors[0][1:], strict=True)), m[0][0] * cofactors[0][0]
    )
    rows = [torch.stack(row, -1) for row in zip(*cofactors, strict=True)]
    return torch.stack(rows, -2) / determinant[..., None, None]
