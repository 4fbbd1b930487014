"""Broken and hostile LiteRT files: one clear line, exit code 2, and nothing written."""

import struct
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halfpixel.cli.main import cli
from halfpixel.errors import HalfpixelError
from halfpixel.formats.flatbuffer_tables import Table, root, table_at
from halfpixel.formats.litert.model import opened
from halfpixel.formats.protobuf_wire import Malformed
from litert_files.built import (
    BILINEAR,
    NEAREST,
    Graph,
    Op,
    Value,
    flags,
    nearest_flags,
    resize,
    tflite,
)

SOUND = tflite(resize(NEAREST, nearest_flags(half_pixel_centers=True), (3, 5)))
TOP = root(SOUND)


def _patched(at: int, value: int, kind: str = "I") -> bytes:
    data = bytearray(SOUND)
    struct.pack_into(f"<{kind}", data, at, value)
    return bytes(data)


def _with_graph(**more: object) -> bytes:
    graph = resize(BILINEAR, flags(), (3, 5))
    for name, value in more.items():
        setattr(graph, name, value)
    return tflite(graph)


def _count(table: Table, field: int) -> int:
    return table.vector(field).at - 4


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "text": (b"hello, I am no model at all", "byte 4 does not say TFL3"),
    "four bytes": (b"\0\0\0\0", "byte 4 does not say TFL3"),
    "a name alone": (b"\0\0\0\0TFL3", "does not lie inside the file"),
    "a root beyond the file": (_patched(0, 1 << 30), "the file has"),
    "a vtable before the file": (_patched(TOP.at, 1 << 30, "i"), "its vtable before the file"),
    "a vtable behind the file": (_patched(TOP.at, -(1 << 30), "i"), "the file has"),
    "a vtable of no length": (_patched(TOP.vtable, 0, "H"), "does not lie inside the file"),
    "a field outside its table": (_patched(TOP.vtable + 8, 0xFFFF, "H"), "stands outside it"),
    "another schema": (_patched(TOP.place(0), 4), "version 4 of the schema, expected 3"),
    "a huge vector of graphs": (_patched(_count(TOP, 2), 0xFFFFFFFF), "reach beyond the file"),
    "graphs that are more than there are": (_patched(_count(TOP, 2), 4), "the file has"),
    "an operator's input that stands for nothing": (
        tflite(Graph([Value("x", (1,))], [Op(BILINEAR, (5,), (0,))], (0,), (0,))),
        "names tensor 5 of 1",
    ),
    "an input that stands for nothing": (_with_graph(inputs=(7,)), "names tensor 7 of 3"),
    "an output that stands for nothing": (_with_graph(outputs=(-2,)), "names tensor -2 of 3"),
}


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize(("data", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    for command in (["check"], ["fix", "--unsafe-fixes"], ["fix", "--in-place"]):
        code, output = _run(*command, str(path))
        assert (code, "Traceback" in output) == (2, False)
        assert reason in " ".join(output.split())
    assert [one.name for one in tmp_path.iterdir()] == ["model.tflite"]
    assert path.read_bytes() == data


def _read_or_refused(path: Path) -> int:
    """Return how many sites a file has; 0 where it is refused, in words that name it."""
    said = ""
    try:
        return len(opened(path).sites)
    except HalfpixelError as error:
        said = str(error)
    assert path.name in said
    return 0


@pytest.mark.parametrize("length", range(0, len(SOUND), 7))
def test_a_truncated_file_is_refused_or_read(tmp_path: Path, length: int) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(SOUND[:length])
    assert _read_or_refused(path) <= 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, len(SOUND) - 4), st.integers(0, (1 << 32) - 1)), max_size=4)
)
def test_offsets_that_point_anywhere_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(SOUND)
    for at, value in changes:
        struct.pack_into("<I", data, at, value)
    path = tmp_path_factory.getbasetemp() / "patched.tflite"
    path.write_bytes(data)
    assert _read_or_refused(path) <= 4


def test_many_entries_that_lead_to_one_table_are_refused(tmp_path: Path) -> None:
    """A file of 1 MB that says a million operators of one table each."""
    count = 1 << 18
    graph = TOP.vector(2).table(0)
    data = bytearray(SOUND)
    data += bytes(-len(data) % 4)
    at = len(data)
    operator = graph.vector(3).table(0).at
    data += struct.pack("<I", 0)
    struct.pack_into("<I", data, at, count)
    place = graph.place(3)
    struct.pack_into("<I", data, place, at - place)
    for _ in range(count):
        data += struct.pack("<I", (operator - len(data)) & 0xFFFFFFFF)
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    code, output = _run("check", str(path))
    assert code == 2
    assert "more tensors and operators than it has room for" in " ".join(output.split())


@pytest.mark.parametrize("at", [-1, -4, len(SOUND), len(SOUND) - 1, 1 << 40])
def test_a_table_outside_the_file_is_malformed(at: int) -> None:
    with pytest.raises(Malformed):
        table_at(SOUND, at)
