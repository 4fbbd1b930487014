"""An ML Program as ONNX: every operator and compressed weight computes what its document says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import coreml_programs as programs
from coreml_programs import Op
from halfpixel.checking.check import opened
from halfpixel.formats.coreml.model import CoremlModel
from halfpixel.runtimes.mil_as_onnx.program import OPS, lowered
from mil_cases import CASES, Case, X

Array = np.ndarray[Any, np.dtype[Any]]
NUMBERED = [pytest.param(case, id=f"{number}-{case.op}") for number, case in enumerate(CASES)]
WIRED = {"int8": "int32", "bool": "int32"}
"""Element types that a model's own inputs do not have; they are cast inside."""


def run(model: CoremlModel, feeds: Mapping[str, Array], wanted: list[str]) -> list[Array]:
    proto = lowered(model)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    names = {one.name for one in session.get_inputs()}
    found = session.run(wanted, {n: v for n, v in feeds.items() if n in names})
    return [np.asarray(one) for one in found]


def built(case: Case, folder: Path, meant: Array, *, half: bool = False) -> tuple[CoremlModel, Any]:
    """Return a program of one operation, and its inputs."""
    ops: list[Op] = []
    inputs: dict[str, tuple[str, list[int | None]]] = {}
    feeds: dict[str, Array] = {}
    bound: dict[str, object] = {}
    for name, array in case.feeds.items():
        value = array.astype(np.float16) if half and array.dtype == np.float32 else array
        dtype = str(value.dtype)
        shape: list[int | None] = [None, *value.shape[1:]] if case.free else [*value.shape]
        feeds[name], bound[name] = value, f"%{name}"
        inputs[name] = (WIRED.get(dtype, dtype), shape)
        if dtype in WIRED:
            cast = {"int8": "int8", "bool": "bool"}[dtype]
            ops.append(Op("cast", {"x": f"%{name}", "dtype": cast}, [(f"{name}_c", dtype, shape)]))
            feeds[name], bound[name] = array.astype(np.int32), f"%{name}_c"
    constants = {
        name: np.asarray(v).astype(np.float16) if half and np.asarray(v).dtype.kind == "f" else v
        for name, v in case.constants.items()
    }
    dtype = case.dtypes[0] if case.dtypes else str(meant.dtype)
    dtype = "float16" if half and dtype == "float32" else dtype.replace("float64", "float32")
    out: list[int | None] = [None, *meant.shape[1:]] if case.free else [*meant.shape]
    ops.append(Op(case.op, {**bound, **constants}, [("out", dtype, out)], "the_op"))
    model = opened(programs.package(folder / "m.mlpackage", inputs, ops, ["out"]))
    assert isinstance(model, CoremlModel)
    return model, feeds


@pytest.mark.parametrize("case", NUMBERED)
def test_an_operator_computes_what_its_document_says(case: Case, tmp_path: Path) -> None:
    meant = np.asarray(case.meant(*case.feeds.values()))
    model, feeds = built(case, tmp_path, meant)
    (found,) = run(model, feeds, ["out"])
    assert found.shape == meant.shape
    np.testing.assert_allclose(found, meant, rtol=1e-4, atol=2e-5)


HALVES = [
    pytest.param(case, id=f"{number}-{case.op}")
    for number, case in enumerate(CASES)
    if case.feeds and all(v.dtype == np.float32 for v in case.feeds.values())
]


@pytest.mark.parametrize("case", HALVES)
def test_an_operator_computes_in_float16(case: Case, tmp_path: Path) -> None:
    meant = np.asarray(case.meant(*case.feeds.values()))
    model, feeds = built(case, tmp_path, meant, half=True)
    (found,) = run(model, feeds, ["out"])
    assert found.shape == meant.shape
    if case.op not in {"ceil", "floor", "floor_div", "round", "cast", "mod", "argsort", "quantize",
                       "equal", "sign", "reduce_argmax", "tan"}:  # fmt: skip
        np.testing.assert_allclose(found, meant, rtol=1e-2, atol=2e-2)


