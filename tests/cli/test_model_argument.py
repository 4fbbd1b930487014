"""What is given for a model and is none: one line, exit code 2, and nothing waits for it."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

import example_models as models
from external_models import EXPECT, files, links, pipes, run


def listen(place: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(place.name)
    finally:
        os.chdir(here)


THINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (lambda p: os.mkfifo(p), "not a regular file"),  # noqa: PLW0108 - not everywhere
    "a link to a device": (lambda p: p.symlink_to("/dev/zero"), "not a regular file"),
    "a link to nothing": (lambda p: p.symlink_to("none"), "no such file or directory"),
    "a link to itself": (lambda p: p.symlink_to(p.name), "too many levels of symbolic links"),
    "a socket": (listen, "not a regular file"),
    "an empty file": (lambda p: p.write_bytes(b""), "the file is empty"),
}


@links
@pipes
@pytest.mark.parametrize("suffix", [".onnx", ".mlmodel", ".mlpackage"])
@pytest.mark.parametrize(("make", "reason"), THINGS.values(), ids=THINGS)
def test_what_is_no_model_is_one_line(
    tmp_path: Path, make: Callable[[Path], object], reason: str, suffix: str
) -> None:
    path = tmp_path / f"m{suffix}"
    make(path)
    before = sorted(tmp_path.iterdir())
    for command in (["check"], ["fix"], ["fix", "--in-place", "--backup"], ["explain"], ["verify"]):
        code, output = run(*command, path)
        assert code == 2, (command, output)
        told = [line for line in output.splitlines() if str(path) in line]
        assert len(told) == 1, (command, output)
        assert reason in told[0].lower() or suffix == ".mlpackage" or command == ["explain"]
    assert sorted(tmp_path.iterdir()) == before


def empty_folder(place: Path) -> str:
    folder = place / "x.onnx"
    folder.mkdir()
    return str(folder)


BAD: dict[str, Callable[[Path], str]] = {
    "a folder without models": empty_folder,
    "a missing file": lambda p: str(p / "missing.onnx"),
    "a missing folder": lambda p: str(p / "missing"),
    "a pattern of nothing": lambda p: str(p / "no*.onnx"),
    "an empty path": lambda _: "",
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("form", ["text", "concise", "json", "junit"])
def test_one_bad_argument_leaves_the_others(tmp_path: Path, bad: str, form: str) -> None:
    wrong, again = (
        shutil.copy(models.MISMATCHES / "A3.onnx", tmp_path / f"{name}.onnx") for name in "ab"
    )
    other = BAD[bad](tmp_path)
    code, output = run("check", wrong, other, again, "--output-format", form)
    assert code == 2
    assert all(str(path) in output for path in (wrong, again))
    assert output.count("scale-or-size") >= 2
    assert (other or "an empty path") in output
    if form == "text":
        assert len([line for line in output.splitlines() if line.startswith("error: ")]) == 1
        assert "1 file not read" in output
    assert run("check", other)[0] == 2
    code, output = run("check", other, other, "--quiet")
    assert (code, output.splitlines()[-1]) == (2, "0 sites in 1 file: 1 file not read")


def test_one_bad_argument_leaves_the_others_to_be_fixed(tmp_path: Path) -> None:
    wrong = shutil.copy(models.MISMATCHES / "A3.onnx", tmp_path / "a.onnx")
    folder = tmp_path / "x.onnx"
    folder.mkdir()
    code, output = run("fix", folder, wrong)
    assert code == 2
    assert f"{folder}: no model files there" in output
    assert (tmp_path / "a.fixed.onnx").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    onnx.save(models.model([models.resize()]), path)
    path.chmod(0)
    code, output = run("check", path)
    assert (code, "permission denied" in output) == (2, True)


@links
def test_one_that_is_none_costs_the_others_nothing(tmp_path: Path) -> None:
    onnx.save(models.model([models.resize()]), tmp_path / "a.onnx")
    (tmp_path / "b.onnx").symlink_to("/dev/zero")
    shutil.copy(tmp_path / "a.onnx", tmp_path / "c.onnx")
    code, output = run("check", tmp_path, "--sarif", tmp_path / "out.sarif")
    assert code == 2
    assert "2 sites in 3 files" in output
    assert "1 file not read" in output
    assert (tmp_path / "out.sarif").read_text("utf-8").rstrip().endswith("}")


@links
def test_a_model_that_is_a_link_out_is_read_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    made = models.model(
        [models.resize(attributes={"coordinate_transformation_mode": "asymmetric"})]
    )
    onnx.save(made, tmp_path / "far" / "m.onnx")
    link = tmp_path / "near" / "m.onnx"
    link.symlink_to("../far/m.onnx")
    before = files(tmp_path)
    code, output = run("fix", *EXPECT, "--in-place", "--backup", link)
    assert code == 2
    assert "is a symbolic link out of its folder" in output
    assert files(tmp_path) == before
    assert run("check", link, *EXPECT)[0] == 1
    assert run("fix", *EXPECT, link)[0] == 0
    assert files(tmp_path).keys() - before.keys() == {"near/m.fixed.onnx"}
