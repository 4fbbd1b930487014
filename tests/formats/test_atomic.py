"""A file is there whole or not at all: killed, out of space, refused."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import example_models as models
from halfpixel.errors import ModelFileError
from halfpixel.fixing.fix import fix
from halfpixel.formats import atomic, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS = Path(__file__).parents[1] / "programs"
MODEL = models.MISMATCHES / "A3.onnx"


def copied(folder: Path, name: str = "m.onnx") -> Path:
    """Return a copy of a model that has something to fix."""
    path = folder / name
    path.write_bytes(MODEL.read_bytes())
    return path


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(p.name for p in folder.iterdir())


def test_pieces_are_written_in_order_with_the_old_permissions(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(bytes(range(200)))
    old.chmod(0o640)
    atomic.write([b"<", (10, 20), b">", (0, 3)], old, new, replace=False)
    assert new.read_bytes() == b"<" + bytes(range(10, 20)) + b">" + bytes(range(3))
    assert new.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["new", "old"]


@pytest.mark.parametrize("named", [False, True])
def test_a_large_file_is_copied_by_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    monkeypatch.setattr(pieces, "LARGE", 1000)
    if named:
        monkeypatch.setattr(atomic, "HANDLES", "/nowhere")  # as on a system without them
    old, new = tmp_path / "old", tmp_path / "new"
    data = os.urandom(10_007)
    old.write_bytes(data)
    atomic.write([(0, 5000), b"new", (5000, 10_007)], old, new, replace=False)
    assert new.read_bytes() == data[:5000] + b"new" + data[5000:]
    atomic.write([(0, 10_007)], old, new, replace=True)
    assert new.read_bytes() == data
    assert names(tmp_path) == ["new", "old"]


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old")
    new.write_bytes(b"precious")
    with pytest.raises(ModelFileError, match="exists and is not replaced unasked"):
        atomic.write([(0, 3)], old, new, replace=False)
    assert new.read_bytes() == b"precious"
    assert names(tmp_path) == ["new", "old"]


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    far, near = copied(outside), copied(inside, "near.onnx")
    before = far.read_bytes()
    (inside / "far_link.onnx").symlink_to(far)
    (inside / "near_link.onnx").symlink_to("near.onnx")
    with pytest.raises(ModelFileError, match="symbolic link out of its folder"):
        fix(inside / "far_link.onnx").save(inside / "far_link.onnx")
    assert far.read_bytes() == before
    fix(inside / "near_link.onnx").save(inside / "near_link.onnx")
    assert (inside / "near_link.onnx").is_symlink()
    assert near.read_bytes() != before


@pytest.mark.parametrize("call", ["write", "copy_file_range", "fsync", "posix_fallocate", "link"])
@pytest.mark.parametrize("turn", [0, 1])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, turn: int
) -> None:
    monkeypatch.setattr(pieces, "LARGE", 500)
    path = copied(tmp_path)
    result = fix(path)
    assert result.changes
    data, calls = path.read_bytes(), [0]
    real: Callable[..., object] = getattr(os, call)

    def full(*arguments: object, **keywords: object) -> object:
        calls[0] += 1
        if calls[0] > turn:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **keywords)

    monkeypatch.setattr(os, call, full)
    try:
        result.save(path)
    except ModelFileError as error:
        assert str(error) == f"{path}: cannot be written: no space left on device"  # noqa: PT017 - or it had room
        assert path.read_bytes() == data
    else:
        assert calls[0] <= turn or call == "fsync"  # a folder that is not synced is no error
        assert path.read_bytes() != data
    assert names(tmp_path) == ["m.onnx"]


SMALL = """
set -e
mount -t tmpfs -o size=64k tmpfs "$1"
cp "$2" "$1/m.onnx"
$4
before=$(cksum < "$1/m.onnx")
code=0
"$3" -m halfpixel fix --in-place "$1/m.onnx" 2> "$1.err" > "$1.out" || code=$?
test "$before" = "$(cksum < "$1/m.onnx")"
ls -A "$1"
exit $code
"""
SYSTEMS = {
    "full": ('head -c 60k /dev/zero > "$1/filler" || true', "no space left on device"),
    "read-only": ('mount -o remount,ro "$1"', "read-only file system"),
}


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_full_or_read_only_file_system(tmp_path: Path, kind: str) -> None:
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        probe = subprocess.run([*command, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if probe.returncode:
        pytest.skip("this system does not let a test mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    prepare, reason = SYSTEMS[kind]
    script = SMALL.replace("$4", prepare)
    found = subprocess.run(
        [*command, "sh", "-c", script, "sh", str(folder), str(MODEL), sys.executable],
        check=False,
        capture_output=True,
        text=True,
    )
    report = Path(f"{folder}.out").read_text(encoding="utf-8")
    assert found.returncode == 2, found.stderr + report
    assert set(found.stdout.split()) <= {"filler", "m.onnx"}
    assert reason in report
    assert "Traceback" not in report


def test_a_refused_folder_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copied(tmp_path)
    result = fix(path)

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("halfpixel.formats.atomic._open_in", refuse)
    with pytest.raises(ModelFileError, match="cannot be written: read-only file system"):
        result.save(path)
    assert path.read_bytes() == MODEL.read_bytes()
    assert names(tmp_path) == ["m.onnx"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the program that is killed forks")
def test_killed_at_random_moments_the_model_is_whole_every_time(tmp_path: Path) -> None:
    path = copied(tmp_path)
    rounds = 300
    program = [sys.executable, str(PROGRAMS / "kill_while_fixing.py"), str(path), str(rounds)]
    found = subprocess.run(program, check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    _, old, _, new = found.stdout.split()
    assert int(old) + int(new) == rounds
    assert int(old) > 0
    assert int(new) > 0
