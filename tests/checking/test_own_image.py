"""An antialiased resize of unknown lengths is judged by whose image it is: only one may shrink."""

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from halfpixel.checking.check import check

EXTENSIONS = "com.microsoft.extensions"
SIDE = 224


def _constant(name: str, values: list[float], dtype: type) -> TensorProto:
    return numpy_helper.from_array(np.array(values, dtype), name)


def prepared(*, decoded: bool) -> ModelProto:
    """Return what fits an image to a square, crops it, and enlarges the square three times."""
    node = helper.make_node
    smooth: dict[str, Any] = {"mode": "linear", "antialias": 1, "nearest_mode": "floor"}
    nodes = [node("DecodeImage", ["file"], ["image"], domain=EXTENSIONS)] if decoded else []
    for name, image, side in (("fit", "image", "side"), ("enlarge", "crop", "thrice")):
        nodes += [
            node("Shape", [image], [f"{name}_shape"], start=0, end=2),
            node("Cast", [f"{name}_shape"], [f"{name}_lengths"], to=TensorProto.FLOAT),
            node("Div", [side, f"{name}_lengths"], [f"{name}_ratios"]),
            node("ReduceMax", [f"{name}_ratios"], [f"{name}_ratio"]),
            node("Concat", ["one", f"{name}_ratio", f"{name}_ratio", "one"], [f"{name}_s"], axis=0),
            node("Unsqueeze", [image, "zero"], [f"{name}_batch"]),
            node("Resize", [f"{name}_batch", "", f"{name}_s"], [f"{name}_out"], name, **smooth),
            node("Squeeze", [f"{name}_out", "zero"], [f"{name}_done"]),
        ]
        if name == "fit":
            nodes.append(node("Slice", ["fit_done", "start", "end", "axes"], ["crop"]))
    file = helper.make_tensor_value_info("file", TensorProto.UINT8, ["bytes"])
    given = helper.make_tensor_value_info("image", TensorProto.UINT8, ["h", "w", 3])
    y = helper.make_tensor_value_info("enlarge_done", TensorProto.UINT8, None)
    constants = [
        _constant("side", [SIDE, SIDE], np.float32),
        _constant("thrice", [SIDE * 3, SIDE * 3], np.float32),
        _constant("one", [1], np.float32),
        _constant("zero", [0], np.int64),
        _constant("start", [0, 0], np.int64),
        _constant("end", [SIDE, SIDE], np.int64),
        _constant("axes", [0, 1], np.int64),
    ]
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(EXTENSIONS, 1)]
    graph = helper.make_graph(nodes, "prepared", [file if decoded else given], [y], constants)
    return helper.make_model(graph, opset_imports=opsets)


@pytest.mark.parametrize("decoded", [True, False], ids=["a file", "an image"])
def test_the_users_image_may_shrink_and_a_crop_is_enlarged(decoded: bool) -> None:  # noqa: FBT001
    report = check(prepared(decoded=decoded))
    found = report.findings
    assert {site.name for site in report.sites} == {"fit", "enlarge"}
    assert [(one.site.name, one.rule.name) for one in found] == [("fit", "foreign-kernel")]
    assert found[0].finding.severity == "warning"
    assert "at length 64 to 32" in found[0].finding.message
