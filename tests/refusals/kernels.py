"""Element types, ranks, axes and attributes for which there is a kernel, or none."""

from typing import TYPE_CHECKING

import numpy as np

from refusals.case import ALWAYS, NEVER, Case, floats, ints, node
from refusals.inputs import LATER, UP

if TYPE_CHECKING:
    from halfpixel.site import Attribute


def kernels() -> list[Case]:
    """Return cases of element types, ranks, axes and attributes."""
    out: list[Case] = []
    kinds = ("float16", "float32", "int8", "uint8", "int32", "float64", "int64", "int16", "bool")
    for dtype in kinds:
        for mode, antialias, opset in (
            ("nearest", 0, 11), ("linear", 0, 13), ("linear", 1, 18),
            ("cubic", 0, 19), ("cubic", 1, 18),
        ):  # fmt: skip
            reason = "it resizes float32, int32" if dtype in kinds[5:] else ""
            if dtype in {"int8", "uint8", "int32"} and (mode, antialias) == ("cubic", 0):
                reason = "no kernel for a cubic of whole numbers"
            given: dict[str, Attribute] = {"mode": mode, **({"antialias": 1} if antialias else {})}
            out.append(
                Case(f"{dtype} {mode} {antialias} {opset}", [node("Resize", "x r s", **given)], UP,
                     reason, ALWAYS if reason else NEVER, opset, dtype=dtype)
            )  # fmt: skip
    for mode, antialias, scales, reason in (
        ("linear", 0, (2,), "linear takes ranks 2 to 5"),
        ("linear", 0, (2, 2), ""),
        ("linear", 0, (2, 2, 2), ""),
        ("linear", 0, (1, 2, 2, 1), ""),
        ("linear", 0, (1, 0.5, 0.5, 1), ""),
        ("linear", 0, (1, 2, 2, 2), "linear over batch or channels"),
        ("linear", 0, (2, 1, 2, 2), "linear over batch or channels"),
        ("linear", 0, (1, 1, 2, 2, 2), ""),
        ("linear", 0, (1, 2, 2, 2, 1), "linear over batch or channels"),
        ("linear", 0, (1, 1, 1, 1, 2, 2), "linear takes ranks 2 to 5"),
        ("cubic", 0, (2,), "cubic takes ranks 2 and 4"),
        ("cubic", 0, (2, 2), ""),
        ("cubic", 0, (1, 1, 2), "cubic takes ranks 2 and 4"),
        ("cubic", 0, (1, 1, 0.5, 2), ""),
        ("cubic", 0, (1, 2, 2, 2), "cubic over batch or channels"),
        ("cubic", 0, (1, 2, 2, 1), ""),
        ("cubic", 0, (1, 2, 0.5, 1), "a cubic that shrinks axes 1 and 2"),
        ("cubic", 1, (1, 0.5, 0.5, 1), ""),
        ("cubic", 1, (1, 0.5, 0.5, 2), "cubic over batch or channels"),
        ("cubic", 1, (1, 1, 1, 2, 2), "cubic takes ranks 2 and 4"),
        ("nearest", 0, (1, 2, 2, 2, 2, 2), ""),
        ("nearest", 0, (2, 2, 2, 2), ""),
    ):  # fmt: skip
        shape = (1, 8, 8, 8, 8, 8)[: len(scales)]
        lengths = [int(n * s) for n, s in zip(shape, scales, strict=True)]
        constants = {"s": floats(*scales), "z": ints(*lengths)}
        given = {"mode": mode, **({"antialias": 1} if antialias else {})}
        for names in ("x - s", "x - - z"):
            if names == "x - - z" and scales[0] == 2 and len(scales) == 1:
                continue
            out.append(
                Case(f"{mode} {antialias} {scales} {names}", [node("Resize", names, **given)],
                     constants, reason, ALWAYS if reason else NEVER, 18, shape)
            )  # fmt: skip
    for mode, antialias, reason in (
        ("nearest", 0, "exclude_outside with nearest"),
        ("linear", 0, "exclude_outside with linear"),
        ("linear", 1, ""),
        ("cubic", 0, ""),
    ):
        given = {"mode": mode, "exclude_outside": 1, **({"antialias": 1} if antialias else {})}
        out.append(
            Case(f"exclude_outside {mode} {antialias}", [node("Resize", "x - s", **given)], LATER,
                 reason, ALWAYS if reason else NEVER, 18)
        )  # fmt: skip
    blurred = node("Resize", "x - s", mode="nearest", antialias=1)
    out.append(Case("antialias nearest", [blurred], LATER, "antialias with nearest", ALWAYS, 18))
    scale = {"a": np.array(2 / 255, "float32"), "b": np.array(0, "uint8")}
    for first, reason in ((127, "linear over batch or channels"), (None, "")):
        steps = ints(
            *((first,) * 2 if first else (1, 1)), *((255,) * 2 if first else (2, 2)), dtype="uint8"
        )
        constants = {"q": steps, **scale, **({} if first else {"a": np.array(1, "float32")})}
        nodes = [node("DequantizeLinear", "q a b", "s"), node("Resize", "x - s", mode="linear")]
        out.append(
            Case(f"dequantised {first}", nodes, constants, reason, ALWAYS if reason else NEVER,
                 shape=(300, 300, 2, 2))
        )  # fmt: skip
    return out


