"""Model files that are made to be slow: what builds one of each kind, of about so many bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

if TYPE_CHECKING:
    from collections.abc import Callable

HALF = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
KEPT = {"record": "pkg.torch.onnx.fx_node", "line": "pkg.torch.onnx.stack_trace"}
CALL = "call_function[target=torch.ops.aten.upsample_bilinear2d.vec](args = "
LINE = 'File "net.py", line 3, in forward\n    '


def value(name: str, shape: list[int | str]) -> ValueInfoProto:
    """Return a declared value."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def scales(name: str, *numbers: float) -> TensorProto:
    """Return a constant of scales."""
    return helper.make_tensor(name, TensorProto.FLOAT, [len(numbers)], numbers)


def sizes(name: str, *numbers: int) -> TensorProto:
    """Return a constant of sizes."""
    return helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers)


def model(
    nodes: list[NodeProto], shape: list[int | str], constants: list[TensorProto], **more: object
) -> bytes:
    """Return a model that reads x."""
    made = [scales("s", 1, 1, 2, 2), *constants]
    graph = helper.make_graph(nodes, "g", [value("x", shape)], [value("y0", [])], made)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    built = helper.make_model(
        graph, opset_imports=opsets, ir_version=9, producer_name="pytorch", **more
    )
    return built.SerializeToString()


SMALL: list[int | str] = [1, 1, 6, 6]


def resize(i: int, *inputs: str, **attributes: object) -> NodeProto:
    """Return a resize of x."""
    return helper.make_node(
        "Resize", list(inputs) or ["x", "", "s"], [f"y{i}"], name=f"up{i}", **(attributes or HALF)
    )


