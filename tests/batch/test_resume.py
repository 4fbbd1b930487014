"""A run that is killed goes on where it was, and comes to the same."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batch import crashing_rules as rules

COUNT = 600


def run(folder: Path, cache: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable, "-m", "halfpixel", "check", "m", "--cache", cache, "--jobs", "2",
        "--output-format", "jsonl", *arguments,
    ]  # fmt: skip
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=rules.environment(folder / "packages"),
    )  # fmt: skip


def _judged(counted: Path) -> int:
    """Return how many models were judged so far."""
    return counted.read_bytes().count(b"\n") if counted.exists() else 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    rules.installed(tmp_path / "packages")
    counted = tmp_path / "counted"
    for n in range(COUNT):
        rules.model(tmp_path / "m" / f"{n:04}.onnx", f"count:{counted}", 2 + n % 7)
    (tmp_path / "m" / "0100.onnx").write_bytes(b"no model")
    rules.model(tmp_path / "m" / "0200.onnx", "segfault")
    whole = run(tmp_path, "whole", "-o", "whole.jsonl")
    assert whole.wait() == 2
    counted.unlink()
    ended = 0
    chance = random.Random(19)  # noqa: S311 - any will do
    for _ in range(40):
        going = run(tmp_path, "cache", "-o", "resumed.jsonl")
        if ended < 3:
            enough = _judged(counted) + chance.randint(20, 150)
            while _judged(counted) < enough and going.poll() is None:
                time.sleep(0.005)
            going.send_signal(how)
        if going.wait() == 2:
            break
        ended += 1
    assert ended > 0
    digest = [
        hashlib.sha256((tmp_path / f"{name}.jsonl").read_bytes()).hexdigest()
        for name in ("whole", "resumed")
    ]
    assert digest[0] == digest[1]
    lines = (tmp_path / "resumed.jsonl").read_text(encoding="utf-8").splitlines()
    paths = [json.loads(line)["path"] for line in lines]
    assert paths == sorted(paths)
    assert len(set(paths)) == COUNT
    assert _judged(counted) < (COUNT - 2) * (ended + 1), "nothing was remembered"


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    rules.installed(tmp_path / "packages")
    rules.model(tmp_path / "m" / "a.onnx", "hang")
    rules.model(tmp_path / "m" / "b.onnx", "hang")
    going = run(tmp_path, "cache", "--timeout", "5")
    deadline = time.monotonic() + 20
    while len(children := children_of(going.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(children) == 2
    going.kill()
    going.wait()
    deadline = time.monotonic() + 30
    while any(map(alive, children)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(map(alive, children))


def children_of(parent: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            after = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == parent:
            found.append(int(place.name))
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return state != "Z"
