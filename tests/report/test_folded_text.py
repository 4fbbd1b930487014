"""Of many files a rule is told in full once: nothing that is wrong is lost by that."""

import shutil
from pathlib import Path

from click.testing import CliRunner
from msgspec.structs import replace

import example_models as models
from golden.report import SITES, found
from halfpixel.checking.result import FileReport
from halfpixel.cli.main import cli
from halfpixel.report import as_text
from halfpixel.report.layout import plain
from halfpixel.rule import Rule

WARNED = models.MISMATCHES / "B1.onnx"
GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"


def run(*arguments: str, columns: str | None = None) -> list[str]:
    """Return what a command prints, line by line."""
    return CliRunner(env={"COLUMNS": columns}).invoke(cli, arguments).stdout.splitlines()


def test_quiet_names_every_wrong_file(tmp_path: Path) -> None:
    wrong = [tmp_path / f"{place:02d}.onnx" for place in range(25)]
    unread = [tmp_path / f"unread{place}.onnx" for place in range(8)]
    for path in wrong:
        shutil.copy(WARNED, path)
    for path in unread:
        path.write_bytes(b"no model")
    shutil.copy(GOOD, tmp_path / "good.onnx")
    lines = run("check", str(tmp_path), "--quiet", columns="80")
    assert all(len(line) <= 80 or " " not in line.strip() for line in lines)
    text = "\n".join(lines)
    assert all(str(path) in text for path in (*wrong, *unread))
    assert "good.onnx" not in text
    assert "34 files: 25 warnings in 25 files" in " ".join(map(str.strip, lines[-2:]))
    loud = "\n".join(run("check", str(tmp_path)))
    assert f"25 sites in 25 files: {wrong[0]}, {wrong[1]} and 23 more" in loud
    for path in unread:
        path.unlink()
    for path in wrong:
        shutil.copy(GOOD, path)
    assert run("check", str(tmp_path), "--quiet") == []


def test_a_site_that_is_told_is_told_with_the_gravest_of_it() -> None:
    text = as_text.Text(as_text.MANY, "warning")
    error, other = found(SITES[0]), found(SITES[1], "warning")
    mild = [replace(found(SITES[0], "warning"), rule=Rule(f"rules.mild_{n}", "")) for n in "ab"]
    first, again, known = (
        FileReport(f"{name}.onnx", SITES[:2], tuple(of))
        for name, of in (("first", [error]), ("again", [mild[0], error, mild[1]]), ("known", mild))
    )
    assert any("error shifted-linear" in plain(line) for line in text.file(first))
    told = [plain(line) for line in text.file(again)]
    said = [line.split(":")[0].strip() for line in told if "(proven)" in line]
    assert said == ["error shifted-linear", "warning mild-a", "warning mild-b"]
    assert list(text.file(known)) == []
    second = list(text.file(FileReport("other.onnx", SITES[1:2], (other,))))
    assert any("warning shifted-linear" in plain(line) for line in second)
