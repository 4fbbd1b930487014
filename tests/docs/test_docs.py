"""The committed pages are what the code says."""

import importlib.util
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from halfpixel.intents.exporter_file import FOLDER, load_exporter, names
from halfpixel.targets.target import load_target
from halfpixel.targets.target import names as targets

DOCS = Path(__file__).parents[2] / "docs"


def _build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = _build()


@pytest.mark.parametrize("name", BUILD.PAGES)
def test_a_page_is_up_to_date(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == BUILD.PAGES[name](), "run: python docs/build.py"


def test_a_stale_page_is_named_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(BUILD, "FOLDER", tmp_path)
    assert BUILD.main(["--check"]) == 1
    assert "docs/exporters.md is stale, run: python docs/build.py" in capsys.readouterr().err
    assert BUILD.main([]) == 0
    assert BUILD.main(["--check"]) == 0
    (tmp_path / "rules" / "index.md").write_text("old", encoding="utf-8")
    assert BUILD.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/rules/index.md is stale, run: python docs/build.py\n"


def test_every_row_stands_on_its_page_with_its_source() -> None:
    of_targets = [row for name in targets() for row in load_target(name).rows]
    loaded = [load_exporter(FOLDER / f"{name}.toml") for name in names()]
    told = [
        *(("targets.md", row.source, row.reports) for row in of_targets),
        *(("exporters.md", row.source, row.reports) for one in loaded for row in one.rows),
    ]
    for page, source, reports in told:
        text = (DOCS / page).read_text(encoding="utf-8")
        assert source in text
        assert all(report in text for report in reports)


def test_the_page_of_the_wild_has_every_package_that_its_script_downloads() -> None:
    page = (DOCS / "in-the-wild.md").read_text(encoding="utf-8")
    for package in import_module("truth.in_the_wild").PACKAGES:
        assert f"| {package.replace('==', ' ')} |" in page
