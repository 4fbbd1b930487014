"""Files of a Core ML package: none is read or copied that lies elsewhere, links of a hub are."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from external_models import files, links, pipes, run
from halfpixel.formats.coreml.model import opened

FOLDER = Path(__file__).parents[2] / "models/coreml/variants"
NAME = "structure-blob-ios15.mlpackage"
SPEC = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"
MANIFEST = "Manifest.json"
EXPECT = ("--expect", "y:align_corners=true")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package in a folder, beside another folder with the same package."""
    for name in ("home", "away"):
        shutil.copytree(FOLDER / NAME, tmp_path / name / "model.mlpackage")
    return tmp_path / "home" / "model.mlpackage"


def away(package: Path, name: str) -> None:
    """Let a file or folder of a package be a link to the other package's."""
    place = package / name
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    place.symlink_to(package.parents[1] / "away" / package.name / name)


def hub(package: Path, extra: Callable[[Path], object] | None = None) -> Path:
    """Let every file of a package be a link into one folder of blobs."""
    blobs = package.parents[1] / "blobs"
    blobs.mkdir()
    for number, path in enumerate(sorted(p for p in package.rglob("*") if p.is_file())):
        path.rename(blobs / f"{number:064}")
        path.symlink_to(os.path.relpath(blobs / f"{number:064}", path.parent))
    if extra is not None:
        extra(package)
    return package


def refused(package: Path, reason: str, *commands: list[str]) -> None:
    target = package.parents[1] / "target"
    target.mkdir()
    before = files(package.parents[1])
    for command in commands or (["check"], ["fix", *EXPECT]):
        code, output = run(*command, package)
        assert code == 2, output
        (line,) = [line for line in output.splitlines() if str(package) in line]
        assert reason in line
    code, output = run("fix", *EXPECT, package, "-o", target / "new.mlpackage")
    assert code == 2, output
    assert reason in output
    assert files(package.parents[1]) == before
    assert list(target.iterdir()) == []


LINKED = {
    "the manifest": (MANIFEST, "'Manifest.json' leads out of the model's folder"),
    "the data": ("Data", "leads out of the model's folder"),
    "the folder in it": ("Data/com.apple.CoreML", "leads out of the model's folder"),
    "the specification": (SPEC, "leads out of the model's folder"),
}


@links
@pytest.mark.parametrize(("name", "reason"), LINKED.values(), ids=LINKED)
def test_a_part_that_is_a_link_out_is_one_line(package: Path, name: str, reason: str) -> None:
    away(package, name)
    refused(package, reason)


@links
@pytest.mark.parametrize("name", [WEIGHTS, "Data/com.apple.CoreML/weights"])
def test_weights_that_are_a_link_out_are_neither_copied_nor_run(package: Path, name: str) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime runs the models")
    away(package, name)
    refused(package, "leads out of the model's folder", ["check"], ["fix", *EXPECT], ["verify"])


@links
def test_a_link_that_is_no_part_of_the_model_is_not_copied(package: Path) -> None:
    (package / "Data" / "other").symlink_to(package / "Data" / "com.apple.CoreML")
    refused(package, "'Data/other' is a link to a folder", ["fix", *EXPECT])
    (package / "Data" / "other").unlink()
    (package / "Data" / "other").symlink_to(package.parents[1] / "away")
    code, output = run("check", package)
    assert (code, "'Data/other' leads out" in output) == (2, True)


@links
@pipes
def test_a_pipe_in_a_package_is_one_line(package: Path) -> None:
    os.mkfifo(package / "Data" / "pipe")
    refused(package, "'Data/pipe' is not a regular file", ["fix", *EXPECT])
    for name in (MANIFEST, SPEC):
        (package / name).unlink()
        os.mkfifo(package / name)
        code, output = run("check", package)
        assert (code, "is not a regular file" in output) == (2, True)


