"""One site written anew: the nodes that come in the place of the one that was there."""

from dataclasses import dataclass
from typing import cast

from halfpixel.conventions.onnx import grid as onnx_grid
from halfpixel.conventions.onnx.vocabulary import Form
from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.onnx.read.gathers import read_gather
from halfpixel.formats.onnx.read.resize import resize_inputs
from halfpixel.formats.onnx.read.walk import Place
from halfpixel.formats.onnx.write.builder import DTYPES, Ends, Nodes
from halfpixel.formats.onnx.write.grid import GRID_SAMPLE_RENAMED, GRID_SAMPLE_SINCE, affine_grid
from halfpixel.formats.onnx.write.lowering import lower
from halfpixel.formats.onnx.write.resize import Written, as_form, kept_records, with_attributes
from halfpixel.formats.onnx.write.spelling import form_of
from halfpixel.formats.plan import Goal, goal_of, is_copy, known_steps
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample, Nearest, Resize, RoiAlign
from halfpixel.sampling.axis import MAX_LENGTH
from halfpixel.sampling.lowering import LOWERINGS, Lowering, cost
from halfpixel.site import Operation

NEWEST = 25
"""Newest opset for which a node is written where none is given."""


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
    if place.output not in place.scope.producers:
        raise ConventionError("nothing reads what it makes")
    now = operation.opset
    most = max(now, NEWEST) if newest is None else max(now, newest)
    operator = change.operator
    if goal is not None:
        plan = plan_of(place, change, goal, most)
        if plan.lowering == "gridsample" and len(goal.lengths[0]) == 5:
            return max(now, GRID_SAMPLE_RENAMED)
        if plan.lowering == "gather" and known_steps(goal) is None:
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
    _check_lengths(goal)
    _check_layout(place, operation, goal)
    if lowering is not None and not goal.resize.axes:
        raise ConventionError("it resamples no axis")
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


def _check_lengths(goal: Goal) -> None:
    """Refuse lengths beyond those whose weights are described."""
    for lengths in goal.lengths:
        for axis, _ in goal.resize.axes:
            length = lengths[axis]
            if length is not None and not 1 <= length <= MAX_LENGTH:
                raise ConventionError(f"axis {axis} is {length} long, expected 1 to {MAX_LENGTH}")


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
    elif isinstance(operator, ConvTranspose) and isinstance(operation.operator, ConvTranspose):
        now = onnx_grid.conv_transpose_attributes(operation.operator)
        wanted = onnx_grid.conv_transpose_attributes(operator)
        differing = {name: value for name, value in wanted.items() if value != now[name]}
        node, changed = with_attributes(place.node, operation, differing, dropped=onnx_grid.FITTED)
        return Written([node], _set(changed))
    else:
        raise ConventionError("the weights were trained for this operator")
    if attributes is None:
        raise ConventionError(f"opset {opset} cannot say it")
    node, changed = with_attributes(place.node, operation, attributes)
    return Written([node], _set(changed))


def _set(changed: dict[str, object]) -> str:
    return "set " + ", ".join(f"{name}={value}" for name, value in changed.items())


def _affine_grid(place: Place, operator: AffineGrid, nodes: Nodes) -> Written:
    sizes = place.site.operation.sizes
    single = sizes is not None and 1 in sizes[2:]
    if not (single and operator.align_corners):
        attributes: dict[str, object] = {"align_corners": int(operator.align_corners)}
        node, changed = with_attributes(place.node, place.site.operation, attributes)
        return Written([node], _set(changed))
    known = [] if sizes is None else [size for size in sizes[2:] if size is not None]
    if sizes is None or len(known) != len(sizes) - 2:
        raise ConventionError("a constant grid needs lengths that the file fixes")
    dtype = place.site.operation.dtype
    if dtype not in DTYPES:
        raise ConventionError(f"a matrix product needs a float type, theta is {dtype or 'unknown'}")
    base = [operator.base(length) for length in known]
    affine_grid(nodes, place.data, place.output, base, DTYPES[dtype])
    return kept_records(place, nodes, "written as a product of its constant base with theta")


def _resize(place: Place, change: Change, goal: Goal, nodes: Nodes, *, lifted: bool) -> Written:
    operation = place.site.operation
    plan = plan_of(place, change, goal, nodes.opset)
    ends = Ends(place.data, place.output, _sizes_name(place, operation))
    if plan.copy:
        nodes.add("Identity", [ends.x], output=ends.y)
        return kept_records(place, nodes, "a copy: no length changes")
    if plan.form is not None:
        if plan.form.opset > nodes.opset:
            raise ConventionError(
                f"it needs opset {plan.form.opset}, and the model stays at {nodes.opset}"
            )
        return as_form(place, plan.form, nodes, ends, lifted=lifted)
    if plan.lowering is None:
        raise ConventionError("nothing says it")
    lower(nodes, ends, operation, goal, plan.lowering)
    if not nodes.made:
        nodes.add("Identity", [ends.x], output=ends.y)
    steps = known_steps(goal)
    costs = None
    if steps is not None:
        plain = [(s.sampling, s.n_in, s.n_out) for s in steps]
        costs = (cost(plain, None), cost(plain, plan.lowering))
    return kept_records(place, nodes, f"written as {plan.lowering}", costs)


def _sizes_name(place: Place, operation: Operation) -> str:
    if operation.by != "sizes" or operation.hidden or "axes" in operation.attributes:
        return ""
    return resize_inputs(place.scope, place.node, operation.opset).sizes
