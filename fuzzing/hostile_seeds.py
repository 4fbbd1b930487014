"""Small hostile models, built here: what mutation alone hardly finds in sound files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fuzzing.mutation import MARK

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Given = str | bytes | int | float | list[int]
CORNER: Final[Mapping[str, Given]] = {
    "mode": "linear",
    "coordinate_transformation_mode": "asymmetric",
}
UGLY: Final = f"\x1b[31mred\x1b[0m\n::error file=other.py,line=1::{MARK}\r\x07\u202eback\x9b1m"
LOCATIONS: Final = ("link.bin", "pipe.bin", "/dev/zero", "../secret.bin", ".git/hooks/x", "a\0b")


def hostile_models() -> Iterator[bytes]:
    """Yield models whose names speak, whose data lie elsewhere, that call, nest and loop."""
    for model in (*_named(), *_outside(), *_calling(), *_shaped(), *_attributes(), *_nested()):
        yield model.SerializeToString()


def recorded_model(texts: Mapping[bytes, str], name: str, free: bool) -> bytes:  # noqa: FBT001
    """Return a model of one Resize that carries what an exporter keeps of a call.

    Args:
        texts: metadata of the node, by key; an empty one is left out.
        name: of the node.
        free: lengths are symbols.
    """
    node = _resize(name)
    for key, text in texts.items():
        if text:
            entry = node.metadata_props.add()
            entry.key = key.decode()
            entry.value = text.encode("utf-8", "replace").decode()
    model = _model([node], shape=("n", 3, "h", "w") if free else (1, 3, 6, 6))
    model.producer_name, model.producer_version = "pytorch", "2.6.0"
    return model.SerializeToString()


def _named() -> "Iterator[ModelProto]":
    node = _resize(UGLY)
    node.doc_string = UGLY
    model = _model([node], shape=(UGLY, 1, "h", "w"))
    model.producer_name = model.graph.name = UGLY
    yield model
    yield _model([_resize("up", image=UGLY, output=UGLY), _resize("down", image=UGLY)])
    yield _model([_resize("", mode="linear" + UGLY)])


def _outside() -> "Iterator[ModelProto]":
    """Scales and weights that lie in files, some of which are not the model's."""
    from onnx import TensorProto

    for location in LOCATIONS:
        for offset in ("0", "-4"):
            model = _model([_resize("up")])
            tensor = model.graph.initializer[0]
            tensor.ClearField("float_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in {"location": location, "offset": offset, "length": "16"}.items():
                entry = tensor.external_data.add()
                entry.key, entry.value = key, value
            yield model


def _calling() -> "Iterator[ModelProto]":
    """Functions that call the next twice, and one that calls itself."""
    from onnx import helper

    opset = [helper.make_opsetid("", 18), helper.make_opsetid("f", 1)]
    for depth, last in ((3, "Resize"), (25, "Resize"), (2, "f0")):
        functions = []
        for place in range(depth):
            called = last if place == depth - 1 else f"f{place + 1}"
            nodes = [
                helper.make_node(
                    called, ["x", "", "s"] if called == "Resize" else ["x", "s"], ["a"]
                ),
                helper.make_node(
                    called, ["a", "", "s"] if called == "Resize" else ["a", "s"], ["y"]
                ),
            ]
            for node in nodes:
                node.domain = "" if called == "Resize" else "f"
            functions.append(
                helper.make_function("f", f"f{place}", ["x", "s"], ["y"], nodes, opset)
            )
        model = _model([helper.make_node("f0", ["x", "s"], ["y"], domain="f")])
        model.opset_import.extend(opset[1:])
        model.functions.extend(functions)
        yield model


def _shaped() -> "Iterator[ModelProto]":
    """Lengths that are large, that are computed, and that are read through many nodes."""
    from onnx import helper

    for lengths in ((1, 1, 1_600_000), (1, 1, 150_000, 150_000), (1, 1, 1 << 40), (0, 0, 0, 0)):
        scales = [1.0, 1.0, *[2.0] * (len(lengths) - 2)]
        yield _model([_resize("up")], scales, lengths)
        yield _model(
            [_resize("down", antialias=1, mode="cubic")],
            [0.01 if s > 1 else s for s in scales],
            lengths,
        )
    chain = [
        helper.make_node("Identity", [f"s{place}" if place else "s"], [f"s{place + 1}"])
        for place in range(60)
    ]
    yield _model([*chain, _resize("up", scales="s60")])
    loop = [helper.make_node("Identity", ["b"], ["a"]), helper.make_node("Identity", ["a"], ["b"])]
    yield _model([*loop, _resize("up", scales="a")])
    sizes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Mul", ["shape", "shape"], ["sizes"]),
        helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up"),
    ]
    yield _model(sizes)


