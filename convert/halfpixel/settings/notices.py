"""What is to be said of settings once files were checked: what matched nothing, what is known."""

import os
from collections.abc import Container, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from halfpixel.address import location
from halfpixel.checking.result import FileReport, Report, Suppression
from halfpixel.printable import many
from halfpixel.rule import chosen_rules
from halfpixel.settings.baseline import Baseline
from halfpixel.settings.configuration import Configuration
from halfpixel.settings.keys import texts
from halfpixel.settings.pattern import matches, rooted, stem

if TYPE_CHECKING:
    from halfpixel.settings.file import Layer
    from halfpixel.settings.settled import Settled, Wanted

    About = Mapping[int, tuple[Settled, list[FileReport]]]


NAMED: Final = 5
"""Files that a line names; the others are counted."""


class Covers(Protocol):
    """What a run covers: a part of a folder does not tell what is dead in its configuration."""

    def named(self, folder: str) -> bool:
        """Whether a folder was named, or one that it lies in."""
        ...

    def found(self, folder: str) -> bool:
        """Whether it was, or else every model in it was found in folders that were."""
        ...

    def whole(self, folder: str) -> bool:
        """Whether it was, or else all models in it were checked."""
        ...


def notices(
    report: Report,
    configuration: Configuration,
    baselines: Mapping[str, Baseline],
    covers: Covers,
) -> Iterator[str]:
    """Yield a line for what is suppressed or known, and for settings that matched nothing.

    Args:
        report: what was found, with what is known taken out.
        configuration: what was settled for each file.
        baselines: those that were read, by path.
        covers: the folders that were checked as a whole.
    """
    for file in report.files:
        yield from file.notices
    about: dict[int, tuple[Settled, list[FileReport]]] = {}
    for file in report.files:
        settled = configuration.of(location(file.path))
        if file.error is None:
            about.setdefault(id(settled), (settled, []))[1].append(file)
    unread = [
        configuration.of(location(file.path)) for file in report.files if file.error is not None
    ]
    yield from _without_files(report, configuration, covers)
    yield from _unmatched(about, {one for settled in unread for one in settled.patterns}, covers)
    yield from _unused(about, covers)
    count = sum(len(file.suppressed) for file in report.files)
    if count:
        yield f"{many(count, 'finding')} suppressed"
    for path, one in baselines.items():
        if one.known:
            yield f"{many(one.known, 'finding')} known by {_near(path)}"
        if one.stale:
            what = f"{many(one.stale, 'finding')} of {_near(path)} found no more"
            yield f"{what}: --write-baseline writes it anew"
        yield from _gone(one, covers)


def _gone(baseline: Baseline, covers: Covers) -> Iterator[str]:
    """Yield how many findings are of files that are gone from the folders that were checked.

    Where no file of a baseline is there it lies in another folder than it was written in, most
    likely: that is told of whatever is checked.
    """
    gone = baseline.gone()
    all_gone = len(gone) == baseline.files
    if not all_gone:
        gone = {k: n for k, n in gone.items() if covers.named(str(Path(baseline.place(k)).parent))}
    if not gone:
        return
    count = sum(gone.values())
    what = f"{many(count, 'finding')} of {_near(baseline.path)} {'is' if count == 1 else 'are'}"
    listed = ", ".join([*gone][:NAMED])
    more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    advice = "--write-baseline writes it anew"
    if all_gone:
        advice = f"its files are seen from its own folder; {advice}"
    yield f"{what} of files that are not here: {listed}{more}: {advice}"


def _without_files(report: Report, configuration: Configuration, covers: Covers) -> Iterator[str]:
    """Yield the patterns of files that no file matches which was checked."""
    found: dict[str, tuple[Layer, list[str]]] = {}
    for file in report.files:
        path = location(file.path)
        source = path.with_name(f"{path.stem.removesuffix('.fixed')}{path.suffix}")
        for one in dict.fromkeys((path, source)):
            full, layers = configuration.said_of(one)
            for layer in layers:
                found.setdefault(layer.path, (layer, []))[1].append(full)
    for layer, paths in found.values():
        wanted = [(f"per-file.{pattern!r}", pattern) for pattern in layer.table.per_file]
        wanted += [
            (f"suppress {place}: file {pattern!r}", pattern)
            for place, known in enumerate(layer.table.suppress, 1)
            for pattern in texts(known.file)
        ]
        for key, pattern in wanted:
            if not any(matches(path, rooted(layer.folder, [pattern])) for path in paths) and (
                covers.found(layer.folder) or covers.named(str(Path(layer.folder, stem(pattern))))
            ):
                yield f"{layer.path}: {key}: no model that was checked matches it"


def _unmatched(about: "About", unread: "Container[Wanted]", covers: Covers) -> Iterator[str]:
    """Yield the patterns of nodes of which something is said, and that match none.

    What may match in a file that could not be read is left out.
    """
    wanted: dict[Wanted, bool] = {}
    for settled, files in about.values():
        if not settled.patterns:
            continue
        names = {name for file in files for site in file.sites for name in (site.name, site.path)}
        for one in settled.patterns:
            found = any(fnmatchcase(name, one[0]) for name in names)
            wanted[one] = wanted.get(one, False) or found
    for one, found in wanted.items():
        _, where, folder = one
        if not found and one not in unread and covers.whole(folder):
            yield f"{where}: no node matches it"


def _unused(about: "About", covers: Covers) -> Iterator[str]:
    """Yield the suppressions of configuration files that suppressed nothing."""
    asked: dict[Suppression, bool] = {}
    for settled, files in about.values():
        if not settled.check.suppressions:
            continue
        rules = chosen_rules(settled.check.select, settled.check.ignore)
        used = {one.by for file in files for one in file.suppressed}
        told = "\n".join(line for file in files for line in file.notices)
        for known in settled.check.suppressions:
            names = [name for rule in rules for name in (rule.name, *rule.aliases)]
            if any(fnmatchcase(name, pattern) for name in names for pattern in known.rules):
                asked[known] = asked.get(known, False) or known in used or str(known) in told
    for known, had in asked.items():
        if not had and covers.whole(str(Path(known.where).parent)):
            yield f"{known}: suppresses nothing"


def _near(path: str) -> str:
    """Return a path from the working folder, where it lies in that."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near
