"""kornia: resize, rescale, their modules, sides, and the augmentation."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    return {"kornia": import_module("kornia"), "torch": import_module("torch")}


def _version() -> str:
    return f"kornia {import_module('kornia').__version__}"


X = "torch.from_numpy(x)[None, None]"
MODES = ("bilinear", "nearest", "nearest-exact", "bicubic", "area")
FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
SIDES: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 7), (0, 0)), ((3, 3), (0, 0)), ((9, 4), (0, 0)),
)  # fmt: skip


def _resized(more: str, name: str = "geometry.resize") -> str:
    return f"kornia.{name}({X}, ({{h}}, {{w}}){more})[0, 0]"


ORACLE = Oracle(
    "kornia",
    "kornia",
    _version,
    _names,
    (
        *(
            Case(_resized(f', "{mode}"'), pairs=FEWER, bound=1e-5, ties="nearest" in mode)
            for mode in MODES
        ),
        *(
            Case(_resized(f', "{mode}", align_corners=True'), pairs=FEWER, bound=1e-5)
            for mode in ("bilinear", "bicubic")
        ),
        Case(_resized("", "geometry.transform.resize"), pairs=FEWER, bound=1e-5),
        *(
            Case(f'kornia.geometry.resize({X}, 3, "{mode}", side="{side}")[0, 0]', planes=SIDES,
                 bound=1e-5)
            for mode in ("bilinear", "bicubic")
            for side in ("short", "long", "vert", "horz")
        ),
        *(
            Case(f'kornia.geometry.rescale({X}, {by}, "{mode}")[0, 0]', planes=SIDES,
                 bound=1e-5)
            for mode in ("bilinear", "nearest-exact")
            for by in ("1.5", "0.7", "(1.3, 0.6)")
        ),
        Case(f"kornia.geometry.Resize(({{h}}, {{w}}))({X})[0, 0]", pairs=FEWER, bound=1e-5),
        Case(f"kornia.geometry.Rescale(1.6)({X})[0, 0]", planes=SIDES, bound=1e-5),
        *(
            Case(f"kornia.augmentation.Resize(({{h}}, {{w}}){more})({X})[0, 0]", pairs=FEWER,
                 bound=1e-5)
            for more in ("", ', resample="bicubic"', ', resample="nearest"',
                         ", align_corners=False")
        ),
    ),
)  # fmt: skip
