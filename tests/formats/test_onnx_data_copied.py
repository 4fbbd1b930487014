"""External data of ONNX that a fix takes along: by plain names, through no link, over no file."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from external_models import EXPECT, SCALES, WEIGHTS, external, files, home, links, model, run
from halfpixel.fixing.fix import fix


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return home(tmp_path)


def test_data_is_taken_along_under_its_name_and_is_no_program(folder: Path, tmp_path: Path) -> None:
    (folder / "sub").mkdir()
    for name, data in {"sub/w.bin": WEIGHTS, "scales.bin": SCALES}.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o4755)
    made = model(external("scales", (4,), "./scales.bin"), external("w", (1, 1, 4, 4), "sub/w.bin"))
    onnx.save(made, folder / "model.onnx")
    (folder / "model.onnx").chmod(0o755)
    target = tmp_path / "target"
    target.mkdir()
    code, _ = run("fix", *EXPECT, folder / "model.onnx", "-o", target / "new.onnx")
    assert code == 0
    found = files(target)
    assert found.keys() == {"new.onnx", "scales.bin", "sub/w.bin"}
    assert (found["scales.bin"], found["sub/w.bin"]) == (SCALES, WEIGHTS)
    modes = [stat.S_IMODE((target / name).stat().st_mode) for name in found]
    assert not any(mode & 0o7111 for mode in modes)
    code, _ = run("fix", *EXPECT, folder / "model.onnx", "-o", target / "new.onnx")
    assert code == 0  # the same data is there
    assert files(target) == found


@pytest.mark.parametrize(
    "name", [".git/hooks/pre-commit", "./deep/.git/x", "deep/.hidden", "a\x1bb", "\u200d.git"]
)
def test_nothing_hidden_is_written(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(WEIGHTS)
    onnx.save(model(None, external("w", (1, 1, 4, 4), name)), folder / "model.onnx")
    target = tmp_path / "target"
    target.mkdir()
    code, output = run("fix", *EXPECT, folder / "model.onnx", "-o", target / "model.onnx")
    assert code == 2
    assert f"external data {name!r} is not copied" in output
    assert list(target.iterdir()) == []
    assert run("fix", *EXPECT, folder / "model.onnx")[0] == 0  # where it lies it may stay


def neighbour(target: Path) -> None:
    (target / "x").write_bytes(b"mine")
    (target / "model.onnx").symlink_to("x")


TARGETS: dict[str, Callable[[Path], object]] = {
    "a link where data goes": (
        lambda t: (t / "w.bin").symlink_to(t.parent / "away" / "secret.bin")
    ),
    "a broken link there": (lambda t: (t / "w.bin").symlink_to(t / "none")),
    "a link to the same": (lambda t: (t / "w.bin").symlink_to(t.parent / "home" / "sub" / "w.bin")),
    "a linked folder": (lambda t: (t / "sub").symlink_to(t.parent / "away")),
    "another file": (lambda t: (t / "w.bin").write_bytes(b"mine")),
    "another of the same length": (lambda t: (t / "w.bin").write_bytes(bytes(64))),
    "a folder": (lambda t: (t / "w.bin").mkdir()),
    "a file where a folder goes": (lambda t: (t / "sub").write_bytes(b"mine")),
    "a link where the model goes": (
        lambda t: (t / "model.onnx").symlink_to(t.parent / "away" / "secret.bin")
    ),
    "a link to its neighbour": neighbour,
}


@links
@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
def test_what_is_at_the_target_stays(
    folder: Path, tmp_path: Path, make: Callable[[Path], object], request: pytest.FixtureRequest
) -> None:
    name = "sub/w.bin" if "folder" in request.node.name else "w.bin"
    (folder / "sub").mkdir()
    for place in ("sub/w.bin", "w.bin"):
        (folder / place).write_bytes(WEIGHTS)
    onnx.save(model(None, external("w", (1, 1, 4, 4), name)), folder / "model.onnx")
    target = tmp_path / "target"
    target.mkdir()
    if name == "sub/w.bin" and "a folder" in request.node.name:
        (target / "sub").mkdir()
        (target / "sub" / "w.bin").mkdir()
    else:
        make(target)
    before, there = files(tmp_path), sorted(tmp_path.rglob("*"))
    code, output = run("fix", *EXPECT, folder / "model.onnx", "-o", target / "model.onnx")
    assert code == 2, output
    assert len([line for line in output.splitlines() if line.startswith("error: ")]) == 1
    assert (files(tmp_path), sorted(tmp_path.rglob("*"))) == (before, there)


def test_a_result_in_python_is_held_to_the_same(folder: Path, tmp_path: Path) -> None:
    from halfpixel.errors import ModelFileError

    (folder / ".w").write_bytes(WEIGHTS)
    onnx.save(model(None, external("w", (1, 1, 4, 4), ".w")), folder / "model.onnx")
    result = fix(folder / "model.onnx", expect=["up:align_corners=false"])
    with pytest.raises(ModelFileError, match="hidden"):
        result.save(tmp_path / "model.onnx")


@pytest.mark.parametrize("name", ["sub/w.bin", "w.bin"])
def test_a_disk_that_is_full_leaves_nothing_of_the_data(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (folder / "sub").mkdir()
    (folder / name).write_bytes(WEIGHTS)
    onnx.save(model(None, external("w", (1, 1, 4, 4), name)), folder / "model.onnx")
    target = tmp_path / "target"
    target.mkdir()

    def full(_handle: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    code, output = run("fix", *EXPECT, folder / "model.onnx", "-o", target / "model.onnx")
    assert code == 2
    (line,) = [line for line in output.splitlines() if line.startswith("error: ")]
    assert line == f"error: {target / name}: cannot be written: no space left on device"
    assert list(target.iterdir()) == []


@links
def test_a_folder_that_the_user_names_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    onnx.save(model(), folder / "model.onnx")
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    assert run("fix", *EXPECT, folder / "model.onnx", "-o", tmp_path / "link" / "new.onnx")[0] == 0
    assert files(tmp_path / "target").keys() == {"new.onnx", "weights.bin"}
