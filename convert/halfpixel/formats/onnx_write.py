"""One site written anew: the nodes that come in the place of the one that was there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from halfpixel.conventions import onnx_grid
from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.onnx_form import Form, Goal, form_of, goal_of, is_copy, words_of
from halfpixel.formats.onnx_hidden import read_gather
from halfpixel.formats.onnx_lower import (
    GRID_SAMPLE_RENAMED,
    GRID_SAMPLE_SINCE,
    Ends,
    affine_grid,
    computed_size,
    known_axes,
    lower,
)
from halfpixel.formats.onnx_node import resize_inputs
from halfpixel.formats.onnx_nodes import DTYPES, Nodes
from halfpixel.formats.onnx_walk import Place
from halfpixel.sampling import AffineGrid, GridSample, Nearest, Resize, RoiAlign
from halfpixel.sampling.lowering import LOWERINGS, Cost, Lowering, cost
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import AttributeProto, NodeProto

NEWEST = 25
"""Newest opset for which a node is written where none is given."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a site was written as.

    Attributes:
        nodes: the nodes, the last of which makes the site's output.
        text: the change in words.
        cost: what the original and the new operators cost, where lengths are known.
    """

    nodes: "list[NodeProto]"
    text: str
    cost: tuple[Cost, Cost] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a site is to be written: as a form, in other operators, or as a copy."""

    form: Form | None = None
    lowering: Lowering | None = None
    copy: bool = False

    @property
    def opset(self) -> int:
        """First opset that has what it needs."""
        if self.form is not None:
            return self.form.opset
        return GRID_SAMPLE_SINCE if self.lowering == "gridsample" else 1


def goal_at(place: Place, change: Change) -> Goal | None:
    """Return what a resize should compute, with the lengths that it has now."""
    if not isinstance(change.operator, Resize):
        return None
    return goal_of(place.site.operation, change.operator, change.factors)


def needed_opset(place: Place, change: Change, goal: Goal | None, newest: int | None) -> int:
    """Return the first opset that can say a change.

    Args:
        place: the site.
        change: what it should compute.
        goal: the same with its lengths, for a resize.
        newest: newest opset that may be used; None for any.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    operation = place.site.operation
    now = operation.opset
    most = max(now, NEWEST) if newest is None else max(now, newest)
    operator = change.operator
    if goal is not None:
        plan = plan_of(place, change, goal, most)
        if plan.lowering == "gridsample" and len(goal.lengths[0]) == 5:
            return max(now, GRID_SAMPLE_RENAMED)
        if plan.lowering == "gather" and known_axes(goal) is None:
            return max(now, 11)
        if plan.opset > most:
            raise ConventionError(f"it needs opset {plan.opset}, and {most} is the newest allowed")
        return max(now, plan.opset)
    if isinstance(operator, RoiAlign):
        attributes = onnx_grid.roi_align_attributes(operator, now)
        needed = now if attributes is not None else onnx_grid.HALF_PIXEL_IN
        if needed > most:
            raise ConventionError(f"it needs opset {needed}, and {most} is the newest allowed")
        return needed
    return now


def plan_of(place: Place, change: Change, goal: Goal, newest: int) -> Plan:
    """Return how a resize is written at an opset.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    operation, lowering = place.site.operation, change.lowering
    _check_layout(place, operation, goal)
    if lowering in LOWERINGS:
        return Plan(lowering=lowering)
    if lowering is None and is_copy(goal):
        return Plan(copy=True)
    now = max(operation.opset, 11)
    form = form_of(operation, goal, now, exact=change.exact)
    if form is None and newest > now:
        form = form_of(operation, goal, newest, exact=change.exact)
    if form is not None and (newest >= form.opset or lowering == "resize"):
        return Plan(form)
    if lowering == "resize":
        raise ConventionError("no Resize attribute says it")
    return Plan(lowering=_automatic(operation, goal, newest, exact=change.exact))


def _automatic(operation: Operation, goal: Goal, newest: int, *, exact: bool) -> Lowering:
    """Return the operators that say what Resize cannot."""
    reason = f"no Resize attribute of opset {newest} says it"
    nearest = all(isinstance(s.kernel, Nearest) for _, s in goal.resize.axes)
    tried: tuple[Lowering, ...] = ("gather", "matmul")
    for lowering in tried:
        try:
            lower(
                Nodes("trial", set(), max(newest, 11) if exact else newest),
                Ends("x", "y", "sizes"),
                operation,
                goal,
                lowering,
            )
        except ConventionError as error:
            if lowering == "matmul" or nearest:
                reason = f"{reason.partition(';')[0]}; {error}"
        else:
            return lowering
    raise ConventionError(reason)


