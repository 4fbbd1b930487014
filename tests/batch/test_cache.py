"""What is remembered of models, and when they are judged again all the same."""

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest

from batch import crashing_rules as rules
from halfpixel.batch.cache import NAME, Cache, Entry, judged_by, key_of, usual_folder
from halfpixel.checking.check import Settings


class Place:
    """A model whose rule writes a line each time it is judged, and what remembers it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages = rules.installed(folder / "packages")
        self.counted = folder / "counted"
        self.model = rules.model(folder / "m" / "a.onnx", f"count:{self.counted}")
        old = self.model.stat().st_mtime_ns - 10**10
        os.utime(self.model, ns=(old, old))

    def check(self, *arguments: str, **more: str) -> str:
        """Check the model, and return what is printed."""
        command = [
            sys.executable, "-m", "halfpixel", "check", "m/a.onnx", "--cache", "cache",
            "--output-format", "jsonl", *arguments,
        ]  # fmt: skip
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.folder,
            env={**rules.environment(self.packages), **more},
        )  # fmt: skip
        assert done.stderr == ""
        assert done.returncode in {0, 1}
        return done.stdout

    @property
    def times(self) -> int:
        """How often it was judged."""
        return len(self.counted.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def settle() -> None:
    """Let the clock go on, so that a file that was just written may be remembered."""
    time.sleep(0.15)


def test_a_model_that_is_as_it_was_is_not_judged_again(place: Place) -> None:
    settle()
    first = place.check()
    assert [place.check() for _ in range(2)] == [first, first]
    assert place.times == 1


def test_what_is_newer_by_its_stamp_alone_is_read_and_not_judged(place: Place) -> None:
    settle()
    first = place.check()
    os.utime(place.model)
    settle()
    assert place.check() == first
    content = place.model.read_bytes()
    place.model.unlink()
    place.model.write_bytes(content)
    settle()
    assert place.check() == first
    assert place.times == 1


def test_another_content_is_judged(place: Place) -> None:
    settle()
    place.check()
    stamp = place.model.stat()
    name = f"count:{place.counted}"
    rules.model(place.model, name, 3.0)
    os.utime(place.model, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert place.model.stat().st_size == stamp.st_size
    assert "scale_factor=3.0" in place.check()
    assert place.times == 2


@pytest.mark.parametrize("more", [["--expect", "mode=nearest"], ["--max-work", "1000"]])
def test_other_settings_judge_again(place: Place, more: list[str]) -> None:
    settle()
    place.check()
    place.check(*more)
    place.check()
    place.check(*more)
    assert place.times == 2


def test_another_release_judges_again(place: Place) -> None:
    settle()
    place.check()
    rule = place.packages / "crashing_rules" / "something_happens.py"
    rule.write_text(rule.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    place.check()
    assert place.times == 2


def test_a_fresh_file_is_not_remembered(place: Place) -> None:
    future = place.model.stat().st_mtime_ns + 10**12
    os.utime(place.model, ns=(future, future))
    place.check()
    place.check()
    assert place.times == 2


def test_no_cache_judges(place: Place) -> None:
    settle()
    place.check()
    command = [sys.executable, "-m", "halfpixel", "check", "m", "--jobs", "2", "--no-cache"]
    subprocess.run(
        command, check=True, cwd=place.folder, env=rules.environment(place.packages),
        capture_output=True,
    )  # fmt: skip
    assert place.times == 2


@pytest.mark.parametrize("how", ["cut", "text", "flipped", "empty", "folder"])
def test_a_broken_cache_is_none(place: Place, how: str) -> None:
    settle()
    first = place.check()
    file = place.folder / "cache" / NAME
    data = file.read_bytes()
    match how:
        case "cut":
            file.write_bytes(data[: len(data) // 2])
        case "text":
            file.write_text("no database at all, but a text that is long enough", encoding="utf-8")
        case "flipped":
            base = sqlite3.connect(file)
            with base:
                ((entry,),) = base.execute("SELECT entry FROM models").fetchall()
                broken = entry[:-9] + bytes([entry[-9] ^ 1]) + entry[-8:]
                base.execute("UPDATE models SET entry = ?", (broken,))
            base.close()
        case "empty":
            file.write_bytes(b"")
        case _:
            file.unlink()
            file.mkdir()
    assert place.check() == first
    assert place.times == 2
    assert place.check() == first
    assert place.times == (3 if how == "folder" else 2)


def test_runs_at_once_do_not_hinder_each_other(tmp_path: Path) -> None:
    names = [str(rules.model(tmp_path / f"{n}.onnx", f"up{n}")) for n in range(40)]
    settle()
    command = [
        sys.executable, "-m", "halfpixel", "check", *names, "--cache", str(tmp_path / "cache"),
        "--output-format", "jsonl",
    ]  # fmt: skip
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = {run.communicate()[0] for run in runs}
    assert len(outputs) == 1
    assert [json.loads(line)["path"] for line in outputs.pop().splitlines()] == names


def test_external_data_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    path = rules.model(tmp_path / "m" / "a.onnx")
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="w.bin", size_threshold=0
    )  # fmt: skip
    arguments = [
        sys.executable, "-m", "halfpixel", "check", str(path), "--cache", str(tmp_path / "cache"),
        "--output-format", "jsonl",
    ]  # fmt: skip

    def sizes() -> object:
        done = subprocess.run(arguments, check=False, capture_output=True, text=True)
        return json.loads(done.stdout)["sites"][0]["torch_call"]

    settle()
    assert sizes() == sizes() == 'F.interpolate(x, scale_factor=2.0, mode="nearest")'
    (path.parent / "w.bin").write_bytes(struct.pack("<4f", 1, 1, 3, 3))
    assert sizes() == 'F.interpolate(x, scale_factor=3.0, mode="nearest")'


def test_entries_are_kept_by_name_folder_and_settings(tmp_path: Path) -> None:
    plain, other = judged_by(Settings()), judged_by(Settings(select=("asymmetric-linear",)))
    keys = {
        key_of(by, folder, name) for by in (plain, other) for folder in "ab" for name in ("c", "d")
    }
    assert len(keys) == 8
    entry = Entry((1, 2, 3, 4), b"digest", (("w.bin", ()),), b"record")
    cache = Cache(tmp_path)
    cache.keep(b"key", entry)
    cache.close()
    again = Cache(tmp_path)
    assert again.found([b"key", b"other"]) == {b"key": entry}
    again.close()


def test_a_cache_that_cannot_be_made_is_none() -> None:
    cache = Cache(Path("/proc/nowhere"))
    cache.keep(b"key", Entry((), b"", (), b""))
    assert cache.found([b"key"]) == {}
    cache.close()


def test_the_usual_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert usual_folder() == Path("/x/halfpixel")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/h")
    assert usual_folder() == Path("/h/.cache/halfpixel")


def test_a_package_is_remembered_too(place: Place) -> None:
    source = next((Path(__file__).parents[2] / "models").rglob("*.mlpackage"))
    shutil.copytree(source, place.folder / "m" / "p.mlpackage")
    settle()
    arguments = ["m/p.mlpackage"]
    first = place.check(*arguments)
    assert place.check(*arguments) == first
    with sqlite3.connect(place.folder / "cache" / NAME) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM models").fetchall()
    connection.close()
    assert count == 2
