"""What exporters drop, and what they keep in names: each kind is a file of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from halfpixel.checking.check import check
from halfpixel.checking.result import Report
from halfpixel.conventions.tf_resize import read
from halfpixel.errors import UsageError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.intents import kept_names
from halfpixel.intents.kept_name import is_operator, kept_name

LOUD = {"error", "warning"}


def exported(  # noqa: PLR0913 - what an exporter writes
    attributes: Mapping[str, object],
    *,
    opset: int = 11,
    producer: str = "tf2onnx",
    version: str = "1.17.0",
    name: str = "resize/ResizeBilinear",
    graph: str = "g",
    lengths: tuple[int, int, int, int] = (6, 7, 12, 14),
) -> onnx.ModelProto:
    """Return a resize between two Transposes, the second named as the original's operator."""
    a, b, c, d = lengths
    scales = np.array([1, 1, c / a, d / b], np.float32)
    inputs = ["t", "s"] if opset < 11 else ["t", "roi", "s"]
    op = "Upsample" if opset < 10 else "Resize"
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node(op, inputs, ["r"], "Resize__1", **dict[str, Any](attributes)),
        helper.make_node("Transpose", ["r"], ["y"], name, perm=[0, 2, 3, 1]),
    ]
    made = helper.make_graph(
        nodes,
        graph,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, a, b, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, c, d, 2])],
        [
            helper.make_tensor("s", TensorProto.FLOAT, [4], scales),
            helper.make_tensor("roi", TensorProto.FLOAT, [0], []),
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)])
    model.producer_name, model.producer_version = producer, version
    return model


def loud(report: Report) -> dict[str, str]:
    """Return the messages of errors and warnings, by rule."""
    found = [one for one in report.findings if one.finding.severity in LOUD]
    return {one.rule.name: one.finding.message for one in found}


ASYMMETRIC = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
PICKED = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
          "nearest_mode": "floor"}  # fmt: skip
BOTH = ("align_corners=True", "half_pixel_centers=True")
RELEASES = [
    ("1.5.6", 8, BOTH), ("1.5.6", 10, BOTH), ("1.5.6", 11, BOTH), ("1.6.3", 9, BOTH),
    ("1.6.3", 11, BOTH[:1]), ("1.7.1", 11, BOTH[:1]), ("1.7.2", 11, ()), ("1.8.5", 10, BOTH),
    ("1.13.0", 10, BOTH), ("1.13.0", 11, ()), ("1.14.0", 10, ()), ("1.14.0", 9, ()),
    ("1.17.0", 8, BOTH), ("1.17.0 0ab1", 8, BOTH), ("1.17.0", 18, ()),
]  # fmt: skip
"""Release of tf2onnx, opset, and the flags that it drops there."""


@pytest.mark.parametrize(("version", "opset", "flags"), RELEASES)
@pytest.mark.parametrize("written", [ASYMMETRIC, PICKED], ids=["linear", "nearest"])
def test_a_dropped_flag_is_told_by_release_and_opset(
    written: Mapping[str, object], version: str, opset: int, flags: tuple[str, ...]
) -> None:
    words = written if opset >= 11 else {"mode": written["mode"]}
    if opset < 9:
        words = {**words, "scales": [1.0, 1.0, 1.5, 9 / 7]}
    model = exported(words, opset=opset, version=version, name="up", lengths=(6, 7, 9, 9))
    if opset < 9:
        del model.graph.node[1].input[1:]
    found = [one.finding for one in check(model).findings if "would" in one.finding.message
             or "whatever flags" in one.finding.message]  # fmt: skip
    assert bool(found) == bool(flags)
    for flag in BOTH:
        assert all((flag in one.message) == (flag in flags) for one in found)
    assert all(one.how == "assumed" and one.fix is None for one in found)
    if flags == BOTH:
        assert {one.severity for one in found} == {"warning"}
        settles = "align_corners=true" if written is ASYMMETRIC else "mode=nearest-exact"
        assert all(f"--expect {settles}" in one.message for one in found)


def test_the_name_of_tf_image_resize_is_a_guess_that_an_unsafe_fix_may_take() -> None:
    model = exported({"mode": "linear"}, opset=10, version="1.7.1")
    (found,) = check(model).findings
    assert found.finding.fix is not None
    assert found.finding.fix.safety == "unsafe"
    assert "TensorFlow 2" in found.finding.message


