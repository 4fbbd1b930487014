"""How far two arrays are apart, what counts as equal, and what a task measures."""

from typing import Any

import numpy as np
import pytest

from halfpixel.errors import UsageError
from halfpixel.verifying.measure import difference, parse_tolerances
from halfpixel.verifying.tasks import task_measure

Array = np.ndarray[Any, np.dtype[Any]]


@pytest.mark.parametrize(
    ("found", "expected", "equal"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0, np.nan], [1.0, 2.0], False),
        ([np.inf], [np.inf], True),
        ([np.inf], [-np.inf], False),
        ([np.inf], [1e30], False),
        ([1.0, 1000.0], [1.05, 1000.0], True),
        ([1.0, 1000.0], [1.5, 1000.0], False),
        ([], [], True),
        ([0.0], [0.0], True),
    ],
)
def test_numbers_are_compared(found: list[float], expected: list[float], equal: object) -> None:
    one, other = np.array(found, np.float32), np.array(expected, np.float32)
    assert difference(one, other).equal == equal


@pytest.mark.parametrize(
    ("dtype", "apart", "equal"),
    [
        ("float16", 0.005, True),
        ("float16", 0.05, False),
        ("float64", 1e-9, True),
        ("float64", 1e-5, False),
        ("int8", 1, True),
        ("int8", 2, False),
        ("int32", 1, False),
        ("bool", 1, False),
    ],
)
def test_each_type_has_its_tolerance(dtype: str, apart: float, equal: object) -> None:
    base: Array = np.zeros(4) if dtype == "bool" else np.ones(4)
    other = (base + apart).astype(dtype)
    assert difference(other, base.astype(dtype)).equal == equal


def test_figures_are_those_of_the_definition() -> None:
    one, other = np.array([3, 4.000001], np.float32), np.array([3, 4], np.float32)
    found = difference(one, other)
    assert found.max_ulp == pytest.approx(2)
    assert found.max_rel == pytest.approx(found.max_abs / 4)
    assert found.cosine == pytest.approx(1)
    assert difference(np.zeros((2, 3)), np.zeros((3, 2))).reason == "shape 2x3 instead of 3x2"
    assert difference(np.array(["a"]), np.array(["b"])).reason == "elements are no numbers"


def floats(*values: float) -> Array:
    return np.array(values, np.float32)


def test_tolerances_are_set_by_type() -> None:
    one, other = floats(1.5), floats(1)
    assert difference(one, other, parse_tolerances(("0.6",))).equal
    assert not difference(one, other, parse_tolerances(("float16=1",))).equal
    for text in ("x=1", "float32=a", "1,2,3", "-1", "nan"):
        with pytest.raises(UsageError, match="--tolerance"):
            parse_tolerances((text,))


def test_tasks_are_measured() -> None:
    scores = np.zeros((1, 2, 2, 2), np.float32)
    scores[0, 1, 0] = 1
    other = scores.copy()
    other[0, :, 0, 0] = [1, 0]
    found = task_measure("argmax", scores, other)
    assert found["agreement"] == 0.75
    assert found["iou"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    one, shorter = floats(0, 0, 2, 2).reshape(1, 4), floats(0, 0, 2, 1).reshape(1, 4)
    assert task_measure("boxes", one, shorter) == {"iou": 0.5, "worst_iou": 0.5}
    depth = task_measure("depth", floats(2, 1), floats(1, 1))
    assert depth["abs_rel"] == 0.5
    assert depth["delta1"] == 0.5
    assert task_measure("boxes", scores, scores) == {}
    assert task_measure("boxes", floats(), floats()) == {}
    with pytest.raises(UsageError, match="expected one of argmax"):
        task_measure("magic", scores, scores)