@links
def test_a_hub_keeps_a_package_as_links_into_one_folder(package: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime runs the models")
    whole = files(package)
    hub(package)
    before = files(tmp_path / "blobs")
    assert run("check", package, *EXPECT)[0] == 1
    assert run("explain", package)[0] == 0
    assert run("verify", package)[0] == 0
    new = tmp_path / "new.mlpackage"
    assert run("fix", *EXPECT, package, "-o", new)[0] == 0
    after = files(new)
    assert after.keys() == whole.keys()
    assert [name for name in after if after[name] != whole[name]] == [SPEC]
    assert not any(path.is_symlink() for path in new.rglob("*"))
    assert all(path.stat().st_nlink == 1 for path in (tmp_path / "blobs").iterdir())
    code, output = run("fix", *EXPECT, "--in-place", "--backup", package)
    assert code == 2
    assert "is a symbolic link out of its folder" in output
    assert files(tmp_path / "blobs") == before
    assert sorted(path.name for path in package.parent.iterdir()) == [package.name]


STRAYS: dict[str, Callable[[Path], object]] = {
    "a file of its own": lambda p: (p / "Data" / "x").write_bytes(b""),
    "a link elsewhere": lambda p: (p / "Data" / "x").symlink_to(p.parents[1] / "away" / "x"),
    "a linked folder": lambda p: (p / "Data" / "x").symlink_to(p.parents[1] / "blobs"),
}


@links
@pytest.mark.parametrize("extra", STRAYS.values(), ids=STRAYS)
def test_links_out_are_a_hubs_only_where_all_lead_to_one_folder(
    package: Path, extra: Callable[[Path], object]
) -> None:
    refused(hub(package, extra), "leads out of the model's folder")


def test_what_is_hidden_is_left_and_no_file_is_a_program(package: Path, tmp_path: Path) -> None:
    (package / ".git").mkdir()
    (package / ".git" / "config").write_bytes(b"")
    (package / "Data" / ".DS_Store").write_bytes(b"")
    for name in (WEIGHTS, SPEC, MANIFEST):
        (package / name).chmod(0o4755)
    new = tmp_path / "new.mlpackage"
    assert run("fix", *EXPECT, package, "-o", new)[0] == 0
    assert files(new).keys() == {WEIGHTS, SPEC, MANIFEST}
    assert not any((new / name).stat().st_mode & 0o7111 for name in files(new))


@pytest.mark.parametrize(
    ("name", "reason"),
    {
        "@model_path/.git/hooks/x": "is hidden",
        "@model_path/../../../away/x": "leads out",
        "/etc/passwd": "is no relative path",
        "@model_path//etc/passwd": "is no relative path",
        "@model_path/": "names no file",
        "@model_path/C:\\x": "is no relative path",
        "a\0b": "has a zero byte",
    }.items(),
)
def test_weights_are_named_plainly(package: Path, name: str, reason: str) -> None:
    from halfpixel.errors import ModelFileError

    weights = package / "Data/com.apple.CoreML/.git/hooks/x"
    weights.parent.mkdir(parents=True)
    shutil.copy(package / WEIGHTS, weights)
    model = opened(package)
    with pytest.raises(ModelFileError, match=reason):
        model.package.check_blob(name, copied=True)
    if reason != "is hidden":
        with pytest.raises(ModelFileError, match=reason):
            model.package.blob(name)


PATHS = {".git/hooks/x": "is hidden", "../x": "leads out of the model's folder"}


@pytest.mark.parametrize(("name", "reason"), PATHS.items())
def test_a_manifest_that_names_a_specification_elsewhere_is_one_line(
    package: Path, name: str, reason: str
) -> None:
    place = package / "Data/.git/hooks"
    (place / "weights").mkdir(parents=True)
    shutil.copy(package / SPEC, place / "x")
    shutil.copy(package / WEIGHTS, place / "weights")
    text = (package / MANIFEST).read_text("utf-8").replace("\\/", "/")
    spelled = text.replace(SPEC.removeprefix("Data/"), name)
    assert spelled != text
    (package / MANIFEST).write_text(spelled, "utf-8")
    refused(package, reason, ["fix", *EXPECT, "-o", str(package.with_name("new.mlpackage"))])
