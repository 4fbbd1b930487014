"""How a site of an ONNX model is written: attributes that say it, or other operators.

Nothing is written here, so that a change can be announced before it is made. The plan depends on
the opset that may be used; `opset_for` says which one a plan needs. Where the model has to be taken
to a later opset for it, a resize from before opset 11 is planned as the lift leaves it.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from halfpixel.conventions.onnx import grid as onnx_grid
from halfpixel.conventions.onnx.attributes import DEFAULT_DOMAINS
from halfpixel.conventions.onnx.resize import (
    DEFAULTS,
    FIRST_RESIZE,
    RESIZES,
    early_attributes,
)
from halfpixel.conventions.onnx.vocabulary import NodeWords
from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.lowerings import Capabilities
from halfpixel.formats.onnx.read.domains.names import MICROSOFT
from halfpixel.formats.onnx.read.place import Place
from halfpixel.formats.onnx.write.gather import RANGE_SINCE
from halfpixel.formats.onnx.write.grid import GRID_SAMPLE_RENAMED, GRID_SAMPLE_SINCE
from halfpixel.formats.onnx.write.inputs import repairs
from halfpixel.formats.onnx.write.spelling import node_words, text_of
from halfpixel.formats.plan import (
    Affine,
    Floor,
    Gather,
    Grid,
    Plan,
    Said,
    SizedResize,
    sized_change,
)
from halfpixel.formats.planner import OwnWords, choose
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample, RoiAlign
from halfpixel.site import Operation

NEWEST: Final = 25
"""Newest opset for which a node is written where none is given."""

OTHERS: Final = Capabilities(
    tried=("gather", "matmul"),
    largest=1 << 23,  # 32 MB of float32
    dtypes=frozenset({"float32", "float64", "float16"}),
    free="",
)
"""What ONNX has beside Resize."""


def opset_for(plan: Plan) -> int:
    """Return the first opset that has what a plan needs."""
    match plan:
        case Said():
            return plan.since
        case Grid():
            return GRID_SAMPLE_SINCE if len(plan.lengths) == 2 else GRID_SAMPLE_RENAMED
        case Gather() if any(isinstance(step, Floor) for step in plan.steps):
            return RANGE_SINCE
        case _:
            return 1


def newest_for(operation: Operation, newest: int | None) -> int:
    """Return the newest opset that may be used: the model's own at least."""
    return max(operation.opset, NEWEST if newest is None else newest)


