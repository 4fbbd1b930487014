"""The skeleton of a file is the model of that file, its payloads apart."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.errors import ModelFileError
from halfpixel.formats.mapping import MAGICS
from halfpixel.formats.onnx.structure import Reader, parse, skeleton

FILES = [
    models.CORPUS / "unet_ac0-t1.12.1-o10.onnx",
    models.CORPUS / "like_ac0-t1.8.1-o12.onnx",
    models.CORPUS / "nearest_exact_down-t2.13.0d-o18.onnx",
    models.CORPUS / "psp_ac0-t2.13.0d-o21.onnx",
    models.ARCHITECTURES / "segformer-dynamo-o20.onnx",
    models.ARCHITECTURES / "deeplabv3-torchscript-o17.onnx",
]


def tensors(model: ModelProto) -> list[TensorProto]:
    """Return the initializers, and the tensors of Constant nodes."""
    own = [a.t for node in model.graph.node for a in node.attribute if a.HasField("t")]
    return [*model.graph.initializer, *own]


def without_payloads(model: ModelProto) -> ModelProto:
    """Return a copy whose tensors have neither payload nor a reference to one."""
    copy = ModelProto.FromString(model.SerializeToString())
    for tensor in tensors(copy):
        for field in ("raw_data", "float_data", "double_data", "external_data", "data_location"):
            tensor.ClearField(field)
    return copy


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("keep", [0, 16, 1024])
def test_nothing_is_lost(path: Path, keep: int) -> None:
    whole = onnx.load(path, load_external_data=False)
    found = skeleton(path, keep=keep, small=0)
    thin = parse(found.data, path)
    assert without_payloads(thin) == without_payloads(whole)
    for one, other in zip(tensors(thin), tensors(whole), strict=True):
        if other.data_location != TensorProto.EXTERNAL:
            ours = numpy_helper.to_array(one, str(path.parent))
            np.testing.assert_array_equal(ours, numpy_helper.to_array(other, str(path.parent)))


def test_large_payloads_become_references_into_the_file(tmp_path: Path) -> None:
    weight = np.arange(4096, dtype=np.float32)
    made = models.model([models.resize()], initializers=[models.scales()])
    made.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    path = tmp_path / "m.onnx"
    onnx.save(made, path)
    found = skeleton(path, small=0)
    assert (found.payloads, found.payload_bytes) == (1, weight.nbytes)
    assert len(found.data) < 1000
    tensor = next(t for t in parse(found.data, path).graph.initializer if t.name == "w")
    entries = {entry.key: entry.value for entry in tensor.external_data}
    start = int(entries["offset"])
    assert path.read_bytes()[start : start + int(entries["length"])] == weight.tobytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, world, this is no model", "not an ONNX model"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + b"\0" * 60, "truncated"),
        (b"\x08\x07" + b"\xff" * 80, "truncated"),
        (b"\x00" * 100, "truncated"),
        *((magic + b"\0" * 64, "it is ") for magic in MAGICS),
    ],
)
def test_other_bytes_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    for small in (0, 1 << 20):
        with pytest.raises(ModelFileError, match=reason) as caught:
            parse(skeleton(path, small=small).data, path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


def test_every_truncation_is_refused_or_parses(tmp_path: Path) -> None:
    data = (models.CORPUS / "bilinear_x2_ac0-t1.8.1-o10.onnx").read_bytes()
    path = tmp_path / "m.onnx"
    for length in range(1, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError):
            parse(skeleton(path, small=0).data, path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    import os

    pipe = tmp_path / "pipe.onnx"
    os.mkfifo(pipe)
    loop = tmp_path / "loop.onnx"
    loop.symlink_to(loop)
    for path, reason in (
        (tmp_path, "not a regular file|is a directory"),
        (pipe, "not a regular file"),
        (loop, "symbolic links"),
        (tmp_path / "absent.onnx", "no such file"),
    ):
        with pytest.raises(ModelFileError, match=reason):
            skeleton(path)


def nested(number: int, body: bytes) -> bytes:
    """Return a field of bytes."""
    length, size = b"", len(body)
    while size > 0x7F:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    graph = nested(2, b"g")
    for _ in range(80):  # a node with an attribute that is a graph
        graph = nested(1, nested(4, b"If") + nested(5, nested(6, graph)))
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x08" + nested(7, graph + nested(10, b"\0" * 20_000)))
    for small in (0, 1 << 20):
        with pytest.raises(ModelFileError):
            parse(skeleton(path, keep=0, small=small).data, path)


def test_a_number_of_more_than_ten_bytes_is_refused() -> None:
    with pytest.raises(Exception, match="more than ten bytes"):
        Reader(b"\xff" * 12, "", 0).varint(0, 12)


def test_a_file_of_three_gigabytes(tmp_path: Path) -> None:
    length = 3 << 30
    size = b"".join(bytes([length >> shift & 0x7F | 0x80]) for shift in (0, 7, 14, 21))
    size += bytes([length >> 28])
    made = models.model([models.resize()]).SerializeToString()
    shape = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    shape.ClearField("float_data")
    shape.dims[0] = length // 4
    head = shape.SerializeToString() + b"\x4a" + size  # field 9, raw_data
    total = len(head) + length
    count = b"".join(bytes([total >> shift & 0x7F | 0x80]) for shift in (0, 7, 14, 21))
    tensor = b"\x2a" + count + bytes([total >> 28]) + head  # field 5 of a graph, initializer
    whole = len(tensor) + length
    outer = b"".join(bytes([whole >> shift & 0x7F | 0x80]) for shift in (0, 7, 14, 21))
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:  # a second graph field is merged into the first
        file.write(made + b"\x3a" + outer + bytes([whole >> 28]) + tensor)
        file.truncate(file.tell() + length)
    found = skeleton(path)
    assert (found.payloads, found.payload_bytes) == (1, length)
    assert len(found.data) < 2000
    (site,) = halfpixel.sites(path)
    assert site.torch_call is not None
