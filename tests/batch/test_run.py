"""Runs over many models: their order, and what is kept of them."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import pytest

import example_models as models
from batch import crashing_rules as rules
from halfpixel.batch import run as running
from halfpixel.batch.engine import Engine, Opened, Power, load_engine
from halfpixel.batch.isolation import apart
from halfpixel.batch.record import RecordError, decoded, encoded
from halfpixel.batch.run import Run
from halfpixel.batch.task import Batch, Outcome
from halfpixel.batch.worker import outcomes
from halfpixel.checking.check import Settings, check_paths
from halfpixel.checking.result import FileReport
from halfpixel.cli.many import ordered
from halfpixel.errors import UsageError

FILES = sorted([*models.MISMATCHES.glob("*.onnx"), *models.CORPUS.glob("*.onnx")])[:90]
SETTINGS = Settings()

P = ParamSpec("P")
T = TypeVar("T")


def here(batch: Batch) -> list[Outcome]:
    """Judge a batch in this process, which is what an engine's process does."""
    return list(outcomes(batch))


Judging = Callable[[Batch], list[Outcome]]


class Judges(Executor):
    """Threads that judge here, in the place of what they are given to do."""

    def __init__(self, judging: Judging, slots: int) -> None:
        self._judging, self._threads = judging, ThreadPoolExecutor(slots)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        assert fn is apart
        assert not kwargs
        return cast("Future[T]", self._threads.submit(self._judging, cast("Batch", args[0])))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as Executor
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


def engine(judging: Judging = here, slots: int = 2) -> Engine:
    """Return an engine of threads, which judge here, or spoil what they are given."""

    @contextmanager
    def opened(_power: Power) -> Generator[Opened]:
        with Judges(judging, slots) as executor:
            yield Opened(executor, slots)

    return Engine("threads", opened)


def settings_of(_source: object) -> Settings:
    return SETTINGS


def found(one: Engine, files: list[Path]) -> list[tuple[int, FileReport]]:
    run = Run(files, settings_of, one)
    return [(place, decoded(record)) for place, record in run.records()]


def test_each_model_comes_once_and_as_it_is_judged_alone() -> None:
    together = found(load_engine("local"), FILES)
    assert sorted(place for place, _ in together) == list(range(len(FILES)))
    alone = check_paths(FILES, SETTINGS).files
    assert [report for _, report in sorted(together, key=lambda one: one[0])] == list(alone)


def test_what_comes_early_waits_for_its_turn() -> None:
    shuffled = iter([(2, b"c"), (0, b"a"), (3, b"d"), (1, b"b")])
    assert list(ordered(shuffled)) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")]


def test_a_lost_batch_is_given_again() -> None:
    seen: Counter[int] = Counter()

    def lost(batch: Batch) -> list[Outcome]:
        seen[batch.tasks[0].index] += 1
        if seen[batch.tasks[0].index] < 3:
            raise RuntimeError("the worker is gone")
        return here(batch)

    reports = found(engine(lost), FILES[:20])
    assert sorted(place for place, _ in reports) == list(range(20))
    assert all(report.error is None for _, report in reports)


def test_a_batch_that_is_lost_for_ever_is_told() -> None:
    def lost(_batch: Batch) -> list[Outcome]:
        raise RuntimeError("the worker is gone")

    reports = found(engine(lost), FILES[:3])
    assert len(reports) == 3
    assert all("its engine lost it 4 times: the worker is gone" in str(r.error) for _, r in reports)


def test_what_is_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first model is judged, others go on, but not for ever."""
    monkeypatch.setattr(running, "AHEAD", 40)
    monkeypatch.setattr(running, "BLOCK", 8)
    most = 0

    def slow(batch: Batch) -> list[Outcome]:
        nonlocal most
        if batch.tasks[0].index == 0:
            time.sleep(1)
        most = max(most, batch.tasks[-1].index) if time.monotonic() < end else most
        return here(batch)

    end = time.monotonic() + 0.9
    files = FILES[:1] * 400
    assert len(found(engine(slow), files)) == 400
    assert most < 80


def test_reports_are_not_held() -> None:
    """Of thousands of files a handful of reports lives at a time."""
    files = FILES[:2] * 500
    run = Run(files, settings_of, engine())
    most = 0
    for place, record in run.records():
        decoded(record)
        if place % 100 == 0:
            most = max(most, sum(type(one) is FileReport for one in gc.get_objects()))
    assert most < 100


def test_a_record_is_the_report() -> None:
    for path in FILES:
        (report,) = check_paths([path], SETTINGS).files
        assert decoded(encoded(report)) == report


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no record",
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"chalfpixel.checking.check\ncheck_paths\n(tR.",
        b"chalfpixel.batch.isolation\nsubprocess.Popen\n(S'true'\ntR.",
        b"I1\n.",
    ],
)
def test_what_is_no_record_runs_nothing(data: bytes) -> None:
    with pytest.raises(RecordError):
        decoded(data)


def test_a_wrong_setting_is_told_by_any_engine() -> None:
    def wrong(_source: object) -> Settings:
        return Settings(select=("no-such-rule",))

    run = Run(FILES[:2], wrong, engine())
    with pytest.raises(UsageError, match="no rule is called"):
        list(run.records())


def test_apart_is_as_here(tmp_path: Path) -> None:
    path = rules.model(tmp_path / "a.onnx")
    from halfpixel.batch.isolation import end_workers
    from halfpixel.batch.task import Task

    batch = Batch((Task(0, path), Task(1, path)), SETTINGS)
    try:
        assert [decoded(one.record) for one in apart(batch)] == [
            decoded(one.record) for one in here(batch)
        ]
    finally:
        end_workers()