def _check_layout(place: Place, operation: Operation, goal: Goal) -> None:
    """Refuse a gather whose result does not lie as its data does."""
    if operation.hidden != "GatherND":
        return
    gather = read_gather(place.scope, place.node)
    if gather is None:
        raise ConventionError("the gather is none that is known")
    found = place.scope.producer(place.output)
    perm = gather.perm
    behind = tuple(range(len(perm)))
    if found is not None and found[1].op_type == "Transpose":
        behind = cast("tuple[int, ...]", found[0].attributes(found[1]).get("perm", behind[::-1]))
    elif found is not None and found[1].op_type == "Add":
        return  # a blend stands behind the Transpose, which was checked as its end
    back = tuple(perm[axis] for axis in behind)
    axes = {axis for axis, _ in goal.resize.axes}
    if back != tuple(range(len(perm))) or set(perm[: len(axes)]) != axes:
        raise ConventionError("the gather's result lies otherwise than its data")


def written(  # noqa: PLR0913 - a site, what it should be, and the model around it
    place: Place,
    change: Change,
    goal: Goal | None,
    taken: set[str],
    opset: int,
    *,
    lifted: bool = False,
) -> Written:
    """Return the nodes that say a change.

    Args:
        place: the site, at the opset at which it is written.
        change: what it should compute.
        goal: the same with its lengths before any lift, for a resize.
        taken: names that the model has.
        opset: version of the default operator set.
        lifted: the model was taken to that opset for this, which may be all that it needs.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    operator = change.operator
    operation = place.site.operation
    nodes = Nodes(f"{place.output}_halfpixel", taken, opset)
    if goal is not None:
        return _resize(place, change, goal, nodes, lifted=lifted)
    if change.lowering is not None:
        raise ConventionError(f"{operation.op} is not written in other operators")
    if isinstance(operator, GridSample):
        attributes: dict[str, object] | None = onnx_grid.grid_sample_attributes(operator, opset)
    elif isinstance(operator, RoiAlign):
        attributes = onnx_grid.roi_align_attributes(operator, opset)
    elif isinstance(operator, AffineGrid):
        return _affine_grid(place, operator, nodes)
    else:
        raise ConventionError("the weights were trained for this operator")
    if attributes is None:
        raise ConventionError(f"opset {opset} cannot say it")
    node, changed = _with_attributes(place.node, operation, attributes)
    return Written([node], _set(changed))


def _set(changed: dict[str, object]) -> str:
    return "set " + ", ".join(f"{name}={value}" for name, value in changed.items())


def _affine_grid(place: Place, operator: AffineGrid, nodes: Nodes) -> Written:
    sizes = place.site.operation.sizes
    single = sizes is not None and 1 in sizes[2:]
    if not (single and operator.align_corners):
        attributes: dict[str, object] = {"align_corners": int(operator.align_corners)}
        node, changed = _with_attributes(place.node, place.site.operation, attributes)
        return Written([node], _set(changed))
    known = [] if sizes is None else [size for size in sizes[2:] if size is not None]
    if sizes is None or len(known) != len(sizes) - 2:
        raise ConventionError("a constant grid needs lengths that the file fixes")
    dtype = place.site.operation.dtype
    if dtype not in DTYPES:
        raise ConventionError(f"a matrix product needs a float type, theta is {dtype or 'unknown'}")
    base = [operator.base(length) for length in known]
    affine_grid(nodes, place.data, place.output, base, DTYPES[dtype])
    return _kept_records(place, nodes, "written as a product of its constant base with theta")


def _resize(place: Place, change: Change, goal: Goal, nodes: Nodes, *, lifted: bool) -> Written:
    operation = place.site.operation
    plan = plan_of(place, change, goal, nodes.opset)
    ends = Ends(place.data, place.output, _sizes_name(place, operation))
    if plan.copy:
        nodes.add("Identity", [ends.x], output=ends.y)
        return _kept_records(place, nodes, "a copy: no length changes")
    if plan.form is not None:
        if plan.form.opset > nodes.opset:
            raise ConventionError(
                f"it needs opset {plan.form.opset}, and the model stays at {nodes.opset}"
            )
        return _as_form(place, plan.form, nodes, ends, lifted=lifted)
    if plan.lowering is None:
        raise ConventionError("nothing says it")
    lower(nodes, ends, operation, goal, plan.lowering)
    if not nodes.made:
        nodes.add("Identity", [ends.x], output=ends.y)
    axes = known_axes(goal)
    costs = None
    if axes is not None:
        plain = [(s, n, m) for _, s, n, m in axes]
        costs = (cost(plain, None), cost(plain, plan.lowering))
    return _kept_records(place, nodes, f"written as {plan.lowering}", costs)


def _sizes_name(place: Place, operation: Operation) -> str:
    if operation.by != "sizes" or operation.hidden or "axes" in operation.attributes:
        return ""
    return resize_inputs(place.scope, place.node, operation.opset).sizes


def _kept_records(
    place: Place, nodes: Nodes, text: str, costs: tuple[Cost, Cost] | None = None
) -> Written:
    """Give the last new node the name and the records of the old one."""
    last = nodes.made[-1]
    last.name = place.node.name or last.name
    last.metadata_props.extend(place.node.metadata_props)
    return Written(nodes.made, text, costs)


def _as_form(place: Place, form: Form, nodes: Nodes, ends: Ends, *, lifted: bool) -> Written:
    """Write a Resize: the old node with other attributes, or a new one."""
    operation = place.site.operation
    if operation.op != "Resize" or operation.hidden or operation.opset < 11:
        node = _new_resize(place, operation)
        said = words_of(form)
    else:
        node, changed = _with_attributes(place.node, operation, _complete(form, operation))
        parts = [f"{name}={value}" for name, value in changed.items()]
        if form.by != "kept":
            parts.append(words_of(Form({}, form.by, form.values)).lstrip(", "))
        said = ", ".join(parts)
        if not said and not lifted:
            raise ConventionError("it already says so")
        said = said or words_of(form)
    if operation.op != "Resize" or operation.hidden or operation.opset < 11:
        node, _ = _with_attributes(node, operation, form.attributes, fresh=True)
    if form.by != "kept":
        _give_lengths(node, operation, form, nodes, ends)
    node.output[0] = ends.y
    nodes.made.append(node)
    return Written(nodes.made, f"set {said}" if operation.op == "Resize" else f"Resize: {said}")


def _complete(form: Form, operation: Operation) -> dict[str, object]:
    """Return the form's attributes, and 0 for those that must not stand at another value."""
    quiet = {
        name: 0
        for name in ("antialias", "exclude_outside")
        if operation.attributes.get(name) and name not in form.attributes
    }
    if form.by != "kept" and operation.attributes.get("keep_aspect_ratio_policy"):
        return {**form.attributes, **quiet, "keep_aspect_ratio_policy": "stretch"}
    return {**form.attributes, **quiet}


