"""Models whose numbers lie in other files, as they are run: those of a hub are, others are not."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from external_models import EXPECT, SCALES, external, files, home, links, model, pipes, run
from halfpixel.formats.onnx.read.external_data import whole_model

pytest.importorskip("onnxruntime", reason="onnxruntime runs the models")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return home(tmp_path)


@pytest.fixture
def hub(folder: Path) -> Path:
    """Return a model that a hub's cache keeps: links, with their data, into one folder of blobs."""
    onnx.save(model(), folder / "model.onnx")
    blobs, place = folder.parent / "blobs", folder.parent / "snapshots" / "rev" / "onnx"
    blobs.mkdir()
    place.mkdir(parents=True)
    for number, name in enumerate(("model.onnx", "weights.bin")):
        (folder / name).rename(blobs / f"{number:064}")
        (place / name).symlink_to(os.path.relpath(blobs / f"{number:064}", place))
    return place / "model.onnx"


@links
@pytest.mark.parametrize("runtime", ["cpu", "reference"])
def test_a_model_in_a_hubs_cache_is_checked_fixed_and_run(
    hub: Path, tmp_path: Path, runtime: str
) -> None:
    blobs = files(tmp_path / "blobs")
    assert run("check", hub, *EXPECT)[0] == 1
    assert run("explain", hub)[0] == 0
    assert run("verify", f"{hub}@{runtime}", f"{hub}@cpu")[0] == 0
    target = tmp_path / "target"
    target.mkdir()
    assert run("fix", *EXPECT, hub, "-o", target / "new.onnx")[0] == 0
    assert files(target).keys() == {"new.onnx", "weights.bin"}
    assert not any(path.is_symlink() for path in target.iterdir())
    code, output = run("verify", f"{hub}@{runtime}", f"{target / 'new.onnx'}@cpu")
    assert code == 1
    assert "first divergent site: up" in output  # values inside the model are asked for
    assert files(tmp_path / "blobs") == blobs


@links
def test_beside_a_hubs_links_no_second_model_is_put(hub: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    beside = hub.with_name("model.fixed.onnx")
    code, output = run("fix", *EXPECT, hub)
    assert code == 2
    assert output == (
        f"error: {beside}: would lie beside external data 'weights.bin', a link out of this "
        "folder; -o FILE in another folder copies it along\n"
    )
    blob = os.path.realpath(hub)
    code, output = run("fix", *EXPECT, hub, "--in-place", "--backup")
    assert code == 2
    assert output == (
        f"error: {hub}: is a symbolic link out of its folder, to {blob}, which others may share; "
        "-o FILE writes another file\n"
    )
    assert files(tmp_path) == before
    assert sorted(path.name for path in hub.parent.iterdir()) == ["model.onnx", "weights.bin"]


@links
@pipes
@pytest.mark.parametrize("kind", ["link", "pipe", "climbs"])
@pytest.mark.parametrize("runtime", ["cpu", "reference"])
def test_what_is_no_file_of_the_folder_is_not_run(folder: Path, kind: str, runtime: str) -> None:
    name = "../away/secret.bin" if kind == "climbs" else "odd"
    onnx.save(model(None, external("w", (1, 1, 4, 4), name)), folder / "model.onnx")
    if kind == "link":
        (folder / "odd").symlink_to("../away/secret.bin")
    elif kind == "pipe":
        os.mkfifo(folder / "odd")
    for words in (["verify", f"{folder / 'model.onnx'}@{runtime}"],
                  ["convert", str(folder / "model.onnx"), "--to", "torch"]):  # fmt: skip
        code, output = run(*words)
        assert code == 2
        assert f"external data of tensor 'w' lie in '{name}', which" in output


def test_a_whole_model_is_what_onnx_loads(folder: Path) -> None:
    made = model(external("scales", (4,), "scales.bin", offset=0, length=len(SCALES)))
    onnx.save(made, folder / "model.onnx")
    found, expected = whole_model(folder / "model.onnx"), onnx.load(folder / "model.onnx")
    pairs = zip(found.graph.initializer, expected.graph.initializer, strict=True)
    for one, other in pairs:
        assert one.data_location == other.data_location == 0
        to_array = onnx.numpy_helper.to_array
        np.testing.assert_array_equal(to_array(one), to_array(other))