def _attributes() -> "Iterator[ModelProto]":
    """Attributes of another type than the operator's, and values that it does not take."""
    from onnx import helper

    wrong: tuple[tuple[str, Given], ...] = (
        *(("axes", "text"), ("axes", 1.5), ("axes", [-1, -2]), ("axes", [2, 2]), ("mode", 3)),
        *(("cubic_coeff_a", "text"), ("exclude_outside", "text"), ("antialias", [1, 2])),
        *(("keep_aspect_ratio_policy", 7), ("nearest_mode", b"\xff"), ("axes", [1 << 62])),
    )
    for name, value in wrong:
        node = _resize("up")
        del node.attribute[:]
        node.attribute.append(helper.make_attribute(name, value))
        yield _model([node])
    others: tuple[tuple[str, list[str], dict[str, Given]], ...] = (
        ("GridSample", ["x", "g"], {"align_corners": "text", "mode": 1}),
        ("RoiAlign", ["x", "g", "i"], {"sampling_ratio": "text", "spatial_scale": 0.0}),
        ("ConvTranspose", ["x", "g"], {"strides": "text", "group": 0}),
        ("AveragePool", ["x"], {"kernel_shape": [0, 0], "strides": [0, 0]}),
        ("AffineGrid", ["g", "s"], {"align_corners": 5}),
        ("Upsample", ["x", "s"], {"mode": "linear", "scales": "text"}),
    )
    for op, inputs, given in others:
        node = helper.make_node(op, inputs, ["y"], "up")
        node.attribute.extend(helper.make_attribute(name, value) for name, value in given.items())
        yield _model([node], opset=9 if op == "Upsample" else 20)


def _nested() -> "Iterator[ModelProto]":
    """A site inside of branches inside of branches."""
    from onnx import helper

    for depth in (2, 20):
        node: NodeProto = _resize("inner", output="y0")
        for level in range(depth):
            plain = helper.make_node("Identity", ["x"], ["z"])
            then, other = _graph([node], "then"), _graph([plain], "else")
            node = helper.make_node(
                "If", ["c"], [f"y{level + 1}"], f"if{level}", then_branch=then, else_branch=other
            )
        yield _model([node])


def _graph(nodes: "Sequence[NodeProto]", name: str) -> "GraphProto":
    from onnx import helper

    outputs = [helper.make_tensor_value_info(nodes[-1].output[0], 1, None)]
    return helper.make_graph(list(nodes), name, [], outputs)


def _resize(
    name: str, image: str = "x", output: str = "y", scales: str = "s", **changed: Given
) -> "NodeProto":
    from onnx import helper

    node = helper.make_node("Resize", [image, "", scales], [output], name)
    given = {**CORNER, **changed}
    node.attribute.extend(helper.make_attribute(key, value) for key, value in given.items())
    return node


def _model(
    nodes: "Sequence[NodeProto]",
    scales: Sequence[float] = (1, 1, 2, 2),
    shape: Sequence[int | str] = (1, 1, 6, 6),
    opset: int = 18,
) -> "ModelProto":
    from onnx import TensorProto, helper

    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))]
    outputs = [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)]
    constant = helper.make_tensor("s", TensorProto.FLOAT, [len(scales)], list(scales))
    graph = helper.make_graph(list(nodes), "g", inputs, outputs, [constant])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
