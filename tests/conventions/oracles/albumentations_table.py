"""albumentations: Resize with every interpolation, and sizes of one side.

Impulses are raised off the bounds at which an image is cut off.
"""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    return {"A": import_module("albumentations"), "cv2": import_module("cv2")}


def _version() -> str:
    return f"albumentationsx {import_module('albumentations').__version__}"


def _text(transform: str) -> str:
    return f'A.{transform}(image=x * 0.25 + 0.5)["image"] * 4 - 2'


FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
SIDES: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 7), (0, 0)), ((3, 3), (0, 0)), ((9, 2), (0, 0)),
)  # fmt: skip
NAMES = (
    "INTER_NEAREST", "INTER_NEAREST_EXACT", "INTER_LINEAR", "INTER_LINEAR_EXACT", "INTER_CUBIC",
    "INTER_LANCZOS4", "INTER_AREA",
)  # fmt: skip

ORACLE = Oracle(
    "albumentations",
    "albumentations",
    _version,
    _names,
    (
        *(
            Case(
                _text(f"Resize({{h}}, {{w}}, interpolation=cv2.{name})"),
                pairs=FEWER,
                bound=2e-5,
                ties="NEAREST" in name or "AREA" in name,
            )
            for name in NAMES
        ),
        Case(_text("Resize(height={h}, width={w})"), pairs=FEWER, bound=2e-5),
        Case(
            _text('Resize({h}, {w}, area_for_downscale="image")'),
            pairs=FEWER,
            bound=2e-5,
            ties=True,
        ),
        *(
            Case(_text(f"{transform}({size})"), planes=SIDES, bound=2e-5)
            for transform in ("SmallestMaxSize", "LongestMaxSize")
            for size in (3, 5, 8)
        ),
    ),
)
