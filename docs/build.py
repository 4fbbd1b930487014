"""Write the pages that are made from the code: `python docs/build.py`.

`rules/` holds the manual page of every rule, its module's docstring, `targets.md` every row
of every target with its source, `exporters.md` those of every exporter, and `conventions.md` and
`conventions/` every sampling that has a name, in the words of each library; `picture.svg` and
`rules/images` are the pictures. `formats.md` says what each format of a report is for,
`report.schema.json` describes those in JSON, `configuration.md` has every key of a configuration
file, `commands/serve.md` what the service takes and answers, `preprocessing.md` what is read of how
images are readied, and
`benchmark-book.md` and `book/` show what `benchmarks/results/book` holds. `--check` writes nothing:
it compares each page with what would be written, and says which is stale.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "benchmarks")]

from makers import (  # noqa: E402 - found beside this file
    book,
    configuration,
    conventions,
    exporters,
    formats,
    pictures,
    preprocessing,
    rules,
    serving,
    targets,
)

from halfpixel.rule import load_rules  # noqa: E402

PAGES: Mapping[str, Callable[[], str]] = {
    "benchmark-book.md": book.page,
    "configuration.md": configuration.page,
    "halfpixel.schema.json": configuration.schema,
    **conventions.pages(),
    "exporters.md": exporters.exporters_page,
    "targets.md": targets.targets_page,
    "formats.md": formats.page,
    "preprocessing.md": preprocessing.page,
    "report.schema.json": formats.schema,
    "commands/serve.md": serving.page,
    "rules/index.md": rules.index,
    **{f"rules/{rule.name}.md": partial(rules.page, rule) for rule in load_rules()},
    **book.pictures(),
    **pictures.files(),
}
DRAWN = (book.FOLDER, pictures.FOLDER)
"""Where only pictures lie that are written here."""


def stale() -> list[str]:
    """Return the pages that are not what would be written, and those that nothing writes."""
    wrong = [name for name, page in PAGES.items() if _text(FOLDER / name) != page()]
    return [*wrong, *sorted(_there() - set(PAGES))]


def _there() -> set[str]:
    """Return what lies where only what is written here lies."""
    found = [path for one in DRAWN for path in (FOLDER / one).glob("*.svg")]
    found += [path for one in ("rules", conventions.FOLDER) for path in (FOLDER / one).glob("*.md")]
    return {path.relative_to(FOLDER).as_posix() for path in found}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main(arguments: Sequence[str] = ()) -> int:
    """Write every page, or with --check say which are stale; return the exit code."""
    if "--check" in arguments:
        for name in (old := stale()):
            sys.stderr.write(f"docs/{name} is stale, run: python docs/build.py\n")
        return 1 if old else 0
    for name, page in PAGES.items():
        (FOLDER / name).parent.mkdir(exist_ok=True, parents=True)
        (FOLDER / name).write_text(page(), encoding="utf-8")
    for name in _there() - set(PAGES):
        (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