CUBIC = {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}
HALF, CORNERS = "half_pixel", "align_corners"
NEVER = [
    ("nearest", HALF, {"mode": "nearest", "nearest_mode": "floor"}, "nearest-rounding"),
    ("nearest", CORNERS, {"mode": "nearest", "nearest_mode": "floor"}, "nearest-rounding"),
    ("bicubic", CORNERS, CUBIC, "foreign-kernel"),
    ("bicubic", "asymmetric", CUBIC, "foreign-kernel"),
    ("nearest", CORNERS, {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}, ""),
    ("bicubic", HALF, CUBIC, ""),
]


@pytest.mark.parametrize("producer", ["tf2onnx", "onnx.quantize"])
@pytest.mark.parametrize(("method", "coordinates", "words", "rule"), NEVER)
def test_what_tensorflow_never_computes_becomes_what_it_does(
    producer: str, method: str, coordinates: str, words: Mapping[str, object], rule: str
) -> None:
    """Also where another tool has put its own name in the place of the converter's."""
    name = {"nearest": "ResizeNearestNeighbor", "bicubic": "ResizeBicubic"}[method]
    written = {**words, "coordinate_transformation_mode": coordinates}
    model = exported(written, opset=13, producer=producer, name=name, lengths=(6, 7, 9, 11))
    assert {"nearest-rounding", "foreign-kernel"} & loud(check(model)).keys() == ({rule} - {""})
    fixed = fix(model, settings=FixSettings(unsafe=True), select=[rule] if rule else ["foreign-*"])
    (site,) = check(fixed.model if fixed.changed else model).sites
    meant = read(
        method,  # type: ignore[arg-type]
        align_corners=coordinates == CORNERS,
        half_pixel_centers=coordinates == HALF,
    )
    x = np.random.default_rng(3).normal(size=(1, 2, 6, 7))
    rows, columns = meant.weights(6, 9).matrix(), meant.weights(7, 11).matrix()
    np.testing.assert_allclose(site.evaluate(x), rows @ x @ columns.T, atol=1e-5)


KEPT = [
    ("ResizeArea", PICKED, (6, 8, 3, 4), True),
    ("m/resize/ResizeArea", PICKED, (6, 8, 3, 4), True),
    ("ResizeArea", PICKED, (3, 4, 6, 8), False),
    ("ResizeBicubic", ASYMMETRIC, (6, 8, 9, 12), True),
    ("ResizeNearestNeighbor_2", ASYMMETRIC, (6, 8, 9, 12), True),
    ("ResizeNearestNeighbor", PICKED, (6, 8, 9, 12), False),
    ("ResizeBilinear", ASYMMETRIC, (6, 8, 9, 12), False),
    ("my_ResizeAreas", PICKED, (6, 8, 3, 4), False),
    ("nearest_interp_v2_0.tmp_0", ASYMMETRIC, (6, 8, 9, 12), True),
]


@pytest.mark.parametrize(("name", "written", "lengths", "differs"), KEPT)
def test_a_kept_name_is_a_record(
    name: str, written: Mapping[str, object], lengths: tuple[int, int, int, int], *, differs: bool
) -> None:
    report = check(exported(written, opset=13, producer="", name=name, lengths=lengths))
    found = [one for one in report.findings if one.rule.name == "differs-from-name"]
    assert bool(found) is differs
    for one in found:
        assert (one.finding.severity, one.finding.how) == ("warning", "named")
        assert one.site.intent is not None
        assert one.site.intent.how == "named"


def test_names_of_two_operators_tell_nothing() -> None:
    assert kept_name(["ResizeArea", "ResizeBilinear"]) == ""
    assert not is_operator(kept_name(["Resize__3:0"]))


TABLE = """
[sources]
page = "its manual: page 3"
[[row]]
framework = "a framework"
name = "Up"
holds = "Up"
pattern = 'Up'
how = "read"
source = "page"
"""
BROKEN = [
    ('name = "Up"', 'nam = "Up"', "row 1: nam is unknown"),
    ('holds = "Up"', "", "row 1: names no holds"),
    ('how = "read"', 'how = "heard"', "row 1: how is 'heard'"),
    ('source = "page"', 'source = "pag"', "row 1: source is 'pag'"),
    ('how = "read"', 'how = "read"\nmethod = "lanczos"', "row 1: method is 'lanczos'"),
    ("[[row]]", "[[row", "kept_names.toml: "),
]


