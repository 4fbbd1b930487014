"""Custom operators of LiteRT: TensorFlow's own behind "Flex", and MediaPipe's."""

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from flatbuffers import flexbuffers

from halfpixel.checking.check import check
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


@pytest.mark.parametrize(("rows", "columns"), [(5, 6), (6, 6), (1, 3)])
@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("same", [True, False])
def test_mediapipes_transposed_convolution_is_a_site(
    tmp_path: Path, rows: int, columns: int, kernel: int, *, same: bool
) -> None:
    """Its lengths are MediaPipe's own, whatever the file declares: SAME of 5 by 2 is 9 there."""
    weights = np.arange(kernel**2, dtype="<f4").reshape(1, kernel, kernel, 1)
    given = struct.pack("<3i", int(same), 2, 2)
    graph = Graph(
        [
            Value("image", (1, rows, columns, 1)),
            Value("weights", weights.shape, data=weights),
            Value("bias", (1,), data=np.array([0.5], "<f4")),
            Value("large", (1, 2 * rows, 2 * columns, 1)),
        ],
        [Op("Convolution2DTransposeBias", (0, 1, 2), (3,), custom=given)],
        (0,),
        (3,),
    )
    site = only(tmp_path, tflite(graph))
    x = np.random.default_rng(0).random((1, rows, columns, 1))
    cuts = [max(0, kernel - (n - 1) % 2 - 1) if same else 0 for n in (rows, columns)]
    lengths = [2 * (n - 1) + kernel - cut for n, cut in zip((rows, columns), cuts, strict=True)]
    wanted = np.full(lengths, 0.5)
    for i, j, a, b in itertools.product(range(rows), range(columns), *[range(kernel)] * 2):
        at = 2 * i - cuts[0] // 2 + a, 2 * j - cuts[1] // 2 + b
        if 0 <= at[0] < lengths[0] and 0 <= at[1] < lengths[1]:
            wanted[at] += x[0, i, j, 0] * weights[0, a, b, 0]
    assert site.op == "Convolution2DTransposeBias"
    assert site.compute is not None
    assert np.allclose(site.compute([x])[0, ..., 0], wanted)


def noted(tmp_path: Path, data: bytes) -> list[tuple[str, str, str]]:
    """Return the rule, the severity and the message of each finding."""
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    found = check(path).files[0].findings
    return [(one.rule.name, one.finding.severity, one.finding.message) for one in found]


BOTH = options("ResizeBicubic", align_corners=True, half_pixel=True)
CORNERS = options("ResizeArea", align_corners=True, half_pixel=False)
UNTOLD = {
    "FlexCropAndResize": (b"", "its inputs say where it reads while the model runs"),
    "FlexImageProjectiveTransformV3": (b"", "its inputs say where it reads while the model runs"),
    "FlexScaleAndTranslate": (b"", "its inputs say where it reads while the model runs"),
    "TransformTensorBilinear": (b"", "its inputs say where it reads while the model runs"),
    "FlexResizeBicubic": (b"none", "its options do not say which coordinates it has"),
    "FlexResizeArea": (CORNERS, "what it computes with these options is not described"),
}


@pytest.mark.parametrize("op", UNTOLD)
def test_what_the_file_does_not_tell_is_a_note(tmp_path: Path, op: str) -> None:
    custom, words = UNTOLD[op]
    found = noted(tmp_path, resized(op, custom))
    assert found == [
        ("untold-sampling", "note", f"the file does not tell what it samples: {words}")
    ]


def test_a_transposed_convolution_of_free_lengths_is_a_note(tmp_path: Path) -> None:
    values = [
        Value("size", (4,), "INT32", np.array([1, 10, 12, 1], "<i4")),
        Value("weights", (1, 4, 4, 1), data=np.ones((1, 4, 4, 1), "<f4")),
        Value("image", (1, 5, 6, 1), free=(1, 2)),
        Value("large", (1, 10, 12, 1)),
    ]
    ops = [Op("TRANSPOSE_CONV", (0, 1, 2), (3,), 49, {1: 2, 2: 2})]
    ((name, _, message),) = noted(tmp_path, tflite(Graph(values, ops, (2,), (3,))))
    assert (name, "lengths that are not known" in message) == ("untold-sampling", True)


def test_both_flags_are_refused_by_tensorflow(tmp_path: Path) -> None:
    ((name, severity, message),) = noted(tmp_path, resized("FlexResizeBicubic", BOTH))
    assert (name, severity) == ("conflicting-corners", "error")
    assert "which TensorFlow refuses" in message


def composed(name: str) -> bytes:
    """Return a composite that stands for a bilinear resize."""
    size = Value("size", (2,), "INT32", np.array([14, 20], "<i4"))
    ends = Value("image", (1, 7, 10, 3)), Value("large", (1, 14, 20, 3))
    composite = Op("STABLEHLO_COMPOSITE", (0,), (1,), composite=(name, 1))
    inner = Op("RESIZE_BILINEAR", (0, 1), (2,), 15, {3: True}, 3)
    return tflite(
        Graph(ends, [composite], (0,), (1,)),
        Graph([ends[0], size, ends[1]], [inner], (0,), (2,), "decomposed"),
    )


def test_a_composite_that_resamples_is_a_site_beside_what_it_stands_for(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(composed("odml.upsample_bilinear2d"))
    first, inner = opened(path).sites
    assert (first.op, first.torch_call, first.graph) == ("STABLEHLO_COMPOSITE", None, "")
    assert (inner.graph, inner.operation.operator is None) == ("decomposed", False)
    ((name, _, message),) = noted(tmp_path, composed("odml.upsample_bilinear2d"))
    assert name == "untold-sampling"
    assert "odml.upsample_bilinear2d: its runtime has a kernel of its own" in message


def test_a_composite_of_something_else_is_none(tmp_path: Path) -> None:
    site = only(tmp_path, composed("odml.rms_norm"))
    assert site.graph == "decomposed"


def test_the_custom_operators_that_are_sought_are_those_that_are_said() -> None:
    assert {*SAY, *UNDESCRIBED} == CUSTOMS
