"""What is said of a node, held to what PyTorch, onnxruntime and the exact weights make of it."""

import math
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import onnxruntime as ort
import torch

from claims.nodes import Array, Node
from halfpixel.checking.check import sites
from halfpixel.conventions.torch.interpolate import LENGTHS
from halfpixel.conventions.torch.proviso import NO_BOUNDARY, NO_COLUMN, NO_SINGLE
from halfpixel.errors import HalfpixelError
from halfpixel.sampling import Resize
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.lowering import single_taps
from halfpixel.sampling.pixels import torch_pixels
from halfpixel.site import Site

CLOSE = 2e-4
MANY = 300_000


@dataclass(frozen=True)
class Fault:
    """One thing that is said and is not so, or a difference that nothing explains.

    Attributes:
        kind: what is wrong.
        node: the node.
        lengths: input lengths at which it shows.
        text: what is said, and how far off it is.
    """

    kind: str
    node: Node
    lengths: tuple[int, ...]
    text: str


@dataclass
class Judged:
    """What was found of one node."""

    claimed: bool = False
    compared: int = 0
    attributed: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def near(a: Array, b: Array) -> bool:
    """Whether two arrays have one shape and numbers that float32 cannot tell apart."""
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True))


def site_of(node: Node) -> Site:
    """Return the only site of a node's model."""
    (site,) = sites(node.model())
    return site


def judge(node: Node, attribute: Callable[..., str | None]) -> Judged:
    """Hold what is said of a node to what it computes, at its own lengths or at many.

    Args:
        node: the node.
        attribute: the known reason why onnxruntime differs from the exact weights; None for none.
    """
    judged = Judged()
    site = site_of(node)
    call = site.torch_call
    judged.claimed = call is not None
    session = session_of(node)
    faults: list[Fault] = []
    reasons: list[str] = []
    for lengths in node.trials():
        if max(math.prod(lengths), node.most(lengths)) > MANY:
            continue
        feeds = inputs_of(node, lengths)
        found, exact = reference(session, site, feeds)
        if found is not None and exact is not None and found.size and not near(found, exact):
            why = attribute(node, feeds, found, exact)
            if why is None:
                apart = shape_or_worst(found, exact)
                faults.append(Fault("onnxruntime differs", node, lengths, apart))
            else:
                reasons.append(why)
        if call is None or excepted(site, feeds, found, exact):
            continue
        judged.compared += 1
        faults += list(refuted(node, site, feeds, found, exact))
    judged.attributed, judged.faults = tuple(reasons), tuple(faults)
    return judged


