"""LiteRT models elsewhere: what is said is what is said of the file, and weights stay unread."""

import zipfile
from pathlib import Path

import fsspec
import numpy as np
import pytest

import halfpixel
from external_models import run
from litert_files.built import NEAREST, Graph, Op, Value, nearest_flags, tflite
from litert_files.bundled import litertlm, task
from servers.s3 import S3
from servers.said import told, told_here
from servers.web import Web

METADATA = {"keep_stablehlo_constant": b""}
"""By which a nearest with half pixels was meant otherwise."""


def large(weights: int = 12, count: int = 1 << 17) -> bytes:
    """Return a model of some products with weights, and a nearest that was meant otherwise."""
    values, ops = [Value("image", (1, 7, 10, 3))], list[Op]()
    for n in range(weights):
        last = len(values) - 1
        values.append(Value(f"w{n}", (count,), data=np.full(count, n, "<f4")))
        values.append(Value(f"product {n}", (1, 7, 10, 3)))
        ops.append(Op("MUL", (last, last + 1), (last + 2,)))
    last = len(values) - 1
    values.append(Value("size", (2,), "INT32", np.array((3, 5), "<i4")))
    values.append(Value("resized", (1, 3, 5, 3)))
    given = nearest_flags(half_pixel_centers=True)
    ops.append(Op(NEAREST, (last, last + 1), (last + 2,), 74, given, 3))
    return tflite(Graph(values, ops, (0,), (last + 2,)), metadata=METADATA)


