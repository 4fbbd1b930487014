"""Traps of LiteRT's own resizes: what check says of a file, and what the kernels make of it."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

from halfpixel.cli.main import cli
from halfpixel.conforming.litert.kernels import on_litert
from halfpixel.errors import RuntimeRefusal
from litert_files.built import BILINEAR, NEAREST, Graph, flags, nearest_flags, resize, tflite
from litert_files.recorded import FOLDER, run

needs_litert = pytest.mark.skipif(
    find_spec("ai_edge_litert") is None, reason="ai-edge-litert is not installed"
)
BOTH = {"align_corners": True, "half_pixel_centers": True}
ROUNDED = "rounded-step"
TORCH = {"keep_stablehlo_constant": b""}


def said(
    path: Path, *options: str, data: bytes | None = None
) -> tuple[dict[str, tuple[str, str]], int]:
    """Return level and message by rule, as check says them, and its exit status."""
    if data is not None:
        path.write_bytes(data)
    arguments = ["check", str(path), "--severity", "note", "--output-format", "sarif", *options]
    result = CliRunner().invoke(cli, arguments)
    found = json.loads(result.output)["runs"][0]["results"]
    told = {one["ruleId"]: (one["level"], one["message"]["text"]) for one in found}
    return told, result.exit_code


@needs_litert
def test_both_flags_of_a_bilinear_are_refused_or_corners(tmp_path: Path) -> None:
    data = tflite(resize(BILINEAR, flags(**BOTH), (14, 20)))
    told, code = said(tmp_path / "m.tflite", data=data)
    assert (code, [*told], told["conflicting-corners"][0]) == (1, ["conflicting-corners"], "error")
    x = np.random.default_rng(0).random((1, 7, 10, 3), np.float32)
    for kernels in ("reference", "builtin"):
        with pytest.raises(RuntimeRefusal, match="align_corners must be False"):
            on_litert(data, kernels, x)
    corners = tflite(resize(BILINEAR, flags(align_corners=True), (14, 20)))
    assert np.allclose(on_litert(data, "xnnpack", x), on_litert(corners, "xnnpack", x))


@needs_litert
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_both_flags_of_a_nearest_are_settled_by_what_is_expected(tmp_path: Path, mode: str) -> None:
    path, out = tmp_path / "m.tflite", tmp_path / "fixed.tflite"
    told, code = said(path, data=tflite(resize(NEAREST, nearest_flags(**BOTH), (3, 5))))
    assert (code, told["conflicting-corners"][0]) == (1, "error")
    assert "--expect mode=nearest or" in CliRunner().invoke(cli, ["check", str(path)]).output
    fix = ["fix", str(path), "--expect", f"mode={mode}", "-o", str(out)]
    assert CliRunner().invoke(cli, fix).exit_code == 0
    x = np.random.default_rng(1).random((1, 7, 10, 3), np.float32)
    wanted = tflite(resize(NEAREST, nearest_flags(half_pixel_centers=mode != "nearest"), (3, 5)))
    assert np.array_equal(run(out.read_bytes(), x), run(wanted, x))
    assert not np.array_equal(run(path.read_bytes(), x), run(wanted, x))
    assert said(out) == ({}, 0)


def test_a_policy_about_corners_says_nothing_of_a_nearest(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(tflite(resize(NEAREST, nearest_flags(half_pixel_centers=True), (3, 5))))
    assert said(path, "--expect", "align_corners=false") == ({}, 0)


@needs_litert
@pytest.mark.parametrize("op", [BILINEAR, NEAREST])
def test_corners_of_one_sample_are_the_first_pixel(tmp_path: Path, op: str) -> None:
    given = flags if op == BILINEAR else nearest_flags
    data = tflite(resize(op, given(align_corners=True), (1, 20)))
    told, code = said(tmp_path / "m.tflite", data=data)
    level, message = told["single-pixel-output"]
    assert (code, level) == (0, "note")
    assert "length 7 to 1 (axis 2) samples a corner, 3 input px from the centre" in message
    x = np.random.default_rng(2).random((1, 7, 10, 3), np.float32)
    first = run(tflite(resize(op, given(align_corners=True), (1, 20), (1, 1, 10, 3))), x[:, :1])
    for reference in (False, True):
        assert np.allclose(run(data, x, reference=reference), first)
    if op == BILINEAR:
        image = torch.from_numpy(x.transpose(0, 3, 1, 2))
        wanted = F.interpolate(image, (1, 20), mode="bilinear", align_corners=True)
        assert np.allclose(first.transpose(0, 3, 1, 2), wanted.numpy(), atol=1e-6)


def long(dtype: str, n_in: int, n_out: int, *, half: bool = True) -> Graph:
    more = {"half_pixel_centers": True} if half else {}
    return resize(BILINEAR, flags(**more), (1, n_out), (1, 1, n_in, 1), dtype, scale=0.1)


@needs_litert
def test_a_rounded_step_drifts_as_far_as_is_said(tmp_path: Path) -> None:
    data = tflite(long("INT16", 40, 290))
    told, code = said(tmp_path / "m.tflite", data=data)
    level, message = told[ROUNDED]
    assert (code, level) == (0, "note")
    ramp = (np.arange(40) * 700).astype(np.int16).reshape(1, 1, 40, 1)
    places = on_litert(data, "xnnpack", ramp).astype(np.float64).ravel() / 700
    exact = np.clip((np.arange(290) + 0.5) * 40 / 290 - 0.5, 0, 39)
    off = float(np.abs(places - exact).max())
    assert off > 0.05
    assert abs(float(message.partition("adds up: up to ")[2].split()[0]) - off) < 1e-3


@needs_litert
@pytest.mark.parametrize(
    ("graph", "level"),
    [
        (long("INT16", 40, 300, half=False), "warning"),
        (long("INT8", 40, 300, half=False), "note"),
        (long("INT16", 1, 55, half=False), "warning"),
        (long("INT8", 1, 55, half=False), "note"),
        (long("INT16", 1, 1600), "warning"),
        (long("INT16", 1, 54, half=False), None),
        (long("INT16", 1, 55), None),
        (long("INT8", 37, 41), "note"),
        (long("INT8", 40, 80), None),
        (long("UINT8", 40, 300), None),
        (long("FLOAT32", 40, 300), None),
    ],
    ids=[
        "int16 behind",
        "int8 behind",
        "int16 of 1",
        "int8 of 1",
        "int16 of 1, half a pixel",
        "int16 of 1 inside",
        "int16 of 1 to 55, half a pixel",
        "int8",
        "int8 by 2",
        "uint8",
        "float32",
    ],
)
def test_what_steps_so_is_told_by_the_tables_of_kernels(
    tmp_path: Path, graph: Graph, level: str | None
) -> None:
    told, code = said(tmp_path / "m.tflite", data=tflite(graph))
    assert code == int(level == "warning")
    assert told.get(ROUNDED, (None,))[0] == level
    behind = "memory behind the image" in told.get(ROUNDED, ("", ""))[1]
    assert behind == (graph.values[2].shape[2] in {55, 300, 1600} and level is not None)
    chosen, _ = said(tmp_path / "m.tflite", "--target", "litert-builtin")
    assert ROUNDED not in chosen
    assert ("target-differs" in chosen) == (level is not None)


@needs_litert
def test_a_factor_that_is_lost_is_a_note(tmp_path: Path) -> None:
    data = tflite(resize(BILINEAR, flags(half_pixel_centers=True), (11, 17)), metadata=TORCH)
    told, code = said(tmp_path / "m.tflite", data=data)
    level, message = told["lost-factor"]
    assert (code, level) == (0, "note")
    assert "scale_factor=1.7" in message
    x = torch.rand(1, 3, 7, 10, generator=torch.Generator().manual_seed(0))
    channels_last = np.ascontiguousarray(x.numpy().transpose(0, 2, 3, 1))
    found = run(data, channels_last).transpose(0, 3, 1, 2)
    for recomputed in (True, False):
        wanted = F.interpolate(
            x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=recomputed
        )
        assert (np.abs(found - wanted.numpy()).max() < 1e-5) == recomputed


SILENT = {
    "another exporter": (flags(half_pixel_centers=True), (11, 17), {}),
    "a whole factor": (flags(half_pixel_centers=True), (14, 20), TORCH),
    "no one factor": (flags(half_pixel_centers=True), (11, 11), TORCH),
    "corners": (flags(align_corners=True), (11, 17), TORCH),
}


@pytest.mark.parametrize("case", SILENT)
def test_no_factor_is_asked_for_where_none_counts(tmp_path: Path, case: str) -> None:
    given, size, metadata = SILENT[case]
    data = tflite(resize(BILINEAR, given, size), metadata=metadata)
    assert said(tmp_path / "m.tflite", data=data) == ({}, 0)


def test_a_recorded_file_by_a_factor_has_the_note_and_is_not_accused() -> None:
    told, code = said(FOLDER / "torch_bilinear_ac0_by1.7.tflite")
    assert (code, [*told], told["lost-factor"][0]) == (0, ["lost-factor"], "note")


def written(name: str) -> dict[str, bytes]:
    return dict.fromkeys([name] if name else [], b"")


WRITERS = {
    "MLIR Converted.": ("", "TensorFlow 1 computes this"),
    "MLIR Converted. and labels": ("TFLITE_METADATA", "TensorFlow 1 computes this"),
    "TOCO Converted.": ("", "TOCO writes so for half_pixel_centers=True too"),
    "by hand": ("", "nothing tells what was meant"),
}


@pytest.mark.parametrize("description", WRITERS)
def test_neither_flag_is_a_note_that_says_who_computes_so(tmp_path: Path, description: str) -> None:
    name, words = WRITERS[description]
    metadata = {**written(name), "min_runtime_version": b"1.14.0\0\0"}
    graph = resize(BILINEAR, flags(), (14, 20))
    data = tflite(graph, metadata=metadata, description=description.partition(" and")[0])
    told, code = said(tmp_path / "m.tflite", data=data)
    assert (code, [*told]) == (0, ["asymmetric-linear"])
    assert told["asymmetric-linear"][0] == "note"
    assert f"up to 0.25 input px from half-pixel ones; {words}" in told["asymmetric-linear"][1]


def test_neither_flag_of_a_recorded_file_is_tensorflow_1() -> None:
    told, code = said(FOLDER / "tf1_bilinear_ac0hp0_7x10_3x5.tflite")
    assert (code, [*told], told["asymmetric-linear"][0]) == (0, ["asymmetric-linear"], "note")
    assert "TensorFlow 1 computes this" in told["asymmetric-linear"][1]
