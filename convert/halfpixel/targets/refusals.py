"""What onnxruntime refuses, or computes otherwise, on the CPU: the rows asked of every site."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from halfpixel.conditions.facts import Facts, facts_of
from halfpixel.conditions.table import table_of
from halfpixel.dialect import ONNX
from halfpixel.errors import UsageError
from halfpixel.site import Operation
from halfpixel.targets.row import Row, parse_rows

FILE: Final = Path(__file__).parent / "onnxruntime-cpu.toml"

NAME: Final = FILE.stem
"""The target whose rows they are: where it is asked of, the rules about targets tell them."""


def refusal_of(operation: Operation) -> Row | None:
    """Return the row by which onnxruntime refuses an operation on the CPU; None where none does.

    Raises:
        UsageError: the table is malformed.

    >>> refusal_of(Operation("RoiAlign", 16, {}, None, (1, 3, 8, 8))) is None
    True
    >>> refusal_of(Operation("RoiAlign", 22, {}, None, (1, 3, 8, 8))).reason
    'no kernel for RoiAlign of opset 22'
    """
    return _first(operation, "refused")


def difference_of(operation: Operation) -> Row | None:
    """Return the row by which onnxruntime computes something else; None, and raises, likewise.

    >>> from halfpixel.sampling import Linear, Resize, Sampling
    >>> given = {"axes": (-1,), "keep_aspect_ratio_policy": "not_larger"}
    >>> one = Resize(((1, Sampling("half_pixel", Linear())),))
    >>> difference_of(Operation("Resize", 19, given, one, (1, 4), (1, 8), by="sizes")).verdict
    'different'
    """
    return _first(operation, "different")


def _first(operation: Operation, verdict: str) -> Row | None:
    """Return the first row that holds of an operation, where its verdict is this one."""
    if operation.dialect != ONNX or operation.hidden:
        return None
    facts = _known_facts(operation)
    first = next((row for row in rows() if row.conditions.hold(facts)), None)
    return first if first is not None and first.verdict == verdict else None


def _known_facts(operation: Operation) -> Facts:
    """Return the facts of an operation without what is taken where a file leaves it open."""
    facts = dict(facts_of(operation))
    if not operation.dtype:
        facts.pop("dtype")
    if not operation.grid_dtype:
        facts.pop("grid_dtype", None)
    if operation.input_shape is None and operation.scales is None and operation.sizes is None:
        facts.pop("rank")
    return facts


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Return the rows of the table, in order; raises as `refusal_of`."""
    try:
        return parse_rows(table_of(FILE))
    except (OSError, ValueError) as error:
        raise UsageError(f"{FILE}: {error}") from error
