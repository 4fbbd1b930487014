"""The benchmark book: a row that misses what is asked has a reason, and its words are true."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from book.meter import FailedError, measure
from book.peers import PLAIN
from book.results import PARTS, Case, Cost, Measured, Part, load, misses, save
from book.words import megabytes, reason, seconds, table, told, verdict

KNOWN = [part for name in PARTS if (part := load(name)) is not None]
CASES = [case for part in KNOWN for case in part.cases]
PICTURES = sorted((Path(__file__).parents[2] / "docs" / "book").glob("*.svg"))


def cost(seconds: float, peak: float, *, stopped: bool = False) -> Cost:
    return Cost(seconds, seconds, peak / 2, peak / 2, peak, 1.0, 0.0, stopped)


def case(*peers: Measured, asked: tuple[float, float] = (10.0, 30.0)) -> Case:
    ours = Measured("halfpixel check", "ours", (cost(1.0, 20.0), cost(2.0, 20.0), cost(1.0, 20.0)))
    return Case("1.5 GB embedded", {}, (ours, *peers), asked)


def series(name: str) -> list[Case]:
    return [one for one in CASES if one.series == name and one.ours.runs]


def grown(name: str) -> tuple[float, float, float]:
    """Return how many times as much there is, and the time and the memory that it takes."""
    first, last = series(name)[0], series(name)[-1]
    times = last.ours.spread(seconds).middle / first.ours.spread(seconds).middle
    sizes = last.ours.spread(megabytes).middle / first.ours.spread(megabytes).middle
    return last.at / first.at, times, sizes


@pytest.mark.parametrize("one", CASES, ids=lambda one: f"{one.series} {one.name}")
def test_a_row_that_misses_has_a_reason(one: Case) -> None:
    assert one.ours.runs, one.ours.failed
    unexplained = [(m.peer.name, m.what, m.found) for m in misses(one) if not reason(m)]
    assert unexplained == [], "say why in benchmarks/book/reasons.toml"


@pytest.mark.parametrize("part", KNOWN, ids=lambda part: part.name)
def test_a_part_names_its_machine_and_its_versions(part: Part) -> None:
    assert {"processor", "cores", "memory", "system", "load"} <= set(part.machine)
    assert {"Python", "onnx"} <= set(part.versions)


@pytest.mark.skipif(not series("bytes"), reason="growth was not measured yet")
def test_growth_is_what_the_page_says_of_it() -> None:
    _, longer, larger = grown("bytes")
    assert max(longer, larger) < 1.5
    for name in ("nodes", "sites", "models"):
        more, longer, larger = grown(name)
        assert max(longer, larger) < 1.5 * more


def test_ratios_are_of_the_same_turn_and_a_stopped_run_is_a_bound() -> None:
    quick = Measured("quick", "peer", (cost(2.0, 700.0), cost(4.0, 700.0), cost(2.0, 700.0)))
    slow = Measured("slow", "peer", (cost(20.0, 100.0, stopped=True),))
    found = case(quick, slow, Measured("none", "peer", failed="no such release"))
    assert found.ratio(quick, "time") == (2.0, 2.0, 2.0, 3, False)
    assert told(found.ratio(slow, "time")) == "over 20.0"
    assert [(m.peer.name, m.what) for m in misses(found)] == [("quick", "time"), ("slow", "memory")]
    lines = list(table(found))
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| **halfpixel check**", "| quick", "| slow", "| none",
    ]  # fmt: skip
    assert "not measured: no such release" in lines[-1]


def test_what_holds_is_said_and_what_does_not_too() -> None:
    slower = Measured("peer", "peer", (cost(30.0, 700.0),))
    (line,) = verdict(case(slower))
    assert line.endswith("at least 10 times the time and 30 times the memory of check. It holds.")
    faster = Measured("onnx.load", "peer", (cost(3.0, 700.0),))
    assert list(verdict(case(faster)))[-1].startswith("- onnx.load takes 3.00 times the time: ")


def test_a_part_is_written_and_read_back(tmp_path: Path) -> None:
    part = Part("check", "python benchmarks/book", "2026-01-01", {}, {}, (case(),))
    save(part, tmp_path)
    assert load("check", tmp_path) == part
    assert load("fix", tmp_path) is None


def test_own_pages_and_mapped_ones_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(64_000_000))
    own = "x = bytearray(64_000_000); import time; time.sleep(0.2)"
    mapped = (
        "import mmap, sys, time; f = open(sys.argv[1], 'rb')\n"
        "m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ); sum(m[::4096]); time.sleep(0.2)"
    )
    first = measure([sys.executable, "-c", own], PLAIN, patience=60)
    second = measure([sys.executable, "-c", mapped, str(file)], PLAIN, patience=60)
    assert first.own > 60 > first.mapped
    assert second.mapped > 60 > second.own


def test_patience_ends_and_a_failure_says_its_last_line() -> None:
    found = measure([sys.executable, "-c", "import time; time.sleep(60)"], PLAIN, patience=0.3)
    assert found.stopped
    assert found.seconds < 30
    with pytest.raises(FailedError, match=r"^ValueError: no$"):
        measure([sys.executable, "-c", "raise ValueError('no')"], PLAIN, patience=60)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_plot_is_read_by_those_who_do_not_see_it(path: Path) -> None:
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - ours
    names = {element.get("id"): element.text or "" for element in root}
    title, description = (root.get("aria-labelledby") or "").split()
    assert root.get("role") == "img"
    assert names[title]
    assert names[description].endswith(".")
    assert not [one for one in root.iter() if one.tag.endswith("script")]
