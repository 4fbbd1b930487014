"""Models elsewhere that are fixed and verified: what is written is the same as of the file."""

from pathlib import Path

import pytest

import halfpixel
from external_models import EXPECT, WEIGHTS, external, run
from external_models import model as with_data
from halfpixel.storage import fetching
from servers.made import data
from servers.s3 import S3
from servers.web import Web

MODEL = data()


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return what a fix writes of the model where it is a file."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "m.onnx").write_bytes(MODEL)
    result = halfpixel.fix(folder / "m.onnx", unsafe_fixes=True)
    result.save(folder / "fixed.onnx")
    assert result.changed
    return (folder / "fixed.onnx").read_bytes()


def test_to_a_file(bucket: S3, tmp_path: Path, fixed: bytes) -> None:
    address, target = bucket.put("fix/m.onnx", MODEL), tmp_path / "f.onnx"
    code, output = run("fix", address, "--unsafe-fixes", "-o", target)
    assert (code, f"{address}: 1 fixed, 0 declined; written to {target}" in output) == (0, True)
    assert target.read_bytes() == fixed
    assert bucket.traffic.sent < 1.2 * len(MODEL)


def test_to_an_address(bucket: S3, fixed: bytes) -> None:
    address = bucket.put("fix/m.onnx", MODEL)
    target = "s3://models/fix/f.onnx"
    code, output = run("fix", address, "--unsafe-fixes", "-o", target)
    assert (code, f"written to {target}" in output) == (0, True)
    assert bucket.get("fix/f.onnx") == fixed
    assert bucket.get("fix/m.onnx") == MODEL


