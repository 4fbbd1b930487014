"""LiteRT: both operators under every flag, on the reference, optimised and XNNPACK kernels."""

from importlib import import_module
from typing import Any

import numpy as np

from conventions.oracles.oracle import MANY, Case, Image, Lengths, Oracle
from halfpixel.conforming.litert.kernels import KERNELS, on_litert
from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags
from halfpixel.formats.litert.write.single import written_single

BOUND = 8e-6
"""What float32 steps over up to 64 pixels come to; kernels differ among themselves by no more, and
over longer axes by as much more as these are longer."""

LONGEST = 64

FLAGS = ("", "align_corners=True", "half_pixel_centers=True")


def _called(operator: str) -> Any:  # noqa: ANN401 - what a call's name stands for
    def called(x: Image, size: Lengths, **flags: bool) -> Image:
        model = written_single(operator, Flags(**flags), (1, *x.shape, 1), size)
        runs = (on_litert(model, kernels, x[None, ..., None]) for kernels in KERNELS)
        found = [one[0, ..., 0].astype(np.float32) for one in runs]
        bound = BOUND * max(1, max(x.shape) / LONGEST)
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], atol=bound)
        return found[0]

    return called


def _names() -> dict[str, Any]:
    return {operator: _called(operator) for operator in (BILINEAR, NEAREST)}


def _version() -> str:
    return f"ai-edge-litert {import_module('ai_edge_litert').__version__}"


def _call(operator: str, flags: str) -> str:
    return f"{operator}(x, size=({{h}}, {{w}}){', ' if flags else ''}{flags})"


TIES: dict[str, dict[Lengths, str]] = {
    "": {(26, 22): "a float32 step falls short of a whole number"},
    "align_corners=True": {(64, 31): "a float32 step falls short of a half"},
    "half_pixel_centers=True": {(12, 37): "a float32 step falls short of a whole number"},
}

ORACLE = Oracle(
    "LiteRT",
    "ai_edge_litert",
    _version,
    _names,
    (
        *(Case(_call(BILINEAR, flags), pairs=MANY, bound=BOUND) for flags in FLAGS),
        *(Case(_call(NEAREST, flags), exceptions=TIES[flags]) for flags in FLAGS),
    ),
)
