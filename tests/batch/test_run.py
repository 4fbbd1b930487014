"""Runs over many models: their order, what is kept of them, and every format of their report."""

import gc
import io
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import pytest
from click.testing import CliRunner, Result

import example_models as models
from batch import crashing_rules as rules
from golden.readers import CHECKS
from halfpixel.batch import run as running
from halfpixel.batch.engine import Engine, Opened, Power, load_engine
from halfpixel.batch.isolation import apart
from halfpixel.batch.record import RecordError, decoded, encoded
from halfpixel.batch.run import Run
from halfpixel.batch.task import Batch, Outcome
from halfpixel.batch.worker import outcomes
from halfpixel.checking.check import Settings, check_paths
from halfpixel.checking.result import FileReport
from halfpixel.cli.main import cli
from halfpixel.cli.many import MANY, ordered
from halfpixel.cli.output import FORMATS
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


def settings_of(_source: Path | str) -> Settings:
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
            most = max(most, sum(isinstance(one, FileReport) for one in gc.get_objects()))
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


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of many models, some broken."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "m").mkdir()
    for place, path in enumerate(FILES[:MANY]):
        shutil.copy(path, tmp_path / "m" / f"{place:03}.onnx")
    (tmp_path / "m" / "007.onnx").write_bytes(b"no model")
    (tmp_path / "m" / "008.onnx").unlink()
    Path(tmp_path / "m" / "008.onnx").symlink_to("/nowhere")
    return tmp_path


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"text", "html"}))
def test_a_report_is_the_same_however_many_judge(
    folder: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    printed = [
        check("m", "--output-format", form, *more).stdout
        for more in (["--jobs", "1"], ["--jobs", "3", "--no-cache"], ["--jobs", "2"], [])
    ]
    monkeypatch.setattr("halfpixel.cli.many.MANY", 10_000)
    printed.append(check("m", "--output-format", form).stdout)  # in this process
    assert len(set(printed)) == 1
    CHECKS[form](printed[0])


def test_text_tells_the_same_files_in_any_order(folder: Path) -> None:
    one, many = (
        check(str(folder / "m"), "--verbose", *more).stdout.splitlines()
        for more in (["--no-cache"], ["--jobs", "3"])
    )
    assert sorted(one) == sorted(many)
    assert one[-1] == many[-1]
    assert one[-1].startswith(f"{MANY - 2} sites in {MANY} files: ")


def test_lists_of_models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names = ["m/003.onnx", "m/001.onnx", "m/absent.onnx"]
    (folder / "list").write_text("\n".join(names), encoding="utf-8")

    def paths(*arguments: str, given: bytes | None = None) -> list[str]:
        result = CliRunner().invoke(
            cli, ["check", *arguments, "--output-format", "jsonl"], input=io.BytesIO(given or b"")
        )
        assert result.exit_code == 2
        return [json.loads(line)["path"] for line in result.stdout.splitlines()]

    assert paths("@list") == names
    assert paths("--files-from", "list") == names
    assert paths("--files-from", "-", given="\0".join(names).encode()) == names
    assert paths("--files-from", "-", given="\r\n".join(names).encode()) == names
    assert paths("m/005.onnx", "@list", "--files-from", "list") == ["m/005.onnx", *names]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Missing argument 'PATH...'."),
        (["--files-from", "absent"], "absent: no such file or directory, expected a list"),
        (["--files-from", "-"], "the list of models is empty"),
        (["m", "--cache", "c", "--no-cache"], "--no-cache and --cache are two ways"),
        (["m", "--scheduler", "tcp://x"], "--scheduler is for --engine dask"),
        (["m", "--engine", "fast"], "no engine is called 'fast'; there are: dask, local"),
        (["m", "--engine", "dask"], "--scheduler says where the cluster is"),
        (["m", "--output-format", "parquet"], "-o FILE says which file it goes to"),
        (["-", "--files-from", "list"], "- is one model from standard input"),
    ],
)
def test_wrong_options_are_refused(
    folder: Path, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    result = check(*arguments)
    assert result.exit_code == 2
    assert told.lower() in result.output.lower()


def test_a_summary(folder: Path) -> None:
    text = check(str(folder / "m"), "--summary").stdout
    heads = [line.split() for line in text.splitlines() if "files" in line.split()[1:]]
    counts = ["files", "not", "read", "sites", "errors", "warnings", "notes"]
    assert heads[:3] == [
        ["producer", *counts], ["opset", *counts], ["rule", "severity", "findings", "files"],
    ]  # fmt: skip
    fields = json.loads(check(str(folder / "m"), "--summary", "--output-format", "json").stdout)
    whole = fields["summary"]
    assert sum(one["files"] for one in whole["producers"]) == MANY
    assert sum(one["files"] for one in whole["opsets"]) == MANY
    unread = next(one for one in whole["producers"] if one["producer"] == "not known")
    assert unread["unread"] == 2
    assert sum(one["findings"] for one in whole["rules"]) == sum(
        len(file["findings"]) for file in fields["files"]
    )
    markdown = check(str(folder / "m"), "--summary", "--output-format", "markdown").stdout
    assert "| producer | files | not read | sites | errors | warnings | notes |" in markdown
    CHECKS["markdown"](markdown)


def test_a_table_for_programs(folder: Path) -> None:
    parquet = import_module("pyarrow.parquet")
    file = folder / "found.parquet"
    assert check(str(folder / "m"), "-o", str(file)).exit_code == 2
    rows = parquet.read_table(file).to_pylist()
    document = json.loads(check(str(folder / "m"), "--output-format", "json").stdout)
    assert {row["file"] for row in rows} == {one["path"] for one in document["files"]}
    told = Counter((row["file"], row["node"], row["rule"]) for row in rows if row["rule"])
    meant = Counter(
        (one["path"], finding["node"], finding["rule"])
        for one in document["files"]
        for finding in one["findings"]
    )
    meant.update((one["path"], None, "unreadable") for one in document["files"] if one["error"])
    assert told == meant
    assert {row["producer"] for row in rows if row["file"].endswith("000.onnx")} == {
        document["files"][0]["producer"]
    }
    assert all(row["failed"] == (row["rule"] == "unreadable") for row in rows)


def test_a_wrong_setting_is_told_by_any_engine() -> None:
    def wrong(_source: Path | str) -> Settings:
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