def session_of(node: Node) -> Any:  # noqa: ANN401 - onnxruntime's own
    """Return a session that optimises nothing; None where onnxruntime does not take the node."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = node.model().SerializeToString()
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 - whatever onnxruntime raises
        return None


def reference(
    session: Any,  # noqa: ANN401 - onnxruntime's own
    site: Site,
    feeds: dict[str, Array],
) -> tuple[Array | None, Array | None]:
    """Return what onnxruntime and the exact weights give; None each where there is nothing."""
    found = run(session, feeds)
    given = list(feeds.values())
    if site.operation.by == "sizes" and not site.operation.constant_lengths and len(given) == 1:
        given += [] if found is None else [np.array(found.shape, np.int64)]
    try:
        return found, site.evaluate(*given)
    except (HalfpixelError, ValueError):
        return found, None


def run(
    session: Any,  # noqa: ANN401 - onnxruntime's own
    feeds: dict[str, Array],
) -> Array | None:
    """Return what onnxruntime computes; None where it refuses."""
    if session is None:
        return None
    try:
        return np.asarray(session.run(None, feeds)[0])
    except Exception:  # noqa: BLE001 - lengths that onnxruntime does not take
        return None


def inputs_of(node: Node, lengths: tuple[int, ...]) -> dict[str, Array]:
    """Return random inputs of these lengths."""
    chance = np.random.default_rng(len(repr(node)) + sum(lengths))
    feeds: dict[str, Array] = {"x": chance.standard_normal(lengths).astype(np.float32)}
    if node.by == "fed":
        sizes = [int(v) for v in node.values]
        for place, axis in enumerate(node.axes):
            if axis < 2 and axis in node.free and chance.integers(4):
                sizes[place] = lengths[axis]
        feeds["sizes"] = np.array(sizes, np.int64)
    if node.op == "GridSample":
        spatial = len(lengths) - 2
        outs = chance.integers(1, 7, spatial)
        grid = chance.uniform(-1.4, 1.4, (lengths[0], *outs, spatial))
        feeds["grid"] = grid.astype(np.float32)
    return feeds


def refuted(
    node: Node, site: Site, feeds: dict[str, Array], found: Array | None, exact: Array | None
) -> Iterator[Fault]:
    """Yield where the PyTorch call, pasted, gives neither what runs nor what is specified."""
    lengths = feeds["x"].shape
    outs = [array.shape for array in (found, exact) if array is not None]
    if not outs:
        return
    if any(0 in out for out in outs):
        return
    given = pasted(site, feeds, outs[0])
    if isinstance(given, str):
        yield Fault("claim", node, lengths, f"{site.torch_call}: {given}")
        return
    if any(near(given, array) for array in (found, exact) if array is not None):
        return
    specified = by_specification(node, site, feeds, given.shape)
    if specified is not None and near(given, specified):
        return
    apart = shape_or_worst(given, found if found is not None else exact)
    yield Fault("claim", node, lengths, f"{site.torch_call}: {apart}")


def by_specification(
    node: Node, site: Site, feeds: dict[str, Array], shape: tuple[int, ...]
) -> Array | None:
    """Return the exact weights at the lengths that real numbers give for the float32 scales."""
    if node.by != "scales" or not isinstance(site.operator, Resize):
        return None
    ins = feeds["x"].shape
    scales = dict(zip(node.axes, node.values, strict=True))
    real = tuple(math.floor(n * Fraction(float(scales.get(axis, 1)))) for axis, n in enumerate(ins))
    return site.operator.evaluate(feeds["x"], shape) if real == shape else None


def pasted(site: Site, feeds: dict[str, Array], out: tuple[int, ...]) -> Array | str:
    """Return what the call gives as it is pasted into Python, or why it gives nothing."""
    scope: dict[str, object] = {"F": torch.nn.functional, "torch": torch}
    scope |= {name: torch.from_numpy(array) for name, array in feeds.items() if name != "sizes"}
    text = site.torch_call or ""
    if isinstance(site.operator, Resize):
        given = open_size(site, out)
        scope |= dict(zip(LENGTHS.get(len(given), ()), given, strict=False))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(eval(text, scope).numpy())  # noqa: S307 - our own text
    except Exception as error:  # noqa: BLE001 - whatever PyTorch says
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def open_size(site: Site, out: tuple[int, ...]) -> tuple[int, ...]:
    """Return the output lengths of the axes that a call takes as spatial."""
    operator = site.operator
    assert isinstance(operator, Resize)
    axes = [axis for axis, _ in operator.axes]
    if 3 <= len(out) <= 5 and all(axis > 1 for axis in axes):
        axes = list(range(2, len(out)))
    return tuple(out[axis] for axis in axes)


def excepted(site: Site, feeds: dict[str, Array], found: Array | None, exact: Array | None) -> bool:
    """Whether the claim itself says that it does not hold at these lengths."""
    where = site.operation.torch_where
    outs = next((a.shape for a in (found, exact) if a is not None), None)
    if not where or outs is None:
        return False
    ins = feeds["x"].shape
    return not all(holds(part, site, ins, outs) for part in where[6:].split(" and "))


def holds(part: str, site: Site, ins: tuple[int, ...], outs: tuple[int, ...]) -> bool:
    """Whether one of the conditions that a claim names is met."""
    if part.startswith("ax"):
        return all(ins[int(axis)] == outs[int(axis)] for axis in re.findall(r"\d+", part))
    if part.startswith("input lengths are below "):
        assert isinstance(site.operator, Resize)
        longest = max(ins[axis] for axis, _ in site.operator.axes)
        return longest < int(part.rsplit(" ", 1)[1])
    if part == NO_SINGLE:
        return 1 not in outs
    if part == NO_COLUMN:
        return outs[-1] > 1
    assert part == NO_BOUNDARY, part
    operator = site.operator
    assert isinstance(operator, Resize)
    return all(
        torch_pixels(sampling, ins[axis], outs[axis])
        in {None, single_taps(one.weights(ins[axis], outs[axis]))}
        for axis, one in operator.axes
        for sampling in (canonical(one),)
    )


def shape_or_worst(a: Array, b: Array | None) -> str:
    """Return how two arrays differ, in words."""
    if b is None:
        return "nothing to compare"
    if a.shape != b.shape:
        return f"shape {a.shape} for {b.shape}"
    return f"off by {float(np.abs(a - b).max()):.3g}"
