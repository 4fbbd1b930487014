"""A check as Parquet: a row a finding, a failure, or a file in which there is neither.

Source: Apache Parquet; pyarrow documentation, "Reading and Writing the Apache Parquet Format".
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Final

from halfpixel.checking.result import FileReport
from halfpixel.errors import MissingExtraError
from halfpixel.report.machine.of_check import entries_of

ROWS: Final = 8192
"""Rows that are written together."""

TEXTS: Final = (
    "file", "producer", "opset", "severity", "rule", "message", "graph", "node", "op", "how", "is",
    "meant", "fix", "words", "source",
)  # fmt: skip
"""Columns of texts; more may be added at the end. What is not known is null."""


def parts(files: Iterable[FileReport]) -> Iterator[bytes]:
    """Yield the bytes of a Parquet file, some thousand rows at a time.

    Args:
        files: what was found in each file.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    texts = [(name, arrow.string()) for name in TEXTS]
    form = arrow.schema([*texts, ("sites", arrow.int64()), ("failed", arrow.bool_())])
    sink, rows = _Sink(), list[dict[str, object]]()
    file = arrow.PythonFile(sink, mode="w")
    with parquet.ParquetWriter(file, form, compression="zstd") as writer:
        for one in files:
            rows += rows_of(one)
            if len(rows) >= ROWS:
                writer.write_table(arrow.Table.from_pylist(rows, form))
                rows.clear()
                yield sink.taken()
        writer.write_table(arrow.Table.from_pylist(rows, form))
    yield sink.taken()


def rows_of(file: FileReport) -> list[dict[str, object]]:
    """Return the rows of a file: texts by the names of `TEXTS`, and `sites` and `failed`.

    >>> [row["rule"] for row in rows_of(FileReport("m.onnx"))]
    [None]
    """
    head: dict[str, object] = {
        "file": _text(file.path),
        "producer": _text(file.producer),
        "opset": _text(file.opset),
        "sites": len(file.sites),
    }
    rows: list[dict[str, object]] = []
    for one in entries_of(file):
        texts = (
            one.severity, one.rule, one.message, one.graph, one.node, one.op, one.how, *one.calls,
            *one.fix, one.source,
        )  # fmt: skip
        told = dict(zip(TEXTS[3:], map(_text, texts), strict=True))
        rows.append({**head, **told, "failed": one.failed})
    nothing: dict[str, object] = {**head, **dict.fromkeys(TEXTS[3:]), "failed": False}
    return rows or [nothing]


def _text(text: str) -> str | None:
    """Return a text that UTF-8 can hold; None for an empty one."""
    return text.encode("utf-8", "backslashreplace").decode() or None


class _Sink:
    """A file that is written to, and whose bytes are taken away piece by piece."""

    def __init__(self) -> None:
        self.closed = False
        self._size = 0
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
