"""The measures of what a model's outputs are for: masks, boxes, depth."""

from typing import TYPE_CHECKING, Final

from halfpixel.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


TASKS: Final = ("argmax", "boxes", "depth")
"""What a model's output is for, and is measured by on request."""


def task_measure(task: str, found: "Array", expected: "Array") -> dict[str, float]:
    """Return the measures of a task: 1 or 0 is perfect, as each says.

    ========= ==================== ====================================================
    task      output               measures
    ========= ==================== ====================================================
    argmax    (N, classes, ...),   `agreement`, part of places with the same class; `iou`, the
              or whole classes     mean over classes of intersection over union
    boxes     (..., 4), x0 y0 x1   `iou`, mean intersection over union of boxes at the same
              y1                   place; `worst_iou`, the least
    depth     any                  `delta1`, part with max(a / b, b / a) < 1.25; `rmse`;
                                   `abs_rel`, mean of abs(a - b) / b (Eigen et al., 2014)
    ========= ==================== ====================================================

    An output that is not of that form has no measures.

    Raises:
        UsageError: an unknown task.

    >>> import numpy as np
    >>> one = np.zeros((1, 2, 2), np.float32)
    >>> task_measure("argmax", one, one)["agreement"]
    1.0
    """
    if task not in TASKS:
        raise UsageError(f"--task {task!r}: expected one of {', '.join(TASKS)}")
    if found.shape != expected.shape or not found.size:
        return {}
    return {"argmax": _argmax, "boxes": _boxes, "depth": _depth}[task](found, expected)


def _argmax(found: "Array", expected: "Array") -> dict[str, float]:
    import numpy as np

    if found.dtype.kind in "iu":  # classes already
        a, b = found, expected
    elif found.ndim > 1:
        a, b = found.argmax(1), expected.argmax(1)
    else:
        return {}
    ious: list[float] = []
    for one in np.union1d(np.unique(a), np.unique(b)):
        union = np.count_nonzero((a == one) | (b == one))
        ious.append(np.count_nonzero((a == one) & (b == one)) / union)
    return {"agreement": float((a == b).mean()), "iou": float(np.mean(ious))}


def _boxes(found: "Array", expected: "Array") -> dict[str, float]:
    import numpy as np

    if found.shape[-1:] != (4,):
        return {}  # scores or labels beside the boxes
    flat = (one.astype(np.float64).reshape(-1, 4) for one in (found, expected))
    overlap = _overlaps(*flat)
    return {"iou": float(overlap.mean()), "worst_iou": float(overlap.min())}


def _depth(found: "Array", expected: "Array") -> dict[str, float]:
    import numpy as np

    a, b = found.astype(np.float64), expected.astype(np.float64)
    rmse = float(np.sqrt(((a - b) ** 2).mean()))
    positive = (a > 0) & (b > 0)
    if not positive.any():
        return {"delta1": 0.0, "rmse": rmse}
    ratio = np.maximum(a[positive] / b[positive], b[positive] / a[positive])
    close = float((ratio < 1.25).mean())
    return {
        "delta1": close,
        "rmse": rmse,
        "abs_rel": float((np.abs(a - b)[positive] / b[positive]).mean()),
    }


def _overlaps(a: "NDArray[np.float64]", b: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    inside = np.clip(high - low, 0, None).prod(1)
    areas = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    union = areas - inside
    return np.where(union > 0, inside / np.where(union > 0, union, 1), 1.0)
