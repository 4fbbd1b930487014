"""SciPy: every order, mode and grid_mode, with a prefilter and without."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    return {"ndimage": import_module("scipy.ndimage")}


def _version() -> str:
    return f"SciPy {import_module('scipy').__version__}"


def _zoom(more: str) -> str:
    return f"ndimage.zoom(x, ({{h}} / x.shape[0], {{w}} / x.shape[1]){more})"


FEWER = tuple((n, m) for n in (1, 2, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
LONGER = tuple((n, m) for n in (1, 17, 32) for m in (1, 2, 5, 16, 33))
BY_FACTOR: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 7), (0, 0)), ((3, 3), (0, 0)),
)  # fmt: skip
MODES = ("mirror", "nearest", "grid-constant", "grid-wrap")
GRIDS = ("", ", grid_mode=True")

SHORT = "the prefilter of mode reflect does not go through the pixels of a short axis"
REFLECT: dict[tuple[int, str], tuple[Lengths, ...]] = {
    (2, ""): (),
    (2, GRIDS[1]): (),
    (3, ""): ((4, 7),),
    (3, GRIDS[1]): ((4, 7),),
    (4, ""): ((4, 7), (5, 1)),
    (4, GRIDS[1]): ((4, 7),),
    (5, ""): ((4, 7), (5, 1), (6, 3)),
    (5, GRIDS[1]): ((4, 7), (5, 1), (6, 3)),
}
"""Orders, with lengths at which the splines of mode reflect are too short."""

ORACLE = Oracle(
    "SciPy",
    "scipy",
    _version,
    _names,
    (
        Case(
            _zoom(""),
            pairs=FEWER,
            exceptions={(32, 16): "the last coordinate is beyond the last pixel in float64"},
        ),
        Case(_zoom(", order=0"), ties=True),
        Case(_zoom(", order=0, mode='nearest', grid_mode=True"), ties=True),
        Case(_zoom(", order=1, mode='mirror'")),
        *(
            Case(_zoom(f", order=1, mode='{mode}', grid_mode=True"))
            for mode in (*MODES, "reflect", "grid-mirror")
        ),
        *(
            Case(_zoom(f", order={order}, mode='{mode}'{grid}"), pairs=FEWER)
            for order in (2, 3, 4, 5)
            for mode in MODES
            for grid in GRIDS
        ),
        *(
            Case(
                _zoom(f", order={order}, mode='reflect'{grid}"),
                pairs=LONGER,
                planes=(((17, 18), (9, 23)),),
                bound=1e-5 if order > 3 else 2e-6,
                exceptions=dict.fromkeys(pairs, SHORT),
            )
            for (order, grid), pairs in REFLECT.items()
        ),
        *(
            Case(
                f"ndimage.zoom(x, {zoom}, order=3, mode='{mode}', prefilter=False{grid})",
                planes=BY_FACTOR,
            )
            for zoom in ("2", "(1.25, 0.5)")
            for mode in (*MODES, "reflect")
            for grid in GRIDS
            if (mode, grid) != ("nearest", GRIDS[1])
        ),
        *(
            Case(
                f"ndimage.zoom(x, {zoom}, order={order}, mode='mirror', grid_mode={grid})",
                planes=BY_FACTOR,
                ties=order == 0,
            )
            for zoom in ("2", "(0.5, 1.5)", "(1.25, 3)", "2/3")
            for order in (0, 1, 3)
            for grid in (True, False)
        ),
    ),
)
