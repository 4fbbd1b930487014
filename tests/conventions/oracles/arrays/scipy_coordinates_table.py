"""SciPy's map_coordinates and affine_transform, over grids of every rule and lines of none."""

from importlib import import_module
from typing import Any

from conventions.oracles.arrays.scipy_table import FEWER, LONGER, REFLECT, SHORT
from conventions.oracles.oracle import Case, Oracle


def _names() -> dict[str, Any]:
    return {"ndimage": import_module("scipy.ndimage"), "np": import_module("numpy")}


def _version() -> str:
    return f"SciPy {import_module('scipy').__version__}"


CORNERS = (
    "ndimage.map_coordinates(x, np.meshgrid(np.linspace(0, x.shape[0] - 1, {{h}}), "
    "np.linspace(0, x.shape[1] - 1, {{w}}), indexing='ij'), {more})"
)
HALVES = (
    "ndimage.affine_transform(x, [x.shape[0] / {{h}}, x.shape[1] / {{w}}], "
    "[x.shape[0] / {{h}} / 2 - 0.5, x.shape[1] / {{w}} / 2 - 0.5], ({{h}}, {{w}}), {more})"
)
STEPS = (
    "ndimage.affine_transform(x, np.diag([x.shape[0] / {{h}}, x.shape[1] / {{w}}]), 0, "
    "({{h}}, {{w}}), {more})"
)
LINES = (
    "ndimage.map_coordinates(x, (np.indices((11, 7)) + 0.5) / 2 - 0.5, order=1, mode='nearest')",
    "ndimage.map_coordinates(x, np.indices((11, 7)) * 0.75, order=1, mode='reflect')",
    "ndimage.map_coordinates(x, 0.25 + np.indices((11, 7)) / 3, order=1, mode='mirror')",
    "ndimage.map_coordinates(x, np.indices((11, 7)) / 2 - 0.25, order=1)",
    "ndimage.map_coordinates(x, np.indices((11, 7)) / 2 - 0.25, order=1, mode='grid-constant')",
    "ndimage.map_coordinates(x, np.indices((11, 7)) * 1.5, order=1, mode='grid-wrap')",
    "ndimage.map_coordinates(x, np.indices((11, 7)) / 3, order=0, mode='nearest')",
    "ndimage.affine_transform(x, [0.5, 0.75], [-0.25, 0.125], (11, 7), order=1, mode='nearest')",
    "ndimage.affine_transform(x, [[0.5, 0], [0, 2]], output_shape=(11, 7), order=1)",
)
BY_LENGTHS = (
    "ndimage.map_coordinates(x, np.mgrid[0:x.shape[0]:2, 0:x.shape[1]:0.5], order=1)",
    "ndimage.map_coordinates(x, np.mgrid[0:x.shape[0]:3, 0:x.shape[1]], order=0, mode='nearest')",
    "ndimage.affine_transform(x, [0.5, 2], order=1, mode='nearest')",
)
WRITTEN = (
    CORNERS.format(more="order=3, mode='mirror', prefilter=False").format(h=9, w=3),
    HALVES.format(more="order=2, mode='reflect', prefilter=False").format(h=9, w=3),
    "ndimage.map_coordinates(x, np.mgrid[0:4:9j, 0:3:7j], order=3)",
    "ndimage.map_coordinates(x, np.mgrid[0:4:9j, 0:3:2j], order=1)",
    "ndimage.map_coordinates(x, (np.indices((10, 8)) + 0.5) / 2 - 0.5, order=3, mode='mirror')",
)
PLANES = (((5, 4), (0, 0)), ((2, 9), (0, 0)))
MODES = ("mirror", "nearest", "grid-constant", "grid-wrap")

ORACLE = Oracle(
    "SciPy map_coordinates",
    "scipy",
    _version,
    _names,
    (
        *(
            Case(root.format(more=f"order={order}, mode='{mode}'"), pairs=FEWER, ties=order == 0)
            for root in (CORNERS, HALVES)
            for order in (0, 1, 2, 3, 5)
            for mode in MODES
        ),
        *(
            Case(STEPS.format(more=f"order={order}, mode='{mode}'"), pairs=FEWER, ties=order == 0)
            for order in (0, 1, 3)
            for mode in (*MODES, "reflect")
            if order or mode in {"nearest", "reflect"}
            if order < 3 or mode != "reflect"
        ),
        *(
            Case(
                root.format(more=f"order={order}, mode='reflect'"),
                pairs=LONGER,
                planes=(((17, 18), (9, 23)),),
                exceptions=dict.fromkeys(REFLECT[order, grid], SHORT),
            )
            for root, grid in ((CORNERS, ""), (HALVES, ", grid_mode=True"))
            for order in (2, 3)
        ),
        Case(CORNERS.format(more="order=1, mode='mirror', prefilter=False")),
        *(Case(text, planes=PLANES, ties="order=0" in text) for text in LINES),
        *(Case(text, planes=(*PLANES, ((4, 7), (0, 0)), ((3, 3), (0, 0)))) for text in BY_LENGTHS),
        *(Case(text, planes=(((5, 4), (0, 0)),)) for text in WRITTEN),
    ),
)
