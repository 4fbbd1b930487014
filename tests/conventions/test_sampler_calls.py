"""Calls of samplers and modules as text, held against PyTorch and against what is written."""

import inspect
from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from halfpixel.checking.called import called
from halfpixel.checking.example_calls import MODULES as RESIZES
from halfpixel.checking.example_calls import SAMPLERS, calls_known, example_of
from halfpixel.checking.explain import explain
from halfpixel.checking.samplers import sampler_of
from halfpixel.conventions.python_call import Symbol, parse
from halfpixel.conventions.torch.module_call import MODULES, NEEDED, as_function, as_interpolate
from halfpixel.errors import ConventionError, UsageError
from halfpixel.sampling import AffineGrid, ConvTranspose, DepthToSpace, GridSample, RoiAlign

OURS = [name for name in MODULES if name != "RoIAlign"]  # torchvision's, which need not be there


@pytest.mark.parametrize("name", OURS)
def test_a_module_takes_what_pytorchs_takes(name: str) -> None:
    theirs = inspect.signature(getattr(nn, name)).parameters
    mine = MODULES[name].parameters
    assert list(mine) == list(theirs)
    for key, value in mine.items():
        usual = theirs[key].default
        assert usual is inspect.Parameter.empty if value == NEEDED else usual == value, key


SHAPES = {1: (1, 4, 6), 2: (1, 4, 6, 5), 3: (1, 4, 3, 4, 5)}
CALLS = [
    "nn.PixelShuffle(2)",
    "nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1, bias=False)",
    "nn.ConvTranspose1d(4, 4, 3, 2, 1, 1, 2, False)",
    "nn.ConvTranspose3d(4, 2, 2, dilation=2, bias=False)",
    "nn.AvgPool1d(2)",
    "nn.AvgPool2d((2, 3), stride=1)",
    "nn.AvgPool3d(2, 1)",
    "nn.AdaptiveAvgPool1d(4)",
    "nn.AdaptiveAvgPool2d((4, 3))",
    "nn.AdaptiveAvgPool3d(2)",
    "F.adaptive_avg_pool2d(x, 3)",
    "F.upsample_bilinear(x, size=(9, 7))",
    "F.upsample_nearest(x, scale_factor=2)",
]


@pytest.mark.filterwarnings("ignore:.*deprecated.*")
@pytest.mark.parametrize("text", CALLS)
def test_the_call_that_it_is_computes_the_same(text: str) -> None:
    axes = next((int(c) for c in reversed(text.partition("(")[0]) if c.isdigit()), 2)
    x = torch.rand(SHAPES[axes], generator=torch.Generator().manual_seed(0))
    made = eval(text, {"nn": nn, "F": F, "x": x})  # noqa: S307 - the table above
    theirs = made(x) if isinstance(made, nn.Module) else made
    weight = getattr(made, "weight", None)
    spelled = str(as_interpolate(as_function(parse(text))))
    ours = eval(spelled, {"F": F, "x": x, "weight": weight})  # noqa: S307 - as above
    assert torch.equal(theirs, ours), spelled


def onnx_calls() -> Iterator[str]:
    """Yield what explain says of samplers in ONNX's words."""
    for text in SAMPLERS.values():
        for line in explain(text):
            head, colon, words = line.strip().partition(": ")
            if colon and head.startswith("ONNX ") and "AveragePool" not in head:
                yield words


@pytest.mark.parametrize("words", sorted(set(onnx_calls())))
def test_what_is_written_is_read_again(words: str) -> None:
    name, found = sampler_of(parse(words))
    assert name == "ONNX"
    again = [line for line in explain(words) if line.strip().startswith("ONNX ")]
    assert [line.strip().partition(": ")[2] for line in again] == [words]
    assert found is not None


