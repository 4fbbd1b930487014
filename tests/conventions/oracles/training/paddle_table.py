"""Paddle: every mode, align_corners and align_mode, antialias, factors."""

import warnings
from importlib import import_module
from typing import Any

from conventions.oracles.oracle import Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a compiler that it would like to have
        return {"paddle": import_module("paddle")}


def _version() -> str:
    return f"Paddle {_names()['paddle'].__version__}"


X = "paddle.to_tensor(x)[None, None]"
CALL = "paddle.nn.functional.interpolate"
NARROW: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 5), (0, 0)), ((6, 8), (0, 0)), ((7, 3), (0, 0)),
)  # fmt: skip
FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
MODES = (
    '"bilinear"', '"bilinear", True', '"bilinear", False, 1', '"bilinear", True, 1', '"bicubic"',
    '"bicubic", align_corners=True', '"bicubic", align_mode=1', '"area"', '"nearest"',
    '"bilinear", antialias=True', '"bilinear", antialias=True, align_corners=True',
    '"bicubic", antialias=True', '"bicubic", antialias=True, align_corners=True',
)  # fmt: skip

ORACLE = Oracle(
    "Paddle",
    "paddle",
    _version,
    _names,
    (
        *(
            Case(
                f"{CALL}({X}, [{{h}}, {{w}}], None, {mode}).numpy()[0, 0]",
                pairs=FEWER,
                bound=1e-5,
                ties="nearest" in mode,
            )
            for mode in MODES
        ),
        *(
            Case(
                f"{CALL}({X}, scale_factor={by}, mode={mode}).numpy()[0, 0]",
                planes=NARROW,
                bound=1e-5,
                ties="nearest" in mode,
            )
            for mode in (
                '"nearest"', '"bilinear"', '"bilinear", align_mode=1', '"bicubic"',
                '"bicubic", align_corners=True', '"bilinear", recompute_scale_factor=True',
            )
            for by in ("2", "[1.5, 0.5]", "[1.125, 2.25]", "[1.125, 1.125]", "[0.375, 0.75]")
        ),
        Case(
            f"paddle.nn.Upsample([{{h}}, {{w}}], mode='bilinear', align_corners=True)({X})"
            ".numpy()[0, 0]",
            pairs=FEWER,
            bound=1e-5,
        ),
        Case(
            f"paddle.nn.UpsamplingBilinear2D([{{h}}, {{w}}])({X}).numpy()[0, 0]",
            pairs=FEWER,
            bound=1e-5,
        ),
    ),
)  # fmt: skip
