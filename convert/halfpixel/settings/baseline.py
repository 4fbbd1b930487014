"""A baseline: the findings that were there when a team took halfpixel up, so that new ones show.

Nodes are renumbered whenever a model is exported anew, so an entry is a finding by its file, its
rule and what its site computes as the file says it; of sites that are alike each has its place in
the order of the graph. A name that is still there tells which of them is meant. What has become
graver since, such as a doubt that is proven now that the file says what was meant, is not known.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.address import is_address, location
from halfpixel.checking.result import FileReport, SiteFinding
from halfpixel.errors import UsageError, system_reason
from halfpixel.formats import atomic
from halfpixel.printable import printable
from halfpixel.quoting import json_text
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.site import Operation
from halfpixel.surroundings import Shape

VERSION: Final = 1


class Entry(Struct, frozen=True):
    """Findings of one rule, of sites of one file that are alike.

    Attributes:
        rule: the rule.
        severity: how bad it was; what is graver is not known.
        op: type of the nodes, for people.
        computes: hash of what each of them computes.
        nodes: their names, in graph order.
    """

    rule: str
    severity: Severity
    op: str
    computes: str
    nodes: tuple[str, ...]


class _Document(Struct, frozen=True):
    """A baseline as it is written."""

    version: int
    files: dict[str, tuple[Entry, ...]]


class Baseline:
    """The findings that are known, each of which is used up by one that is found."""

    def __init__(self, path: str) -> None:
        """Read a baseline.

        Raises:
            UsageError: the file cannot be read, or is none.
        """
        self.path = path
        self.known = self.stale = 0
        try:
            if not Path(path).is_file():  # a pipe would be waited for, a device read for ever
                raise UsageError(f"{path}: no such file; --write-baseline makes one")
            document = msgspec.json.decode(Path(path).read_bytes(), type=_Document)
        except OSError as error:
            raise UsageError(f"{path}: {system_reason(error)}") from error
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not a baseline: {error}") from error
        if document.version != VERSION:
            raise UsageError(
                f"{path}: a baseline of version {document.version}, expected {VERSION}"
            )
        self._files = document.files
        self._asked: set[str] = set()

    def new(self, report: FileReport, asked: Container[str] | None = None) -> FileReport:
        """Return a report without the findings that are known; `known` and `stale` count.

        What a fix wrote beside a model is known as the model is.

        Args:
            report: what was found in a file.
            asked: the rules that were asked of it, by name; None for all.
        """
        path = location(report.path)
        source = path.with_name(f"{path.stem.removesuffix('.fixed')}{path.suffix}")
        keys = [key_of(str(one), self.path) for one in dict.fromkeys((path, source))]
        self._asked.update(keys)
        entries = next((found for key in keys if (found := self._files.get(key))), ())
        if not entries:
            return report
        left: _Left = defaultdict(dict)
        for entry in entries:
            if asked is not None and entry.rule not in asked:
                continue
            for name in entry.nodes:
                ranks = left[entry.rule, entry.computes].setdefault(name, [])
                ranks.append(SEVERITIES.index(entry.severity))
        known = set(map(id, _known(report.findings, left)))
        self.known += len(known)
        if report.error is None:
            self.stale += sum(len(ranks) for names in left.values() for ranks in names.values())
        return replace(report, findings=tuple(f for f in report.findings if id(f) not in known))

    def gone(self) -> dict[str, int]:
        """Return the files that were not asked for and are not there, with their findings."""
        left = self._files.keys() - self._asked
        return {
            key: sum(len(entry.nodes) for entry in self._files[key])
            for key in sorted(left)
            if not is_address(key) and not os.path.exists(self.place(key))  # noqa: PTH110 - of a text that may be no path
        }

    def place(self, key: str) -> str:
        """Return where a file of the baseline is to lie."""
        return os.path.join(os.path.realpath(Path(self.path).parent), key)  # noqa: PTH118 - as above

    @property
    def entries(self) -> Mapping[str, tuple[Entry, ...]]:
        """What it knows of each file."""
        return self._files

    @property
    def files(self) -> int:
        """How many files it has findings of."""
        return len(self._files)


_Left = dict[tuple[str, str], dict[str, list[int]]]
"""By rule and what is computed: of each node the places of its entries among the severities."""


def _known(found: Sequence[SiteFinding], left: _Left) -> Iterator[SiteFinding]:
    """Yield the findings that are known, by name and then by place; `left` loses as many."""
    prints = _Prints()
    unnamed: list[tuple[SiteFinding, dict[str, list[int]]]] = []
    for one in found:
        names = left.get((one.rule.name, prints.of(one.site.operation)), {})
        if _taken(one, names, [_name(one)]):
            yield one
        else:
            unnamed.append((one, names))
    yield from (one for one, names in unnamed if _taken(one, names, list(names)))


def _taken(one: SiteFinding, left: dict[str, list[int]], names: Iterable[str]) -> bool:
    """Take the first entry of these names that knows a finding, where there is one."""
    rank = SEVERITIES.index(one.finding.severity)
    for name in names:
        ranks = left.get(name, [])
        known = next((each for each in ranks if each <= rank), None)
        if known is not None:
            ranks.remove(known)
            if not ranks:
                del left[name]
            return True
    return False


def _name(one: SiteFinding) -> str:
    return printable(one.site.path)


class _Prints(Struct):
    """Hashes of what operations compute, each made once."""

    made: dict[int, tuple[Operation, str]] = field(default_factory=dict[int, tuple[Operation, str]])

    def of(self, operation: Operation) -> str:
        key = id(operation)
        if key not in self.made:
            self.made[key] = operation, fingerprint(operation)
        return self.made[key][1]


def fingerprint(operation: Operation) -> str:
    """Return a hash of what an operation computes, as its file says it.

    Names of free lengths are left out, since exporters number them too; so is what halfpixel makes
    of the operation, which a later release may put otherwise.

    >>> fingerprint(Operation("Resize", 19, {"mode": "linear"}, None, (1, 3, "height", 8)))
    '18ea177469eda904'
    >>> fingerprint(Operation("Resize", 20, {"mode": "linear"}, None, (1, 3, "unk__7", 8)))
    '18ea177469eda904'
    """
    parts: list[object] = [
        operation.dialect.name,
        operation.op,
        operation.hidden,
        sorted(operation.attributes.items()),
        operation.scales,
        _lengths(operation.input_shape),
        _lengths(operation.output_shape),
    ]
    text = repr(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16]


def _lengths(shape: Shape | None) -> tuple[int | None, ...] | None:
    if shape is None:
        return None
    return tuple(n if isinstance(n, int) else None for n in shape)


def key_of(path: str, baseline: str) -> str:
    """Return how a baseline calls a file: by the way from its own folder, with slashes.

    Links to folders are followed, so that it does not matter by which way a folder is entered; a
    link to a model is the model that it stands for here.

    >>> key_of("/a/models/m.onnx", "/a/baseline.json")
    'models/m.onnx'
    """
    if is_address(path):
        return printable(path)
    where, own = (os.path.realpath(Path(os.path.abspath(one)).parent) for one in (path, baseline))  # noqa: PTH100 - links stay
    return printable(Path(os.path.relpath(Path(where, Path(path).name), own)).as_posix())


def write_baseline(reports: Iterable[FileReport], path: str) -> None:
    """Write every finding as a baseline, notes too, in place of what is there.

    Of a file that cannot be read, what the baseline there knows stays known.

    Args:
        reports: what was found in each file.
        path: the file to write.

    Raises:
        ModelFileError: it cannot be written.
    """
    files: dict[str, list[dict[str, object]]] = {}
    there = _entries(path)
    for report in reports:
        key = key_of(report.path, path)
        if report.error is not None and key in there:
            files[key] = msgspec.to_builtins(there[key])
            continue
        prints = _Prints()
        entries: dict[tuple[str, Severity, str, str], list[str]] = defaultdict(list)
        for one in report.findings:
            computes = prints.of(one.site.operation)
            entries[one.rule.name, one.finding.severity, one.site.op, computes].append(_name(one))
        if entries:
            files[key] = [
                dict(zip(Entry.__struct_fields__, (*each, nodes), strict=True))
                for each, nodes in sorted(entries.items())
            ]
    document = {"version": VERSION, "files": dict(sorted(files.items()))}
    atomic.write([f"{json_text(document, indent=1)}\n".encode()], None, Path(path), replace=True)


def _entries(path: str) -> Mapping[str, tuple[Entry, ...]]:
    """Return what the baseline that is there knows of each file; nothing where there is none."""
    try:
        return Baseline(path).entries
    except UsageError:
        return {}
