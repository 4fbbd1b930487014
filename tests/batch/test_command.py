"""`check` of many models: lists of them, every format of their report, a summary, a table."""

import io
import json
import shutil
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
from golden.readers import CHECKS
from halfpixel.cli.main import cli
from halfpixel.cli.many import MANY
from halfpixel.cli.output import FORMATS

FILES = sorted([*models.MISMATCHES.glob("*.onnx"), *models.CORPUS.glob("*.onnx")])[:90]


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


@pytest.mark.parametrize("form", ["json", "csv", "jsonl"])
def test_a_run_that_does_not_start_has_no_report(tmp_path: Path, form: str) -> None:
    """A target's file that is wrong is told before the head of a report is out."""
    (tmp_path / "own.toml").write_text("[[row2]]\n", encoding="utf-8")
    model = str(models.MISMATCHES / "A3.onnx")
    asked = ["check", model, "--target", str(tmp_path / "own.toml"), "--output-format", form]
    ran = CliRunner().invoke(cli, asked)
    assert (ran.exit_code, ran.stdout) == (2, "")
