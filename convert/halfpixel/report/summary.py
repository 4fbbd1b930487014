"""Many files in a few lines: how many there are of each producer, opset and rule, and how wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from halfpixel.checking.result import FileReport
from halfpixel.report.layout import Line
from halfpixel.report.table import table_lines
from halfpixel.rule import SEVERITIES, Severity

NOT_KNOWN: Final = "not known"
"""The producer of files that do not name one, or could not be read."""

HEADS: Final = ("files", "not read", "sites", "errors", "warnings", "notes")


class Counts(Struct):
    """How many files of a kind there are, and what was found in them."""

    files: int = 0
    unread: int = 0
    sites: int = 0
    error: int = 0
    warning: int = 0
    note: int = 0

    def add(self, file: FileReport) -> None:
        """Count a file."""
        self.files += 1
        self.unread += file.error is not None
        self.sites += len(file.sites)
        for one in file.findings:
            self.error += one.finding.severity == "error"
            self.warning += one.finding.severity == "warning"
            self.note += one.finding.severity == "note"


class Summary:
    """Files, counted by what wrote them, by the version of their operators, and by rule."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.producers: dict[str, Counts] = {}
        self.opsets: dict[str, Counts] = {}
        self.rules: dict[tuple[Severity, str], list[int]] = {}

    def add(self, file: FileReport) -> None:
        """Count a file."""
        self.producers.setdefault(file.producer or NOT_KNOWN, Counts()).add(file)
        self.opsets.setdefault(file.opset or NOT_KNOWN, Counts()).add(file)
        rules: Counter[tuple[Severity, str]] = Counter()
        rules.update((one.finding.severity, one.rule.name) for one in file.findings)
        for key, count in rules.items():
            counts = self.rules.setdefault(key, [0, 0])
            counts[0] += count
            counts[1] += 1

    def fields(self) -> dict[str, object]:
        """Return the counts as plain values.

        >>> Summary().fields()
        {'producers': [], 'opsets': [], 'rules': []}
        """
        return {
            "producers": [{"producer": k, **asdict(v)} for k, v in _sorted(self.producers)],
            "opsets": [{"opset": k, **asdict(v)} for k, v in _sorted(self.opsets)],
            "rules": [
                {"severity": severity, "rule": rule, "findings": found, "files": files}
                for (severity, rule), (found, files) in self._rules()
            ],
        }

    def tables(self) -> Iterator[tuple[Sequence[str], list[Sequence[str]]]]:
        """Yield the heads and the rows of each table that has any."""
        for head, counts in (("producer", self.producers), ("opset", self.opsets)):
            if counts:
                yield (
                    (head, *HEADS),
                    [(k, *map(str, asdict(v).values())) for k, v in _sorted(counts)],
                )
        if self.rules:
            rows = [(rule, kind, *map(str, counts)) for (kind, rule), counts in self._rules()]
            yield ("rule", "severity", "findings", "files"), [*rows]

    def lines(self, width: int | None) -> Iterator[Line]:
        """Yield the tables as lines of a page so wide."""
        for heads, rows in self.tables():
            yield from table_lines(heads, rows, width)
            yield Line()

    def _rules(self) -> list[tuple[tuple[Severity, str], list[int]]]:
        rank = SEVERITIES.index
        return sorted(self.rules.items(), key=lambda row: (rank(row[0][0]), -row[1][0], row[0][1]))


def _sorted(counts: dict[str, Counts]) -> list[tuple[str, Counts]]:
    return sorted(counts.items(), key=lambda row: (-row[1].files, row[0]))