MODEL = large()
LITTLE = len(MODEL) // 20


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what is said of the model where it is a file."""
    return told_here(tmp_path_factory.mktemp("here") / "m.tflite", MODEL)


def test_in_a_bucket(bucket: S3, here: list[str]) -> None:
    address = bucket.put("litert/m.tflite", MODEL)
    assert told(halfpixel.check(address)) == here
    assert bucket.traffic.sent < LITTLE
    assert len(bucket.traffic.requests) < 40
    (site,) = halfpixel.sites(address)
    assert site.op == NEAREST


def test_on_the_web(site: Web, here: list[str]) -> None:
    assert told(halfpixel.check(site.put("m.tflite", MODEL))) == here
    assert site.traffic.sent < LITTLE


@pytest.mark.parametrize("name", ["m.lite", "model", "download"])
def test_by_another_name(site: Web, here: list[str], name: str) -> None:
    assert told(halfpixel.check(site.put(name, MODEL))) == here


def test_a_small_model_is_one_request(site: Web) -> None:
    small = large(weights=0)
    assert told(halfpixel.check(site.put("m.tflite", small)))
    assert len(site.traffic.requests) == 1
    assert site.traffic.sent == len(small)


def test_in_memory(here: list[str]) -> None:
    fsspec.filesystem("memory").pipe("/litert/m.tflite", MODEL)
    assert told(halfpixel.check("memory://litert/m.tflite")) == here


def test_in_an_archive(tmp_path: Path, here: list[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("models/m.tflite", MODEL)
    assert told(halfpixel.check(f"zip://models/m.tflite::{tmp_path}/a.zip")) == here


def test_a_bundle(bucket: S3, here: list[str]) -> None:
    address = bucket.put("litert/m.task", task(("words.txt", b"a\n"), ("net.tflite", MODEL)))
    assert told(halfpixel.check(address)) == here
    assert bucket.traffic.sent < 2 * LITTLE


def test_a_bundle_of_sections(bucket: S3, here: list[str]) -> None:
    tokenizer, weights = (4, bytes(300_000)), (7, b"\0\0\0\0TFL3" + bytes(300_000))
    data = litertlm(tokenizer, weights, (3, MODEL))
    assert told(halfpixel.check(bucket.put("litert/m.litertlm", data))) == here
    assert bucket.traffic.sent < LITTLE


BROKEN = {
    "cut": (MODEL[:300_000], "reach beyond the file"),
    "other": (b"\x08\x07" + bytes(400_000), "not a LiteRT model: byte 4 does not say TFL3"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_in_a_line(bucket: S3, name: str) -> None:
    data, expected = BROKEN[name]
    address = bucket.put(f"litert/{name}.tflite", data)
    code, said = run("check", address)
    assert (code, address in said, "Traceback" in said) == (2, True, False)
    assert "not a LiteRT model" in said
    assert name != "other" or expected in said


def test_folders_and_lists(bucket: S3, tmp_path: Path) -> None:
    small = large(weights=0)
    for name in ("a.tflite", "b/c.lite", "b/d.onnx.txt"):
        bucket.put(f"listed/{name}", small)
    code, said = run("check", "s3://models/listed", "--output-format", "csv")
    assert code == 1
    found = {line.split(",")[0] for line in said.splitlines()[1:]}
    assert found == {"s3://models/listed/a.tflite", "s3://models/listed/b/c.lite"}
    listed = tmp_path / "list.txt"
    listed.write_text("s3://models/listed/a.tflite\ns3://models/listed/b/c.lite\n")
    again = run("check", "--files-from", str(listed), "--output-format", "csv")
    assert again == (code, said)


def test_fixed_to_a_file_and_to_an_address(bucket: S3, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(MODEL)
    local, target = tmp_path / "local.tflite", tmp_path / "f.tflite"
    assert run("fix", tmp_path / "m.tflite", "--unsafe-fixes", "-o", local)[0] == 0
    address = bucket.put("fix/m.tflite", MODEL)
    code, said = run("fix", address, "--unsafe-fixes", "-o", target)
    assert (code, "1 fixed, 0 declined" in said) == (0, True), said
    assert target.read_bytes() == local.read_bytes()
    code, said = run("fix", address, "--unsafe-fixes", "-o", "s3://models/fix/f.tflite")
    assert (code, bucket.get("fix/f.tflite") == local.read_bytes()) == (0, True), said
    assert halfpixel.fix(address, unsafe_fixes=True).model == local.read_bytes()


def test_the_changes_alone_read_little(bucket: S3) -> None:
    address = bucket.put("fix/m.tflite", MODEL)
    code, said = run("fix", address, "--unsafe-fixes", "--diff")
    assert (code, "half_pixel_centers" in said) == (1, True), said
    assert bucket.traffic.sent < LITTLE


def test_what_changed_since_it_was_read_is_not_written(bucket: S3, tmp_path: Path) -> None:
    result = halfpixel.fix(bucket.put("fix/m.tflite", MODEL), unsafe_fixes=True)
    bucket.put("fix/m.tflite", large(weights=2))
    with pytest.raises(halfpixel.HalfpixelError, match="has changed while it was read"):
        result.save(tmp_path / "f.tflite")
    assert list(tmp_path.iterdir()) == []


def test_a_constant_that_was_left_is_fetched(bucket: S3, tmp_path: Path) -> None:
    """A nearest by a table of pixels, which lies behind the weights."""
    lines, axes = np.arange(600, dtype="<i4") // 2, {0: 1}
    values = [
        Value("image", (1, 300, 10, 3)),
        Value("weights", (1 << 18,), data=np.zeros(1 << 18, "<f4")),
        Value("table", (600,), "INT32", lines),
        Value("resized", (1, 600, 10, 3)),
        Value("product", (1, 600, 10, 3)),
    ]
    ops = [Op("GATHER", (0, 2), (3,), 23, axes), Op("MUL", (3, 1), (4,))]
    data = tflite(Graph(values, ops, (0,), (4,)))
    sites = halfpixel.sites(bucket.put("gather/m.tflite", data))
    path = tmp_path / "m.tflite"
    path.write_bytes(data)
    assert [site.torch_call for site in sites] == [
        site.torch_call for site in halfpixel.sites(path)
    ]
    assert len(sites) == 1
    assert bucket.traffic.sent < len(data) / 2
