"""Inputs of a Resize that are left out, empty, or of another type."""

from itertools import product

import numpy as np

from refusals.case import ALWAYS, NEVER, Case, floats, ints, node

UP = {"r": floats(), "s": floats(1, 1, 2, 2), "e": floats(), "z": ints(1, 3, 16, 16)}
LATER = {"s": UP["s"], "z": UP["z"]}


def inputs_of_opset_11() -> list[Case]:
    """Return cases of inputs that are left out, or empty."""
    no_roi = "opsets 11 and 12 require the input roi"
    no_scales = "opsets 11 and 12 require the input scales"
    out: list[Case] = []
    for opset in (11, 12):
        for names, reason in (
            ("x - s", no_roi), ("x r - z", no_scales), ("x - - z", no_roi),
            ("x r s", ""), ("x r e z", ""), ("x r s -", ""),
        ):  # fmt: skip
            refused = ALWAYS if reason else NEVER
            out.append(
                Case(f"{names} {opset}", [node("Resize", names)], UP, reason, refused, opset)
            )
    for opset in (13, 18, 19):
        out += [
            Case(f"{names} {opset}", [node("Resize", names)], LATER, opset=opset)
            for names in ("x - s", "x - - z")
        ]
    for opset in (11, 13, 19):
        constants = {**UP, "ez": ints()}
        out.append(
            Case(f"empty sizes {opset}", [node("Resize", "x r s ez")], constants,
                 "it takes an empty sizes beside scales", ALWAYS, opset)
        )  # fmt: skip
    told = "an empty scales that is no constant"
    for opset, reason in ((11, ""), (12, ""), (13, told), (18, told)):
        refused = ALWAYS if reason else NEVER
        constants = {"z": UP["z"], "r": UP["r"], "n": UP["e"]}
        names = "x r e z"
        fed = {"e": ("float32", (0,))}
        passed = [node("Identity", "n", "e"), node("Resize", names)]
        out += [
            Case(f"fed empty {opset}", [node("Resize", names)], constants, reason, refused, opset,
                 inputs=fed),
            Case(f"passed on empty {opset}", passed, constants, reason, refused, opset),
        ]  # fmt: skip
    crop = node("Resize", "x r s", coordinate_transformation_mode="tf_crop_and_resize")
    out.append(Case("no window", [crop], UP, "tf_crop_and_resize needs", ALWAYS))
    for opset, upsample in ((8, ""), (9, "opset 9 takes scales as an input")):
        old = node("Upsample", "x", scales=(1.0, 1.0, 2.0, 2.0))
        out.append(
            Case(f"Upsample {opset}", [old], {}, upsample, ALWAYS if upsample else NEVER, opset)
        )
    for policy, by in product(("stretch", "not_larger"), ("x - s", "x - - z")):
        reason = "keep_aspect_ratio_policy goes" if (policy, by) == ("not_larger", "x - s") else ""
        kept = node("Resize", by, keep_aspect_ratio_policy=policy)
        refused = ALWAYS if reason else NEVER
        out.append(Case(f"{policy} {by}", [kept], LATER, reason, refused, 18))
    empty = {"e": ("float32", (0,)), "r": ("float32", (0,))}
    constants = {"z": UP["z"]}
    out.append(
        Case("declared empty", [node("Resize", "x r e z")], constants, inputs=empty, opset=12)
    )
    return out


def types() -> list[Case]:
    """Return cases of inputs of another type."""
    out: list[Case] = []
    for opset in (9, 10, 11, 13, 18, 19, 22):
        op, names = ("Resize", "x r s") if opset > 10 else ("Resize", "x s")
        op = "Upsample" if opset == 9 else op
        for dtype in ("float16", "float64", "int64", "float32"):
            constants = {
                "s": floats(1, 1, 2, 2, dtype=dtype),
                **({"r": floats()} if opset > 10 else {}),
            }
            told = {"float16": "the input scales has to be float32", "float32": ""}
            reason = told.get(dtype, f"scales is {dtype}, expected float32")
            refused = ALWAYS if reason else NEVER
            resize = [node(op, names)]
            out.append(Case(f"{dtype} scales {opset}", resize, constants, reason, refused, opset))
    for opset in (11, 13, 18, 19):
        for dtype in ("int32", "float32", "int64"):
            constants = {"r": floats(), "e": floats(), "z": ints(1, 3, 16, 16, dtype=dtype)}
            told = {"int32": "the input sizes has to be int64", "int64": ""}
            reason = told.get(dtype, f"sizes is {dtype}, expected int64")
            refused = ALWAYS if reason else NEVER
            resize = [node("Resize", "x r e z")]
            out.append(Case(f"{dtype} sizes {opset}", resize, constants, reason, refused, opset))
        for dtype in ("float16", "float32", "float64", "int64"):
            for crops in (False, True):
                window = [0, 0, 0, 0, 1, 1, 1, 1]
                constants = {"r": np.array(window, dtype), "s": UP["s"]}
                coordinate = "tf_crop_and_resize" if crops else "half_pixel"
                plain = node(
                    "Resize", "x r s", mode="linear", coordinate_transformation_mode=coordinate
                )
                reason = "it reads the input roi as float32" if crops and dtype != "float32" else ""
                reason = "roi is int64, expected float32" if dtype == "int64" else reason
                out.append(
                    Case(f"{dtype} roi {coordinate} {opset}", [plain], constants, reason,
                         ALWAYS if reason else NEVER, opset)
                )  # fmt: skip
    for role, names, dtype, length in (
        ("roi", "x f s", "int64", 8), ("scales", "x - f", "float64", 4),
        ("sizes", "x - - f", "int32", 4),
    ):  # fmt: skip
        fed = {"f": (dtype, (length,))}
        reason = f"the input {role} has to be"
        resize = [node("Resize", names, mode="linear", coordinate_transformation_mode="half_pixel")]
        out.append(Case(f"{role} fed as {dtype}", resize, LATER, reason, ALWAYS, inputs=fed))
    halved = [node("Div", "h k", "s"), node("Resize", "x - s")]
    constants = {"h": floats(2, 2, 4, 4, dtype="float16"), "k": floats(2, dtype="float16")}
    out.append(Case("float16 scales, computed", halved, constants, "the input scales", ALWAYS))
    cast = [node("Cast", "s", "h", to=10), node("Resize", "x - h")]
    out.append(Case("scales cast to float16", cast, LATER, "the input scales has to be", ALWAYS))
    return out
