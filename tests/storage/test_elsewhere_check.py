"""Check of models elsewhere: the same as of the file, and little of it is read."""

from pathlib import Path
from zipfile import ZipFile

import fsspec
import numpy as np
import pytest
from click.testing import CliRunner
from onnx import helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.address import Address
from halfpixel.checking.check import check_paths, settings_of
from halfpixel.cli.main import cli
from servers.made import PAYLOAD, data, model
from servers.s3 import S3
from servers.said import told, told_here
from servers.web import Web

MODEL = data()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what is said of the model where it is a file."""
    return told_here(tmp_path_factory.mktemp("here") / "m.onnx", MODEL)


def test_in_a_bucket(bucket: S3, here: list[str]) -> None:
    report = halfpixel.check(bucket.put("check/m.onnx", MODEL))
    assert told(report) == here
    assert report.files[0].path == "s3://models/check/m.onnx"
    assert bucket.traffic.sent < len(MODEL) / 20
    assert len(bucket.traffic.requests) < 20


def test_on_the_web(site: Web, here: list[str]) -> None:
    assert told(halfpixel.check(site.put("a%20b/m.onnx", MODEL))) == here
    assert site.traffic.sent < len(MODEL) / 20


def test_a_small_model_is_one_request(site: Web) -> None:
    small = data(payloads=0)
    assert told(halfpixel.check(site.put("m.onnx", small)))
    assert len(site.traffic.requests) == 1
    assert site.traffic.sent == len(small)


def test_in_memory(here: list[str]) -> None:
    fsspec.filesystem("memory").pipe("/check/m.onnx", MODEL)
    assert told(halfpixel.check("memory://check/m.onnx")) == here
    assert told(halfpixel.check(Address("memory://check/m.onnx"))) == here


def test_in_an_archive(tmp_path: Path, here: list[str]) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("models/m.onnx", MODEL)
    assert told(halfpixel.check(f"zip://models/m.onnx::{tmp_path}/a.zip")) == here
    found = check_listed(f"zip://models::{tmp_path}/a.zip")
    assert found == [f"zip://models/m.onnx::{tmp_path}/a.zip"]


def test_a_file_by_its_address(tmp_path: Path, here: list[str]) -> None:
    (tmp_path / "m.onnx").write_bytes(MODEL)
    assert told(halfpixel.check(f"file://{tmp_path}/m.onnx")) == here


def test_a_model_without_its_ending(site: Web, here: list[str]) -> None:
    assert told(halfpixel.check(site.put("resolve/model", MODEL))) == here


def test_sites_and_paths(bucket: S3) -> None:
    address = bucket.put("check/m.onnx", MODEL)
    (found,) = halfpixel.sites(address)
    assert found.name == "up"
    report = check_paths([Address(address)], settings_of())
    assert [file.path for file in report.files] == [address]


def check_listed(*texts: str, options: tuple[str, ...] = ()) -> list[str]:
    """Return the files that a check of some texts reads, as it names them."""
    result = CliRunner().invoke(cli, ["check", *texts, "--output-format", "csv", *options])
    assert result.exit_code in {0, 1}, result.output
    return sorted({line.split(",")[0] for line in result.output.splitlines()[1:]})


LISTED = {
    "s3://models/tree": ["a.onnx", "b/c.onnx"],
    "s3://models/tree/": ["a.onnx", "b/c.onnx"],
    "s3://models/tree/*.onnx": ["a.onnx"],
    "s3://models/tree/**/*.onnx": ["a.onnx", "b/c.onnx"],
    "s3://models/tree/[ab]/?.onnx": ["b/c.onnx"],
    "s3://models/tree/b/c.onnx": ["b/c.onnx"],
}


@pytest.mark.parametrize("asked", LISTED)
def test_folders_and_patterns(bucket: S3, asked: str) -> None:
    small = data(payloads=0)
    for name in ("a.onnx", "b/c.onnx", "readme.md", "old.bak"):
        bucket.put(f"tree/{name}", small)
    assert check_listed(asked) == [f"s3://models/tree/{name}" for name in LISTED[asked]]


def test_what_is_excluded_is_passed_over(bucket: S3) -> None:
    for name in ("a.onnx", "b/c.onnx", ".git/x.onnx"):
        bucket.put(f"passed/{name}", data(payloads=0))
    assert check_listed("s3://models/passed") == [
        f"s3://models/passed/{n}" for n in ("a.onnx", "b/c.onnx")
    ]
    options = ("--exclude", "s3://models/passed/b")
    assert check_listed("s3://models/passed", options=options) == ["s3://models/passed/a.onnx"]


def test_configuration_is_that_of_the_working_folder(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = bucket.put("settled/m.onnx", data(payloads=0))
    (tmp_path / "halfpixel.toml").write_text(
        '[per-file."s3://models/settled/**"]\nignore = ["asymmetric-linear"]\n'
    )
    result = CliRunner().invoke(cli, ["check", address])
    assert (result.exit_code, "nothing found" in result.output) == (0, True), result.output


def test_a_baseline_knows_addresses(bucket: S3, tmp_path: Path) -> None:
    address, known = bucket.put("known/m.onnx", data(payloads=0)), str(tmp_path / "known.json")
    run = CliRunner().invoke
    assert run(cli, ["check", address, "--write-baseline", known]).exit_code == 0
    result = run(cli, ["check", address, "--baseline", known])
    assert (result.exit_code, "known by" in result.output) == (0, True), result.output
    other = bucket.put("known/other.onnx", data(payloads=0))
    result = run(cli, ["check", other, "--baseline", known])
    assert result.exit_code == 1
    assert "not here" not in result.output


def test_sarif_names_the_address(bucket: S3) -> None:
    address = bucket.put("a b/m.onnx", data(payloads=0))
    result = CliRunner().invoke(cli, ["check", address, "--output-format", "sarif"])
    assert '"uri": "s3://models/a%20b/m.onnx"' in result.output


def test_explain(bucket: S3, tmp_path: Path) -> None:
    address = bucket.put("check/m.onnx", MODEL)
    picture, page = str(tmp_path / "p.svg"), str(tmp_path / "p.html")
    for subject in (address, f"{address}:up"):
        asked = ["explain", subject, "--picture", picture, "--html", page]
        result = CliRunner().invoke(cli, asked)
        assert (result.exit_code, f"{address}: up (Resize" in result.output) == (0, True)
    result = CliRunner().invoke(cli, ["explain", f"{address}:none"])
    told = f"halfpixel: {address}: no resampling node is called 'none'; there are: 'up'\n"
    assert result.output == told


def test_a_constant_that_was_left_is_fetched(bucket: S3) -> None:
    table = (np.indices((32, 32)) // 2).transpose(1, 2, 0).astype(np.int64)  # nearest, by a table
    made = models.model(
        [
            helper.make_node("Transpose", ["x"], ["turned"], perm=[2, 3, 0, 1]),
            helper.make_node("GatherND", ["turned", "table"], ["taken"], name="up"),
            helper.make_node("Transpose", ["taken"], ["y"], perm=[2, 3, 0, 1]),
        ],
        (1, 1, 16, 16),
        [numpy_helper.from_array(table, "table"), *model().graph.initializer],
    )
    sites = halfpixel.sites(bucket.put("gather/m.onnx", made.SerializeToString()))
    assert [site.torch_call for site in sites] == [
        site.torch_call for site in halfpixel.sites(made)
    ]
    assert len(sites) == 1
    assert bucket.traffic.sent < 4 * PAYLOAD
