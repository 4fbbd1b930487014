"""The same run on the workers of a Dask cluster, some of which are lost."""

import os
import random
import shutil
import signal
import threading
import warnings
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

import example_models as models
from batch import crashing_rules as rules
from halfpixel.cli.main import cli


class Nanny(Protocol):
    """What looks after a worker."""

    process: Any


class Cluster(Protocol):
    """A LocalCluster, as far as it is used here."""

    workers: dict[int, Nanny]
    scheduler_address: str

    def close(self) -> None: ...


FILES = sorted([*models.MISMATCHES.glob("*.onnx"), *models.CORPUS.glob("*.onnx")])
COUNT = 400


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Cluster]:
    """Give a cluster of three processes of this machine, whose rules may crash."""
    packages = rules.installed(tmp_path / "packages")
    for name, value in rules.environment(packages).items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(packages))
    library = import_module("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = library.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None,
            silence_logs=50,
        )  # fmt: skip
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m").mkdir()
    for place in range(COUNT):
        shutil.copy(FILES[place % len(FILES)], tmp_path / "m" / f"{place:04}.onnx")
    (tmp_path / "m" / "0100.onnx").write_bytes(b"no model")
    return tmp_path / "m"


def check(folder: Path, *arguments: str) -> Result:
    command = ["check", str(folder), "--no-cache", "--output-format", "jsonl", *arguments]
    return CliRunner().invoke(cli, command)


def killer(cluster: Cluster, times: int, stop: threading.Event) -> list[int]:
    """Kill workers while they judge; return whom."""
    killed: list[int] = []
    chance = random.Random(19)  # noqa: S311 - any will do
    for _ in range(times):
        if stop.wait(chance.uniform(0.3, 0.9)):
            break
        workers = [nanny.process.pid for nanny in cluster.workers.values() if nanny.process]
        there = [pid for pid in workers if pid]
        if there:
            killed.append(chance.choice(there))
            os.kill(killed[-1], signal.SIGKILL)
    return killed


@pytest.mark.filterwarnings("ignore")
def test_workers_that_are_lost_cost_nothing(cluster: Cluster, folder: Path) -> None:
    alone = check(folder, "--jobs", "2")
    assert alone.exit_code == 2
    stop, killed = threading.Event(), list[int]()
    thread = threading.Thread(target=lambda: killed.extend(killer(cluster, 4, stop)))
    thread.start()
    try:
        together = check(folder, "--engine", "dask", "--scheduler", cluster.scheduler_address)
    finally:
        stop.set()
        thread.join()
    assert killed
    assert (together.exit_code, together.stdout) == (alone.exit_code, alone.stdout)
    assert together.stdout.count("\n") == COUNT


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_crashes_costs_no_worker(cluster: Cluster, tmp_path: Path) -> None:
    for place in range(12):
        rules.model(tmp_path / "f" / f"{place:02}.onnx", "segfault" if place == 5 else "up")
    before = {nanny.process.pid for nanny in cluster.workers.values()}
    address = cluster.scheduler_address
    result = check(tmp_path / "f", "--engine", "dask", "--scheduler", address)
    assert result.exit_code == 2
    assert result.stdout.count("its check ended the process by SIGSEGV") == 1
    assert result.stdout.count("\n") == 12
    assert {nanny.process.pid for nanny in cluster.workers.values()} == before


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("halfpixel.batch.engines.dask_.PATIENCE", 1)
    result = check(folder, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 2
    assert "--scheduler tcp://127.0.0.1:9: " in result.output
    jobs = check(folder, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9", "-j", "2")
    assert "--jobs is for --engine local" in jobs.output
