"""TRANSPOSE_CONV with weights of every type: what it is called, and what LiteRT makes of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

from halfpixel.checking.check import check
from halfpixel.errors import GraphError
from halfpixel.formats.litert.model import opened
from halfpixel.formats.litert.read.as_onnx import said
from halfpixel.formats.litert.read.writing import ALL_FLOATS
from halfpixel.sampling.deconvolution import linear_taps
from halfpixel.site import Site
from litert_files.built import Field, Graph, Op, Value, tflite
from litert_files.recorded import run

KIND = 49
"""The options of TRANSPOSE_CONV: padding, strides along columns and rows, the activation."""

CALL = 'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)'


def linear(stride: int = 2, channels: int = 1, length: int = 0) -> NDArray[np.float32]:
    """Return weights of linear interpolation, each channel by itself."""
    taps = [float(tap) for tap in linear_taps(length or 2 * stride, stride) or ()]
    made = np.zeros((channels, len(taps), len(taps), channels), np.float32)
    made[range(channels), :, :, range(channels)] = np.outer(taps, taps)
    return made


def graph(  # noqa: PLR0913 - what a transposed convolution hangs on
    weights: Value,
    before: Value | None = None,
    *,
    stride: int = 2,
    shape: tuple[int, ...] = (1, 5, 6, 1),
    size: tuple[int, int] = (10, 12),
    dtype: str = "FLOAT32",
    fused: int = 0,
    free: tuple[int, ...] = (),
) -> bytes:
    """Return a file of one TRANSPOSE_CONV with padding SAME."""
    out = (1, *size, weights.shape[0])
    scaled: dict[str, Any] = {"scale": 0.25, "zero": 3} if dtype == "INT8" else {}
    values = [
        Value("size", (4,), "INT32", np.array(out, "<i4")),
        weights,
        Value("image", shape, dtype, free=free, **scaled),
        Value("large", out, dtype, **scaled),
        *([before] if before is not None else []),
    ]
    given: dict[int, Field] = {1: stride, 2: stride, 3: fused}
    ops = [Op("TRANSPOSE_CONV", (0, 1, 2), (3,), KIND, given, 2)]
    if before is not None:
        ops.insert(0, Op("DEQUANTIZE", (4,), (1,), version=3))
    return tflite(Graph(values, ops, (2,), (3,)))


def only(tmp_path: Path, data: bytes) -> Site:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    (site,) = opened(path).sites
    return site


def assert_not_evaluated(site: Site) -> None:
    with pytest.raises(GraphError, match="cannot be evaluated"):
        site.evaluate(np.zeros((1, 5, 6, 1), np.float32))


def halves(weights: NDArray[np.float32]) -> tuple[Value, Value]:
    """Return weights as float16 behind a DEQUANTIZE: its output, and its input."""
    half = Value("half", weights.shape, "FLOAT16", weights.astype("<f2"))
    return Value("weights", weights.shape), half


def rounded(weights: NDArray[np.float32], dtype: str, scale: float, zero: int = 0) -> Value:
    """Return weights as whole numbers of one scale."""
    kind = {"INT8": "|i1", "UINT8": "|u1", "INT16": "<i2"}[dtype]
    whole = np.round(weights / scale + zero).astype(kind)
    return Value("weights", weights.shape, dtype, whole, scale, zero)


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_float16_weights_behind_a_dequantize_interpolate(tmp_path: Path, stride: int) -> None:
    size = 5 * stride, 6 * stride
    length = 2 * stride - stride % 2  # what is cut off on both sides is alike
    data = graph(*halves(linear(stride, length=length)), stride=stride, size=size)
    site = only(tmp_path, data)
    assert "F.interpolate" in str(site.torch_call)
    x = np.random.default_rng(0).random((1, 5, 6, 1), np.float32)
    assert site.compute is not None
    wanted = site.compute([x])
    assert np.abs(run(data, x) - wanted).max() < 1e-5
    image = F.pad(torch.from_numpy(x.transpose(0, 3, 1, 2)), (1, 1, 1, 1))
    call = F.interpolate(image, scale_factor=float(stride), mode="bilinear")
    inner = call[..., stride : size[0] + stride, stride : size[1] + stride]
    assert np.abs(inner.numpy()[0, 0] - wanted[0, ..., 0]).max() < 1e-3
    assert check(tmp_path / "model.tflite").files[0].findings == ()


WHOLE = {
    "int8": rounded(linear(), "INT8", 0.5625 / 127),
    "int8 of a channel each": rounded(linear(channels=3), "INT8", 0.5625 / 127),
    "uint8": rounded(linear(), "UINT8", 0.5625 / 255),
    "uint8 around 7": rounded(linear(), "UINT8", 0.5625 / 240, 7),
    "an odd kernel": rounded(linear(length=3), "INT8", 1 / 127),
}


@pytest.mark.parametrize("case", WHOLE)
def test_whole_numbers_interpolate_as_near_as_they_come(tmp_path: Path, case: str) -> None:
    weights = WHOLE[case]
    shape = (1, 5, 6, weights.shape[0])
    kind = "INT8" if weights.dtype == "INT8" else "UINT8"
    site = only(tmp_path, graph(weights, shape=shape, dtype=kind))
    assert "F.interpolate" in str(site.torch_call)
    assert site.operation.torch_where == f"as near as {kind.lower()} weights come"
    assert_not_evaluated(site)
    assert check(tmp_path / "model.tflite").files[0].findings == ()


def trained(dtype: str, *, scale: float = 0.01) -> Value:
    weights = linear()
    weights[0, 1, 1, 0] += np.float32(3 * scale)
    return rounded(weights, dtype, scale)


OTHER = {
    "a weight of three steps more": trained("INT8"),
    "steps that tell no kernel": rounded(linear(), "INT8", 0.2),
    "float32 of whole numbers": Value("weights", (1, 4, 4, 1), "INT8", np.ones((1, 4, 4, 1), "i1")),
}


@pytest.mark.parametrize("case", OTHER)
def test_other_whole_numbers_are_a_convolution(tmp_path: Path, case: str) -> None:
    site = only(tmp_path, graph(OTHER[case], dtype="INT8"))
    assert str(site.torch_call).startswith("F.conv_transpose2d(x, weight")
    assert site.operation.torch_where == ""


def test_whole_numbers_of_a_kernel_that_covers_unevenly_are_noted(tmp_path: Path) -> None:
    weights = Value("weights", (2, 3, 3, 2), "INT8", np.ones((2, 3, 3, 2), "i1"), 0.1)
    only(tmp_path, graph(weights, shape=(1, 5, 6, 2), dtype="INT8"))
    (found,) = check(tmp_path / "model.tflite").files[0].findings
    assert (found.rule.name, found.finding.severity) == ("checkerboard", "note")


@pytest.mark.parametrize("fused", [1, 3])
def test_an_activation_is_behind_the_site(tmp_path: Path, fused: int) -> None:
    weights = linear()
    data = graph(Value("weights", weights.shape, data=weights), fused=fused)
    site = only(tmp_path, data)
    assert "F.interpolate" in str(site.torch_call)
    assert_not_evaluated(site)


def test_large_weights_and_those_that_are_computed_are_not_looked_at(tmp_path: Path) -> None:
    large = Value("weights", (520, 4, 4, 130), data=np.zeros((520, 4, 4, 130), "<f4"))
    given = Value("weights", (1, 4, 4, 1))
    for weights in (large, given):
        shape = (1, 5, 6, weights.shape[3])
        site = only(tmp_path, graph(weights, shape=shape))
        assert site.operation.output_shape == (1, weights.shape[0], 10, 12)
        assert str(site.torch_call).startswith("F.conv_transpose2d(x, weight")


def test_free_lengths_are_a_site_without_a_call(tmp_path: Path) -> None:
    weights = linear()
    data = graph(Value("weights", weights.shape, data=weights), free=(1, 2))
    site = only(tmp_path, data)
    assert (site.op, site.operation.operator, site.operation.problem) == (
        "TRANSPOSE_CONV",
        None,
        "",
    )


@pytest.mark.parametrize(
    ("scale", "axis"), [((0.0,), 0), ((np.nan,), 0), ((3e38,), 0), ((0.1, 0.1), 7)]
)
@pytest.mark.filterwarnings("error")
def test_broken_scales_tell_no_weights(tmp_path: Path, scale: tuple[float, ...], axis: int) -> None:
    weights = Value(
        "weights", (1, 4, 4, 1), "INT8", np.full((1, 4, 4, 1), 9, "i1"), scale, 0, (), axis
    )
    site = only(tmp_path, graph(weights))
    assert str(site.torch_call).startswith("F.conv_transpose2d(x, weight")


def test_each_channel_has_its_scale(tmp_path: Path) -> None:
    weights, scales = linear(channels=3), (0.5625 / 127, 0.5625 / 100, 0.5625 / 64)
    shaped = np.array(scales).reshape(3, 1, 1, 1)
    whole = np.round(weights / shaped).astype("i1")
    value = Value("weights", weights.shape, "INT8", whole, scales, 0, (), 0)
    site = only(tmp_path, graph(value, shape=(1, 5, 6, 3), dtype="INT8"))
    assert "F.interpolate" in str(site.torch_call)


def test_weights_that_many_share_are_written_up_to_a_limit(tmp_path: Path) -> None:
    count, weights = 80, np.ones((1, 512, 512, 1), "i1")
    values = [
        Value("size", (4,), "INT32", np.array((1, 8, 8, 1), "<i4")),
        Value("weights", weights.shape, "INT8", weights, 0.01),
        Value("image", (1, 4, 4, 1)),
        *(Value(f"large {k}", (1, 8, 8, 1)) for k in range(count)),
    ]
    ends = tuple(range(3, 3 + count))
    ops = [Op("TRANSPOSE_CONV", (0, 1, 2), (end,), KIND, {1: 2, 2: 2}) for end in ends]
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite(Graph(values, ops, (2,), ends)))
    model = opened(path)
    assert len(model.sites) == count
    with model.contents() as contents:
        written = said(contents, contents.graph(0), path).model.ByteSize()
    assert written < ALL_FLOATS + path.stat().st_size
