"""What fuzzing found, each kind by a file of its own."""

from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

import example_models as models
from halfpixel.checking.check import check, opened
from halfpixel.cli.main import cli
from halfpixel.errors import ConventionError, UsageError
from halfpixel.fixing.fix import fix
from halfpixel.format import Change
from halfpixel.formats.coreml.read.layer import NetworkLayer
from halfpixel.formats.coreml.read.lengths import lengths_after
from halfpixel.formats.lowerings import Capabilities
from halfpixel.formats.onnx.write.external_data import payload_outside
from halfpixel.formats.plan import sized_change
from halfpixel.formats.planner import lowered
from halfpixel.report.pictures.finding import picture_of_finding
from halfpixel.runtimes.size import check_values
from halfpixel.sampling import Linear, Sampling
from halfpixel.sampling.compare import compare
from halfpixel.sampling.lowering import grid_positions
from halfpixel.sampling.search import deciding_rows
from halfpixel.work import working

if TYPE_CHECKING:
    from halfpixel.site import Attribute

DEFECT = "a defect of halfpixel"


def _ran(folder: Path, model: onnx.ModelProto | bytes, *args: str) -> Result:
    """Check a model; halfpixel may not fail of itself."""
    path = folder / "model.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    ran = CliRunner().invoke(cli, ["check", str(path), *args])
    assert ran.exit_code in {0, 1, 2}, ran.output
    assert isinstance(ran.exception, SystemExit | None), ran.exception
    assert DEFECT not in ran.output
    return ran


def _upsampled(
    shape: list[int], scales: list[float] | None, declared: list[int] | None, mode: str = "linear"
) -> onnx.ModelProto:
    """Return a Resize by scales; without them they are an input that the model lacks."""
    given = [] if scales is None else [numpy_helper.from_array(np.array(scales, "<f4"), "scales")]
    graph = helper.make_graph(
        [models.resize(attributes={"mode": mode})],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, declared)],
        given,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    made.producer_name = "pytorch"
    return made


@pytest.mark.parametrize("mark", ["KEYKEY", "VALUE1", "NAME12", "offset", "location"])
def test_external_data_whose_text_is_no_utf8(tmp_path: Path, mark: str) -> None:
    """Protobuf hands over the bytes of such a string."""
    tensor = TensorProto(name="NAME12", dims=[4], data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "VALUE1"), ("offset", "0"), ("KEYKEY", "0")):
        tensor.external_data.add(key=key, value=value)
    made = models.model([models.resize()], initializers=[models.scales(), tensor])
    data = made.SerializeToString()
    assert mark.encode() in data
    ran = _ran(tmp_path, data.replace(mark.encode(), b"\xff" * len(mark)))
    if mark != "NAME12":
        assert ran.exit_code == 2
        assert "which is no UTF-8" in ran.output


@pytest.mark.parametrize("expected", ["align_corners=true", "mode=nearest", "antialias=true"])
@pytest.mark.parametrize("shape", [[], [3], [1, 1, 8], [1, 1, 4, 4], [1] * 7])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_what_is_expected_of_a_call_that_is_none(
    tmp_path: Path, shape: list[int], mode: str, expected: str
) -> None:
    """Ranks that PyTorch has no mode for, and factors that no call takes."""
    for factor in (2.0, 3e38, None):
        scales = None if factor is None else [factor] * len(shape)
        _ran(tmp_path, _upsampled(shape, scales, None, mode), "--expect", expected)


@pytest.mark.parametrize("shape", [[], [3], [1, 1, 8], [1] * 7, [1, 3, 10, 10] * 41])
@pytest.mark.parametrize("opset", [10, 11, 16, 18])
@pytest.mark.parametrize("inputs", [["x"], ["x", "", "scales"], ["x", "", "", "lengths"]])
def test_what_no_call_that_an_exporter_writes_can_have_meant(
    tmp_path: Path, shape: list[int], opset: int, inputs: list[str]
) -> None:
    """F.interpolate takes one to three spatial axes; a scalar has none, and no channels."""
    made = _upsampled(shape, [1.0] * len(shape), None)
    made.opset_import[0].version = opset
    made.producer_version = "2.13.0"
    node = made.graph.node[0]
    del node.input[:]
    node.input.extend(inputs)
    for word in ("pytorch_half_pixel", "align_corners", ""):
        del node.attribute[1:]
        if word:
            node.attribute.append(helper.make_attribute("coordinate_transformation_mode", word))
        _ran(tmp_path, made)
    del node.attribute[:]
    _ran(tmp_path, made)


