"""Models whose resampling stands in operators that move data, or in onnxruntime's own domains."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onnx import ModelProto, NodeProto, TensorProto

DOMAINS = ("", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", "org.pytorch.aten")


def moving_models() -> "Iterator[ModelProto]":
    """Yield small sound models, one a kind of such a site."""
    from onnx import helper

    node = helper.make_node
    image = (1, 4, 2, 2)
    yield _model(
        [
            node("Reshape", ["x", "wide"], ["u"]),
            node("Tile", ["u", "times"], ["v"]),
            node("Reshape", ["v", "out"], ["y"], "copies"),
        ],
        image,
        wide=[1, 4, 2, 1, 2, 1],
        times=[1, 1, 1, 2, 1, 2],
        out=[1, 4, 4, 4],
    )
    yield _model(
        [
            node("Unsqueeze", ["x", "axes"], ["u"]),
            node("Expand", ["u", "wide"], ["v"]),
            node("Reshape", ["v", "out"], ["y"], "copies"),
        ],
        image,
        axes=[3, 5],
        wide=[1, 1, 1, 2, 1, 2],
        out=[0, 4, -1, 4],
    )
    yield _model(
        [
            node("Split", ["x"], ["a", "b"], axis=2, num_outputs=2),
            node("Concat", ["a", "a", "b", "b"], ["u"], axis=2),
            node("Split", ["u"], ["c", "d"], axis=3, num_outputs=2),
            node("Concat", ["c", "c", "d", "d"], ["y"], "slices", axis=3),
        ],
        image,
    )
    yield _model(
        [
            node("Reshape", ["x", "six"], ["u"]),
            node("Transpose", ["u"], ["v"], perm=[0, 1, 4, 2, 5, 3]),
            node("Reshape", ["v", "out"], ["y"], "shuffle"),
        ],
        image,
        six=[1, 1, 2, 2, 2, 2],
        out=[1, 1, 4, 4],
    )
    yield _model([node("DepthToSpace", ["x"], ["y"], "up", blocksize=2, mode="CRD")], image)
    yield _model(
        [node("CropAndResize", ["x", "boxes", "which", "size"], ["y"], "crop", domain=DOMAINS[1])],
        image,
        size=[3, 3],
        which=[0],
    )
    yield _model(
        [
            node("ConvTranspose", ["x", "w"], ["u"], "filler", group=4, strides=[2, 2]),
            node("Upsample", ["u"], ["y"], "up", domain=DOMAINS[2], scales=[1, 1, 2, 3]),
        ],
        image,
    )
    yield _model(
        [node("ATen", ["x"], ["y"], "left", domain=DOMAINS[4], operator="grid_sampler")], image
    )
    yield _model(
        [
            node("DequantizeLinear", ["q", "half"], ["s"]),
            node("Resize", ["x", "", "s"], ["y"], "up", mode="linear"),
        ],
        image,
        q=[2, 2, 4, 3],
    )


def _model(
    nodes: "Sequence[NodeProto]", shape: "Sequence[int]", **lists: "list[int]"
) -> "ModelProto":
    from onnx import TensorProto, helper

    def constant(name: str, values: "list[int]") -> "TensorProto":
        kind = {"q": TensorProto.UINT8, "size": TensorProto.INT32, "which": TensorProto.INT32}
        return helper.make_tensor(name, kind.get(name, TensorProto.INT64), [len(values)], values)

    taps = [1, 3, 3, 1]
    kernel = [a * b / 16 for _ in range(4) for a in taps for b in taps]
    constants = [constant(name, values) for name, values in lists.items()]
    constants += [
        helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]),
        helper.make_tensor("w", TensorProto.FLOAT, [4, 1, 4, 4], kernel),
        helper.make_tensor("boxes", TensorProto.FLOAT, [1, 4], [0, 0, 1, 1]),
    ]
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        constants,
    )
    opsets = [helper.make_opsetid(domain, 1 if domain else 19) for domain in DOMAINS]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)
