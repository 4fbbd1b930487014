"""What was meant, as the exporter wrote it down, as its habits say, or as the user expects."""

import re

import pytest

from halfpixel.conventions.torch.interpolate import from_arguments, parse_call
from halfpixel.errors import UsageError
from halfpixel.formats.onnx.read.sites import intent_of
from halfpixel.intents.policy import expected, parse_policy
from halfpixel.intents.pytorch_record import FX_NODE, parse_fx_node, recorded, user_line
from halfpixel.origin import Operator, Origin, Producer, version_of
from halfpixel.sampling import AffineGrid, GridSample, RoiAlign
from halfpixel.site import Operation

RESIZE = Operation("Resize", 18, {"mode": "linear"}, None, input_shape=(1, 2, 5, 7), by="sizes")


def fx(target: str, arguments: str) -> dict[str, str]:
    call = f"call_function[target=torch.ops.{target}](args = ({arguments}), kwargs = {{}})"
    return {FX_NODE: f"%u : [num_users=1] = {call}"}


RECORDS: list[tuple[dict[str, str], str | None]] = [
    (
        fx("aten.upsample_bilinear2d.vec", "%x, None, True, [2.0, 2.0]"),
        'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)',
    ),
    (
        fx("aten.upsample_bilinear2d.vec", "%conv2d, None, False, [1.3333333333333333, 1.7]"),
        'F.interpolate(x, scale_factor=(1.3333333333333333, 1.7), mode="bilinear", align_corners=False)',  # noqa: E501 - a call as it is printed
    ),
    (
        fx("aten.upsample_bicubic2d.vec", "%x, [%sym_size_int_22, %s], True, None"),
        'F.interpolate(x, size=(height, width), mode="bicubic", align_corners=True)',
    ),
    (
        fx("aten._upsample_bilinear2d_aa.default", "%x, [%trunc, %trunc_1], False, 0.4, 0.4"),
        'F.interpolate(x, scale_factor=0.4, mode="bilinear", align_corners=False, antialias=True)',
    ),
    (
        fx("aten._upsample_bicubic2d_aa.default", "%x, [3, 4], True, None, None"),
        'F.interpolate(x, size=(3, 4), mode="bicubic", align_corners=True, antialias=True)',
    ),
    (
        fx("aten.upsample_nearest2d.vec", "%x, [2, 3], None"),
        'F.interpolate(x, size=(2, 3), mode="nearest")',
    ),
    (
        fx("aten.upsample_trilinear3d.vec", "%x, None, False, [2.0, 2.0, 2.0]"),
        'F.interpolate(x, scale_factor=2.0, mode="trilinear", align_corners=False)',
    ),
    (
        fx("aten._upsample_nearest_exact2d.vec", "%x, [2, 3], None"),
        'F.interpolate(x, size=(2, 3), mode="nearest-exact")',
    ),
    (
        fx("aten.grid_sampler.default", "%x, %view_3, 0, 1, True"),
        'F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=True)',
    ),
    (
        fx("torchvision.roi_align.default", "%x, %boxes, 0.25, 4, 4, 2, True"),
        "torchvision.ops.roi_align(x, torch.cat([batch_indices[:, None].to(rois), rois], dim=1), output_size=(4, 4), spatial_scale=0.25, sampling_ratio=2, aligned=True)",  # noqa: E501 - likewise
    ),
    (fx("torchvision.roi_align.default", "%x, %boxes, %scale, 4, 4, 2, True"), None),
    (fx("torchvision.roi_align.default", f"%x, %boxes, {10**400}, 4, 4, 2, True"), None),
    (fx("torchvision.roi_align.default", "%x, %boxes, 0.5, 4.5, 4, 2, True"), None),
    (fx("aten.upsample_nearest2d.vec", f"%x, None, [{10**400}, 2]"), None),
    (fx("aten.upsample_nearest2d.vec", f"%x, [{10**30}, 2], None"), None),
    (fx("aten._upsample_nearest_exact2d.vec", "%x, [True, 2], None"), None),
    (fx("aten.upsample_nearest2d.vec", "%x, None, [1e999, -2.0]"), None),
    (fx("aten.x", "{[]: 1}"), None),
    (fx("aten.convolution.default", "%x, %w, %b, [%s], [0], [1], True, [0], 1"), None),
    (fx("aten.relu.default", "%x"), None),
    ({FX_NODE: "no call at all"}, None),
    ({FX_NODE: "%u = call_function[target=torch.ops.aten.x](args = (((((, kwargs = {})"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("properties", "text"), RECORDS)
def test_the_exporters_record_is_parsed_exactly(
    properties: dict[str, str], text: str | None
) -> None:
    intent = recorded(RESIZE, properties, "")
    assert (None if intent is None else intent.text) == text


def test_doubles_are_kept_to_the_last_digit() -> None:
    parsed = parse_fx_node(fx("aten.x", "%x, [1.3333333333333333, -2], None")[FX_NODE])
    assert parsed == ("aten.x", ("%x", [1.3333333333333333, -2], None))


def test_the_users_own_line_is_the_innermost_outside_pytorch() -> None:
    trace = (
        'File "net.py", line 17, in forward\n    return self.neck(x)\n'
        '  File "lib/net/neck.py", line 8, in forward\n    a = self.up(x)\n'
        '  File "site-packages/torch/nn/modules/upsampling.py", line 174, in forward\n    return F'
    )
    model = 'File "site-packages/transformers/dpt.py", line 9, in forward\n    x = F.interpolate('
    assert user_line(model) == ("site-packages/transformers/dpt.py:9", "x = F.interpolate(")
    assert user_line(trace) == ("lib/net/neck.py:8", "a = self.up(x)")
    assert user_line("") is None


LINES = [
    ("y = F.interpolate(x, size=(3, 4), mode='bilinear')", "size=(3, 4)"),
    ("return nn.Upsample(scale_factor=2, mode='nearest')(x) + y", "scale_factor=2.0"),
    ("return F.interpolate(x, **self.options)", None),
    ("return F.interpolate(x, size=y.shape[2:])", None),
    ("return F.interpolate(x, *more)", None),
    ("a = b", None),
]


@pytest.mark.parametrize(("line", "words"), LINES)
def test_a_source_line_counts_where_all_its_arguments_are_literals(
    line: str, words: str | None
) -> None:
    intent = recorded(RESIZE, {}, line)
    assert (intent is None) if words is None else (intent is not None and words in intent.text)


HABITS = [
    ("pytorch", (1, 12), 9, {"mode": "linear"}, "align_corners=False"),
    ("pytorch", (1, 12), 11, {"coordinate_transformation_mode": "align_corners"}, "corners=True"),
    ("pytorch", (1, 12), 11, {"coordinate_transformation_mode": "pytorch_half_pixel"}, "=False"),
    ("pytorch", (1, 12), 11, {"coordinate_transformation_mode": "asymmetric"}, None),
    ("tf2onnx", (1, 12), 9, {"mode": "linear"}, None),
    ("", None, 9, {"mode": "linear"}, None),
]


@pytest.mark.parametrize(("name", "version", "opset", "attributes", "words"), HABITS)
def test_habits_are_those_of_a_known_exporter(
    name: str,
    version: tuple[int, int] | None,
    opset: int,
    attributes: dict[str, str],
    words: str | None,
) -> None:
    operation = Operation(
        "Resize",
        opset,
        {"mode": "linear", **attributes},
        None,
        origin=Origin(Producer(name, version)),
    )
    intent = intent_of(operation, {}, "")
    if words is None:
        assert intent is None
    else:
        assert intent is not None
        assert intent.how == "assumed"
        assert words in intent.text


def test_a_policy_overrides_by_pattern_and_the_last_wins() -> None:
    policies = [parse_policy("align_corners=true"), parse_policy("neck.*:align_corners=false")]
    for name, corners in (("head.up", True), ("neck.up", False)):
        intent = expected(RESIZE, [name], policies)
        assert intent is not None
        assert intent.how == "policy"
        assert intent.call is not None
        assert intent.call.align_corners is corners


SAMPLE = Operation("GridSample", 20, {}, GridSample("linear", "zeros", align_corners=False))
THETA = Operation("AffineGrid", 20, {}, AffineGrid(align_corners=False))
BOXES = Operation("RoiAlign", 16, {}, RoiAlign(aligned=False))
NAMED: list[tuple[Operation, str, Operator]] = [
    (SAMPLE, "align_corners=true", GridSample("linear", "zeros", align_corners=True)),
    (SAMPLE, "mode=nearest,align_corners=true", GridSample("nearest", "zeros", align_corners=True)),
    (SAMPLE, "mode=bicubic,padding_mode=border",
     GridSample("cubic", "border", align_corners=False)),
    (THETA, "align_corners=true", AffineGrid(align_corners=True)),
    (BOXES, "aligned=true", RoiAlign(aligned=True)),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "text", "meant"), NAMED)
def test_a_policy_for_other_operators_has_to_name_the_node(
    operation: Operation, text: str, meant: Operator
) -> None:
    whole = expected(operation, ["warp"], [parse_policy(f"warp:{text}")])
    parts = expected(operation, ["warp"], [parse_policy(f"w*:{one}") for one in text.split(",")])
    assert whole is not None
    assert parts is not None
    assert whole.operator == parts.operator == meant
    assert expected(operation, ["warp"], [parse_policy("align_corners=true")]) is None


STRAY = [
    (THETA, "warp:mode=bilinear", "AffineGrid has no mode"),
    (BOXES, "warp:align_corners=true", "RoiAlign has no align_corners"),
    (SAMPLE, "warp:antialias=true", "GridSample has no antialias"),
    (SAMPLE, "warp:mode=area", "mode is 'area', expected one of bilinear, nearest, bicubic"),
    (RESIZE, "warp:padding_mode=border", "Resize has no padding_mode"),
    (RESIZE, "warp:mode=nearest,align_corners=true", "mode 'nearest' has no align_corners"),
]


@pytest.mark.parametrize(("operation", "text", "told"), STRAY)
def test_what_an_operator_does_not_have_is_refused_by_name(
    operation: Operation, text: str, told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        expected(operation, ["warp"], [parse_policy(text)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "align_corners",
        "align_corners=1",
        "size=3",
        "a:b",
        "a:padding_mode=mirror",
        "aligned=x",
        "aligned=true",
    ],
)
def test_a_malformed_policy_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--expect"):
        parse_policy(text)


def test_versions() -> None:
    assert version_of("2.13.0+cpu") == (2, 13, 0)
    assert version_of("nightly") is None


@pytest.mark.parametrize(
    "text",
    [
        "F.interpolate(x)",
        "F.interpolate(x, size=3, mode='quadratic')",
        "F.relu(x)",
        "1 + 1",
        "F.interpolate(",
        "F.interpolate(x, scale_factor='2')",
    ],
)
def test_calls_that_pytorch_does_not_have_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_call(text)


def test_arguments_as_a_mapping() -> None:
    call = from_arguments({"size": [3, 4], "mode": "bicubic", "align_corners": True})
    assert call.text() == 'F.interpolate(x, size=(3, 4), mode="bicubic", align_corners=True)'
