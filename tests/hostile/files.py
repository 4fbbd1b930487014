"""Models whose every string is hostile, of ONNX and of Core ML."""

from collections.abc import Callable
from pathlib import Path

from onnx import ModelProto, TensorProto, helper

import coreml_programs as programs
import example_models as models
from coreml_programs import Op
from hostile.names import UGLY

NAME = UGLY.replace("\0", "").replace("/", "")
"""As a file may be called."""

RECORD = (
    "%u : [num_users=1] = call_function[target=torch.ops.aten.upsample_bilinear2d.vec]"
    "(args = (%x, None, False, [2.0, 2.0]), kwargs = {})"
)
TRACE = 'File "net{0}.py", line 3, in forward\n    F.interpolate(x, scale_factor=2)  # {0}'


def whole(extra: str = "") -> ModelProto:
    """Return a model whose values, lengths, node, record and producer are hostile."""
    ugly = UGLY.replace("\0", "")
    node = models.resize(f"x{ugly}", f"y{ugly}", f"up{ugly}", {"mode": "linear" + extra})
    (mode,) = [a for a in node.attribute if a.name.startswith("coordinate")]
    mode.s = b"asymmetric"
    node.input[2] = f"s{ugly}"
    for key, text in (
        ("pkg.torch.onnx.fx_node", RECORD),
        ("pkg.torch.onnx.stack_trace", TRACE.format(ugly.replace("\n", "").replace('"', ""))),
        (ugly, ugly),
    ):
        entry = node.metadata_props.add()
        entry.key, entry.value = key, text
    lengths: list[int | str] = [1, 1, f"h{ugly}", f"w{ugly}"]
    graph = helper.make_graph(
        [node],
        ugly,
        [helper.make_tensor_value_info(f"x{ugly}", TensorProto.FLOAT, lengths)],
        [helper.make_tensor_value_info(f"y{ugly}", TensorProto.FLOAT, None)],
        [models.scales(name=f"s{ugly}")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    model.producer_name, model.producer_version = f"pytorch{ugly}", f"2.5.1{ugly}"
    model.doc_string = ugly
    helper.set_model_props(model, {ugly: ugly})
    return model


def inside() -> ModelProto:
    """Return a model with a resize in a branch, and one in a function, of hostile names."""
    ugly = UGLY.replace("\0", "")
    wrong = {"coordinate_transformation_mode": "asymmetric"}
    inner = models.resize(name=f"up{ugly}", attributes=wrong)
    branch = helper.make_graph(
        [inner], ugly, [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    )
    body = models.resize("a", "b", f"up{ugly}", wrong)
    body.input[2] = "s"
    domain = f"d{ugly}"
    function = helper.make_function(
        domain, f"f{ugly}", ["a", "s"], ["b"], [body], [helper.make_opsetid("", 18)]
    )
    graph = helper.make_graph(
        [
            helper.make_node(
                "If", ["c"], ["y"], f"if{ugly}", then_branch=branch, else_branch=branch
            ),
            helper.make_node(f"f{ugly}", ["x", "scales"], ["z"], f"call{ugly}", domain=domain),
        ],
        "test",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 4, 4]),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "yz"],
        [models.scales()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(domain, 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=9)


def cycle() -> ModelProto:
    ugly = UGLY.replace("\0", "")
    return models.model([helper.make_node("Relu", [f"a{ugly}"], [f"a{ugly}"], f"r{ugly}")])


MADE: dict[str, Callable[[], ModelProto]] = {
    "whole": whole,
    "attribute": lambda: whole(UGLY.replace("\0", "")),
    "inside": inside,
    "cycle": cycle,
}


def coreml(folder: Path) -> Path:
    """Return a package whose operations, values and inputs are hostile."""
    ugly = UGLY.replace("\0", "")
    size = {"target_size_height": 9, "target_size_width": 11}
    ops = [
        Op("resize_bilinear", {"x": f"%x{ugly}", **size, "sampling_mode": "DEFAULT"},
           [(f"u{ugly}", "float32", (1, 3, 9, 11))], f"one{ugly}"),
        Op("resize_bilinear", {"x": f"%u{ugly}", **size, "sampling_mode": ugly},
           [(f"y{ugly}", "float32", (1, 3, 9, 11))], f"two{ugly}"),
        Op(f"odd{ugly}", {"x": f"%y{ugly}"}, [(f"z{ugly}", "float32", (1, 3, 9, 11))], ugly),
    ]  # fmt: skip
    inputs = {f"x{ugly}": ("float32", (1, 3, 5, 6))}
    return programs.package(folder / f"{NAME[:100]}.mlpackage", inputs, ops, [f"z{ugly}"])