def test_operators_of_several_outputs(tmp_path: Path) -> None:
    shapes = [("a", "float32", (2, 1, 5, 6)), ("b", "float32", (2, 3, 5, 6))]
    best = [("v", "float32", (2, 4, 5, 2)), ("p", "int32", (2, 4, 5, 2))]
    ops = [
        Op("split", {"x": "%x", "split_sizes": [1, 3], "axis": 1}, shapes),
        Op("topk", {"x": "%x", "k": 2, "axis": -1}, best),
    ]
    inputs = {"x": ("float32", X.shape)}
    model = opened(programs.package(tmp_path / "m.mlpackage", inputs, ops, ["a", "b", "v", "p"]))
    assert isinstance(model, CoremlModel)
    a, b, v, p = run(model, {"x": X}, ["a", "b", "v", "p"])
    np.testing.assert_array_equal(np.concatenate([a, b], 1), X)
    np.testing.assert_array_equal(np.take_along_axis(X, p, -1), v)
    np.testing.assert_array_equal(v, -np.sort(-X, -1)[..., :2])


def test_every_operator_of_the_table_is_tried() -> None:
    tried = {case.op for case in CASES} | {"split", "topk"}
    rest = OPS.keys() - tried
    assert rest <= {"acos", "asin", "atanh", "batch_to_space", "fill_like", "non_zero",
                    "reshape_like", "scatter"}  # fmt: skip


def compressed() -> dict[str, tuple[dict[str, object], Array]]:
    table = np.array([0.5, -1.0, 2.0, 4.0], np.float32)
    data = np.arange(8, dtype=np.int8).reshape(2, 4)
    return {
        "constexpr_affine_dequantize": (
            {"quantized_data": data, "zero_point": np.int8(2), "axis": 0,
             "scale": np.array([0.5, 2.0], np.float32)},
            (data - 2.0) * np.array([[0.5], [2.0]]),
        ),
        "constexpr_lut_to_dense": (
            {"indices": np.array([0b00011011, 0b11100100], np.uint8), "lut": table,
             "shape": np.array([2, 4], np.uint32)},
            table[[[3, 2, 1, 0], [0, 1, 2, 3]]],
        ),
        "constexpr_sparse_to_dense": (
            {"nonzero_data": np.array([1.0, 2.0, 3.0], np.float32),
             "mask": np.array([0b10010001], np.uint8), "shape": np.array([2, 4], np.uint32)},
            np.array([[1, 0, 0, 0], [2, 0, 0, 3]], np.float32),
        ),
        "constexpr_cast": ({"source_val": table.reshape(2, 2).astype(np.float16),
                            "output_dtype": "fp32"}, table.reshape(2, 2)),
        "constexpr_blockwise_shift_scale": (
            {"data": data, "scale": np.array([[1.0, 2.0]], np.float32),
             "offset": np.array([[1, 2]], np.int8)},
            (data - np.array([1, 1, 2, 2])) * np.array([1.0, 1, 2, 2]),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", compressed())
def test_compressed_weights_are_written_out(kind: str, tmp_path: Path) -> None:
    given, meant = compressed()[kind]
    shape = meant.shape
    ops = [
        Op(kind, given, [("w", "float32", shape)]),
        Op("add", {"x": "%x", "y": "%w"}, [("out", "float32", shape)]),
    ]
    inputs = {"x": ("float32", shape)}
    model = opened(programs.package(tmp_path / "m.mlpackage", inputs, ops, ["out"]))
    assert isinstance(model, CoremlModel)
    (found,) = run(model, {"x": np.zeros(shape, np.float32)}, ["out"])
    np.testing.assert_allclose(found, meant)


@pytest.mark.parametrize("kind", compressed())
def test_compressed_weights_of_ios16_keep_their_parameters_as_attributes(
    kind: str, tmp_path: Path
) -> None:
    given, meant = compressed()[kind]
    shape = meant.shape
    ops = [
        Op(kind, {}, [("w", "float32", shape)], own=given),
        Op("add", {"x": "%x", "y": "%w"}, [("out", "float32", shape)]),
    ]
    inputs = {"x": ("float32", shape)}
    model = opened(programs.package(tmp_path / "m.mlpackage", inputs, ops, ["out"]))
    assert isinstance(model, CoremlModel)
    (found,) = run(model, {"x": np.zeros(shape, np.float32)}, ["out"])
    np.testing.assert_allclose(found, meant)
