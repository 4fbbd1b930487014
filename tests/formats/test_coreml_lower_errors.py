"""An ML Program that ONNX cannot say: one line says which operation it is."""

from pathlib import Path

import numpy as np
import pytest

import coreml_programs as programs
from coreml_programs import Op
from halfpixel.checking.check import opened
from halfpixel.errors import GraphError, HalfpixelError
from halfpixel.formats.coreml.model import CoremlModel
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.runtimes.mil_as_onnx.program import lowered
from mil_cases import W


def test_an_operator_outside_the_list_is_named(tmp_path: Path) -> None:
    op = Op("lstm", {"x": "%x"}, [("y", "float32", (1, 2))], "cell")
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", (1, 2))}, [op], ["y"])
    model = opened(path)
    assert isinstance(model, CoremlModel)
    with pytest.raises(GraphError) as caught:
        lowered(model)
    assert str(caught.value) == (
        f"{path}: node 'cell': MIL operator lstm is not lowered to ONNX; "
        "verification goes site by site"
    )


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        ("gelu", {"x": "%x", "mode": "MAGIC"}, "MIL operator gelu: unknown mode 'MAGIC'"),
        ("pad", {"x": "%x", "pad": [1, 1], "mode": "wrap"}, "pad: unknown mode 'wrap'"),
        ("conv", {"x": "%x", "weight": W, "pad_type": "odd"}, "conv: unknown pad_type 'odd'"),
        ("transpose", {"perm": [0]}, "transpose: the rank of x is not known"),
        ("relu", {}, "relu: it has no x"),
        ("constexpr_unheard", {}, "MIL operator constexpr_unheard is not lowered to ONNX"),
        ("cast", {"x": "%x", "dtype": "fp8"}, "cast: unknown dtype 'fp8'"),
    ],
)
def test_what_cannot_be_lowered_is_told_in_one_line(
    op: str, inputs: dict[str, object], message: str, tmp_path: Path
) -> None:
    shape = (1, 2, 7, 8)
    ops = [Op(op, inputs, [("y", "float32", shape)], "it")]
    ops.append(Op("relu", {"x": "%y"}, [("z", "float32", shape)]))
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", shape)}, ops, ["z"])
    model = opened(path)
    assert isinstance(model, CoremlModel)
    with pytest.raises(GraphError, match="node 'it'") as caught:
        lowered(model)
    assert message in str(caught.value)


MISFITS: dict[str, tuple[str, dict[str, object]]] = {
    "perm": ("transpose", {"x": "%x", "perm": [0, 1, 2, 9]}),
    "split": ("split", {"x": "%x", "split_sizes": [1, 1], "axis": [0.5, 2.0]}),
    "text": ("reduce_mean", {"x": "%x", "axes": "all"}),
    "pool": ("max_pool", {"x": "%x", "kernel_sizes": [2], "pad_type": "same"}),
    "block": ("pixel_unshuffle", {"x": "%x", "downscale_factor": 0}),
    "windows": ("sliding_windows", {"x": "%x", "axis": 9, "size": 2}),
    "padding": ("space_to_batch", {"x": "%x", "block_shape": [2, 2], "paddings": [1]}),
    "channels": ("prelu", {"x": "%x", "alpha": [[[]]]}),
    "nothing": ("concat", {"axis": 1}),
    "size": ("resize_bilinear", {"x": "%x", "target_size_height": 3, "sampling_mode": 7}),
    "resample": ("resample", {"x": "%x", "coordinates": [0.5], "sampling_mode": "bilinear",
                              "padding_mode": "border", "align_corners": False,
                              "coordinates_mode": "unnormalized"}),
}  # fmt: skip
"""Operations that no converter writes."""


@pytest.mark.parametrize("name", MISFITS)
def test_parameters_that_do_not_fit_are_an_error_of_one_line(name: str, tmp_path: Path) -> None:
    kind, inputs = MISFITS[name]
    shape = (1, 2, 7, 8)
    ops = [Op(kind, inputs, [("y", "float32", shape)], "it")]
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", shape)}, ops, ["y"])
    side = Side(str(path))
    try:
        runtime_of(side).started(side, RunSettings()).run({"x": np.zeros(shape, np.float32)})
    except HalfpixelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - some are refused when the model runs
