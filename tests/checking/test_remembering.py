"""What is remembered of files before is no gift to the next: each is judged as if it were alone."""

from pathlib import Path

import pytest

import example_models as models
from halfpixel.checking.check import Judge, Settings
from halfpixel.checking.result import Report
from halfpixel.report.machine.as_json import document
from halfpixel.work import TooMuchWork, one_node, remembered, spend, working

FILES = sorted(models.MISMATCHES.glob("*.onnx"))[:12]


@pytest.mark.parametrize("limit", [100, 350, 600, 1_000, 3_000])
def test_what_is_judged_hangs_on_nothing_but_the_file(limit: int) -> None:
    """Of a file that takes too much, the same nodes are left out whatever was read before."""
    judge = Judge(Settings(max_work=limit))

    def report(path: Path) -> object:
        return document(Report((judge.file(path, path.name),)))

    first = {path: report(path) for path in FILES}
    assert {path: report(path) for path in reversed(FILES)} == first
    assert len(first) == 12


def test_a_result_is_at_hand_and_takes_the_steps_that_it_took() -> None:
    """Those of what it asked too, once in a file, whoever asks first."""
    runs: list[str] = []

    @remembered(8)
    def inner(n: int) -> int:
        runs.append(f"inner {n}")
        spend(n)
        return n

    @remembered(8)
    def outer(n: int) -> int:
        runs.append(f"outer {n}")
        spend(1)
        found = inner(n) + inner(n)
        spend(2)
        return found

    with working(1_000) as first:
        assert outer(10) == 20
    with working(1_000) as second:
        assert inner(10) == 10
        assert second.done == 10
        assert outer(10) == 20
    with working(1_000) as third:
        assert outer(10) == 20
        assert inner(10) == 10
    assert first.done == second.done == third.done == 13
    assert runs == ["outer 10", "inner 10"]


def test_a_refusal_is_not_remembered() -> None:
    """What swallowed it gave a result that holds for this limit alone."""

    @remembered(8)
    def careless(n: int) -> str:
        try:
            spend(n)
        except TooMuchWork:
            return "refused"
        return "done"

    with working(400), pytest.raises(TooMuchWork), one_node():
        careless(350)
    with working(4_000), one_node():
        assert careless(350) == "done"


def test_an_error_on_the_way_is_got_over_again() -> None:
    """It takes its steps, and does not come out of what had caught it."""

    @remembered(8)
    def failing(n: int) -> int:
        spend(n)
        raise ValueError(n)

    @remembered(8)
    def catching(n: int) -> int:
        try:
            return failing(n)
        except ValueError:
            return -n

    done: list[int] = []
    for _ in range(2):
        with working(1_000) as work:
            assert catching(5) == -5
        done.append(work.done)
    assert done == [5, 5]
