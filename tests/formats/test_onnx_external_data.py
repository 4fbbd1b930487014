"""External data of ONNX: told in a line where it lies elsewhere, and read where it does not."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

import example_models as models
from external_models import (
    ASYMMETRIC,
    COMMANDS,
    EXPECT,
    SCALES,
    WEIGHTS,
    external,
    home,
    links,
    model,
    pipes,
    run,
)
from halfpixel.formats import data_folder
from halfpixel.formats.onnx.read import external_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return home(tmp_path)


def refused(path: Path, reason: str, tmp_path: Path) -> None:
    """Every command says in one line why it does not take a file, and writes nothing."""
    target = tmp_path / "target"
    target.mkdir()
    before = sorted(os.listdir(path.parent))  # noqa: PTH208 - names
    for command in (*COMMANDS, ["fix", *EXPECT, "-o", target / "model.onnx"]):
        code, output = run(*command, path)
        assert code == 2, (command, output)
        (line,) = [line for line in output.splitlines() if str(path) in line]
        assert str(path) in line
        assert reason in line
    assert list(target.iterdir()) == []
    assert sorted(os.listdir(path.parent)) == before  # noqa: PTH208 - names


NAMES = {
    "climbs": ("../away/secret.bin", "'../away/secret.bin', which leads out"),
    "climbs and comes back": ("deep/../weights.bin", "leads out of the model's folder"),
    "is absolute": ("/etc/passwd", "'/etc/passwd', which is no relative path"),
    "has a drive": ("C:weights.bin", "is no relative path"),
    "is a share": ("\\\\host\\share", "is no relative path"),
    "has backslashes": ("..\\away\\secret.bin", "has a backslash in it"),
    "has a zero byte": ("a\0b", r"'a\x00b', which has a zero byte in it"),
    "is empty": ("", "have no location"),
    "is the folder": (".", "is a folder"),
    "is a folder": ("sub", "'sub', which is a folder"),
    "is the model": ("model.onnx", "is the model itself"),
    "goes through a file": ("scales.bin/x", "not a directory"),
    "is too long": ("n" * 5_000, "file name too long"),
}


@pytest.mark.parametrize("used", ["scales", "weights"])
@pytest.mark.parametrize(("name", "reason"), NAMES.values(), ids=NAMES)
def test_a_location_that_is_no_plain_name_is_one_line(
    folder: Path, tmp_path: Path, name: str | None, reason: str, used: str
) -> None:
    (folder / "sub").mkdir()
    tensors = {
        "scales": external("scales", (4,), name, length=16),
        "weights": external("w", (1, 1, 4, 4), name, length=64),
    }
    onnx.save(model(**{used: tensors[used]}), folder / "model.onnx")
    refused(folder / "model.onnx", reason, tmp_path)


def link(name: str, target: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).symlink_to(target)


def pipe(name: str) -> Callable[[Path], object]:
    return lambda folder: os.mkfifo(folder / name)


def listen(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("odd")
    finally:
        os.chdir(here)


THINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link out": (link("odd", "../away/scales.bin"), "leads out of the model's folder"),
    "a link to a link out": (
        lambda f: (link("odd", "other")(f), link("other", "../away/scales.bin")(f)),
        "leads out of the model's folder",
    ),
    "a broken link out": (link("odd", "../away/none"), "leads out of the model's folder"),
    "a link to a device": (link("odd", "/dev/zero"), "leads out of the model's folder"),
    "a link to itself": (link("odd", "odd"), "is a link that leads nowhere"),
    "a link to a folder": (link("odd", "."), "is a folder"),
    "a link to the model": (link("odd", "model.onnx"), "is the model itself"),
    "a second name of the model": (
        lambda f: (f / "odd").hardlink_to(f / "model.onnx"),
        "is the model itself",
    ),
    "a pipe": (pipe("odd"), "is not a regular file"),
    "a link to a pipe": (
        lambda f: [make(f) for make in (pipe("pipe"), link("odd", "pipe"))],
        "is not a regular file",
    ),
    "a socket": (listen, "is not a regular file"),
}


@links
@pipes
@pytest.mark.parametrize("used", ["scales", "weights"])
@pytest.mark.parametrize(("make", "reason"), THINGS.values(), ids=THINGS)
def test_what_is_no_file_of_the_folder_is_one_line(
    folder: Path, tmp_path: Path, make: Callable[[Path], object], reason: str, used: str
) -> None:
    tensors = {
        "scales": external("scales", (4,), "odd"),
        "weights": external("w", (1, 1, 4, 4), "odd"),
    }
    onnx.save(model(**{used: tensors[used]}), folder / "model.onnx")
    make(folder)
    refused(folder / "model.onnx", reason, tmp_path)


@links
def test_a_way_through_a_linked_folder_leads_out(folder: Path, tmp_path: Path) -> None:
    (folder / "way").symlink_to(tmp_path / "away")
    onnx.save(model(external("scales", (4,), "way/scales.bin")), folder / "model.onnx")
    refused(folder / "model.onnx", "'way/scales.bin', which leads out", tmp_path)


PLACES = {
    "a negative offset": ({"offset": -16}, "offset '-16'"),
    "an enormous offset": ({"offset": 10**30}, "expected a number of bytes"),
    "an offset that is no number": ({"offset": "1_6"}, "offset '1_6'"),
    "a negative length": ({"length": -1}, "length '-1'"),
    "a length of another shape": ({"length": 15}, "are 15 bytes, expected 16"),
    "an offset beyond the end": ({"offset": 8, "length": 16}, "ends at byte 16, expected 24"),
    "an offset far beyond it": ({"offset": 10**17}, "ends at byte 16"),
}


@pytest.mark.parametrize(("entries", "reason"), PLACES.values(), ids=PLACES)
def test_a_place_that_no_file_has_is_one_line(
    folder: Path, tmp_path: Path, entries: dict[str, object], reason: str
) -> None:
    onnx.save(model(external("scales", (4,), "scales.bin", **entries)), folder / "model.onnx")
    refused(folder / "model.onnx", reason, tmp_path)


def test_data_that_is_needed_has_a_location(folder: Path, tmp_path: Path) -> None:
    onnx.save(model(external("scales", (4,), None)), folder / "model.onnx")
    refused(folder / "model.onnx", "have no location", tmp_path)


@pytest.mark.parametrize("kind", ["Constant", "subgraph", "function", "sparse"])
def test_data_is_judged_wherever_its_tensor_stands(folder: Path, tmp_path: Path, kind: str) -> None:
    odd = external("", (4,), "../away/scales.bin")
    made = models.model([models.resize(attributes=ASYMMETRIC)])
    constant = helper.make_node("Constant", [], ["c"], "odd", value=odd)
    if kind == "Constant":
        made.graph.node.append(constant)
    elif kind == "function":
        opsets = [helper.make_opsetid("", 19)]
        made.functions.append(helper.make_function("own", "f", [], ["c"], [constant], opsets))
    elif kind == "subgraph":
        out = helper.make_tensor_value_info("c", 1, [4])
        inner = helper.make_graph([constant], "inner", [], [out])
        made.graph.node.append(
            helper.make_node("If", ["b"], ["z"], "if", then_branch=inner, else_branch=inner)
        )
    else:
        whole = helper.make_tensor("i", TensorProto.INT64, [4], [0, 1, 2, 3])
        sparse = helper.make_sparse_tensor(odd, whole, [4])
        made.graph.node.append(helper.make_node("Constant", [], ["c"], "odd", sparse_value=sparse))
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    refused(folder / "model.onnx", "leads out of the model's folder", tmp_path)


def test_a_mark_of_our_own_is_not_believed(folder: Path, tmp_path: Path) -> None:
    odd = external("w", (1, 1, 4, 4), "../away/secret.bin", checksum="halfpixel.payload")
    onnx.save(model(None, odd), folder / "model.onnx")
    refused(folder / "model.onnx", "a mark that is halfpixel's own", tmp_path)


def test_what_is_outside_decides_nothing(folder: Path, tmp_path: Path) -> None:
    path = folder / "model.onnx"
    onnx.save(model(external("scales", (4,), "../away/scales.bin")), path)
    first = run("check", path)
    shutil.rmtree(tmp_path / "away")
    assert run("check", path) == first


@pytest.mark.parametrize(
    "name", ["scales.bin", "./scales.bin", "sub/scales.bin", ".hid/scales.bin"]
)
def test_honest_data_is_read(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(SCALES)
    onnx.save(model(external("scales", (4,), name, offset=0, length=16)), folder / "model.onnx")
    code, output = run("check", folder / "model.onnx", *EXPECT)
    assert code == 1
    assert "1x1x4x4 -> 1x1x8x8" in output


def test_data_that_is_not_there_is_not_asked_for(folder: Path) -> None:
    (folder / "weights.bin").unlink()
    onnx.save(model(), folder / "model.onnx")
    assert run("check", folder / "model.onnx", *EXPECT)[0] == 1


@links
def test_a_link_put_in_meanwhile_is_not_followed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.path.realpath
    data = data_folder.DataFolder(folder, None)
    (folder / "sub").mkdir()
    (folder / "sub" / "secret.bin").write_bytes(WEIGHTS)

    def late(path: str | Path) -> str:
        found = real(path)
        if str(path).endswith("secret.bin"):  # it was judged: now it becomes a link
            shutil.rmtree(folder / "sub")
            (folder / "sub").symlink_to(tmp_path / "away")
        return found

    monkeypatch.setattr(os.path, "realpath", late)
    with pytest.raises((data_folder.Unsafe, OSError)):
        data.open("sub/secret.bin")


@links
@pytest.mark.parametrize("by_descriptor", [True, False])
def test_a_file_put_in_meanwhile_is_not_read(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_descriptor: bool,  # noqa: FBT001 - a case
) -> None:
    if by_descriptor and not data_folder.BY_DESCRIPTOR:
        pytest.skip("the system opens no file by the descriptor of its folder")
    monkeypatch.setattr(data_folder, "BY_DESCRIPTOR", by_descriptor)
    with data_folder.DataFolder(folder, None).open("weights.bin") as file:
        assert file.read() == WEIGHTS
    plain = os.open

    def late(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if str(path).endswith("weights.bin"):
            (folder / "other").write_bytes(b"other")
            (folder / "other").replace(folder / "weights.bin")
        return plain(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(data_folder.Unsafe, match="was replaced while it was opened"):
        data_folder.DataFolder(folder, None).open("weights.bin")


def test_a_constant_of_a_large_model_is_judged_where_it_is_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_data, "SEARCHED", 0)
    odd = helper.make_node("Constant", [], ["scales"], "odd", value=external("", (4,), "../away/s"))
    made = models.model([odd, models.resize()], initializers=[models.scales(name="unread")])
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    refused(folder / "model.onnx", "'../away/s', which leads out", tmp_path)
