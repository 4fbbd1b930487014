"""Bytes that are fetched as they are asked for: the right ones, each once, and few."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halfpixel.storage.pace import FIRST, MOST, Pace
from halfpixel.storage.ranged import Range, Ranged


class Held:
    """A file, and what was fetched of it."""

    def __init__(self, data: bytes, latency: float = 0.02, first: int = 0) -> None:
        self.data = data
        self.fetched: list[Range] = []
        self.waves = 0
        pace = Pace()
        pace.took(latency, 0)
        self.view = Ranged(len(data), self._fetch, pace, data[:first])

    def _fetch(self, ranges: Sequence[Range]) -> Sequence[bytes]:
        self.fetched += ranges
        self.waves += 1
        return [self.data[start:stop] for start, stop in ranges]


SIZE = 300_000
DATA = bytes(range(251)) * (SIZE // 251)
PLACES = st.integers(0, len(DATA) - 1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(PLACES, st.tuples(PLACES, st.integers(0, 90_000))), max_size=12),
    st.lists(st.tuples(st.integers(-99, SIZE + 99), st.integers(-99, SIZE + 99)), max_size=4),
)
def test_what_is_read_is_what_is_there(
    reads: list[int | tuple[int, int]], brought: list[Range]
) -> None:
    held = Held(DATA, latency=0.0)
    for place, read in enumerate(reads):
        if place == len(reads) // 2:
            held.view.bring(brought)
        if isinstance(read, int):
            assert held.view[read] == DATA[read]
        else:
            start, count = read
            assert held.view[start : start + count] == DATA[start : start + count]
    ranges = sorted(held.fetched)
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))
    assert held.view.fetched == sum(stop - start for start, stop in ranges)


def test_reading_on_takes_blocks_that_grow() -> None:
    held = Held(bytes(50_000_000), first=FIRST)
    for at in range(0, 50_000_000, 1000):
        held.view[at]
    assert held.waves < 20
    assert len(held.fetched) < 80


def test_a_payload_is_jumped_over() -> None:
    held = Held(bytes(40_000_000), first=FIRST)
    for at in (100, 10_000_000, 20_000_000, 30_000_000):
        held.view[at]
    assert held.view.fetched < FIRST + 4 * 50_000


def test_distances_that_come_again_are_read_ahead() -> None:
    steps, at = [40_000, 3_000_000, 7_000_000], FIRST
    held = Held(bytes(401 * 1_000_000), first=FIRST)
    for n in range(120):
        held.view[at + n % 30]  # a name is a letter longer, or not
        at += steps[n % 3]
    assert held.waves < 20
    assert held.view.fetched < 0.01 * at


def test_distances_that_do_not_come_again_cost_little() -> None:
    held = Held(bytes(500_000_000), first=FIRST)
    at = 200_000
    for n in range(100):
        held.view[at]
        at += 1_000_000 + 31_337 * n
    assert len(held.fetched) < 100 + MOST
    assert held.view.fetched < 0.01 * at


@pytest.mark.parametrize("latency", [0.0, 0.02, 5.0])
def test_blocks_follow_the_latency(latency: float) -> None:
    held = Held(bytes(10_000_000), latency)
    held.view[5_000_000]
    expected = {0.0: 4096, 0.02: 19531, 5.0: 19531}[latency]
    assert held.view.fetched == expected


def test_reading_backwards_takes_blocks_that_grow() -> None:
    held = Held(bytes(50_000_000), first=FIRST)
    for at in range(49_999_900, 30_000_000, -100):
        held.view[at : at + 60]
    assert held.waves < 30
    assert held.view.fetched < 30_000_000


def test_what_is_brought_comes_together() -> None:
    held = Held(bytes(50_000_000), first=FIRST)
    places = [*range(1_000_000, 40_000_000, 1_000_000), 39_000_500, 60_000_000]
    held.view.bring([(at, at + 100) for at in places])
    assert held.waves == 1
    assert held.view.fetched == FIRST + 38 * 100 + 600
    for at in places[:-1]:
        held.view[at : at + 100]
    assert held.waves == 1


def test_there_is_no_buffer() -> None:
    with pytest.raises(TypeError):
        memoryview(Held(DATA).view)  # type: ignore[arg-type]


def test_behind_the_end_is_nothing() -> None:
    view = Held(b"abc").view
    assert view[1:9] == b"bc"
    with pytest.raises(IndexError):
        view[3]
