"""What two sides are run with: looks and values of made inputs, arrays and images of a folder."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from coreml_networks import run
from halfpixel.format import Port
from halfpixel.runtimes.drawn import Values
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.runtimes.image_files import image_cases, images_in
from halfpixel.runtimes.trials import Trials
from halfpixel.verifying.verify import verify

if TYPE_CHECKING:
    from halfpixel.verifying.side import Stage

node = helper.make_node
HALF = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
CORNERS = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}


def built(
    nodes: list[onnx.NodeProto],
    tensors: dict[str, Any],
    shape: list[Any],
    dtype: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def enlarged(attributes: dict[str, str], shape: list[Any]) -> onnx.ModelProto:
    tensors = {"two": np.array([1, 1, 2, 2], np.float32)}
    return built([node("Resize", ["x", "", "two"], ["y"], name="up", **attributes)], tensors, shape)


def shifted(by: float, attributes: dict[str, str]) -> onnx.ModelProto:
    """Return a network that gives nothing but 0 where no number is above `by`."""
    tensors = {"two": np.array([1, 1, 2, 2], np.float32), "by": np.float32(by)}
    nodes = [
        node("Resize", ["x", "", "two"], ["u"], name="up", **attributes),
        node("Sub", ["u", "by"], ["d"]),
        node("Relu", ["d"], ["y"]),
    ]
    return built(nodes, tensors, [1, 3, 16, 24])


@pytest.mark.parametrize(("by", "told"), [(1.0, "0 to 255"), (300.0, "")])
def test_other_values_are_tried_where_outputs_are_one_number(by: float, told: str) -> None:
    found = verify(shifted(by, HALF), shifted(by, HALF))
    assert found.compared is bool(told)
    assert all(case.made.startswith(told) for case in found.cases)
    assert verify(shifted(by, HALF), shifted(by, CORNERS)).differs


def test_a_range_that_a_person_gives_is_the_only_one(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(shifted(1.0, HALF), path)
    assert run(path, path).exit_code == 0
    told = run(path, path, "--range", "0,1")
    assert told.exit_code == 1
    assert "nothing was compared" in told.stdout


def test_indices_of_a_short_table_stay_inside(tmp_path: Path) -> None:
    """Rows of the table are one number throughout, so that other values are tried."""
    tensors = {"table": np.ones((4, 8), np.float32)}
    model = built([node("Gather", ["table", "x"], ["y"])], tensors, [1, 5], TensorProto.INT64)
    path = tmp_path / "a.onnx"
    onnx.save(model, path)
    result = run(path, path)
    assert result.exit_code == 1
    assert "nothing was compared" in result.stdout
    tensors = {"table": np.repeat([[0], [0], [1], [2]], 8, 1).astype(np.float32)}
    model = built([node("Gather", ["table", "x"], ["y"])], tensors, ["n", 5], TensorProto.INT64)
    assert not verify(model, onnx.ModelProto.FromString(model.SerializeToString())).differs


def test_pictures_look_as_they_are_said_to() -> None:
    trials = Trials([Port("x", "float32", (1, 3, 32, 48))], FeedSettings())
    white, edges, moved = (case["x"] for case in trials)
    assert np.array_equal(edges[..., 1:, 1:], moved[..., :-1, :-1])

    def rough(image: Any) -> float:  # noqa: ANN401
        return float(np.abs(np.diff(image, axis=-1)).mean() / image.std())

    assert rough(edges) < rough(white) / 2
    for image in (white, edges, moved):
        assert image.dtype == np.float32
        assert image.min() >= 0
        assert image.max() <= 1
        assert image.std() > 0.05
    whole = Trials([Port("x", "uint8", (1, 32, 48, 3), "image")], FeedSettings())
    assert all(case["x"].dtype == np.uint8 for case in whole)


def test_values_are_what_was_asked_for() -> None:
    assert len(FeedSettings().values) > 3
    assert FeedSettings(low=-1.0).values == (Values(-1.0, 1.0),)
    assert FeedSettings(ranged=True).values == (Values(),)


def test_shapes_and_looks_that_were_compared_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(enlarged(HALF, [1, 3, 8, 12]), path)
    told = "compared at x=1x3x8x12 (0 to 1, white noise; 0 to 1, noise with edges; "
    assert told in run(path, path).stdout


def test_arrays_of_a_folder_are_cases(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    folder, path, other = tmp_path / "arrays", tmp_path / "a.onnx", tmp_path / "b.onnx"
    folder.mkdir()
    onnx.save(enlarged(HALF, ["n", 3, "h", "w"]), path)
    onnx.save(enlarged(CORNERS, ["n", 3, "h", "w"]), other)
    np.save(folder / "first.npy", random.random((1, 3, 8, 8), np.float32))
    np.savez(folder / "second.npz", x=random.random((1, 3, 5, 9), np.float32))
    for given in (folder, folder / "first.npy", folder / "second.npz"):
        result = run(path, path, "--inputs", given)
        assert result.exit_code == 0, result.output
        assert "x=1x3x" in result.stdout
        assert run(path, other, "--inputs", given).exit_code == 1
    assert "2 of 2 runs compared" in run(path, path, "--inputs", folder).stdout


@pytest.mark.parametrize(
    ("shape", "size", "dtype"),
    [
        ((1, 3, 24, 40), (24, 40), "float32"),
        ((1, 24, 40, 1), (24, 40), "float32"),
        (("n", 3, "h", "w"), (64, 96), "float32"),
        ((1, "h", "w", 4), (64, 96), "uint8"),
        (None, (64, 96), ""),
    ],
)
def test_images_of_a_folder_are_read(
    tmp_path: Path,
    shape: tuple[int | str, ...] | None,
    size: tuple[int, int],
    dtype: str,
) -> None:
    image = pytest.importorskip("PIL.Image", reason="needs the extra 'images'")
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (70, 100, 3), np.uint8)
    image.fromarray(pixels).save(tmp_path / "cat.png")
    (tmp_path / "note.txt").write_text("no image")
    settings = FeedSettings(images=images_in(tmp_path))
    (case,) = image_cases([Port("x", dtype, shape)], settings)
    array = case.feeds["x"]
    channels = [n for n in (shape or (1, 3)) if n in (1, 3, 4)][-1] if shape else 3
    last = shape is not None and shape[-1] == channels
    assert array.shape == ((1, *size, channels) if last else (1, channels, *size))
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    expected = image.fromarray(pixels).convert(mode).resize(size[::-1], image.Resampling.BILINEAR)
    plain = np.asarray(expected).reshape(*size, channels).astype(np.float64)
    plain = plain if last else plain.transpose(2, 0, 1)
    assert np.allclose(array[0], plain if dtype == "uint8" else plain / 255, atol=1e-6)
    assert case.text.startswith("cat.png, resized from 100x70 by Pillow (bilinear, antialiased) to")


def test_images_are_compared_and_their_resize_is_told(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="needs the extra 'images'")
    folder, path = tmp_path / "images", tmp_path / "a.onnx"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (70, 100, 3), np.uint8)
    for name in ("a.png", "b.jpg"):
        image.fromarray(pixels).save(folder / name)
    onnx.save(enlarged(HALF, [1, 3, 16, 24]), path)
    result = run(path, path, "--inputs", folder)
    assert result.exit_code == 0, result.output
    assert "a.png, resized from 100x70 by Pillow (bilinear, antialiased) to 24x16" in result.stdout
    (folder / "c.png").write_bytes(b"no image")
    assert run(path, path, "--inputs", folder).exit_code == 2


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.onnx", tmp_path / "empty"
    folder.mkdir()
    onnx.save(enlarged(HALF, [1, 3, 16, 24]), path)
    result = run(path, path, "--inputs", folder)
    assert result.exit_code == 2
    assert "holds no image" in result.stderr


def test_progress_names_what_is_done_and_the_first_result() -> None:
    stages: list[Stage] = []
    one, other = enlarged(HALF, ["n", 3, "h", "w"]), enlarged(HALF, ["n", 3, "h", "w"])
    found = verify(one, other, None, stages.append)
    results = [stage for stage in stages if stage.result]
    assert [stage.done for stage in results] == list(range(1, len(found.cases) + 1))
    assert results[0].text == "equal at x=1x3x64x64"
    assert all(stage.done <= stage.total for stage in stages)
    assert any(stage.text.startswith("running") for stage in stages)


def test_a_terminal_is_shown_progress(tmp_path: Path) -> None:
    """Standard error is a terminal, standard output none: the report stays as it is."""
    path = tmp_path / "a.onnx"
    onnx.save(enlarged(HALF, [1, 3, 8, 12]), path)
    here, there = os.openpty()
    command = [sys.executable, "-m", "halfpixel", "verify", str(path), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=there, text=True) as ran:
        os.close(there)
        shown = b""
        with suppress(OSError):  # what a terminal says at its end
            while part := os.read(here, 1 << 12):
                shown += part
        os.close(here)
        report = ran.communicate()[0]
    assert ran.returncode == 0
    assert b"first result: equal at x=1x3x8x12" in shown
    assert report.splitlines()[-1] == "equal, 3 of 3 runs compared"
