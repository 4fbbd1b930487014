"""onnx's own node tests of the resampling operators, which no one here wrote."""

import warnings
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto
from onnx.backend.test.case import node

import halfpixel

if TYPE_CHECKING:
    from onnx.backend.test.case.test_case import TestCase

OPERATORS = ("Resize", "Upsample", "GridSample", "AffineGrid", "RoiAlign")
FRACTIONAL = "the reference evaluator takes scale * n_in, unrounded, for the output length"
XFAIL = {
    "test_resize_downsample_scales_cubic_align_corners": FRACTIONAL,
    "test_resize_downsample_scales_linear_align_corners": FRACTIONAL,
}


Sets = Sequence[tuple[Sequence[Any], Sequence[Any]]]
"""Inputs and outputs of the runs of one case."""


@lru_cache(maxsize=1)
def cases() -> dict[str, tuple[ModelProto, Sets]]:
    """Return every case by name: its model, and sets of inputs and outputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for operator in OPERATORS:  # onnx's own way makes the cases of every operator, for seconds
            import_module(f"{node.__name__}.{operator.lower()}")
        made: list[TestCase] = vars(node)["_NodeTestCases"]
    return {
        case.name: (case.model, case.data_sets)
        for case in made
        if case.model is not None
        and case.data_sets is not None
        and len(case.model.graph.node) == 1
        and case.model.graph.node[0].op_type in OPERATORS
    }


NAMES = sorted(cases())


def test_there_are_as_many_as_there_were() -> None:
    assert len(NAMES) >= 65
    found = {model.graph.node[0].op_type for model, _ in cases().values()}
    assert found == set(OPERATORS)


def marked(name: str) -> object:
    """Return the case, expected to fail where it is known not to be reproduced."""
    marks = [pytest.mark.xfail(reason=XFAIL[name], strict=True)] if name in XFAIL else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [marked(name) for name in NAMES])
def test_a_node_test_is_reproduced(name: str) -> None:
    model, data = cases()[name]
    (site,) = halfpixel.sites(model)
    for inputs, outputs in data:
        ours = site.evaluate(*(np.asarray(x) for x in inputs))
        expected = np.asarray(outputs[0], np.float64)
        written = np.allclose(np.round(expected, 4), expected, rtol=0, atol=1e-6)
        atol = 1e-4 if written else 1e-5  # some tests have their outputs typed in, in 4 digits
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=atol)