READ: list[tuple[str, object]] = [
    ("GridSample()", GridSample("linear", "zeros", align_corners=False)),
    ("GridSample(X, grid, mode='cubic')", GridSample("cubic", "zeros", align_corners=False)),
    (
        "op.GridSample(opset=16, mode=bicubic, align_corners=1, padding_mode=border)",
        GridSample("cubic", "border", align_corners=True),
    ),
    ("AffineGrid(theta, size, align_corners=1)", AffineGrid(align_corners=True)),
    ("RoiAlign(opset=10)", RoiAlign(aligned=False)),
    ("RoiAlign(output_height=7, output_width=3)", RoiAlign(aligned=True, output=(7, 3))),
    ("DepthToSpace(blocksize=3)", DepthToSpace(3, "DCR")),
    ("DepthToSpace(x, blocksize=2, mode=CRD)", DepthToSpace(2)),
    (
        "ConvTranspose(pads=[1, 1, 1, 1], strides=[2, 2], kernel_shape=[4, 4])",
        ConvTranspose((4, 4), (2, 2), (1, 1), (1, 1), (0, 0), (1, 1)),
    ),
    ("ConvTranspose(pads=[1, 0])", ConvTranspose((1,), (1,), (1,), (0,), (0,), (1,))),
    ("nn.PixelShuffle(2)", DepthToSpace(2)),
    ("PixelShuffle(upscale_factor=2)", DepthToSpace(2)),
    (
        "nn.ConvTranspose2d(3, 8, 4, 2, 1)",
        ConvTranspose((1, 1), (2, 2), (1, 1), (1, 1), (0, 0), (1, 1)),
    ),
    ("RoIAlign(7, 0.25, 2, aligned=True)", RoiAlign(True, "avg", (7, 7), 2, 0.25)),  # noqa: FBT003
    ("grid_sample(x, grid)", GridSample("linear", "zeros", align_corners=False)),
    ("torch.nn.functional.affine_grid(theta, size)", AffineGrid(align_corners=False, single=0.0)),
]


@pytest.mark.parametrize(("text", "operator"), READ)
def test_a_sampler_is_read(text: str, operator: object) -> None:
    assert sampler_of(parse(text))[1] == operator