@pytest.mark.parametrize("declared", [[], [14], [1, 1, 14], [1, 1, 8, 14, 1]])
@pytest.mark.parametrize("factor", [2.0, 1.7, None])
def test_a_declared_rank_that_does_not_fit(
    tmp_path: Path, declared: list[int], factor: float | None
) -> None:
    scales = None if factor is None else [1, 1, factor, factor]
    for more in ((), ("--expect", "align_corners=true")):
        _ran(tmp_path, _upsampled([1, 1, 4, 7], scales, declared), *more)


def test_axes_of_a_tensor_of_more_axes_than_there_are(tmp_path: Path) -> None:
    node = models.resize(attributes={"axes": [1 << 62]})
    graph = helper.make_graph(
        [node],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [models.scales(2.0)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    ran = _ran(tmp_path, made)
    assert "not enough memory" not in ran.output


def test_borders_too_long_to_list() -> None:
    """At a step of 2**-32 the rows of a border are billions."""
    one = Sampling("half_pixel", Linear())
    other = Sampling("asymmetric", Linear())
    assert deciding_rows(one, other, 100, 100 << 32) is None
    assert deciding_rows(one, other, 100, 200) is not None
    found = compare(one, other, 100, 100 << 32)
    assert found.displacement == Fraction(1, 2) - Fraction(1, 2 << 32)


@pytest.mark.parametrize("lacking", ["kernelSize", "stride", "dilationFactor", "outputChannels"])
def test_a_convolution_that_lacks_a_parameter(lacking: str) -> None:
    spec: Any = None  # a convolution is told by its attributes alone
    layer = NetworkLayer("c", "convolution", ("x",), ("y",), "", ())
    attributes: dict[str, Attribute] = {
        "kernelSize": (3, 3),
        "stride": (1, 1),
        "dilationFactor": (1, 1),
        "outputChannels": 2,
    }
    assert lengths_after(spec, layer, attributes, [(1, 3, 8, 9)]) == (1, 2, 6, 7)
    assert lengths_after(spec, layer, attributes, [(1, 3, 2, 9)]) is None  # nothing comes out
    del attributes[lacking]
    assert lengths_after(spec, layer, attributes, [(1, 3, 8, 9)]) is None


def test_a_number_of_the_settings_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.halfpixel]\nselect = {'9' * 5000}\n")
    monkeypatch.chdir(tmp_path)
    ran = _ran(tmp_path, models.model([models.resize()]))
    assert ran.exit_code == 2


@pytest.mark.parametrize("text", ["{0}.f(x)", "F.interpolate(x, {0})", "Resize(scales={0})"])
def test_a_call_with_an_integer_that_is_too_long(text: str) -> None:
    """Python reads it in hexadecimal digits, and does not write it in decimal ones."""
    ran = CliRunner().invoke(cli, ["explain", "--", text.format("0x" + "f" * 5000)])
    assert isinstance(ran.exception, SystemExit), ran.exception
    assert ran.exit_code == 2
    assert DEFECT not in ran.output


def test_a_tensor_of_a_length_below_nothing_is_not_made() -> None:
    with pytest.raises(UsageError, match="a length below 0"):
        check_values("input 'x'", (1, -3))
    with pytest.raises(UsageError, match="65 axes, more than 64"):
        check_values("input 'x'", (1,) * 65)
    with pytest.raises(UsageError, match="values, more than"):
        check_values("input 'x'", (0, 1 << 40, 1 << 40))  # empty, and beyond what numpy counts


def test_a_size_that_no_int64_holds_is_declined() -> None:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], name="up", mode="linear")
    shape = [1, 1, 1 << 61, 4]
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 1 << 62, 9])],
        [helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, 8, 2])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    assert fix(made, unsafe_fixes=True).error is None


