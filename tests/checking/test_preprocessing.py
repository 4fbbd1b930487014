"""A model against how images are readied: its own first resize, or the size that it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

import example_models as models
from external_models import run
from halfpixel import Settings, check
from halfpixel.checking.check import opened
from halfpixel.checking.preprocessing import on_image
from halfpixel.checking.result import Report

LINEAR: dict[str, models.Attribute] = {
    "mode": "linear",
    "coordinate_transformation_mode": "half_pixel",
}
BICUBIC: dict[str, models.Attribute] = LINEAR | {"mode": "cubic"}
SMOOTH: dict[str, models.Attribute] = BICUBIC | {
    "cubic_coeff_a": -0.5,
    "antialias": 1,
    "exclude_outside": 1,
}
SQUARE = "LetterBox(24, scale_fill=True)"
TRAINED = "Compose([Resize((24, 24), interpolation=3)])"


def taking(
    shape: Sequence[int | str],
    nodes: Sequence[NodeProto],
    sizes: Sequence[int] = (1, 3, 24, 24),
    dtype: int = TensorProto.FLOAT,
) -> ModelProto:
    """Return a model of nodes from an image x, with a convolution w and constants behind."""
    values: dict[str, np.ndarray[Any, np.dtype[Any]]] = {
        "sizes": np.array(sizes, np.int64),
        "w": np.ones((4, 3, 1, 1), np.float32),
        "scale": np.array(255, np.float32),
        "mean": np.full((1, 3, 1, 1), 0.5, np.float32),
        "zero": np.array([0], np.int64),
        "turned": np.array([2, 1, 0], np.int64),
    }
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in values.items() if name in used],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def node(op: str, *names: str, **attributes: models.Attribute) -> NodeProto:
    """Return a node: its inputs, then its output, and its name."""
    made = helper.make_node(op, names[:-1], names[-1:], names[-1])
    made.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    return made


def resizing(
    attributes: Mapping[str, models.Attribute], *before: NodeProto, data: str = "x"
) -> ModelProto:
    """Return a model that resizes its image, after some nodes."""
    resize = node("Resize", data, "", "", "sizes", "small", **attributes)
    return taking((1, 3, 48, 64), [*before, resize, node("Conv", "small", "w", "y")])


def judged(model: ModelProto, preprocess: str) -> Report:
    """Return what is found in a model whose images are readied so."""
    return check(model, Settings(preprocess=preprocess))


def loud(report: Report) -> list[tuple[str, str, str]]:
    """Return the rule, the severity and the node of each finding that is no note."""
    found = [one for one in report.findings if one.finding.severity != "note"]
    return [(one.rule.name, one.finding.severity, one.site.name) for one in found]


@pytest.mark.parametrize(
    ("attributes", "preprocess", "rules"),
    [
        (LINEAR, SQUARE, []),
        (LINEAR, "VideoClassification(crop_size=(24, 24), resize_size=(24, 24))", []),
        (LINEAR, "Compose([Resize((24, 24))])", ["antialias-lost"]),
        (LINEAR, TRAINED, ["differs-from-intent"]),
        (SMOOTH, TRAINED, []),
        (BICUBIC, SQUARE, ["differs-from-intent"]),
        (
            LINEAR | {"coordinate_transformation_mode": "asymmetric"}, SQUARE,
            ["asymmetric-linear"],
        ),
        (LINEAR, "LetterBox(24, scale_fill=True, interpolation=cv2.INTER_AREA)",
         ["differs-from-intent"]),
    ],
)  # fmt: skip
def test_the_models_own_first_resize_is_held_to_that_of_training(
    attributes: Mapping[str, models.Attribute], preprocess: str, rules: list[str]
) -> None:
    report = judged(resizing(attributes), preprocess)
    assert loud(report) == [(rule, "error", "small") for rule in rules]
    assert not report.files[0].mismatched


def test_a_finding_names_the_call_of_training_with_the_numbers_and_is_mended() -> None:
    model = resizing(LINEAR)
    (found,) = judged(model, TRAINED).findings
    assert "at length 64 to 24 (axis 3)" in found.finding.message
    assert "Image.resize((24, 24), Image.BICUBIC) was meant" in found.finding.message
    assert found.site.intent is not None
    assert found.site.intent.origin == f"{TRAINED}: torchvision Compose"

    from halfpixel.fixing.fix import fix
    from halfpixel.fixing.result import FixSettings

    made = fix(model, settings=FixSettings(Settings(preprocess=TRAINED))).model
    assert isinstance(made, ModelProto)
    x = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    small = F.interpolate(x, size=(24, 24), mode="bicubic", antialias=True)
    y = ort.InferenceSession(made.SerializeToString()).run(None, {"x": x.numpy()})[0]
    assert np.abs(np.asarray(y)[:, 0] - small.sum(1).numpy()).max() < 1e-4


BEFORE: dict[str, tuple[list[NodeProto], str, bool]] = {
    "nothing": ([], "x", True),
    "cast and normalise": (
        [
            node("Cast", "x", "f", to=TensorProto.FLOAT),
            node("Div", "f", "scale", "d"),
            node("Sub", "d", "mean", "n"),
        ],
        "n",
        True,
    ),
    "turned channels": ([node("Gather", "x", "turned", "g", axis=1)], "g", True),
    "a layout": (
        [
            node("Transpose", "x", "last", perm=[0, 2, 3, 1]),
            node("Transpose", "last", "first", perm=[0, 3, 1, 2]),
        ],
        "first",
        True,
    ),
    "a convolution": ([node("Conv", "x", "w", "c")], "c", False),
    "a pooling": ([node("AveragePool", "x", "p", kernel_shape=[1, 1])], "p", False),
    "a constant": ([node("Expand", "mean", "sizes", "e")], "e", False),
    "the image and a feature": (
        [node("GlobalAveragePool", "x", "p"), node("Mul", "x", "p", "m")],
        "m",
        False,
    ),
}


@pytest.mark.parametrize(("before", "data", "first"), BEFORE.values(), ids=BEFORE)
def test_only_what_moves_channels_or_values_stands_before_the_first_resize(
    before: list[NodeProto],
    data: str,
    first: bool,  # noqa: FBT001 - a case
) -> None:
    model = opened(resizing(LINEAR, *before, data=data))
    assert on_image(model) == (frozenset({0}) if first else frozenset())


def test_a_later_resize_is_asked_nothing() -> None:
    first = node("Resize", "x", "", "", "sizes", "small", **LINEAR)
    later = node("Resize", "c", "", "", "sizes", "again", **LINEAR)
    model = taking(
        (1, 3, 48, 64), [first, node("Conv", "small", "w3", "c"), later, node("Relu", "again", "y")]
    )
    model.graph.initializer.append(numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), "w3"))
    assert on_image(opened(model)) == {0}
    found = judged(model, "Compose([Resize((24, 24))])")
    assert loud(found) == [("antialias-lost", "error", "small")]


SIZES: list[tuple[tuple[int | str, ...], str, str, bool]] = [
    ((1, 3, 24, 24), SQUARE, "it takes 24x24, which LetterBox", False),
    ((1, 24, 24, 3), SQUARE, "it takes 24x24, which LetterBox", False),
    ((1, 3, 32, 24), SQUARE, "it takes 24x32, and LetterBox", True),
    (("n", 3, "h", "w"), SQUARE, "it takes images of several sizes, and LetterBox", False),
    (("n", 3, 32, "w"), SQUARE, "and LetterBox(24, scale_fill=True)", True),
    ((1, 3, 24, 24), "LetterBox(24, auto=True)", "makes sizes that follow from the image's", False),
    ((1, 5), SQUARE, "it has no input that is an image", False),
    (
        (1, 3, 24, 24), "ImageClassification(crop_size=24, resize_size=28)",
        "makes by Image.resize((width, height), Image.BILINEAR)", False,
    ),
    ((1, 3, 32, 32), "ct.ImageType(shape=(1, 3, 24, 24))", "and ct.ImageType", True),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "preprocess", "said", "wrong"), SIZES)
def test_a_model_without_a_resize_takes_what_is_made_or_another_size_is_told(
    shape: tuple[int | str, ...],
    preprocess: str,
    said: str,
    wrong: bool,  # noqa: FBT001 - a case
) -> None:
    (file,) = judged(taking(shape, [node("Relu", "x", "y")]), preprocess).files
    assert said in file.notices[0]
    assert file.mismatched is wrong


def test_a_resize_to_another_size_is_told_and_not_written() -> None:
    report = judged(resizing(LINEAR), "Compose([Resize((32, 32))])")
    (file,) = report.files
    assert file.mismatched
    assert "node 'small' makes 24x24 of an image, and Compose([Resize(" in file.notices[0]
    assert loud(report) == [("antialias-lost", "error", "small")]


def test_what_training_did_around_its_resize_is_told() -> None:
    video = "VideoClassification(crop_size=(24, 24), resize_size=(28, 36))"
    (file,) = judged(resizing(LINEAR), video).files
    assert file.notices[0].endswith(
        "node 'small' resizes the whole image; "
        f"{video} (torchvision VideoClassification) resizes to 36x28, and crops the middle to 24x24"
    )
    assert not file.mismatched


def test_the_command_tells_and_fails_on_another_size(tmp_path: Path) -> None:
    path, written = tmp_path / "m.onnx", tmp_path / "preprocessor_config.json"
    path.write_bytes(taking((1, 3, 32, 32), [node("Relu", "x", "y")]).SerializeToString())
    written.write_text('{"do_resize": true, "resample": 2, "size": {"height": 24, "width": 24}}')
    code, output = run("check", path, "--preprocess", written)
    assert (code, "it takes 32x32" in output) == (1, True)
    assert "0 sites in 1 file: 1 model of another size of image" in output
    written.write_text('{"do_resize": true, "resample": 2, "size": {"height": 32, "width": 32}}')
    assert run("check", path, "--preprocess", written)[0] == 0
    written.write_text('{"do_resize": "maybe"}')
    code, output = run("check", path, "--preprocess", written)
    assert code == 2
    assert [line for line in output.splitlines() if line] == [
        f"halfpixel: {written}: do_resize is 'maybe', expected true or false"
    ]


def test_a_configuration_says_it_of_some_models_relative_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "vision" / "m.onnx"
    path.parent.mkdir()
    path.write_bytes(taking((1, 3, 32, 32), [node("Relu", "x", "y")]).SerializeToString())
    table = '[per-file."vision/*"]\npreprocess = "training.json"\n'
    (tmp_path / "halfpixel.toml").write_text(table)
    code, output = run("check", path)
    assert (code, f"{tmp_path / 'training.json'}: no such file" in output) == (2, True)
    written = '{"do_resize": true, "resample": 2, "size": {"height": 24, "width": 24}}'
    (tmp_path / "training.json").write_text(written)
    code, output = run("check", path)
    assert (code, "it takes 32x32" in output) == (1, True)
    assert run("check", path, "--preprocess", "LetterBox(32, scale_fill=True)")[0] == 0
    code, output = run("check", path, "--show-settings")
    assert f'preprocess = "{tmp_path / "training.json"}"' in output