def functions(size: int) -> bytes:
    """Return functions, each of which calls the next twice, with its inputs in another order."""
    depth = min(size // 300, 60)
    found = []
    for d in range(depth):
        if d == depth - 1:
            body = [helper.make_node("Resize", ["a", "", "s"], ["c"], name="up", **HALF)]
        else:
            orders = (["a", "b", "s"], ["b", "a", "s"])
            ends = ("m", "c")
            body = [
                helper.make_node(f"f{d + 1}", order, [end], domain="own")
                for order, end in zip(orders, ends, strict=True)
            ]
        found.append(
            helper.make_function(
                "own",
                f"f{d}",
                ["a", "b", "s"],
                ["c"],
                body,
                [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)],
            )
        )
    calls = [
        helper.make_node("f0", ["x", "x", "s"], [f"y{i}"], domain="own") for i in range(size // 40)
    ]
    return model(calls, SMALL, [], functions=found)


def kept(key: str, text: Callable[[int], str]) -> Callable[[int], bytes]:
    """Return what builds a node with one long text, and as many as there is room for short ones."""

    def build(size: int) -> bytes:
        nodes = [resize(i) for i in range(1 + size // 2 // 5_000)]
        for i, node in enumerate(nodes):
            entry = node.metadata_props.add()
            entry.key, entry.value = KEPT[key], text(size // 2 if i == 0 else 4_500)
        return model(nodes, SMALL, [])

    return build


def chain(size: int) -> bytes:
    """Return a long chain of Identity, read by many resizes at its end."""
    count = size // 140
    nodes = [
        helper.make_node("Identity", [f"s{i}" if i else "s"], [f"s{i + 1}"]) for i in range(count)
    ]
    return model(
        [*nodes, *(resize(i, "x", "", f"s{count - i % 9}") for i in range(count))], SMALL, []
    )


def equal(size: int) -> bytes:
    """Return resizes of one name."""
    nodes = [
        helper.make_node("Resize", ["x", "", "s"], [f"y{i}"], name="up", **HALF)
        for i in range(size // 90)
    ]
    return model(nodes, SMALL, [])


def lengths(size: int, each: Callable[[int], tuple[int, int]], **attributes: object) -> bytes:
    """Return resizes, each of and to lengths of its own."""
    count = size // 230
    nodes, constants, values = [], [], []
    for i in range(count):
        n, m = each(i)
        nodes += [
            helper.make_node("Relu", ["x"], [f"x{i}"]),
            resize(i, f"x{i}", "", "", f"z{i}", **attributes),
        ]
        constants.append(sizes(f"z{i}", 1, 1, m, m))
        values.append(value(f"x{i}", [1, 1, n, n]))
    built = ModelProto.FromString(model(nodes, SMALL, constants))
    built.graph.value_info.extend(values)
    return built.SerializeToString()


def nested(size: int) -> bytes:
    """Return branches in branches, with many side by side."""
    inner = helper.make_graph([resize(0)], "g", [], [value("y0", [])])
    for _ in range(12):
        node = helper.make_node(
            "If", ["c"], ["y0"], then_branch=inner, else_branch=helper.make_graph([], "e", [], [])
        )
        inner = helper.make_graph([node], "g", [], [value("y0", [])])
    one = helper.make_node("If", ["c"], ["y0"], then_branch=inner, else_branch=inner)
    count = max(1, size // one.ByteSize())
    return model([one] * count, SMALL, [])


def computed(size: int) -> bytes:
    """Return resizes in a row whose sizes are computed from free lengths."""
    nodes, last = [], "x"
    for i in range(size // 420):
        nodes += [
            helper.make_node("Shape", [last], [f"h{i}"]),
            helper.make_node("Mul", [f"h{i}", "two"], [f"z{i}"]),
            resize(i, last, "", "", f"z{i}"),
            helper.make_node("MaxPool", [f"y{i}"], [f"p{i}"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        last = f"p{i}"
    return model(nodes, ["n", 1, "h", "w"], [sizes("two", 1, 1, 2, 2)])


def wide_scales(size: int) -> bytes:
    """Return a constant of many numbers that many resizes take for their scales."""
    return model(
        [resize(i, "x", "", "many") for i in range(size // 180)],
        SMALL,
        [scales("many", *[2.0] * (size // 8))],
    )


def attributes(size: int) -> bytes:
    """Return a node of many attributes, and one of many numbers."""
    nodes = [
        resize(0, **HALF, **{f"a{i}": i for i in range(size // 40)}),
        resize(1, **HALF, axes=list(range(size // 2))),
    ]
    return model(nodes, SMALL, [])


def entries(size: int) -> bytes:
    """Return many entries beside the graph: metadata, opsets, declared values."""
    built = ModelProto.FromString(model([resize(0)], SMALL, []))
    for i in range(size // 120):
        entry = built.metadata_props.add()
        entry.key, entry.value = f"k{i}", "v" * 20
        built.opset_import.add(domain=f"d{i}", version=1)
        built.graph.value_info.append(value(f"v{i}", [1, 2, "n"]))
    return built.SerializeToString()


def large_numbers(size: int) -> bytes:
    """Return operators whose attributes are enormous numbers."""
    nodes, most = [], (1 << 31) - 1
    for i in range(size // 300):
        nodes += [
            helper.make_node(
                "ConvTranspose",
                ["x", "w"],
                [f"c{i}"],
                strides=[most - i, most],
                kernel_shape=[most, most],
            ),
            helper.make_node(
                "RoiAlign",
                ["x", "r", "b"],
                [f"r{i}"],
                output_height=most - i,
                output_width=most,
                sampling_ratio=most,
            ),
            helper.make_node(
                "AveragePool", ["x"], [f"p{i}"], kernel_shape=[most, most - i], strides=[most, 1]
            ),
        ]
    return model(nodes, SMALL, [scales("w", 1.0)])


def grids(size: int) -> bytes:
    """Return samplings of grids that come through reshapes, and gathers that read one another."""
    nodes = []
    for i in range(size // 230):
        nodes += [
            helper.make_node("Identity", [f"i{i - 1}" if i else "x"], [f"i{i}"]),
            helper.make_node("GridSample", ["x", f"i{i}"], [f"g{i}"], align_corners=i % 2),
            helper.make_node("GatherND", [f"t{i - 1}" if i else "x", f"i{i}"], [f"t{i}"]),
            helper.make_node("Add", [f"t{i}", f"t{i // 2}"], [f"b{i}"]),
        ]
    return model(nodes, SMALL, [])


KINDS: dict[str, Callable[[int], bytes]] = {
    "functions": functions,
    "record of calls": kept("record", lambda n: (CALL + ", kwargs = )") * (n // 80)),
    "record of spaces": kept("record", lambda n: CALL + "(" + " " * n + ", kwargs = )" + " " * 9),
    "record of brackets": kept("record", lambda n: CALL + "(" * n + ", kwargs = {})"),
    "record of signs": kept("record", lambda n: CALL + "(%x, " + "-" * n + "1), kwargs = {})"),
    "line of letters": kept("line", lambda n: LINE + "a" * n),
    "line of dots": kept("line", lambda n: LINE + "a." * (n // 2)),
    "line of calls": kept("line", lambda n: LINE + "F.interpolate(" * (n // 14)),
    "line of closed calls": kept("line", lambda n: LINE + "F.interpolate(x" + ")" * n),
    "line of spaces": kept("line", lambda n: LINE + "size=" + " " * n + "pool2d(" * 9),
    "line of pools": kept("line", lambda n: LINE + "pool2d(" * (n // 7)),
    "line of frames": kept("line", lambda n: 'File "x", line 3, in ' * (n // 21)),
    "chain": chain,
    "equal names": equal,
    "wide kernels": lambda n: lengths(n, lambda i: (6_000 + i, 61 + i), antialias=1, **HALF),
    "wide cubic": lambda n: lengths(
        n, lambda i: (65_521 + i, 32_749), mode="cubic", antialias=1, exclude_outside=1
    ),
    "long axes": lambda n: lengths(n, lambda i: (1_000_003 + i, 20_011), **HALF),
    "long nearest": lambda n: lengths(n, lambda i: (200_003 + i, 100_003), mode="nearest"),
    "long corners": lambda n: lengths(
        n,
        lambda i: (15_000 + i, 16_001),
        mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
    "many lengths": lambda n: lengths(n, lambda i: (100 + i, 331), mode="cubic"),
    "nested": nested,
    "computed": computed,
    "wide scales": wide_scales,
    "attributes": attributes,
    "entries": entries,
    "large numbers": large_numbers,
    "grids": grids,
}
