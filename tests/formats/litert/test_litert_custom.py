"""Custom operators of LiteRT: TensorFlow's own behind "Flex", and MediaPipe's."""

import struct
from pathlib import Path

import numpy as np
import pytest
from flatbuffers import flexbuffers

from halfpixel.conventions.tf_resize import Method, read
from halfpixel.formats.litert.model import opened
from halfpixel.formats.litert.read.custom import SAY, UNDESCRIBED, node_def
from halfpixel.formats.litert.read.sought import CUSTOMS
from halfpixel.formats.protobuf_wire import bytes_field
from halfpixel.site import Site
from litert_files.built import Graph, Op, Value, tflite

NAMES = {
    "FlexResizeBicubic": "bicubic",
    "FlexResizeBilinear": "bilinear",
    "FlexResizeNearestNeighbor": "nearest",
    "FlexResizeArea": "area",
}


def options(op: str, *, align_corners: bool, half_pixel: bool, filler: int = 0) -> bytes:
    """Return a Flex operator's options: its name and a NodeDef, as a FlexBuffer."""
    given = {"align_corners": align_corners, "half_pixel_centers": half_pixel}
    node = bytes_field(2, op.encode()) + bytes_field(3, b"input") * (filler // 7)
    for name, value in given.items():
        entry = bytes_field(1, name.encode()) + bytes_field(2, bytes([0x28, int(value)]))
        node += bytes_field(5, entry)
    built = flexbuffers.Builder()
    with built.Vector():
        built.String(op)
        built.String(node.decode())
    return bytes(built.Finish())


def resized(op: str, custom: bytes, size: tuple[int, int] = (3, 5)) -> bytes:
    return tflite(
        Graph(
            [
                Value("image", (1, 7, 10, 3)),
                Value("size", (2,), "INT32", np.array(size, "<i4")),
                Value("resized", (1, *size, 3)),
            ],
            [Op(op, (0, 1), (2,), custom=custom)],
            (0,),
            (2,),
        )
    )


def only(tmp_path: Path, data: bytes) -> Site:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    (site,) = opened(path).sites
    return site


@pytest.mark.parametrize("size", [(3, 5), (14, 20), (9, 7)], ids=str)
@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True)], ids=str)
@pytest.mark.parametrize("op", NAMES)
def test_a_flex_resize_is_what_tensorflow_computes(
    tmp_path: Path, op: str, flags: tuple[bool, bool], size: tuple[int, int]
) -> None:
    if op == "FlexResizeArea" and any(flags):
        flags = (False, False)  # it has no such arguments, or has windows without a name here
    custom = options(op[4:], align_corners=flags[0], half_pixel=flags[1])
    site = only(tmp_path, resized(op, custom, size))
    method: Method = NAMES[op]  # type: ignore[assignment]
    sampling = read(method, align_corners=flags[0], half_pixel_centers=flags[1])
    rows = [sampling.weights(n, m).matrix() for n, m in zip((7, 10), size, strict=True)]
    x = np.random.default_rng(0).random((1, 7, 10, 3))
    assert site.op == op
    assert site.operation.output_shape == (1, 3, *size)
    assert site.compute is not None
    assert np.allclose(site.compute([x]), np.einsum("ih,jw,bhwc->bijc", *rows, x))


@pytest.mark.parametrize("filler", [0, 200, 300, 70_000])
def test_a_node_def_is_read_at_every_width(filler: int) -> None:
    found = node_def(options("ResizeArea", align_corners=True, half_pixel=False, filler=filler))
    assert found is not None
    assert found.flags == {"align_corners": True, "half_pixel_centers": False}


def test_broken_options_are_no_options() -> None:
    whole = options("ResizeBicubic", align_corners=True, half_pixel=False)
    for length in range(len(whole)):
        node_def(whole[:length])
    for at in range(len(whole)):
        for value in (0, 1, 127, 255):
            node_def(whole[:at] + bytes([value]) + whole[at + 1 :])
    assert node_def(b"") is None


@pytest.mark.parametrize("op", ["FlexCropAndResize", "TransformTensorBilinear", "Resampler"])
def test_what_its_inputs_decide_is_a_site_without_a_call(tmp_path: Path, op: str) -> None:
    site = only(tmp_path, resized(op, b""))
    assert (site.op, site.operation.operator, site.operation.problem) == (op, None, "")


def test_mediapipes_transposed_convolution_is_a_site(tmp_path: Path) -> None:
    ramp = np.array([1, 3, 3, 1], "<f4") / 4
    weights = np.outer(ramp, ramp).astype("<f4").reshape(1, 4, 4, 1)
    graph = Graph(
        [
            Value("image", (1, 5, 6, 1)),
            Value("weights", (1, 4, 4, 1), data=weights),
            Value("bias", (1,), data=np.array([0.5], "<f4")),
            Value("large", (1, 10, 12, 1)),
        ],
        [Op("Convolution2DTransposeBias", (0, 1, 2), (3,), custom=struct.pack("<3i", 1, 2, 2))],
        (0,),
        (3,),
    )
    site = only(tmp_path, tflite(graph))
    x = np.random.default_rng(0).random((1, 5, 6, 1))
    whole = np.zeros((12, 14))
    for i in range(5):
        for j in range(6):
            whole[2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += x[0, i, j, 0] * weights[0, ..., 0]
    assert site.op == "Convolution2DTransposeBias"
    assert site.compute is not None
    assert np.allclose(site.compute([x])[0, ..., 0], whole[1:11, 1:13] + 0.5)


def test_a_gather_along_one_axis_is_the_resize_that_it_is(tmp_path: Path) -> None:
    rows = np.repeat(np.arange(7), 2).astype("<i4")
    columns = np.repeat(np.arange(10), 2).astype("<i4")
    graph = Graph(
        [
            Value("image", (1, 7, 10, 3)),
            Value("rows", (14,), "INT32", rows),
            Value("tall", (1, 14, 10, 3)),
            Value("columns", (20,), "INT32", columns),
            Value("large", (1, 14, 20, 3)),
        ],
        [
            Op("GATHER", (0, 1), (2,), 23, {0: 1}),
            Op("GATHER", (2, 3), (4,), 23, {0: 2}),
        ],
        (0,),
        (4,),
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite(graph))
    first, last = opened(path).sites
    x = np.random.default_rng(0).random((1, 7, 10, 3))
    assert first.compute is not None
    assert last.compute is not None
    assert np.array_equal(first.compute([x]), x[:, rows])
    assert np.array_equal(last.compute([x[:, rows]]), x[:, rows][:, :, columns])
    assert all("F.interpolate" in str(site.operation.torch_call) for site in (first, last))


def test_the_custom_operators_that_are_sought_are_those_that_are_said() -> None:
    assert {*SAY, *UNDESCRIBED} == CUSTOMS
