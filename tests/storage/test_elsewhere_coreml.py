"""Core ML models elsewhere: packages of which the weights stay unread, and networks."""

import json
from pathlib import Path

import pytest

import halfpixel
from external_models import files, run
from servers.s3 import S3

ROOT = Path(__file__).parents[2] / "models/coreml"
PACKAGE = ROOT / "variants/structure-blob-ios15.mlpackage"
SPEC = "Data/com.apple.CoreML/model.mlmodel"
EXPECT = ("--expect", "y:align_corners=true")


def put(bucket: S3, name: str, package: Path = PACKAGE) -> str:
    """Store a package; return its address."""
    for path, content in files(package).items():
        bucket.put(f"{name}/{path}", content)
    return f"s3://models/{name}"


def told(source: object) -> list[str]:
    (file,) = halfpixel.check(source).files
    assert file.sites
    return [
        str(file.error),
        *map(str, file.findings),
        *(str(site.torch_call) for site in file.sites),
    ]


def test_a_package(bucket: S3) -> None:
    address = put(bucket, "a/p.mlpackage")
    assert told(address) == told(PACKAGE)
    assert told(f"{address}/") == told(PACKAGE)
    assert not any("weight" in asked.path for asked in bucket.traffic.requests)


def test_packages_are_listed_as_one_model_each(bucket: S3) -> None:
    put(bucket, "b/one.mlpackage")
    put(bucket, "b/two.mlpackage")
    code, output = run("check", "s3://models/b", "--output-format", "csv")
    assert code in {0, 1}
    code, output = run("check", "s3://models/b", "--verbose")
    assert "one.mlpackage" in output
    assert "2 files" in output


def test_a_network(bucket: S3) -> None:
    (network, *_) = sorted(ROOT.rglob("*.mlmodel"))
    address = bucket.put("n/m.mlmodel", network.read_bytes())
    assert told(address) == told(network)


def test_a_package_is_fixed(bucket: S3, tmp_path: Path) -> None:
    address = put(bucket, "c/p.mlpackage")
    (here, there) = tmp_path / "here.mlpackage", tmp_path / "there.mlpackage"
    assert run("fix", *EXPECT, PACKAGE, "-o", here)[0] == 0
    code, output = run("fix", *EXPECT, address, "-o", there)
    assert code == 0, output
    assert files(there) == files(here)
    code, output = run("fix", *EXPECT, address, "-o", "s3://models/c/new.mlpackage")
    assert code == 0, output
    for name, content in files(here).items():
        assert bucket.get(f"c/new.mlpackage/{name}") == content


def manifest_of(path: str) -> bytes:
    items = {"root": {"path": path}}
    return json.dumps({"rootModelIdentifier": "root", "itemInfoEntries": items}).encode()


BROKEN = {
    b"{}": "Manifest.json lacks itemInfoEntries or rootModelIdentifier",
    b"no": "Manifest.json is not JSON",
    manifest_of("../../m.onnx"): "leads out of the model's folder",
    manifest_of("a/x::http://host/m"): "is no plain name",
    manifest_of("none.mlmodel"): "no such file there",
}


@pytest.mark.parametrize("manifest", BROKEN)
def test_a_broken_package(bucket: S3, manifest: bytes) -> None:
    bucket.put("broken.mlpackage/Manifest.json", manifest)
    code, output = run("check", "s3://models/broken.mlpackage")
    assert (code, BROKEN[manifest] in output) == (2, True), output
    assert "s3://models/broken.mlpackage" in output


def test_no_package(bucket: S3) -> None:
    del bucket
    code, output = run("check", "s3://models/none.mlpackage")
    assert (code, "not a Core ML package: Manifest.json is missing" in output) == (2, True), output