def plan_of(
    place: Place, change: Change, goal: SizedResize | None, opset: int, *, lifted: bool
) -> Plan:
    """Return how a change is written.

    Args:
        place: the site.
        change: what it should compute.
        goal: the same with its lengths, for a resize.
        opset: newest opset that may be used.
        lifted: the model is taken to another opset, which may be all that it needs.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    if place.output not in place.scope.producers:
        raise ConventionError("nothing reads what it makes")
    foreign = place.node.domain not in DEFAULT_DOMAINS
    if foreign and (place.node.domain, place.node.op_type) != (MICROSOFT, "GridSample"):
        raise ConventionError(f"{place.site.op} is onnxruntime's own, and is left as it is")
    if goal is not None:
        return _resize(place, change, goal, opset, lifted=lifted)
    operator, operation = change.operator, place.site.operation
    if change.lowering is not None:
        raise ConventionError(f"{operation.op} is not written in other operators")
    if isinstance(operator, AffineGrid):
        return _affine_grid(operation, operator)
    if isinstance(operator, ConvTranspose) and isinstance(operation.operator, ConvTranspose):
        now = onnx_grid.conv_transpose_attributes(operation.operator)
        wanted = onnx_grid.conv_transpose_attributes(operator)
        differing = {name: value for name, value in wanted.items() if value != now[name]}
        return replace(_set(operation, differing), dropped=tuple(onnx_grid.FITTED))
    if isinstance(operator, RoiAlign):
        return _roi_align(operation, operator)
    if isinstance(operator, GridSample):
        words = opset if place.node.domain in DEFAULT_DOMAINS else GRID_SAMPLE_SINCE
        attributes = onnx_grid.grid_sample_attributes(operator, words)
        if attributes is None:
            raise ConventionError(f"opset {opset} cannot say it")
        return _set(operation, attributes)
    raise ConventionError("the weights were trained for this operator")


def _set(operation: Operation, attributes: Mapping[str, object]) -> Said:
    """Return the operator with other attributes."""
    differing = _changed(operation.attributes, attributes)
    text = ", ".join(f"{name}={value}" for name, value in differing.items())
    return Said(operation.op, differing, f"set {text}")


def _roi_align(operation: Operation, operator: RoiAlign) -> Said:
    attributes = onnx_grid.roi_align_attributes(operator, operation.opset)
    if attributes is not None:
        return _set(operation, attributes)
    attributes = onnx_grid.roi_align_attributes(operator, onnx_grid.HALF_PIXEL_IN)
    return replace(_set(operation, attributes or {}), since=onnx_grid.HALF_PIXEL_IN)


def _affine_grid(operation: Operation, operator: AffineGrid) -> Plan:
    """Set align_corners, which says nothing of an axis of length 1: that one is written out."""
    sizes = operation.sizes
    single = sizes is not None and 1 in sizes[2:]
    if not (single and operator.align_corners):
        return _set(operation, {"align_corners": int(operator.align_corners)})
    known = [] if sizes is None else [size for size in sizes[2:] if size is not None]
    if sizes is None or len(known) != len(sizes) - 2:
        raise ConventionError("a constant grid needs lengths that the file fixes")
    dtype = operation.dtype
    if dtype not in (OTHERS.dtypes or ()):
        raise ConventionError(f"a matrix product needs a float type, theta is {dtype or 'unknown'}")
    text = "written as a product of its constant base with theta"
    return Affine(operator, tuple(known), dtype, text)


def _resize(place: Place, change: Change, goal: SizedResize, opset: int, *, lifted: bool) -> Plan:
    operation = place.site.operation
    _check_lengths(goal)
    _check_layout(place)
    if change.lowering is not None and not goal.resize.axes:
        raise ConventionError("it resamples no axis")

    def say() -> Said | None:
        now = max(operation.opset, FIRST_RESIZE)
        form = node_words(operation, goal, now, exact=change.exact)
        if form is None and opset > now:
            form = node_words(operation, goal, opset, exact=change.exact)
        if form is None or (form.opset > opset and change.lowering != "resize"):
            return None
        return _said(operation, form, lifted=lifted)

    def unsaid() -> str:
        which = "" if change.lowering == "resize" else f" of opset {opset}"
        return f"no Resize attribute{which} says it"

    able = replace(OTHERS, free=_uncomputed(operation, opset), sized=is_sized(operation))
    return choose(goal, able, OwnWords(say, unsaid), change.lowering)


def _uncomputed(operation: Operation, opset: int) -> str:
    """Return why pixels are not computed in the graph; empty where they can be."""
    policy = operation.attributes.get("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        return f"a gather at unknown lengths does not keep_aspect_ratio ({policy})"
    if opset < RANGE_SINCE:
        return f"pixels are computed with Range, which opset {RANGE_SINCE} brought"
    return ""


def is_sized(operation: Operation) -> bool:
    """Whether a value holds the output length of every axis."""
    return operation.by == "sizes" and not operation.hidden and "axes" not in operation.attributes


def _check_lengths(goal: SizedResize) -> None:
    """Refuse an axis of nothing."""
    for lengths in goal.lengths:
        for axis, _ in goal.resize.axes:
            length = lengths[axis]
            if length is not None and length < 1:
                raise ConventionError(f"axis {axis} is {length} long, expected at least 1")


def _check_layout(place: Place) -> None:
    """Refuse a gather whose result does not lie as its data does."""
    found = place.decomposition
    if found is not None and found.is_turned:
        raise ConventionError("the gather's result lies otherwise than its data")


def _said(operation: Operation, form: NodeWords, *, lifted: bool) -> Said:
    """Return a Resize: the old node with other attributes, or a new one."""
    fresh = operation.op != "Resize" or bool(operation.hidden) or operation.opset < FIRST_RESIZE
    if fresh:
        attributes, text = form.attributes, text_of(form)
    else:
        attributes = _changed(operation.attributes, _complete(form, operation))
        parts = [f"{name}={value}" for name, value in attributes.items()]
        if form.by != "kept":
            parts.append(text_of(replace(form, attributes={})))
        parts += repairs(operation) if form.by == "kept" else []
        text = ", ".join(parts)
        if not text and not lifted:
            raise ConventionError("it already says so")
        text = text or text_of(form)
    text = f"set {text}" if operation.op == "Resize" else f"Resize: {text}"
    return Said("Resize", attributes, text, fresh, form.by, form.values, since=form.opset)


def _complete(form: NodeWords, operation: Operation) -> dict[str, object]:
    """Return the form's attributes, and 0 for those that must not stand at another value."""
    quiet = {
        name: 0
        for name in ("antialias", "exclude_outside")
        if operation.attributes.get(name) and name not in form.attributes
    }
    if form.by != "kept" and operation.attributes.get("keep_aspect_ratio_policy"):
        return {**form.attributes, **quiet, "keep_aspect_ratio_policy": "stretch"}
    return {**form.attributes, **quiet}


QUIET: Final = frozenset({"antialias", "exclude_outside", "cubic_coeff_a"})
"""Attributes that need not be written at their defaults."""


def _changed(old: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes that must be set, in the order of those that are wanted."""
    return {
        name: value
        for name, value in wanted.items()
        if not _alike(old.get(name, DEFAULTS[name] if name in QUIET else None), value)
    }


def _alike(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) < 1e-6
    return a == b


def words_of_change(place: Place, change: Change, newest: int | None) -> str:
    """Return the text of the plan that a change has, at the newest opset that may be used.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    goal, most = (
        sized_change(place.site.operation, change),
        newest_for(place.site.operation, newest),
    )
    plan = plan_of(place, change, goal, most, lifted=True)
    now, needed = place.site.opset, opset_for(plan)
    if needed > most:
        raise ConventionError(f"it needs opset {needed}, and {most} is the newest allowed")
    if needed > now:
        lifted = replace(place.site, operation=as_lifted(place.site.operation, needed))
        return plan_of(replace(place, site=lifted), change, goal, needed, lifted=True).text
    return plan_of(place, change, goal, now, lifted=False).text


def as_lifted(operation: Operation, opset: int) -> Operation:
    """Return a site as it is in a model that was taken to a later opset."""
    early = operation.op in RESIZES and operation.opset < FIRST_RESIZE <= opset
    if not early or operation.hidden:
        return replace(operation, opset=opset)
    attributes = early_attributes(str(operation.attributes.get("mode", "nearest")))
    return replace(operation, op="Resize", opset=opset, attributes=attributes)
