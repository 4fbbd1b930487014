"""Gathers of windows that are averaged: F.interpolate(mode="area") and adaptive pooling.

Where the two lengths have no common windows, `torch.onnx.export(dynamo=True)` gathers each window
along two axes, (out, window) for each axis of the image, and takes the mean over the windows. Where
the windows are not all as long, it writes zeros over what is too much, adds up the samples one by
one, and divides by the counts.

Source: PyTorch `torch/_decomp/decompositions.py`, adaptive_avg_pool2d.
"""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from halfpixel.formats.onnx.read.decompositions.averages import Averaged, Label
from halfpixel.formats.onnx.read.decompositions.gathers import Gather
from halfpixel.formats.onnx.read.decompositions.moved import (
    MOST_MOVES,
    MOVES,
    known_lengths,
    picked,
)
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

MOST_TERMS: Final = 4096
"""Samples of a window that are added up one by one."""

MOST_MASKS: Final = 3
"""Axes along which windows may be of different lengths."""


class _Sum(Struct, frozen=True):
    """Samples of windows that are added up and divided.

    Attributes:
        terms: the samples of each window.
        divisor: the value that the sums are divided by.
        output: the value that they end in.
        lengths: of the value that they are picked from, as declared, where that decided them.
        times: the value is what they are multiplied by, not what they are divided by.
    """

    terms: tuple[tuple[int, ...], ...]
    divisor: str
    output: str
    lengths: tuple[int, ...] | None
    times: bool


class Windowed(Struct, frozen=True):
    """Where windows that are averaged end.

    Attributes:
        form: how they are averaged.
        axes: axes of the data that are indexed.
        layout: which axis of the data each axis of the output is.
        output: the value that they end in.
    """

    form: Averaged
    axes: tuple[int, ...]
    layout: tuple[int, ...]
    output: str


def windows_of(scope: Scope, gather: Gather) -> Windowed | None:
    """Return the windows that a gather reads and what follows averages; None where it is none."""
    count, rank = gather.count, len(gather.perm)
    behind = gather.behind
    if behind is None or len(behind) != rank + count:
        return None
    made: list[Label] = [(kind, k) for k in range(count) for kind in ("out", "window")]
    made += [("data", axis) for axis in gather.perm[count:]]
    order = tuple(made[place] for place in behind)
    name, masks = gather.end, list[str]()
    while (mask := _masked(scope, name)) is not None and len(masks) < MOST_MASKS:
        name = mask.output[0]
        masks.append(mask.input[0])
    mean = _mean(scope, name, order) if not masks else None
    divided = None if mean is not None else _sums(scope, name, order)
    if mean is not None:
        output, summed = mean.output[0], mean.op_type == "ReduceSum"
        form = Averaged(gather.indices, order, summed=summed)
    elif divided is None:
        return None
    else:
        output = divided.output
        form = Averaged(
            gather.indices, order, tuple(masks), divided.terms, divided.divisor,
            lengths=divided.lengths, times=divided.times,
        )  # fmt: skip
    axes = gather.perm[:count]
    kept = [label for label in order if label[0] != "window"]
    layout = tuple(axes[k] if kind == "out" else k for kind, k in kept)
    return Windowed(form, axes, layout, output)


def _masked(scope: Scope, name: str) -> "NodeProto | None":
    """Return the Where that writes zeros over samples of a value."""
    readers = scope.readers.get(name, ())
    node = scope.nodes[readers[0]] if len(readers) == 1 else None
    if node is None or node.op_type != "Where" or len(node.input) != 3 or not node.output:
        return None
    zero = scope.numbers(node.input[1])
    return node if node.input[2] == name and zero is not None and set(zero) == {0} else None


