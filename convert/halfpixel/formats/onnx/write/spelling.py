"""How a Resize node says a resize: its attributes, and scales or sizes beside them.

Of the forms that ONNX's vocabulary has, the one is chosen that changes least of what is written,
among those that compute what is meant at the lengths that the site has: exactly for smooth
kernels, pixel by pixel in onnxruntime's own arithmetic for nearest.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.conventions.onnx.lengths import NodeWanted
from halfpixel.conventions.onnx.resize import RESIZES
from halfpixel.conventions.onnx.vocabulary import VOCABULARY, NodeWords
from halfpixel.formats.plan import SizedResize
from halfpixel.intents.deviation import deviation_of
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.site import Operation
from halfpixel.work import remembered

TRIED: Final = 256
"""Input lengths at which a nearest resize by scale is simulated where none is known."""


def node_words(
    operation: Operation, goal: SizedResize, opset: int, *, exact: bool = False
) -> NodeWords | None:
    """Return the form that changes least and computes what is wanted, or None.

    Args:
        operation: the site as it is.
        goal: what it should compute.
        opset: newest opset that may be used.
        exact: a nearest resize must read PyTorch's pixels in onnxruntime's arithmetic at all
            trial lengths too, not only at those that are known.
    """
    return _chosen(_Asked(operation, goal, opset, exact))


class _Asked:
    """What `node_words` is asked, hashable."""

    def __init__(self, operation: Operation, goal: SizedResize, opset: int, exact: bool) -> None:  # noqa: FBT001 - kept as it is
        self.goal, self.opset, self.exact = goal, opset, exact
        self.wanted = _wanted(operation, goal, opset)
        factors, attributes = goal.factors.items(), operation.attributes.items()
        of_goal = goal.resize, goal.lengths, tuple(factors), goal.version, opset, exact
        here = operation.op, bool(operation.problem), operation.by, operation.scales
        self.key = (*of_goal, *here, operation.sizes, tuple(attributes))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.key == other.key


@remembered(256)
def _chosen(asked: _Asked) -> NodeWords | None:
    wanted, goal = asked.wanted, asked.goal

    def computes(form: NodeWords, found: Resize) -> bool:
        by = wanted.by if form.by == "kept" else form.by
        return _computes(found, goal, by_scale=by == "scales")

    second: NodeWords | None = None
    for form, found in VOCABULARY.equal(wanted, computes):
        if _agrees(_with_scales(found, form), goal):
            return form
        second = second or form
    return None if asked.exact else second


def _wanted(operation: Operation, goal: SizedResize, opset: int) -> NodeWanted:
    written = operation.op in RESIZES and not operation.problem
    plain = operation.attributes.get("keep_aspect_ratio_policy", "stretch") == "stretch"
    return NodeWanted(
        goal.resize,
        *goal.lengths,
        opset,
        operation.scales,
        attributes=operation.attributes,
        by=operation.by,
        sizes=operation.sizes,
        keeps=written and plain,
        factors=goal.factors,
    )


def _computes(candidate: Resize, goal: SizedResize, *, by_scale: bool) -> bool:
    """Whether a candidate is what is wanted, at the lengths that the site can have.

    No attribute says that an axis whose length stays is copied: where lengths are not known,
    that alone may be apart.
    """
    ins, outs = goal.lengths
    axes = tuple(
        (a, s if ins[a] is not None and outs[a] is not None else _plain(s))
        for a, s in goal.resize.axes
    )
    wanted = replace(goal.resize, axes=axes)
    return deviation_of(candidate, wanted, goal.lengths, by_scale, goal.version) is None


def _plain(sampling: Sampling) -> Sampling:
    return replace(sampling, copies_same_length=False)


def _with_scales(candidate: Resize, form: NodeWords) -> Resize:
    """Return a resize with the very float32 factors of a form: another factor moves pixels."""
    if form.by != "scales":
        return candidate
    values = [(axis, form.values[axis], sampling) for axis, sampling in candidate.axes]
    return Resize(
        tuple(
            (axis, sampling if value is None else replace(sampling, scale=Fraction(value)))
            for axis, value, sampling in values
        ),
        candidate.extrapolation_value,
    )


def _agrees(candidate: Resize, goal: SizedResize) -> bool:
    """Whether a nearest resize reads the pixels that are wanted, at trial lengths too."""
    for (axis, one), (_, other) in zip(candidate.axes, goal.resize.axes, strict=True):
        if not isinstance(other.kernel, Nearest) or goal.lengths[0][axis] is not None:
            continue
        for n_in, n_out in _trial_lengths(one, other):
            here = runtime_pixels(one, n_in, n_out)
            there = torch_pixels(other, n_in, n_out) or runtime_pixels(other, n_in, n_out)
            if here != there:
                return False
    return True


def _trial_lengths(one: Sampling, other: Sampling) -> Iterator[tuple[int, int]]:
    """Yield input and output lengths that a resize can have, by scale or by sizes."""
    if one.scale is not None and other.scale is not None:
        for n_in in range(1, TRIED + 1):
            n_out = output_length_float32(n_in, float(one.scale))
            if n_out >= 1:
                yield n_in, n_out
        return
    for n_in in range(1, TRIED // 4 + 1):
        for n_out in range(1, TRIED // 4 + 1):
            yield n_in, n_out


def text_of(form: NodeWords) -> str:
    """Return a form in words, as a fix is announced.

    >>> text_of(NodeWords({"mode": "linear"}, "sizes", (1, 3, 8, 8)))
    'mode=linear, sizes 1, 3, 8, 8'
    """
    said = [f"{name}={_shown(value)}" for name, value in form.attributes.items()]
    if form.by in {"scales", "sizes"}:
        listed = ", ".join("?" if v is None else f"{v:.9g}" for v in form.values)
        said.append(f"{form.by} {listed}")
    elif form.by == "computed":
        said.append("sizes computed from the input's")
    return ", ".join(said)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