def test_from_a_file_to_an_address(bucket: S3, tmp_path: Path, fixed: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(MODEL)
    code, _ = run("fix", tmp_path / "m.onnx", "--unsafe-fixes", "-o", "s3://models/fix/g.onnx")
    assert (code, bucket.get("fix/g.onnx") == fixed) == (0, True)


def test_to_standard_output_and_in_python(bucket: S3, fixed: bytes) -> None:
    from onnx import ModelProto

    result = halfpixel.fix(bucket.put("fix/m.onnx", MODEL), unsafe_fixes=True)
    assert result.model == ModelProto.FromString(fixed)
    result.save("s3://models/fix/python.onnx")
    assert bucket.get("fix/python.onnx") == fixed


def test_the_changes_alone_read_little(bucket: S3) -> None:
    address = bucket.put("fix/m.onnx", MODEL)
    code, output = run("fix", address, "--unsafe-fixes", "--diff")
    assert (code, "+  coordinate_transformation_mode = half_pixel" in output) == (1, True)
    assert bucket.traffic.sent < len(MODEL) / 20


NOT_UNASKED = "nothing is written beside a model elsewhere; --output names a file or an address"
REFUSED: dict[tuple[str, ...], str] = {
    ("fix",): NOT_UNASKED,
    ("fix", "--in-place"): NOT_UNASKED,
    ("check", "--fix"): NOT_UNASKED,
    ("check", "--fix", "--in-place"): NOT_UNASKED,
    ("fix", "-o", "s3://models/fix/m.onnx"): "is the model itself",
}


@pytest.mark.parametrize("command", REFUSED)
def test_nothing_is_written_unasked(bucket: S3, command: tuple[str, ...]) -> None:
    address = bucket.put("fix/m.onnx", MODEL)
    code, output = run(*command, address)
    assert (code, REFUSED[command] in output) == (2, True), output
    assert {asked.method for asked in bucket.traffic.requests} <= {"GET", "HEAD"}


def test_the_web_is_only_read(site: Web) -> None:
    address = site.put("m.onnx", MODEL)
    code, output = run("fix", address, "-o", f"{site.root}/f.onnx")
    assert (code, "cannot be written: the web is only read" in output) == (2, True), output


def test_what_changed_since_it_was_read_is_not_written(bucket: S3, tmp_path: Path) -> None:
    result = halfpixel.fix(bucket.put("fix/m.onnx", MODEL), unsafe_fixes=True)
    bucket.put("fix/m.onnx", data(mode="nearest"))
    with pytest.raises(halfpixel.HalfpixelError, match="has changed while it was read"):
        result.save(tmp_path / "f.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_is_not_fetched(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 1_000_000)
    address = bucket.put("fix/m.onnx", MODEL)
    told = f"{address}: has {len(MODEL)} bytes, more than the 1000000 that are read whole"
    for command in (["fix", "--unsafe-fixes", "-o", str(tmp_path / "f.onnx")], ["verify"]):
        code, output = run(*command, address)
        assert (code, told in output) == (2, True), output


def test_data_comes_along(bucket: S3, tmp_path: Path) -> None:
    address = bucket.put("data/m.onnx", with_data().SerializeToString())
    bucket.put("data/weights.bin", WEIGHTS)
    code, output = run("check", address, *EXPECT)
    assert (code, "asymmetric-linear" in output) == (1, True), output
    assert not any("weights" in asked.path for asked in bucket.traffic.requests)
    code, output = run("fix", address, *EXPECT, "-o", tmp_path / "f.onnx")
    assert code == 0, output
    assert (tmp_path / "weights.bin").read_bytes() == WEIGHTS
    code, output = run("fix", address, *EXPECT, "-o", "s3://models/data/f.onnx")
    assert code == 0, output
    code, output = run("fix", address, *EXPECT, "-o", "s3://models/other/f.onnx")
    assert (code, bucket.get("other/weights.bin")) == (0, WEIGHTS), output
    bucket.put("taken/weights.bin", b"another")
    code, output = run("fix", address, *EXPECT, "-o", "s3://models/taken/f.onnx")
    assert (code, "external data would replace it" in output) == (2, True), output
    assert bucket.get("taken/weights.bin") == b"another"


NAMES = ("../secret.bin", "/etc/passwd", "w::http://127.0.0.1:9/x", "a?b", "s3://other/x")


@pytest.mark.parametrize("name", NAMES)
def test_data_of_a_hostile_name_is_not_fetched(bucket: S3, tmp_path: Path, name: str) -> None:
    hostile = with_data(weights=external("w", (1, 1, 4, 4), name, offset=0, length=64))
    address = bucket.put("hostile/m.onnx", hostile.SerializeToString())
    for command in (["fix", *EXPECT, "-o", str(tmp_path / "f.onnx")], ["verify"]):
        code, output = run(*command, address)
        assert code == 2, output
        assert f"{address}: " in output
    assert {asked.path for asked in bucket.traffic.requests} == {"/models/hostile/m.onnx"}


def test_verify(bucket: S3, site: Web, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime runs the models")
    address = bucket.put("data/m.onnx", with_data().SerializeToString())
    bucket.put("data/weights.bin", WEIGHTS)
    (tmp_path / "weights.bin").write_bytes(WEIGHTS)
    (tmp_path / "m.onnx").write_bytes(with_data().SerializeToString())
    other = site.put("m.onnx", data(payloads=1))
    code, output = run("verify", f"{address}@cpu", tmp_path / "m.onnx")
    assert (code, output.splitlines()[0].startswith(f"{address}@cpu")) == (0, True), output
    code, output = run("verify", address, f"{other}?sig=S3CR3T")
    assert (code, "S3CR3T" in output, f"{other}?..." in output) == (1, False, True), output
    code, output = run("verify", address)
    assert (code, "up" in output, "halfpixel-" in output) == (0, True, False), output


def test_nothing_stays(bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    address = bucket.put("fix/m.onnx", MODEL)
    run("fix", address, "--unsafe-fixes", "-o", "s3://models/fix/f.onnx")
    run("verify", address)
    bucket.traffic.refuse = lambda _: 403
    run("verify", address)
    assert list(tmp_path.iterdir()) == []