def _mean(scope: Scope, name: str, order: Sequence[Label]) -> "NodeProto | None":
    """Return the mean over the windows of a value, or the sum, which windows of one pixel have."""
    readers = scope.readers.get(name, ())
    node = scope.nodes[readers[0]] if len(readers) == 1 else None
    if node is None or node.op_type not in {"ReduceMean", "ReduceSum"} or not node.output:
        return None
    attributes = scope.attributes(node)
    given = attributes.get("axes") or scope.numbers(given_name(node, 1))
    if attributes.get("keepdims", 1) or not isinstance(given, tuple):
        return None
    reduced = [order[int(axis)] for axis in cast("tuple[int, ...]", given)]
    return node if sorted(reduced) == _windows(order) else None


def _windows(order: Sequence[Label]) -> list[Label]:
    return sorted(label for label in order if label[0] == "window")


def _sums(scope: Scope, name: str, order: Sequence[Label]) -> _Sum | None:
    """Return the samples of each window that are added up, the divisor, and what it ends in."""
    node = _quotient(scope, name)
    if node is None:
        return None
    found: set[tuple[int, ...]] = set()
    waiting: list[tuple[str, tuple[NodeProto, ...]]] = [(node.input[0], ())]
    lengths = None
    while waiting:
        spend()
        value, moves = waiting.pop()
        maker = scope.producer(value)
        if maker is None or len(found) + len(waiting) > MOST_TERMS:
            return None
        if value != name and maker[1].op_type == "Add" and len(maker[1].input) == 2:
            waiting += [(one, moves) for one in maker[1].input]
            continue
        term = None if moves or value == name else _term(scope, maker[1], name, order)
        if term is None and value == name:
            lengths = lengths or known_lengths(scope, name, order)
            term = None if lengths is None else picked(scope, lengths, moves, order)
        elif term is None and maker[1].op_type in MOVES and len(moves) < MOST_MOVES:
            waiting.append((maker[1].input[0], (maker[1], *moves)))
            continue
        if term is None or term in found:
            return None
        found.add(term)
    terms = tuple(tuple(sorted({term[k] for term in found})) for k in range(len(_windows(order))))
    if len(found) != prod(map(len, terms)):
        return None
    return _Sum(terms, node.input[1], node.output[0], lengths, node.op_type == "Mul")


def _quotient(scope: Scope, name: str) -> "NodeProto | None":
    """Return the Div, or the Mul by a constant, that the samples of a value end in.

    It is found along the first of them.
    """
    for _ in range(MOST_TERMS):
        spend()
        readers = scope.readers.get(name, ())
        if not readers:
            return None
        node = scope.nodes[readers[0]]
        if not node.output or not node.input:
            return None
        if node.op_type in {"Div", "Mul"}:
            sound = len(node.input) == 2 and node.input[0] == name
            return node if sound and (node.op_type == "Div" or _is_fixed(scope, node)) else None
        if node.op_type not in {"Add", *MOVES}:
            return None
        name = node.output[0]
    return None


def _is_fixed(scope: Scope, node: "NodeProto") -> bool:
    return scope.constant(node.input[1]) is not None


def _term(
    scope: Scope, node: "NodeProto", whole: str, order: Sequence[Label]
) -> tuple[int, ...] | None:
    """Return which sample of each window a value is: gathered from the whole, axis by axis."""
    steps: list[tuple[int, int]] = []
    for _ in range(len(order)):
        index = scope.constant(given_name(node, 1)) if node.op_type == "Gather" else None
        chosen = None if index is None or index.dims else scope.numbers(node.input[1])
        if not chosen:
            return None
        steps.append((int(str(scope.attributes(node).get("axis", 0))), int(chosen[0])))
        if node.input[0] == whole:
            break
        found = scope.producer(node.input[0])
        if found is None:
            return None
        node = found[1]
    left, picked = list(order), dict[Label, int]()
    for axis, place in reversed(steps):
        if not -len(left) <= axis < len(left) or place < 0:
            return None
        picked[left.pop(axis)] = place
    if sorted(picked) != _windows(order):
        return None
    return tuple(picked[label] for label in _windows(order))
