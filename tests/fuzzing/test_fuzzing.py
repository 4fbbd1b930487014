"""A few inputs of every target, the same each time; and what the harness itself finds and says.

`python -m fuzzing` runs the same targets for as long as one likes.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing import limits, seeds, wire
from fuzzing.case import Case
from fuzzing.command import Ended, Failure, judge
from fuzzing.guided import OF_FILES, case_of, mutate
from fuzzing.smaller import smaller
from fuzzing.targets import TARGETS, Target, run_in
from fuzzing.trial import tried

INPUTS = {"verify": 15, "fix": 30}
ROOT = Path(__file__).parents[2]
TIMED = ("slow", "large")
"""What is measured is not asserted here: a machine that runs all tests at once is no measure."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_mutated_inputs_lead_to_a_report_or_a_line(target: Target, tmp_path: Path) -> None:
    found: dict[str, int] = {}
    read = 0
    for number in range(INPUTS.get(target.name, 50)):
        trial = tried(target, target.case(0, number), tmp_path)
        read += trial.read
        if trial.kind and not trial.kind.startswith(TIMED):
            found.setdefault(trial.kind, number)
    assert found == {}
    assert read > 5, "nearly everything was refused: the mutators do not reach behind the readers"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_an_input_is_made_again_from_its_number(target: Target) -> None:
    assert target.case(3, 7) == target.case(3, 7)
    assert len({repr(target.case(3, number)) for number in range(20)}) > 15


@pytest.mark.parametrize("target", OF_FILES.values(), ids=lambda target: target.name)
def test_a_guided_input_is_the_file_with_a_command_of_its_bytes(target: Target) -> None:
    data = mutate(target, b"\x08\x07\x3a\x02\x0a\x00", 4096, 1)
    case = case_of(target, data)
    assert list(case.files.values()) == [data]
    assert case == case_of(target, data)


def test_every_seed_is_the_same_as_a_tree_and_back() -> None:
    for data in (*seeds.onnx_models(), *seeds.coreml_files()):
        fields = wire.parsed(data)
        assert fields is not None
        assert wire.serialized(fields) == data


def test_the_tables_have_seeds() -> None:
    assert len(seeds.onnx_models()) > 100
    assert len(seeds.coreml_packages()) > 50
    assert all(len(texts) > 10 for texts in seeds.records().values())
    assert len(seeds.words()) > 200


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(1, b"up: \x1b[31m\n", ""), "prints U+001B"),
        (Ended(0, "up \u202e\n".encode(), ""), "prints U+202E"),
        (Ended(2, b"", "halfpixel: a\x85b\n".encode("latin-1").decode("latin-1")), "prints U+0085"),
        (Ended(1, b"::error file=other.py,line=1::\n", ""), "lets a text of a file start a line"),
        (Ended(3, b"", ""), "ends with exit code 3"),
        (Ended(2, b"", "halfpixel: m.onnx: KeyError: 3\n"), "shows KeyError"),
        (Ended(2, b"", "Traceback (most recent call last):\n"), "shows Traceback"),
        (Ended(2, b"", "halfpixel: m.onnx: a defect of halfpixel\n"), "tells of a defect"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_command_may_not_do_is_seen(ended: Ended, said: str) -> None:
    with pytest.raises(Failure, match=said.replace("+", r"\+")):
        judge(ended, ("check", "m.onnx"), "")
    judge(
        Ended(2, b"", "halfpixel: m.onnx: KeyError is its name: KeyError: 3\n"),
        ("check",),
        "KeyError",
    )


def test_a_defect_that_the_boundary_caught_is_told_by_its_place() -> None:
    ended = Ended(2, b"", "halfpixel: a defect of halfpixel", IndexError("inside"))
    with pytest.raises(IndexError, match="inside"):
        judge(ended, ("check", "m.onnx"), "")


def test_reports_for_machines_are_whole() -> None:
    asked = ("check", "m.onnx", "--output-format", "sarif")
    judge(Ended(0, b"{}\n", ""), asked, "")
    with pytest.raises(Failure, match="is not JSON"):
        judge(Ended(0, b"{\n", ""), asked, "")


def test_files_that_no_command_may_write_are_seen(tmp_path: Path) -> None:
    def beside(_case: Case, folder: Path) -> bool:
        (folder / "model.fixed.onnx").write_bytes(b"")
        return True

    def hidden(_case: Case, folder: Path) -> bool:
        (folder / "out" / ".model.tmp").write_bytes(b"")
        return True

    def secret(_case: Case, folder: Path) -> bool:
        (folder / "out" / "w.bin").write_bytes((folder / "link.bin").read_bytes())
        return True

    def changed(_case: Case, folder: Path) -> bool:
        (folder / "model.onnx").write_bytes(b"other")
        return True

    case = Case({"model.onnx": b"model"})
    for place, (run, said) in enumerate(
        ((beside, "beside"), (hidden, "hidden"), (secret, "outside"), (changed, "changes"))
    ):
        target = Target("planted", lambda _rng: case, run)
        with pytest.raises(Failure, match=said):
            run_in(target, case, tmp_path / str(place))


def test_an_error_is_told_once_and_its_input_made_small(tmp_path: Path) -> None:
    def run(case: Case, _folder: Path) -> bool:
        if b"bad" in case.files["a"]:
            raise ValueError("planted")
        return True

    target = Target("planted", lambda _rng: Case({"a": b""}), run)
    case = Case({"a": b"some bytes, bad ones, and others"})
    kind = tried(target, case, tmp_path).kind
    assert kind == "ValueError: outside of the product"
    small = smaller(case, lambda other: tried(target, other, tmp_path).kind == kind, 20)
    assert small.files == {"a": b"bad"}


def test_the_command_says_what_it_tried(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fuzzing", "--target", "wire", "--inputs", "40", "--jobs", "1"]
    command += ["--failures", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 inputs in" in done.stdout
    assert "0 kinds of failures" in done.stdout


def test_pace_is_the_best_at_least_once() -> None:
    paces = [limits.pace() for _ in range(5)]
    assert min(paces) >= 1
