"""Windows and factors that no runtime takes are no sites with lengths below one."""

import pytest
from onnx import helper

import example_models as models
from halfpixel import check


@pytest.mark.parametrize("length", [-2, 0])
def test_windows_below_one_are_no_resize(length: int) -> None:
    node = helper.make_node("AveragePool", ["x"], ["y"], "pool",
                            kernel_shape=[length, 2], strides=[length, 2])  # fmt: skip
    (file,) = check(models.model([node], (1, 3, 8, 8))).files
    assert (file.error, file.sites) == (None, ())


@pytest.mark.parametrize("scales", [[1.5, 1.5, 1.0, 1.0], [1, 1, 0, 2], [1, 1, 2]])
def test_factors_that_are_not_whole_are_told(scales: list[float]) -> None:
    node = helper.make_node(
        "Upsample", ["x"], ["y"], "up", domain="com.microsoft.nchwc", scales=scales
    )
    made = models.model([node], (1, 8, 4, 4))
    made.opset_import.append(helper.make_opsetid("com.microsoft.nchwc", 1))
    (site,) = check(made).sites
    assert "expected four whole factors" in site.operation.problem


def test_an_output_of_another_rank_is_not_known() -> None:
    """The record says that the pooling resamples, and the file that its output is one number."""
    node = helper.make_node("AveragePool", ["x"], ["y"], "pool",
                            kernel_shape=[2, 2], strides=[2, 2])  # fmt: skip
    entry = node.metadata_props.add()
    entry.key = "pkg.torch.onnx.stack_trace"
    entry.value = 'File "net.py", line 7, in forward\n    return F.interpolate(x, size=s)'
    made = models.model([node], ("n", "c", "h", "w"))
    del made.graph.output[0].type.tensor_type.shape.dim[:]
    made.graph.output[0].type.tensor_type.shape.SetInParent()
    (file,) = check(made).files
    assert (file.error, file.defect) == (None, False)


@pytest.mark.parametrize("op", ["Resize", "Upsample"])
def test_a_resize_whose_output_is_declared_with_another_rank_is_described(op: str) -> None:
    node = models.resize()
    node.op_type = op
    made = models.model([node], ("n", "c", "h", "w"), opset=19 if op == "Resize" else 9)
    made.producer_name = "pytorch"
    del made.graph.output[0].type.tensor_type.shape.dim[1:]
    (file,) = check(made, expect=["align_corners=true"]).files
    assert (file.error, file.defect) == (None, False)