@pytest.mark.parametrize(("text", "other", "words"), BROKEN)
def test_a_malformed_table_of_names_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, other: str, words: str
) -> None:
    file = tmp_path / "kept_names.toml"
    file.write_text(TABLE.replace(text, other), encoding="utf-8")
    monkeypatch.setattr(kept_names, "FILE", file)
    kept_names.kept_names.cache_clear()
    try:
        with pytest.raises(UsageError, match=words):
            kept_names.kept_names()
    finally:
        kept_names.kept_names.cache_clear()


def test_every_name_of_the_table_is_found_and_told_apart() -> None:
    examples = {"up_sampling": "a/up_sampling2d_1", ":": "image:0", "_ppp": "_ppp0_resized",
                "p2o": "p2o.Resize.0",
                "channel_first": "m_channel_first_resize_bilinear"}  # fmt: skip
    for row in kept_names.kept_names().rows:
        name = examples.get(row.name, f"{row.name}_v2_0")
        assert kept_name([name]) == f"{row.framework} {row.name}"
        assert is_operator(kept_name([name])) is (row.method is not None)
        assert ": " in row.source


@pytest.mark.parametrize(("producer", "flags"), [("onnx.quantize", BOTH), ("caffe", BOTH[:1])])
def test_where_the_exporter_is_gone_or_drops_a_flag_both_readings_are_told(
    producer: str, flags: tuple[str, ...]
) -> None:
    words = {"mode": "linear"}
    model = exported(words, opset=9, producer=producer, version="0.1.0", name="up")
    (found,) = [one.finding for one in check(model).findings if one.finding.severity in LOUD]
    assert [flag for flag in BOTH if flag in found.message] == list(flags)
    assert found.fix is None


PADDLE = [
    (ASYMMETRIC, (6, 7, 12, 14), set[str]()),
    ({"mode": "linear", "coordinate_transformation_mode": HALF}, (6, 7, 12, 14), set[str]()),
    ({"mode": "linear", "coordinate_transformation_mode": HALF}, (6, 7, 12, 1),
     {"single-pixel-output"}),
    (PICKED, (6, 7, 9, 11), set[str]()),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lengths", "rules"), PADDLE)
@pytest.mark.parametrize("graph", ["PaddlePaddle Graph 0", "PaddlePaddle Graph in PIR mode"])
def test_paddle_is_told_by_the_name_of_its_graph(
    graph: str, written: Mapping[str, object], lengths: tuple[int, int, int, int], rules: set[str]
) -> None:
    model = exported(written, opset=13, producer="", name="n", graph=graph, lengths=lengths)
    assert loud(check(model)).keys() == rules


def test_a_constant_size_was_one_where_nothing_is_traced() -> None:
    right = exported({**ASYMMETRIC, "coordinate_transformation_mode": HALF}, opset=13)
    for value in (right.graph.input[0], right.graph.output[0]):
        for dim in value.type.tensor_type.shape.dim[1:3]:
            dim.dim_param = "n"
    right.graph.node[1].input[2] = ""
    right.graph.node[1].input.append("z")
    right.graph.initializer.append(helper.make_tensor("z", TensorProto.INT64, [4], [1, 2, 9, 9]))
    assert "frozen-size" not in loud(check(right))
    right.producer_name, right.graph.node[2].name = "pytorch", "n"
    assert "frozen-size" in loud(check(right))


def test_coordinates_that_an_opset_has_lost_are_a_note_where_the_exporter_means_them() -> None:
    words = {"mode": "nearest", "coordinate_transformation_mode": "tf_half_pixel_for_nn",
             "nearest_mode": "floor"}  # fmt: skip
    model = exported(words, opset=18, name="ResizeNearestNeighbor")
    assert not loud(check(model))
    model.producer_name, model.graph.node[2].name = "", "n"
    assert "out-of-opset-coordinates" in loud(check(model))
