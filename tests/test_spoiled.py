"""Architectures spoiled on purpose: verify names the node, fix repairs it, and they end equal.

Every Resize and GridSample of every architecture is spoiled in each way that the rules know.
Exports by dynamo hold a record of what was meant; for those by TorchScript the user says it.
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from onnx import ModelProto, NodeProto, helper

import example_models as models
from halfpixel.feeds import FeedSettings
from halfpixel.fix import fix
from halfpixel.verification import VerifySettings
from halfpixel.verify import verify

Edit = dict[str, str | int | float]

REFUSED = {"mask2former-torchscript-o16": "onnxruntime has no kernel for its float64 grids"}
PATHS = [p for p in sorted(models.ARCHITECTURES.glob("*.onnx")) if p.stem not in REFUSED]


def given(node: NodeProto) -> dict[str, str]:
    """Return the attributes of a node as text."""
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in values.items()}


def spoils(node: NodeProto) -> Iterator[Edit]:
    """Yield the ways to spoil a node."""
    known = given(node)
    if node.op_type == "GridSample":
        yield {"align_corners": 1 - int(known.get("align_corners", 0))}
        padding = known.get("padding_mode", "zeros")
        yield {"padding_mode": "border" if padding != "border" else "zeros"}
        return
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
    if "torchscript" not in path.stem:
        return []
    known = given(node)
    mode = {"linear": "bilinear", "cubic": "bicubic", "nearest": "nearest"}[known["mode"]]
    aligned = known.get("coordinate_transformation_mode") == "align_corners"
    more = "" if mode == "nearest" else f",align_corners={str(aligned).lower()}"
    return [f"{node.name}:mode={mode}{more}"]


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_the_spoiled_node_is_named_and_repaired(path: Path) -> None:
    model = onnx.load(path)
    feeds = FeedSettings(low=-1.0)
    settings = VerifySettings(feeds, optimiser=False)
    for index, node in enumerate(model.graph.node):
        if node.op_type not in {"Resize", "GridSample"}:
            continue
        for edit in spoils(node):
            wrong = spoiled(model, index, edit)
            found = verify(wrong, model, settings)
            if found.equal:
                continue  # two spellings of the same weights
            assert found.first is not None
            assert found.first.node == node.name
            assert found.first.introduced is not None
            if node.op_type == "GridSample" and "torchscript" in path.stem:
                continue  # nothing in the file and no option says what was meant
            right = fix(wrong, unsafe_fixes=True, expect=told(path, node)).model
            assert verify(right, model, settings).equal, (node.name, edit)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_runtime_refuses_is_named(name: str) -> None:
    found = verify(
        str(models.ARCHITECTURES / f"{name}.onnx"), str(models.ARCHITECTURES / f"{name}.npz")
    )
    assert not found.equal
    assert found.first is not None
    assert found.first.op == "GridSample"
    assert "Could not find an implementation" in found.cases[0].refused
