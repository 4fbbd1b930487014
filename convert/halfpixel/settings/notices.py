"""What is to be said of settings once files were checked: what matched nothing, what is known."""

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from halfpixel.checking.result import FileReport, Report, Suppression
from halfpixel.rule import chosen_rules
from halfpixel.settings.baseline import Baseline
from halfpixel.settings.configuration import Configuration

if TYPE_CHECKING:
    from halfpixel.settings.settled import Settled

    About = Mapping[int, tuple[Settled, list[FileReport]]]


def notices(
    report: Report, configuration: Configuration, baselines: Mapping[str, Baseline]
) -> Iterator[str]:
    """Yield a line for what is suppressed or known, and for settings that matched nothing.

    Args:
        report: what was found, with what is known taken out.
        configuration: what was settled for each file.
        baselines: those that were read, by path.
    """
    for file in report.files:
        yield from file.notices
    about: dict[int, tuple[Settled, list[FileReport]]] = {}
    for file in report.files:
        settled = configuration.of(Path(file.path))
        if file.error is None:
            about.setdefault(id(settled), (settled, []))[1].append(file)
    yield from _unmatched(about)
    yield from _unused(about)
    count = sum(len(file.suppressed) for file in report.files)
    if count:
        yield f"{_many(count, 'finding')} suppressed"
    for path, one in baselines.items():
        if one.known:
            yield f"{_many(one.known, 'finding')} known by {_near(path)}"
        if one.stale:
            what = f"{_many(one.stale, 'finding')} of {_near(path)} found no more"
            yield f"{what}: --write-baseline writes it anew"


def _unmatched(about: "About") -> Iterator[str]:
    """Yield the patterns of nodes for which something is expected, and that match none."""
    wanted: dict[tuple[str, str], bool] = {}
    for settled, files in about.values():
        if not settled.patterns:
            continue
        names = {name for file in files for site in file.sites for name in (site.name, site.path)}
        for one in settled.patterns:
            found = any(fnmatchcase(name, one[0]) for name in names)
            wanted[one] = wanted.get(one, False) or found
    yield from (f"{where}: no node matches it" for (_, where), found in wanted.items() if not found)


def _unused(about: "About") -> Iterator[str]:
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
    yield from (f"{known}: suppresses nothing" for known, used in asked.items() if not used)


def _near(path: str) -> str:
    """Return a path from the working folder, where it lies in that."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
