"""A size or a factor that is another than the recorded call's is an error, and put right."""

import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, TensorProto, helper

import example_models as models
from halfpixel import check, fix
from halfpixel.intents.pytorch_record import FX_NODE

SHAPE = (1, 2, 12, 16)


def recorded(
    arguments: str, *, sizes: tuple[int, ...] = (), scales: tuple[float, ...] = ()
) -> ModelProto:
    """Return a bilinear resize whose record has these arguments, and what the file has."""
    node = models.resize(attributes={"mode": "linear"})
    given = models.scales(*scales)
    if sizes:
        node.input[2:] = ["", "sizes"]
        given = helper.make_tensor("sizes", TensorProto.INT64, [4], sizes)
    entry = node.metadata_props.add()
    entry.key = FX_NODE
    call = "call_function[target=torch.ops.aten.upsample_bilinear2d.vec]"
    entry.value = f"{call}(args = (%x, {arguments}), kwargs = {{}})"
    made = models.model([node], SHAPE, [given])
    made.ir_version = 10  # onnxruntime takes no newer one
    return made


@pytest.mark.parametrize(
    ("made", "size"),
    [
        (recorded("[7, 25], False, None", sizes=(1, 2, 7, 50)), (7, 25)),
        (recorded("None, False, [2.0, 2.0]", scales=(1, 1, 3, 2)), (24, 32)),
        (recorded("None, False, [0.5, 0.5]", sizes=(1, 2, 12, 8)), (6, 8)),
    ],
    ids=["size", "factor", "size for a factor"],
)
def test_another_size_is_told_once_and_put_right(made: ModelProto, size: tuple[int, int]) -> None:
    loud = [one for one in check(made).findings if one.finding.severity != "note"]
    assert [(one.rule.name, one.finding.severity) for one in loud] == [("other-size", "error")]
    fixed = fix(made).model
    assert isinstance(fixed, ModelProto)
    x = torch.rand(SHAPE)
    found = ort.InferenceSession(fixed.SerializeToString()).run(None, {"x": x.numpy()})[0]
    call = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
    torch.testing.assert_close(torch.from_numpy(found), call)


@pytest.mark.parametrize(
    "made",
    [
        recorded("[7, 25], False, None", sizes=(1, 2, 7, 25)),
        recorded("None, False, [2.0, 2.0]", scales=(1, 1, 2, 2)),
        recorded("None, False, [1.1, 1.3]", scales=(1, 1, 1.1, 1.3)),
    ],
    ids=["size", "factor", "fractions"],
)
def test_the_size_of_the_call_is_no_finding(made: ModelProto) -> None:
    assert "other-size" not in {one.rule.name for one in check(made).findings}