def grids() -> list[Case]:
    """Return cases of GridSample and RoiAlign."""
    out: list[Case] = []
    for opset, dtype, grid, rank, mode, reason in (
        (16, "float32", "float32", 4, "bilinear", ""),
        (16, "float16", "float16", 4, "bilinear", ""),
        (16, "float64", "float64", 4, "bilinear", "a GridSample takes float64 from opset 20"),
        (20, "float64", "float64", 4, "linear", ""),
        (20, "float32", "float64", 4, "linear", "a float64 grid on a float32 image"),
        (20, "float64", "float32", 4, "linear", "a float32 grid on a float64 image"),
        (20, "int32", "float32", 4, "linear", "a GridSample takes float32"),
        (20, "float32", "int32", 4, "linear", "the grid of a GridSample has to be of floats"),
        (15, "float32", "float32", 4, "bilinear", "GridSample came with opset 16"),
        (22, "float32", "float32", 5, "linear", ""),
        (22, "float32", "float32", 5, "cubic", "cubic grid samples over 3 axes"),
        (22, "float32", "float32", 4, "cubic", ""),
    ):
        inputs = {"g": (grid, (1, *(3,) * (rank - 2), rank - 2))}
        out.append(
            Case(f"GridSample {opset} {dtype} {grid} {rank} {mode}",
                 [node("GridSample", "x g", mode=mode)], {}, reason, ALWAYS if reason else NEVER,
                 opset, (1, 1, *(4,) * (rank - 2)), dtype, inputs)
        )  # fmt: skip
    for dtype, mode, reason in (
        ("float32", "bilinear", ""), ("float16", "bicubic", ""), ("float32", "nearest", ""),
        ("float64", "bilinear", "a GridSample takes float64 from opset 20"),
    ):  # fmt: skip
        inputs = {"g": (dtype, (1, 3, 3, 2))}
        own = node("GridSample", "x g", "y", "com.microsoft", mode=mode)
        out.append(
            Case(f"com.microsoft {dtype} {mode}", [own], {}, reason, ALWAYS if reason else NEVER,
                 13, (1, 1, 4, 4), dtype, inputs)
        )  # fmt: skip
    for opset in (10, 16, 22):
        for ratio in (-2, -1, 0, 1, None):
            given: dict[str, Attribute] = {} if ratio is None else {"sampling_ratio": ratio}
            reason = "no kernel for RoiAlign of opset 22" if opset == 22 else ""
            reason = reason or ("sampling_ratio has to be 0" if (ratio or 0) < 0 else "")
            out.append(
                Case(f"RoiAlign {opset} {ratio}", [node("RoiAlign", "x b i", **given)],
                     {"i": ints(0)}, reason, ALWAYS if reason else NEVER, opset,
                     inputs={"b": ("float32", (1, 4))})
            )  # fmt: skip
    for opset, dtype, rois, batch, reason in (
        (9, "float32", "float32", "int64", "RoiAlign came with opset 10"),
        (10, "float32", "float32", "int64", ""),
        (16, "float32", "float32", "int32", "batch_indices have to be int64"),
        (16, "float32", "float16", "int64", "rois have to be of the image's type, float32"),
        (16, "float16", "float32", "int64", "rois have to be of the image's type, float16"),
        (16, "float64", "float32", "int64", "rois have to be of the image's type, float64"),
        (16, "float64", "float64", "int64", ""),
        (16, "float16", "float16", "int64", ""),
        (16, "int32", "float32", "int64", "a RoiAlign takes float16"),
    ):
        out.append(
            Case(f"RoiAlign {opset} {dtype} {rois} {batch}", [node("RoiAlign", "x b i")],
                 {"i": ints(0, dtype=batch)}, reason, ALWAYS if reason else NEVER, opset,
                 dtype=dtype, inputs={"b": (rois, (1, 4))})
        )  # fmt: skip
    for opset, size, reason in (
        (19, "int64", "AffineGrid came with opset 20"),
        (20, "int64", ""),
        (20, "int32", "the input size has to be int64"),
    ):
        out.append(
            Case(f"AffineGrid {opset} {size}", [node("AffineGrid", "x n")],
                 {"n": ints(1, 1, 4, 4, dtype=size)}, reason, ALWAYS if reason else NEVER, opset,
                 (1, 2, 3))
        )  # fmt: skip
    for opset, reason in ((9, "Resize came with opset 10"), (10, "")):
        out.append(
            Case(f"Resize {opset}", [node("Resize", "x s")], LATER, reason,
                 ALWAYS if reason else NEVER, opset)
        )  # fmt: skip
    return out
