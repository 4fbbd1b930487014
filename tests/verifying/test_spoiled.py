"""Architectures spoiled on purpose: verify names the node, fix repairs it, and they end equal.

Every resampling node of every network of the library is spoiled in each way that the rules know.
Exports by dynamo hold a record of what was meant; for those by TorchScript and tf2onnx the user
says it.
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from onnx import ModelProto, NodeProto, helper

import example_models as models
from halfpixel.fixing.fix import fix
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.verify import verify

Edit = dict[str, str | int | float | list[int]]

REFUSED = {"mask2former-torchscript-o16": "onnxruntime has no kernel for its float64 grids"}
SPREAD = {"mobilevit"}
"""Networks whose one resize spreads a single pixel: every spelling of it has the same weights."""

FILES = [*models.ARCHITECTURES.glob("*.onnx"), *models.TENSORFLOW.glob("*.onnx")]
PATHS = [path for path in sorted(FILES) if path.stem not in REFUSED]


def given(node: NodeProto) -> dict[str, str]:
    """Return the attributes of a node as text."""
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in values.items()}


def spoils(node: NodeProto) -> Iterator[Edit]:
    """Yield the ways to spoil a node."""
    known = given(node)
    corners = 1 - int(known.get("align_corners", 0))
    match node.op_type:
        case "Resize":
            yield from resize_spoils(known)
        case "GridSample":
            yield {"align_corners": corners}
            padding = known.get("padding_mode", "zeros")
            yield {"padding_mode": "border" if padding != "border" else "zeros"}
        case "AffineGrid":
            yield {"align_corners": corners}
        case "RoiAlign":
            yield {"coordinate_transformation_mode": "output_half_pixel"}
        case "ConvTranspose":
            pads: list[int] = next(
                (list(a.ints) for a in node.attribute if a.name == "pads"), [0, 0, 0, 0]
            )
            yield {"pads": [pads[0] + 1, pads[1] + 1, *pads[2:]], "output_padding": [1, 1]}
            if min(pads):
                yield {"pads": [pads[0] - 1, pads[1] - 1, pads[2] + 1, pads[3] + 1]}
        case _:
            return


def resize_spoils(known: dict[str, str]) -> Iterator[Edit]:
    """Yield the ways to spoil a Resize."""
    coordinate = known.get("coordinate_transformation_mode", "half_pixel")
    if known.get("mode", "nearest") == "nearest":
        rounding = known.get("nearest_mode")
        for other, nearest in (
            ("asymmetric", "ceil"),
            ("half_pixel", "round_prefer_floor"),
            ("half_pixel", "floor"),
        ):
            if (other, nearest) != (coordinate, rounding):
                yield {"coordinate_transformation_mode": other, "nearest_mode": nearest}
        return
    for other in ("asymmetric", "align_corners", "half_pixel", "pytorch_half_pixel"):
        if other != coordinate:
            yield {"coordinate_transformation_mode": other}
    if known.get("antialias", "0") != "0":
        yield {"antialias": 0, "exclude_outside": 0}
        yield {"exclude_outside": 0}
    if known["mode"] == "cubic":
        near = abs(float(known.get("cubic_coeff_a", -0.75)) + 0.75) < 1e-6
        yield {"cubic_coeff_a": -0.5 if near else -0.75}


def spoiled(model: ModelProto, index: int, edit: Edit) -> ModelProto:
    """Return a copy with one node's attributes changed."""
    copy = ModelProto()
    copy.CopyFrom(model)
    node = copy.graph.node[index]
    kept = [a for a in node.attribute if a.name not in edit]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(helper.make_attribute(k, v) for k, v in edit.items())
    return copy


def told(path: Path, node: NodeProto) -> list[str]:
    """Return what the user expects of a node whose export holds no record."""
    if "dynamo" in path.stem:
        return []
    known = given(node)
    modes = {"linear": "bilinear", "cubic": "bicubic"}
    words: dict[str, str] = {}
    if node.op_type in {"Resize", "GridSample"}:
        words["mode"] = modes.get(known["mode"], known["mode"])
    if node.op_type == "Resize" and words["mode"] == "nearest":
        exact = known["coordinate_transformation_mode"] != "asymmetric"
        words["mode"] = "nearest-exact" if exact else "nearest"
    elif node.op_type == "Resize":
        aligned = known.get("coordinate_transformation_mode") == "align_corners"
        words["align_corners"] = str(aligned).lower()
    elif node.op_type == "RoiAlign":
        words["aligned"] = "true"
    else:
        words["align_corners"] = str(known.get("align_corners", "0") == "1").lower()
    if node.op_type == "GridSample":
        words["padding_mode"] = known.get("padding_mode", "zeros")
    return [f"{node.name}:{','.join(f'{key}={value}' for key, value in words.items())}"]


SLOW = ("dpt-", "depth_anything-", "upernet", "mask2former-", "rt_detr-", "glpn-", "swin2sr")
"""Networks of many resizes, whose every spoiled node takes a run of the whole: `pytest -m slow`."""

CASES = [pytest.param(p, marks=pytest.mark.slow) if p.stem.startswith(SLOW) else p for p in PATHS]


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_the_spoiled_node_is_named_and_repaired(path: Path) -> None:
    model = onnx.load(path)
    feeds = FeedSettings(low=-1.0)
    settings = VerifySettings(feeds, optimiser=False)
    differing = 0
    for index, node in enumerate(model.graph.node):
        for edit in spoils(node):
            wrong = spoiled(model, index, edit)
            found = verify(wrong, model, settings)
            if found.equal:
                continue  # two spellings of the same weights
            differing += 1
            assert found.first is not None
            assert found.first.node == node.name
            assert found.first.introduced is not None
            if node.op_type == "ConvTranspose" and "dynamo" not in path.stem:
                continue  # nothing in the file and no option says what padding was meant
            right = fix(wrong, unsafe_fixes=True, expect=told(path, node)).model
            assert verify(right, model, settings).equal, (node.name, edit)
    assert (differing == 0) is (path.stem.partition("-")[0] in SPREAD)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_runtime_refuses_is_named(name: str) -> None:
    found = verify(
        str(models.ARCHITECTURES / f"{name}.onnx"), str(models.ARCHITECTURES / f"{name}.npz")
    )
    assert not found.equal
    assert found.first is not None
    assert found.first.op == "GridSample"
    assert "Could not find an implementation" in found.cases[0].refused
