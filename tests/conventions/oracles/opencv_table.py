"""OpenCV: every interpolation, factors, and INTER_AREA in its three cases over both axes."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import MANY, PLANES, Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    return {"cv2": import_module("cv2")}


def _version() -> str:
    return f"OpenCV {import_module('cv2').__version__}"


def _resize(name: str) -> str:
    return f"cv2.resize(x, ({{w}}, {{h}}), interpolation=cv2.{name})"


NARROW: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 5), (0, 0)), ((6, 8), (0, 0)), ((7, 3), (0, 0)),
)  # fmt: skip
FACTORS = ("fx=1.5, fy=0.5", "fx=2, fy=2", "fx=0.5, fy=0.75", "fx=1.1, fy=2.5", "fx=1.1, fy=1.1")
AREA = tuple((n_in, n_out) for n_in, n_out in MANY if n_in >= n_out or n_in * n_out < 400)
SMOOTH = ("INTER_LINEAR", "INTER_LINEAR_EXACT", "INTER_CUBIC", "INTER_LANCZOS4")

ORACLE = Oracle(
    "OpenCV",
    "cv2",
    _version,
    _names,
    (
        *(Case(_resize(name), bound=1e-5) for name in SMOOTH),
        Case(
            _resize("INTER_NEAREST"),
            ties=True,
            exceptions={(14, 18): "the inverse of an inverse falls short of a tie"},
        ),
        Case(
            _resize("INTER_NEAREST_EXACT"),
            ties=True,
            exceptions={(8, 6): "a step that is added up falls short of a tie"},
        ),
        Case(
            _resize("INTER_AREA"),
            pairs=AREA,
            ties=True,
            exceptions={(14, 18): "the start of a window falls short of a whole number"},
            planes=(*PLANES, ((8, 3), (3, 8)), ((5, 9), (7, 2))),
        ),
        Case("cv2.resize(x, dsize=(3, 2))", planes=(((4, 5), (2, 3)),), bound=1e-5),
        *(
            Case(f"cv2.resize(x, None, {by}, interpolation=cv2.{name})", planes=NARROW, bound=1e-5)
            for name in ("INTER_LINEAR", "INTER_CUBIC", "INTER_LANCZOS4")
            for by in FACTORS
        ),
        *(
            Case(
                f"cv2.resize(x, None, {by}, interpolation=cv2.{name})",
                planes=NARROW,
                bound=1e-5,
                ties=True,
            )
            for name in ("INTER_AREA", "INTER_NEAREST", "INTER_NEAREST_EXACT")
            for by in FACTORS
        ),
    ),
)