COREML = (
    "resample(x, coordinates, sampling_mode=bilinear, padding_mode=constant, padding_value=0.0, "
    "coordinates_mode={}, align_corners={})"
)
TOLD = [
    (COREML.format("normalized_minus_one_to_one", "False"),
     ["Core ML ML Program", "((g + 1) * n - 1) / 2", "ONNX GridSample: GridSample(mode=linear"]),
    (COREML.format("normalized_zero_to_one", "True"),
     ["g * (n - 1)", "grid values 0 0.25 0.5 0.75 1 read: 0 0.75 1.5 2.25 3",
      "PyTorch: F.grid_sample(x, 2 * grid - 1"]),
    (COREML.format("unnormalized", "False"), ["of length n: g", "-1 0 1 2 3 read: -1 0"]),
    (("mb.resample(x=x, coordinates=c, sampling_mode='nearest', padding_mode='symmetric', "
     "coordinates_mode='normalized_minus_one_to_one', align_corners=True)"),
     ["mirrored at the outer edges of the border pixels", "kernel: nearest"]),
    (("affine(x, transform_matrix=t, output_height=3, output_width=5, "
     "sampling_mode='bilinear', padding_mode='constant', align_corners=True, "
     "coordinates_mode='normalized_minus_one_to_one')"),
     ["an image of 3 x 5", "2 * i / (n - 1) - 1; 0 where n is 1", "F.affine_grid(theta"]),
    (("crop_resize(x, roi, target_height=7, target_width=5, sampling_mode='OFFSET_CORNERS', "
     "spatial_scale=0.25, pad_value=2.0)"),
     ["corners height first, in pixels, times 0.25; patches of 7 x 5", "beyond the border: 2",
      "start + (i + 1/2) * max(1, X - 1) / N", "PyTorch: has no name for it"]),
    ("crop_resize(x, roi, target_height=7, target_width=7, sampling_mode='OFFSET_CORNERS')",
     ["PyTorch: torchvision.ops.roi_align(x"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), TOLD)
def test_a_sampler_of_core_ml_is_explained(text: str, words: list[str]) -> None:
    told = "\n".join(explain(text))
    for word in ("in the words of Core ML ML Program", *words):
        assert word in told, told


REFUSED = [
    ("resample(x, c)", "sampling_mode"),
    (COREML.format("pixels", "True"), "coordinates_mode is 'pixels', expected one of"),
    (COREML.format("unnormalized", "maybe"), "align_corners is 'maybe', expected true or false"),
    ("crop_resize(x, roi, target_hight=7)", "did you mean 'target_height'?"),
    ("crop_resize(x, roi, b, i, 7, 7)", "6 inputs, crop_resize takes 4"),
    ("jnp.resize(x, (8, 8))", "jnp.resize is no operator that is known"),
    ("np.resize(x, (8, 8))", "np.resize is no operator that is known"),
    ("core.opset1.interpolate(x, [8, 8])", "OpenVINO: attrs is not given"),
    ("imresize(A, 0.5, 'bilinaer')", "'bilinaer' is no method (nearest, bilinear, bicubic, box"),
    ("imresize(A, 0.5, 'Method')", "'Method' is no method (nearest, bilinear, bicubic, box"),
    ("F.interpolat(x, 2)", "did you mean one of torch.nn.functional.interpolate, "),
    ("F.affine(x, 1)", "F.affine is no operator that is known"),
    ("GridSample(mode=bilinear)", "mode is 'bilinear', expected one of linear"),
    ("GridSample(opset=15)", "opset is 15, GridSample came with 16"),
    ("GridSample(X, grid, 1)", "3 inputs, GridSample takes 2"),
    ("GridSample(aling_corners=1)", "did you mean 'align_corners'?"),
    ("GridSample(align_corners=2)", "align_corners"),
    ("AffineGrid(opset=19)", "came with 20"),
    ("RoiAlign(output_height=0)", "output is 0 x 1"),
    ("ConvTranspose(strides=2)", "expected a list of integers"),
    ("ConvTranspose(strides=[s, 2])", "expected a list of integers"),
    ("ConvTranspose(strides=[2], kernel_shape=[4, 4])", "strides has 1 values, expected 2"),
    ("ConvTranspose(pads=[1])", "pads has 1 values"),
    ("DepthToSpace()", "blocksize is not given"),
    ("DepthToSpace(blocksize=0)", "blocksize is 0"),
    ("nn.PixelShuffle()", "upscale_factor is not given"),
    ("nn.PixelShuffle(2, 3)", "2 arguments, nn.PixelShuffle takes 1"),
    ("nn.ConvTranspose2d(3, 8)", "kernel_size is not given"),
    ("nn.ConvTranspose2d(3, 8, 4, padding_mode='reflect')", "padding_mode is 'reflect'"),
    ("nn.AvgPool2d(2, padding=1)", "padding is 1, which is not described"),
    ("nn.AdaptiveAvgPool2d((1, 2, 3))", "expected 2 lengths"),
    ("nn.AdaptiveAvgPool2d()", "output_size is not given"),
    ("F.interpolat(x, 4)", "torch.nn.functional.interpolate"),
    ("F.interpolate(x, 4, mod='area')", "did you mean 'mode'?"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_is_not_taken_is_refused(text: str, reason: str) -> None:
    with pytest.raises((UsageError, ConventionError)) as caught:
        called(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize("name", [*SAMPLERS, *RESIZES, "cv2.resize", "tf.image.resize", "Resize"])
def test_a_bare_name_is_explained_by_an_example(name: str) -> None:
    lines = list(explain(name))
    assert lines[0] == f"{name}, for example:"
    assert lines[1] == example_of(name)
    assert any("in the words of" in line for line in lines)


LISTED = sorted({name for names in calls_known().values() for name in names})


@pytest.mark.parametrize("name", LISTED)
def test_every_name_that_is_listed_is_explained(name: str) -> None:
    assert "*" not in name
    lines = list(explain(name, brief=True))
    assert lines[0] == f"{name}, for example:"
    assert "in the words of" in lines[2]


def test_a_name_is_explained_by_its_own_librarys_defaults() -> None:
    assert "kernel: linear" in "".join(explain("cv2.resize"))
    assert "in the words of OpenVINO" in "".join(explain("openvino.opset1.interpolate"))
    assert "in the words of PyTorch" in "".join(explain("torch.nn.Upsample"))
    assert "in the words of Paddle" in "".join(explain("paddle.nn.Upsample"))


def test_a_module_that_is_called_is_the_module() -> None:
    assert called("nn.Upsample(scale_factor=2)(x)").text == "nn.Upsample(scale_factor=2)"
    assert called("nn.PixelShuffle(2)(x)[:, :3]").operator == DepthToSpace(2)


def test_a_symbol_is_spelled_as_it_was() -> None:
    text = "f(x, (1,), 10/3, mode=cv2.INTER_LINEAR, a='b', c=(h, w))"
    assert str(parse(text)) == text
    assert parse(text).named["mode"] == Symbol("cv2.INTER_LINEAR")
