"""Random nodes: every attribute and opset, fixed and free lengths."""

import numpy as np
from hypothesis import strategies as st

from claims.nodes import Attribute, Node

COORDINATES = (
    "half_pixel",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
FACTORS = (
    0.02, 0.25, 0.29, 1 / 3, 0.4, 0.5, 0.6, 2 / 3, 0.75, 0.99, 1.0, 1.01, 1.1, 1.25, 4 / 3, 1.5,
    1.7, 2.0, 2.04, 2.3, 2.5, 3.0, 4.0, 5.0, 7.0, 10 / 7, 49.0,
)  # fmt: skip
PLAIN = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
PYTORCH = "pytorch"


def _kernel(draw: st.DrawFn, opset: int, op: str) -> dict[str, Attribute]:
    """Draw the attributes that say coordinates and kernel."""
    if op == "Upsample" or opset < 11:
        return {"mode": draw(st.sampled_from(("nearest", "linear")))}
    out: dict[str, Attribute] = {"mode": draw(st.sampled_from(("nearest", "linear", "cubic")))}
    coordinates = COORDINATES + ("half_pixel_symmetric",) * (opset > 18)
    coordinates += ("tf_half_pixel_for_nn",) * (opset == 11)
    plain = draw(st.booleans())
    out["coordinate_transformation_mode"] = draw(
        st.sampled_from(coordinates[:4] if plain else coordinates)
    )
    if out["mode"] == "nearest":
        out["nearest_mode"] = draw(st.sampled_from(ROUNDINGS if not plain else ("floor",)))
        return out
    if opset > 17 and draw(st.integers(0, 3)) == 0:
        out["antialias"] = 1
        out["exclude_outside"] = draw(st.sampled_from((1, 1, 0)))
    elif out["mode"] == "cubic":
        out["exclude_outside"] = int(draw(st.integers(0, 3)) == 0)
    if out["mode"] == "cubic":
        out["cubic_coeff_a"] = draw(st.sampled_from((-0.75, -0.75, -0.5, -0.6)))
    return out


def _moved(draw: st.DrawFn, rank: int) -> tuple[int, ...]:
    """Draw the axes that are resized."""
    spatial = tuple(range(min(2, rank - 1), rank))
    kind = draw(st.integers(0, 9))
    if kind < 7:
        return spatial
    if kind == 7 and rank == 4:
        return (1, 2)
    return tuple(sorted(draw(st.sets(st.integers(0, rank - 1), min_size=1, max_size=3))))


OPERATORS = (
    ("Upsample", 7), ("Upsample", 9), ("Resize", 10), ("Resize", 11), ("Resize", 13),
    ("Resize", 13), ("Resize", 18), ("Resize", 18), ("Resize", 19), ("Resize", 19),
)  # fmt: skip


def _free(draw: st.DrawFn, rank: int, moved: tuple[int, ...]) -> tuple[frozenset[int], bool]:
    """Draw which axes have free lengths, and whether not even the rank is said."""
    kind = draw(st.sampled_from(("none",) * 6 + ("moved", "moved", "every", "some")))
    free = {
        "none": frozenset[int](),
        "moved": frozenset(moved),
        "every": frozenset(range(rank)),
    }.get(kind)
    if free is None:
        free = frozenset(draw(st.sets(st.integers(0, rank - 1))))
    return free, kind == "every" and draw(st.integers(0, 4)) == 0


def _values(
    draw: st.DrawFn, op: str, by: str, shape: list[int], moved: tuple[int, ...]
) -> list[float]:
    """Draw scales or sizes; a length grows where a small scale would leave nothing of it."""
    around = draw(st.sampled_from((FACTORS, PLAIN)))
    same = draw(st.sampled_from(around)) if draw(st.booleans()) else None
    values: list[float] = []
    for axis, n in enumerate(shape):
        if axis not in moved:
            values.append(1 if by == "scales" else n)
        elif by == "scales":
            factor = same or draw(st.sampled_from(around))
            factor = max(factor, 1.0) if op == "Upsample" else factor
            values.append(float(np.float32(factor)))
            shape[axis] += 50 * (factor < 0.05)
        else:
            values.append(draw(st.sampled_from((1, 2, 3, 5, 6, 9, 14, 21, n, n, 2 * n))))
    return values


def _window(draw: st.DrawFn, axes: tuple[int, ...], moved: tuple[int, ...]) -> tuple[float, ...]:
    """Draw the roi of a crop, whole along axes that stay."""
    starts = [draw(st.sampled_from((0.0, 0.1, -0.2))) if a in moved else 0.0 for a in axes]
    ends = [draw(st.sampled_from((1.0, 0.8, 1.3))) if a in moved else 1.0 for a in axes]
    return (*starts, *ends)


def _by(draw: st.DrawFn, opset: int, moved: tuple[int, ...], *, free: bool) -> str:
    """Draw what gives the lengths."""
    if opset < 11 or draw(st.booleans()):
        return "scales"
    if not free or min(moved) < 2:
        return "sizes"
    return draw(st.sampled_from(("sizes", "computed", "computed", "fed")))


@st.composite
def resizes(draw: st.DrawFn) -> Node:
    """Draw a Resize or Upsample."""
    op, opset = draw(st.sampled_from(OPERATORS))
    attributes = _kernel(draw, opset, op)
    rank = draw(st.sampled_from((4, 4, 4, 4, 3, 3, 5, 2)))
    moved = _moved(draw, rank)
    shape = [draw(st.integers(1, 4 if a < 2 and a not in moved else 16)) for a in range(rank)]
    if draw(st.integers(0, 7)) == 0:
        shape[-1] = draw(st.sampled_from((64, 97, 128, 131)))
    free, unranked = _free(draw, rank, moved)
    by = _by(draw, opset, moved, free=bool(free))
    values = _values(draw, op, by, shape, moved)
    axes = tuple(range(rank))
    if opset > 17 and by != "computed" and draw(st.integers(0, 3)) == 0:
        axes = tuple(draw(st.permutations(moved)))
        values = [values[axis] for axis in axes]
        back = rank * draw(st.booleans())
        attributes["axes"] = tuple(axis - back for axis in axes)
        if by == "sizes" and draw(st.booleans()):
            policies = ("not_larger", "not_smaller")
            attributes["keep_aspect_ratio_policy"] = draw(st.sampled_from(policies))
    roi: tuple[float, ...] = ()
    if attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        roi = _window(draw, axes, moved)
        attributes["extrapolation_value"] = draw(st.sampled_from((0.0, -3.5)))
    producer = draw(st.sampled_from((PYTORCH, "")))
    given = tuple(attributes.items())
    return Node(
        op, opset, given, tuple(shape), free, by, tuple(values), roi, unranked, producer
    )  # fmt: skip


@st.composite
def grid_samples(draw: st.DrawFn) -> Node:
    """Draw a GridSample over two or three axes."""
    opset = draw(st.sampled_from((16, 20, 22)))
    modes = ("bilinear", "nearest", "bicubic") if opset < 20 else ("linear", "nearest", "cubic")
    attributes: dict[str, Attribute] = {
        "mode": draw(st.sampled_from(modes)),
        "padding_mode": draw(st.sampled_from(("zeros", "border", "reflection"))),
        "align_corners": draw(st.integers(0, 1)),
    }
    rank = draw(st.sampled_from((4, 4, 5)))
    shape = tuple(draw(st.integers(1, 3 if a < 2 else 9)) for a in range(rank))
    free = frozenset(range(rank)) if draw(st.booleans()) else frozenset[int]()
    return Node("GridSample", opset, tuple(attributes.items()), shape, free)
