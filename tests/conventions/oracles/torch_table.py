"""PyTorch from 2.14 on: F.interpolate with mode lanczos, and the modes that all releases have."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from conventions.oracles.oracle import Case, Lengths, Oracle


def _library() -> str:
    """Return what has to be there: the module, where it is recent enough."""
    try:
        release = version("torch").split(".")[:2]
    except PackageNotFoundError:
        release = ["0", "0"]
    return "torch" if [int(part) for part in release] >= [2, 14] else "torch_2_14"


def _names() -> dict[str, Any]:
    return {"torch": import_module("torch"), "F": import_module("torch.nn.functional")}


def _version() -> str:
    return f"PyTorch {import_module('torch').__version__.partition('+')[0]}"


CALL = "F.interpolate(torch.from_numpy(x)[None, None]"
FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
NARROW: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 5), (0, 0)), ((6, 8), (0, 0)), ((7, 4), (0, 0)),
)  # fmt: skip

ORACLE = Oracle(
    "PyTorch F.interpolate",
    _library(),
    _version,
    _names,
    (
        Case(
            f'{CALL}, ({{h}}, {{w}}), mode="lanczos", antialias=True)[0, 0]',
            bound=1e-5,
        ),
        *(
            Case(
                f'{CALL}, scale_factor={by}, mode="lanczos", antialias=True{more})[0, 0]',
                planes=NARROW,
                bound=1e-5,
            )
            for by in ("2.0", "(1.5, 0.5)", "(0.45, 0.75)")
            for more in ("", ", recompute_scale_factor=True")
        ),
        *(
            Case(
                f'{CALL}, ({{h}}, {{w}}), mode="{mode}"{more})[0, 0]',
                pairs=FEWER,
                bound=1e-5,
                ties=mode.startswith("nearest"),
            )
            for mode, more in (
                ("nearest", ""), ("nearest-exact", ""), ("area", ""), ("bilinear", ""),
                ("bilinear", ", antialias=True"), ("bilinear", ", align_corners=True"),
                ("bicubic", ""), ("bicubic", ", antialias=True"),
                ("bicubic", ", align_corners=True"),
            )
        ),
    ),
)  # fmt: skip
