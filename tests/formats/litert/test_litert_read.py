"""LiteRT files are read: each resize with the PyTorch call that it is, in PyTorch's axes."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from halfpixel.formats.litert.model import LitertModel, opened
from halfpixel.site import Site
from litert_files.built import (
    BILINEAR,
    NEAREST,
    Field,
    Graph,
    Op,
    Value,
    flags,
    nearest_flags,
    resize,
    tflite,
)
from litert_files.recorded import Recorded, recorded, run


def read(tmp_path: Path, data: bytes) -> LitertModel:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    return opened(path)


def only(tmp_path: Path, data: bytes) -> Site:
    (site,) = read(tmp_path, data).sites
    return site


CALLS: dict[str, tuple[str, dict[int, Field], str | None]] = {
    "bilinear, asymmetric": (
        BILINEAR, flags(),
        (
            'F.interpolate(F.pad(x, (0, 1, 0, 1), mode="replicate"), size=(4, 6), '
            'mode="bilinear", align_corners=True)[..., :3, :5]'
        ),
    ),
    "bilinear, corners": (
        BILINEAR, flags(align_corners=True),
        'F.interpolate(x, size=(3, 5), mode="bilinear", align_corners=True)',
    ),
    "bilinear, half pixel": (
        BILINEAR, flags(half_pixel_centers=True),
        'F.interpolate(x, size=(3, 5), mode="bilinear", align_corners=False)',
    ),
    "nearest": (NEAREST, nearest_flags(), 'F.interpolate(x, size=(3, 5), mode="nearest")'),
    "nearest, corners": (NEAREST, nearest_flags(align_corners=True), None),
    "nearest, half pixel": (
        NEAREST, nearest_flags(half_pixel_centers=True),
        'F.interpolate(x, size=(3, 5), mode="nearest-exact")',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("op", "given", "call"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("dtype", ["FLOAT32", "FLOAT16", "INT8", "UINT8", "INT16"])
def test_a_resize_is_the_call_that_its_flags_say(
    tmp_path: Path, op: str, given: dict[int, Field], call: str | None, dtype: str
) -> None:
    more: dict[str, Any] = {} if dtype.startswith("FLOAT") else {"scale": 0.5, "zero": 3}
    site = only(tmp_path, tflite(resize(op, given, (3, 5), dtype=dtype, **more)))
    assert (site.op, site.operation.torch_call) == (op, call)
    assert site.operation.problem == ""
    assert site.operation.input_shape == (1, 3, 7, 10)
    assert site.operation.output_shape == (1, 3, 3, 5)
    assert site.operation.dtype == dtype.lower()


NOT_YET = {"torch_area_6x8_12x16", "torch_area_5x9_9x7"}
"""Means whose windows are one pixel long, or are told apart by masks."""

FACTOR = re.compile(r"scale_factor=[\d.]+")


def cases() -> list[ParameterSet]:
    late = pytest.mark.xfail(reason="written in other operators than are read", strict=True)
    return [
        pytest.param(one, id=one.path.stem, marks=(late,) if one.path.stem in NOT_YET else ())
        for one in recorded()
    ]


@pytest.mark.parametrize("one", cases())
def test_every_recorded_file_has_one_site_that_is_the_call_it_was_converted_from(
    one: Recorded,
) -> None:
    (site,) = opened(one.path).sites
    x, wanted = one.arrays()
    if one.path.name.startswith("tf"):
        assert site.compute is not None
        found = site.compute([x])
        assert np.abs(found - run(one.path.read_bytes(), x)).max() < 1e-5
        assert np.abs(found - wanted).max() < 1e-5
        return
    meant = FACTOR.sub(f"size={wanted.shape[2:]}", one.call).replace("'", '"')
    if one.call.endswith("mode='nearest')"):
        meant = meant.replace("nearest", "nearest-exact")  # what the converter makes of it
    assert str(site.operation.torch_call).replace("x.permute(0, 3, 1, 2)", "x") == meant


def test_both_flags_have_no_meaning(tmp_path: Path) -> None:
    both = nearest_flags(align_corners=True, half_pixel_centers=True)
    site = only(tmp_path, tflite(resize(NEAREST, both, (3, 5))))
    assert site.operation.torch_call is None
    assert site.operation.operator is None
    assert "align_corners and half_pixel_centers are both true" in site.operation.problem


def test_a_resize_in_another_graph_is_found_there(tmp_path: Path) -> None:
    main = Graph([Value("x", (1,)), Value("y", (1,))], [Op("ABS", (0,), (1,))], (0,), (1,))
    inner = resize(BILINEAR, flags(align_corners=True), (3, 5))
    inner.name = "branch"
    site = only(tmp_path, tflite(main, inner))
    assert (site.graph, site.name) == ("branch", "resized")


def test_a_free_length_is_one(tmp_path: Path) -> None:
    graph = resize(BILINEAR, flags(half_pixel_centers=True), (3, 5))
    graph.values = [Value("image", (1, 1, 1, 3), free=(1, 2)), *graph.values[1:]]
    site = only(tmp_path, tflite(graph))
    assert site.operation.lengths == ((1, 3, None, None), (1, 3, 3, 5))


def test_names_that_repeat_or_are_like_our_own_stand_for_one_value_each(tmp_path: Path) -> None:
    graph = resize(BILINEAR, flags(half_pixel_centers=True), (3, 5))
    for name in ("\0001", "image", "", "resized #2"):
        graph.values = [Value(name, one.shape, one.dtype, one.data) for one in graph.values]
        site = only(tmp_path, tflite(graph))
        assert site.operation.sizes == (1, 3, 3, 5)


def test_a_transposed_convolution_that_enlarges_is_a_site(tmp_path: Path) -> None:
    weights = np.zeros((1, 4, 4, 1), "<f4")
    ramp = np.array([1, 3, 3, 1], "<f4") / 4
    weights[0, :, :, 0] = np.outer(ramp, ramp)
    graph = Graph(
        [
            Value("lengths", (4,), "INT32", np.array([1, 10, 12, 1], "<i4")),
            Value("weights", (1, 4, 4, 1), data=weights),
            Value("image", (1, 5, 6, 1)),
            Value("large", (1, 10, 12, 1)),
        ],
        [Op("TRANSPOSE_CONV", (0, 1, 2), (3,), 49, {0: 0, 1: 2, 2: 2})],
        (2,),
        (3,),
    )
    data = tflite(graph)
    site = only(tmp_path, data)
    assert site.op == "TRANSPOSE_CONV"
    x = np.random.default_rng(0).random((1, 5, 6, 1), np.float32)
    assert site.compute is not None
    assert np.abs(site.compute([x]) - run(data, x)).max() < 1e-5