def _new_resize(place: Place, operation: Operation) -> "NodeProto":
    from onnx import helper

    node = helper.make_node("Resize", [place.data], [place.output], name=place.node.name)
    if not operation.hidden:
        node.input.extend(place.node.input[1:])
    node.metadata_props.extend(place.node.metadata_props)
    return node


def _give_lengths(
    node: "NodeProto", operation: Operation, form: Form, nodes: Nodes, ends: Ends
) -> None:
    """Connect new scales or sizes in the place of what was connected."""
    given = operation.attributes.get("axes") if not operation.hidden else None
    rank = len(form.values)
    axes = [int(a) % rank for a in given] if isinstance(given, tuple) else list(range(rank))
    values = [form.values[axis] for axis in axes]
    roi = node.input[1] if len(node.input) > 1 and not operation.hidden else ""
    empty = "" if nodes.opset >= 13 else nodes.floats([], "empty")
    if operation.opset < 11:
        roi = empty
    inputs = [ends.x, roi or empty]
    if form.by == "scales":
        inputs.append(nodes.floats([1.0 if v is None else v for v in values], "scales"))
    elif form.by == "sizes" and None not in values:
        inputs += [empty, nodes.ints([int(v or 0) for v in values], "sizes")]
    else:
        inputs += [empty, _joined_sizes(nodes, ends, axes, form)]
    del node.input[:]
    node.input.extend(inputs)


def _joined_sizes(nodes: Nodes, ends: Ends, axes: list[int], form: Form) -> str:
    """Return sizes put together in the graph: known ones, scaled ones, those of the input."""
    parts: list[str] = []
    for axis in axes:
        value = form.values[axis]
        if value is None:
            parts.append(nodes.length(ends.x, axis))
        elif form.by == "sizes":
            parts.append(nodes.ints([int(value)], "size"))
        else:
            parts.append(computed_size(nodes, ends.x, axis, value))
    return nodes.add("Concat", parts, "sizes", axis=0)


def _with_attributes(
    node: "NodeProto",
    operation: Operation,
    attributes: dict[str, object],
    *,
    fresh: bool = False,
) -> "tuple[NodeProto, dict[str, object]]":
    """Return a copy of a node with attributes set, and those that changed."""
    from onnx import helper

    out = type(node)()
    out.CopyFrom(node)
    old: Mapping[str, object] = {} if fresh else operation.attributes
    changed: dict[str, object] = {}
    for name, value in attributes.items():
        if name in old and _alike(old[name], value):
            continue
        if not fresh and name not in old and _alike(_DEFAULTS.get(name), value):
            continue
        changed[name] = value
        kept = [a for a in out.attribute if a.name != name]
        fitting = [*kept, helper.make_attribute(name, value)]
        copies = [_attribute_copy(a) for a in fitting]
        del out.attribute[:]
        out.attribute.extend(copies)
    return out, changed


def _attribute_copy(attribute: "AttributeProto") -> "AttributeProto":
    out = type(attribute)()
    out.CopyFrom(attribute)
    return out


_DEFAULTS: dict[str, object] = {
    "antialias": 0,
    "exclude_outside": 0,
    "cubic_coeff_a": -0.75,
}


def _alike(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) < 1e-6
    return a == b
