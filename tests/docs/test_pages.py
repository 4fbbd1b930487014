"""Every command and every block of Python in README.md and docs runs, and prints what is shown."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _blocks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_blocks", ROOT / "docs" / "blocks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


BLOCKS = _blocks()
PAGES = [
    page
    for page in BLOCKS.pages()
    if any(BLOCKS.blocks(page.read_text(encoding="utf-8"))) or page.name == "README.md"
]


def _names(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.filterwarnings("default")  # exporters warn; what a page shows is what counts
@pytest.mark.parametrize("page", PAGES, ids=_names)
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    namespace: dict[str, object] = {"__name__": page.stem}
    lacking: set[str] = set()
    text = page.read_text(encoding="utf-8")
    with BLOCKS.workspace(tmp_path, text):
        for block in BLOCKS.blocks(text):
            if block.lacking:
                lacking |= set(block.lacking)
            elif block.language == "python":
                BLOCKS.python(block.text, namespace, page.name)
            elif block.shows:
                assert BLOCKS.shown(block) == block.text, f"run: python docs/blocks.py {page}"
            else:
                _run(block)
    if lacking:
        pytest.skip(f"all but the blocks that need {', '.join(sorted(lacking))} ran")


def _run(block: object) -> None:
    for command in BLOCKS.commands(block):
        if not BLOCKS.reason(command):
            code, printed = BLOCKS.run(command)
            assert code in {0, 1}, f"{command}: exit code {code}: {printed}"


def test_what_is_not_run_says_what_it_needs() -> None:
    assert BLOCKS.reason("halfpixel verify model.onnx@cuda model.onnx@cpu") == "a GPU"
    assert not BLOCKS.reason("halfpixel check model.onnx")


def test_a_stale_block_is_written_again(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ halfpixel --version\nhalfpixel 0\n```\n", encoding="utf-8")
    new = BLOCKS.renewed(page)
    assert new.startswith("```console\n$ halfpixel --version\nhalfpixel")
    assert "halfpixel 0\n" not in new


def test_a_command_may_be_broken_over_lines() -> None:
    text = (
        '$ halfpixel explain "F.interpolate(x, size=8)" \\\n    "F.interpolate(x, size=(8, 8))"\n'
    )
    shown = BLOCKS.shown(BLOCKS.Block("console", text, 0, len(text)))
    assert shown.startswith(text)
    assert "equal at every length" in shown