def test_a_grid_that_nobody_could_hold_is_declined_before_it_is_made() -> None:
    """Two axes of 300,000 samples, as a constant of coordinates."""
    made = _upsampled([1, 1, 150_000, 150_000], [1, 1, 2, 2], None)
    with working(1_000_000) as work:
        (site,) = opened(made).sites
        done = work.done
        assert site.operator is not None
        goal = sized_change(site.operation, Change(0, site.operator, "", lowering="gridsample"))
        assert goal is not None
        with pytest.raises(ConventionError, match="its grid would hold 180000000000 numbers"):
            lowered(goal, "gridsample", Capabilities(()))
    assert work.done - done < 1_000


def test_positions_of_a_grid_are_counted() -> None:
    """Each of them is held to the weights that GridSample has there."""
    with working(1_000_000) as work:
        grid_positions(Sampling("half_pixel", Linear()), 977, 1013)
    assert work.done >= 3 * 1013


def test_graphs_in_graphs_are_passed_over_once() -> None:
    """Each of 16 nodes has a graph and eight attributes more: 9 to the 16th visits, or 16."""
    node = helper.make_node("Identity", ["x"], ["y"])
    for depth in range(16):
        graph = helper.make_graph([node], f"g{depth}", [], [])
        more = {f"a{number}": number for number in range(8)}
        node = helper.make_node("Wrap", [], ["y"], domain="d", body=graph, **more)
    assert not payload_outside(node)


def test_a_name_that_only_upsample_has_for_linear(tmp_path: Path) -> None:
    """mode="bilinear", which older exporters wrote: the page of a site writes the call meant."""
    node = helper.make_node("Upsample", ["x", "scales"], ["y"], mode="bilinear")
    scales = numpy_helper.from_array(np.float32([1, 1, 2, 2]), "scales")
    made = models.model([node], (1, 1, 4, 4), [scales], opset=9)
    made.producer_name = "pytorch"
    ran = _ran(tmp_path, made, "--output-format", "html")
    assert ran.exit_code == 1
    assert 'mode="bilinear"' in unescape(ran.output)


@pytest.mark.parametrize("value", ["1e999", "float('nan')", "-1e999"])
def test_a_coefficient_that_is_no_number(value: str) -> None:
    ran = CliRunner().invoke(cli, ["explain", f"Resize(mode=cubic, cubic_coeff_a={value})"])
    assert ran.exit_code == 2
    assert "cubic_coeff_a is" in ran.output
    assert DEFECT not in ran.output


def test_a_list_without_values_is_run_as_it_is(tmp_path: Path) -> None:
    """axes=[] tells nothing of its type, which the operator's own does."""
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], name="up", mode="linear")
    empty = helper.make_attribute("axes", [], attr_type=onnx.AttributeProto.INTS)
    node.attribute.append(empty)
    scales = numpy_helper.from_array(np.float32([1, 1, 2, 2]), "s")
    (tmp_path / "m.onnx").write_bytes(
        models.model([node], (1, 1, 4, 4), [scales], opset=18).SerializeToString()
    )
    ran = CliRunner().invoke(cli, ["verify", str(tmp_path / "m.onnx")])
    assert DEFECT not in ran.output, ran.output


def test_a_length_that_no_shape_says() -> None:
    """Scales that are the squares of lengths make more pixels than an int64 counts."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Mul", ["shape", "shape"], ["squares"]),
        helper.make_node("Resize", ["x", "", "squares"], ["y"], name="up"),
    ]
    made = models.model(nodes, (1, 1, 2**31 - 1, -(2**31), 6), opset=18)
    assert fix(made, unsafe_fixes=True, lower={"*": "gather"}).error is None


def test_a_picture_at_lengths_that_the_output_is_not_declared_with() -> None:
    """5 x 1.1 is 5, and 7 is declared: what was meant is drawn at its own lengths."""
    node = helper.make_node("Resize", ["x", "", "val_0"], ["y"])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.UNDEFINED, [1, 2, 5, 3, 7])],
        [helper.make_tensor_value_info("y", TensorProto.UNDEFINED, [None, None, 7])],
        [numpy_helper.from_array(np.float32([1, 1, 1.1, 1.1, 1.1]), "val_0")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    made.producer_name = "pytorch"
    pictures = [picture_of_finding(one.site, one.finding) for one in check(made).findings]
    assert len(pictures) == 3
    assert all(pictures)
