"""What fuzzing found in whole commands and in verify's parts, each kind by a file of its own."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

import coreml_programs
import example_models as models
import halfpixel
from halfpixel.cli.main import cli
from halfpixel.conventions.onnx.grid import roi_align
from halfpixel.errors import ConventionError, GraphError
from halfpixel.intents.aten_call import interpolated

LONG = 1 << 20


def check_ends_in_order(model: onnx.ModelProto, path: Path) -> None:
    """Check a model as a file, whatever it is: no defect is told, and the exit code is one."""
    path.write_bytes(model.SerializeToString())
    ran = CliRunner().invoke(cli, ["check", str(path)])
    assert "a defect of halfpixel" not in ran.output
    assert ran.exit_code in {0, 1, 2}, ran.output


@pytest.mark.parametrize("inputs", [("b", "a"), ("a", "a"), ("x", "x"), ("a", "x")])
def test_a_value_that_two_nodes_make_is_refused(inputs: tuple[str, str]) -> None:
    """The last of them may pass on what the first made: a chain without an end."""
    nodes = [helper.make_node("Identity", [name], ["a"], f"from_{name}") for name in inputs]
    made = models.model([*nodes, models.resize()])
    with pytest.raises(GraphError, match=r"'from_\w': the value 'a' is made by this Identity"):
        halfpixel.sites(made)


@pytest.mark.parametrize("size", ["[5]", "[5, 5, 5]", "[]"])
def test_a_record_of_more_or_fewer_lengths_than_its_operator_has_axes(size: str) -> None:
    lengths = [int(word) for word in size.strip("[]").split(",") if word.strip()]
    assert interpolated("aten.upsample_bilinear2d.vec", ("%x", lengths, False, None)) is None
    factors = [float(n) for n in lengths]
    assert interpolated("aten.upsample_bilinear2d.vec", ("%x", None, False, factors)) is None


def test_verify_of_a_node_of_more_inputs_than_it_takes(tmp_path: Path) -> None:
    """A fourth input of RoiAlign says no lengths."""
    graph = helper.make_graph(
        [helper.make_node("RoiAlign", ["x", "rois", "which", "fourth"], ["y"], "crop")],
        "test",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 8, 8]),
            helper.make_tensor_value_info("rois", TensorProto.FLOAT, [3, 4]),
            helper.make_tensor_value_info("which", TensorProto.INT64, [3]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    path = tmp_path / "model.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    path.write_bytes(made.SerializeToString())
    ran = CliRunner().invoke(cli, ["verify", str(path)])
    assert ran.exit_code == 1, ran.output
    assert "the shape of input 3 is not known" in " ".join(ran.output.split())


def test_a_package_with_a_site_that_is_too_much_work_is_read_back_within_bounds(
    tmp_path: Path,
) -> None:
    """It is compared by what its file says: what it computes was left open both times."""
    resize = coreml_programs.Op(
        "resize",
        {
            "x": "%x",
            "shape": np.array([1, 2, 8, 10], np.int32),
            "resized_dims": np.uint32(2),
            "interpolation_mode": "LINEAR",
            "sampling_mode": "OFFSET_CORNERS",
        },
        [("y", "float32", (1, 2, 8, 10))],
    )
    given = {"x": ("float32", (1, 2, LONG, 7))}
    made = coreml_programs.package(tmp_path / "model.mlpackage", given, [resize], ["y"], 8)
    out = tmp_path / "out.mlpackage"
    ran = CliRunner().invoke(cli, ["fix", str(made), "-o", str(out), "--max-work", "3000"])
    assert ran.exit_code == 2, ran.output
    assert "not judged: it takes more than" in ran.output
    assert (out / "Manifest.json").exists()


@pytest.mark.parametrize("broken", ["a sequence", "no type"])
def test_shape_arithmetic_with_a_constant_that_is_no_tensor(broken: str, tmp_path: Path) -> None:
    """What the arithmetic cannot run is not computed; the site is read without it."""
    two = helper.make_node("Constant", [], ["two"], value_int=2)
    given: list[TensorProto] = []
    if broken == "a sequence":
        del two.attribute[:]
        two.attribute.append(onnx.AttributeProto(name="value", type=onnx.AttributeProto.GRAPHS))
    else:
        given = [TensorProto(name="two", dims=[1])]
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "two"], ["sizes"]),
        helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up", mode="linear"),
    ]
    graph = helper.make_graph(
        [two, *nodes] if broken == "a sequence" else nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        given,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    check_ends_in_order(made, tmp_path / "model.onnx")


def test_kernels_of_more_channels_than_anybody_could_hold_are_declined() -> None:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], name="up", mode="linear")
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, LONG << 11, n, n])
        for name, n in (("x", 4), ("y", 8))
    ]
    scales = helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, 2, 2])
    graph = helper.make_graph([node], "test", ends[:1], ends[1:], [scales])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    found = halfpixel.fix(made, lower={"*": "conv"})
    assert found.error is None
    assert any("its kernels would hold" in one.reason for one in found.declined)


@pytest.mark.parametrize("where", ["an initializer", "a node"])
def test_a_tensor_that_declares_more_numbers_than_it_has_is_not_made(
    where: str, tmp_path: Path
) -> None:
    """onnx's shape inference would make them all: 32 GB of a file of some hundred bytes."""
    lie = TensorProto(
        name="n",
        dims=[1 << 32],
        data_type=TensorProto.INT64,
        raw_data=np.array([1, 2], np.int64).tobytes(),
    )
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Add", ["shape", "n"], ["sizes"]),
        helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up", mode="linear"),
    ]
    if where == "a node":
        nodes.insert(0, helper.make_node("Constant", [], ["n"], value=lie))
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [lie] if where == "an initializer" else [],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    check_ends_in_order(made, tmp_path / "model.onnx")


def test_more_samples_of_a_box_than_runtimes_count() -> None:
    """onnxruntime ends its process at them."""
    with pytest.raises(ConventionError, match="sampling_ratio is 1099511627776: more samples"):
        roi_align(16, {"output_height": 3, "output_width": 4, "sampling_ratio": 1 << 40})
    made = roi_align(16, {"output_height": 7, "output_width": 7, "sampling_ratio": 2})
    assert made.sampling_ratio == 2
