"""Broken and hostile Core ML models: one clear line, exit code 2, and nothing written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halfpixel.cli.main import cli
from halfpixel.formats.protobuf_wire import bytes_field, varint_bytes

FOLDER = Path(__file__).parents[2] / "models/coreml/variants"
PACKAGE = FOLDER / "structure-blob-ios15.mlpackage"
NETWORK = FOLDER / "nn_upsample-bilinear-2x2-default-v5.mlmodel"
SPEC = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"

Break = Callable[[Path], object]


def _manifest(change: Callable[[dict[str, object]], object]) -> Break:
    def broken(folder: Path) -> None:
        path = folder / "Manifest.json"
        read = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(change(read)), encoding="utf-8")

    return broken


def _path(name: str) -> Break:
    def change(read: dict[str, object]) -> object:
        entries = read["itemInfoEntries"]
        assert isinstance(entries, dict)
        entries[read["rootModelIdentifier"]]["path"] = name
        return read

    return _manifest(change)


def _without(name: str) -> Break:
    return _manifest(lambda read: {key: read[key] for key in read if key != name})


def _cut(name: str, size: int) -> Break:
    def broken(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:size])

    return broken


def _spec(data: bytes) -> Break:
    return lambda folder: (folder / SPEC).write_bytes(data)


def _link_outside(folder: Path) -> None:
    outside = folder.parent / "outside.mlmodel"
    shutil.copy(folder / SPEC, outside)
    (folder / SPEC).unlink()
    (folder / SPEC).symlink_to(outside)


def _deep(levels: int) -> bytes:
    body = b""
    for _ in range(levels):
        pipeline = bytes_field(1, b"\x08\x06" + body)
        body = bytes_field(202, pipeline)
    return b"\x08\x06" + body


BROKEN: dict[str, tuple[Break, str]] = {
    "no manifest": (lambda f: (f / "Manifest.json").unlink(), "Manifest.json is missing"),
    "a manifest that is no JSON": (
        lambda f: (f / "Manifest.json").write_text("{", encoding="utf-8"),
        "Manifest.json is not JSON",
    ),
    "a manifest that is a list": (_manifest(lambda _: []), "is no JSON object"),
    "no entries": (_without("itemInfoEntries"), "lacks itemInfoEntries"),
    "no root": (_without("rootModelIdentifier"), "lacks itemInfoEntries or rootModelIdentifier"),
    "another root": (
        _manifest(lambda read: {**read, "rootModelIdentifier": "elsewhere"}),
        "has no item 'elsewhere'",
    ),
    "a path out of the package": (_path("../../../etc/passwd"), "leads out of the model's folder"),
    "an absolute path": (_path("/etc/passwd"), "is no relative path"),
    "a path with a zero byte": (_path("a\0b"), "has a zero byte in it"),
    "an empty path": (_path(""), "has no path"),
    "a path to nothing": (_path("com.apple.CoreML/none"), "none' is missing"),
    "a path to a folder": (_path("com.apple.CoreML"), "is a folder"),
    "a link out of the package": (_link_outside, "leads out of the model's folder"),
    "no specification": (lambda f: (f / SPEC).unlink(), "model.mlmodel' is missing"),
    "an empty specification": (_cut(SPEC, 0), "the file is empty"),
    "a truncated specification": (_cut(SPEC, 900), "or truncated"),
    "another file": (_spec(b"PK\x03\x04" + bytes(40)), "it is a zip archive"),
    "text": (_spec(b"hello, I am no model at all"), "not a Core ML model"),
    "no version": (_spec(bytes_field(500, b"")), "no specificationVersion"),
    "no model": (_spec(b"\x08\x06"), "holds no model"),
    "a version of the far future": (
        _spec(b"\x08" + varint_bytes(1 << 40) + bytes_field(500, b"")),
        "specificationVersion is 1099511627776, expected 1 to 99",
    ),
    "a huge number": (_spec(b"\x08" + b"\xff" * 11), "a number of more than ten bytes"),
    "pipelines without end": (_spec(_deep(40)), "models nested deeper than"),
    "a program of a thousand bytes 255": (
        _spec(b"\x08\x06" + bytes_field(502, b"\xff" * 1000)),
        "a Program of 1000 bytes cannot be parsed",
    ),
}


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize(("broken", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_one_clear_line(tmp_path: Path, broken: Break, reason: str) -> None:
    folder = tmp_path / "model.mlpackage"
    shutil.copytree(PACKAGE, folder)
    broken(folder)
    there = _names(tmp_path)
    for command in (["check"], ["fix", "--unsafe-fixes"], ["fix", "--in-place"]):
        code, output = _run(*command, str(folder))
        assert code == 2
        (line,) = [line for line in output.splitlines() if str(folder) in line][:1]
        assert reason in line
        assert "Traceback" not in output
    assert _names(tmp_path) == there


def test_a_missing_or_broken_weights_file_matters_to_those_who_read_it(tmp_path: Path) -> None:
    from halfpixel.errors import HalfpixelError
    from halfpixel.formats.coreml.model import opened
    from halfpixel.runtimes.mil_as_onnx.program import lowered

    breaks: dict[str, Break] = {
        "is missing": lambda path: path.unlink(),
        "ends before its record": lambda path: path.write_bytes(b""),
        "has no record": lambda path: path.write_bytes(bytes(1 << 16)),
    }
    for place, (reason, broken) in enumerate(breaks.items()):
        folder = tmp_path / f"{place}.mlpackage"
        shutil.copytree(PACKAGE, folder)
        broken(folder / WEIGHTS)
        code, _ = _run("check", str(folder))
        assert code == 0  # a check reads no weights
        with pytest.raises(HalfpixelError, match=reason):
            lowered(opened(folder))


def test_a_package_without_its_weights_is_not_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "model.mlpackage"
    shutil.copytree(PACKAGE, folder)
    (folder / WEIGHTS).unlink()
    there = _names(tmp_path)
    for where in (["-o", str(tmp_path / "out.mlpackage")], ["--in-place"]):
        code, output = _run("fix", str(folder), "--expect", "y:align_corners=true", *where)
        assert code == 2
        assert "weight.bin' is missing" in output
    assert _names(tmp_path) == there


def test_a_weights_file_that_is_a_pipe_blocks_nobody(tmp_path: Path) -> None:
    import os

    from halfpixel.errors import ModelFileError
    from halfpixel.formats.coreml.read.package import located

    folder = tmp_path / "model.mlpackage"
    shutil.copytree(PACKAGE, folder)
    (folder / WEIGHTS).unlink()
    os.mkfifo(folder / WEIGHTS)
    with pytest.raises(ModelFileError, match="not a regular file"):
        located(folder).blob("@model_path/weights/weight.bin")


def _numbers(field: int, *values: int) -> bytes:
    return b"".join(varint_bytes(field << 3) + varint_bytes(value) for value in values)


LAYERS: dict[str, tuple[int, bytes]] = {
    "a stride of 0": (100, _numbers(30, 0, 0) + _numbers(20, 3, 3)),
    "one stride": (100, _numbers(30, 2)),
    "one dilation": (100, _numbers(40, 2)),
    "a kernel of 0": (100, _numbers(20, 0, 0) + _numbers(60, 1)),
    "three strides of a pooling": (120, bytes_field(31, b"") + _numbers(20, 2, 2, 2)),
    "a pooling stride of 0": (120, bytes_field(31, b"") + _numbers(20, 0, 0)),
    "a deconvolution of one stride": (100, _numbers(60, 1) + _numbers(30, 2)),
    "a deconvolution to three lengths": (100, _numbers(60, 1) + _numbers(100, 2, 3, 4)),
    "an upsample by three": (210, _numbers(1, 2, 2, 2)),
    "an upsample by nothing": (210, _numbers(1, 0, 0)),
    "an upsample of mode 7": (210, _numbers(1, 2, 2) + _numbers(5, 7)),
    "a resize to nothing": (211, b""),
    "a resize to one length": (211, _numbers(1, 8)),
    "a resize of method 9": (211, _numbers(1, 8, 8) + bytes_field(2, _numbers(1, 9))),
    "a crop to nothing": (212, b""),
    "a crop of box mode 9": (212, _numbers(1, 8, 8) + bytes_field(4, _numbers(1, 9))),
}


@pytest.mark.parametrize(("number", "parameters"), LAYERS.values(), ids=LAYERS)
def test_a_layer_of_impossible_numbers_is_a_finding_or_nothing(
    tmp_path: Path, number: int, parameters: bytes
) -> None:
    array = _numbers(1, 1, 2, 6, 6) + _numbers(2, 65568)
    described = bytes_field(1, bytes_field(1, b"x") + bytes_field(3, bytes_field(5, array)))

    def layer(name: bytes, x: bytes, y: bytes, kind: int, body: bytes) -> bytes:
        inner = bytes_field(1, name) + bytes_field(2, x) + bytes_field(3, y)
        return bytes_field(1, inner + bytes_field(kind, body))

    odd = layer(b"odd", b"x", b"t", number, parameters)
    after = layer(b"up", b"t", b"y", 210, _numbers(1, 2, 2))
    spec = _numbers(1, 4) + bytes_field(2, described)
    path = tmp_path / "model.mlmodel"
    path.write_bytes(spec + bytes_field(500, odd + after + _numbers(5, 1)))
    for command in (["check"], ["fix", "--unsafe-fixes", "--diff"]):
        code, output = _run(*command, str(path))
        assert code in {0, 1}
        assert "Traceback" not in output


def test_a_weights_file_outside_the_package_is_refused(tmp_path: Path) -> None:
    from halfpixel.errors import ModelFileError
    from halfpixel.formats.coreml.read.package import located

    package = located(PACKAGE)
    for name, reason in {
        "@model_path/../../../secret.bin": "leads out of the model's folder",
        "/etc/passwd": "is no relative path",
        "@model_path/a\\..\\b": "has a backslash",
        "@model_path/C:secret.bin": "is no relative path",
    }.items():
        with pytest.raises(ModelFileError, match=reason):
            package.blob(name)
    del tmp_path


NAMED = {
    "a compiled model": ("model.mlmodelc", "a compiled Core ML model"),
    "a package that is no folder": ("file.mlpackage", "it is no folder"),
    "a package that is not there": ("none.mlpackage", "no such file"),
    "a model that is not there": ("none.mlmodel", "no such file"),
}


@pytest.mark.parametrize(("name", "reason"), NAMED.values(), ids=NAMED)
def test_a_name_that_holds_no_model(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "model.mlmodelc").mkdir()
    (tmp_path / "file.mlpackage").write_bytes(b"x")
    code, output = _run("check", str(tmp_path / name))
    assert code == 2
    assert reason in output


def test_a_folder_of_models_is_walked_and_a_package_is_one_model(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "deep/one.mlpackage")
    shutil.copy(NETWORK, tmp_path / "two.mlmodel")
    code, output = _run("check", str(tmp_path), "--exit-zero")
    assert code == 0
    assert "in 2 files" in output


SAMPLES = [path.read_bytes() for path in (PACKAGE / SPEC, NETWORK)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), max_size=4),
)
def test_bytes_that_are_changed_anywhere_give_sites_or_one_error(
    tmp_path_factory: pytest.TempPathFactory,
    sample: bytes,
    cuts: list[tuple[float, bytes]],
) -> None:
    from halfpixel.checking.check import check

    data = bytearray(sample)
    for place, new in cuts:
        at = int(place * len(data))
        data[at : at + len(new)] = new
    path = tmp_path_factory.mktemp("fuzz") / "model.mlmodel"
    path.write_bytes(bytes(data))
    (file,) = check(path).files
    assert file.error is None or file.error.startswith(str(path))
