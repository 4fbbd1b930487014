"""A coremltools graph pass that sets resampling operators right while a model is converted.

::

    import coremltools as ct
    from halfpixel.plugins import coreml

    model = ct.convert(traced, inputs=[...], pass_pipeline=coreml.pipeline())

Each resize of the program is judged by the same rules as a file would be, and written as their
fixes say: a nudged scale by its size, a fractional nearest resize as gathers, an antialias that the
converter dropped (where torch.export's name of the call is kept) as products with constant
matrices. The pass comes first, so that a resize that keeps its lengths and moves its samples is
not deleted as a copy. What was changed is logged under the name "halfpixel".

Source: coremltools `converters/mil/mil/passes/graph_pass.py` and `pass_pipeline.py`, release 9.0.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from operator import index
from typing import Final, Protocol, cast

from msgspec.structs import replace

from halfpixel.boundary import boundary
from halfpixel.checking.check import Judge, settings_of
from halfpixel.conventions.coreml import mil as coreml_mil
from halfpixel.dialect import ML_PROGRAM
from halfpixel.errors import ConventionError, MissingExtraError
from halfpixel.fixing.mil_program import Block, Op, Program, Var
from halfpixel.formats.coreml.read.place import settle
from halfpixel.formats.coreml.write.operators import call_of
from halfpixel.formats.coreml.write.plan import PROGRAM, vocabulary
from halfpixel.formats.plan import (
    Copy,
    Pixels,
    Plan,
    Product,
    Said,
    sized_resize,
)
from halfpixel.formats.planner import choose, lowered
from halfpixel.intents.exporter_habit import meant
from halfpixel.origin import Origin, Producer
from halfpixel.printable import printable_line
from halfpixel.rule import SEVERITIES, Fix
from halfpixel.sampling import Resize
from halfpixel.site import Attribute, Operation, Site

LOG: Final = logging.getLogger("halfpixel")
NAME: Final = "halfpixel::pin_sampling"
KEPT: Final = "written out, since a resize that keeps its lengths is deleted as a copy"
BUILDER: Final = replace(PROGRAM, tried=("mixed",), static=False)
"""What coremltools' builder can be asked to add; it finds the types of new values itself."""

DTYPES: Final = {"fp16": "float16", "fp32": "float32", "int32": "int32"}


class _Pipeline(Protocol):
    def insert_pass(self, index: int, pass_name: str) -> None: ...
    def set_options(self, pass_name: str, options: Mapping[str, str]) -> None: ...


def pipeline(
    *, unsafe_fixes: bool = False, expect: Sequence[str] = (), source: str = "torch"
) -> object:
    """Return coremltools' default passes with this one before them.

    Args:
        unsafe_fixes: also make fixes that rest on an assumption, such as half pixels in the
            place of sampling_mode DEFAULT.
        expect: what is meant, as `halfpixel fix --expect` takes it: `[NODE:]KEY=VALUE`. Converting
            from TorchScript nothing tells that a call had antialias=True; this does.
        source: framework that is converted from: "torch" or "tensorflow".

    Returns:
        A coremltools.PassPipeline, for ct.convert(..., pass_pipeline=...).

    Raises:
        MissingExtraError: coremltools is not installed.
        UsageError: an expectation that is none.
    """
    settings_of(expect=expect)
    register()
    made = cast("_Pipeline", _module("").PassPipeline())  # type: ignore[attr-defined]
    made.insert_pass(0, NAME)
    options = {"unsafe": "yes" if unsafe_fixes else "", "source": source}
    options["expect"] = "\n".join([expect] if isinstance(expect, str) else expect)
    made.set_options(NAME, options)
    return made


def register() -> None:
    """Enter the pass into coremltools' registry, once."""
    registry = _module(".converters.mil.mil.passes.pass_registry")
    passes = cast("Mapping[str, object]", registry.PASS_REGISTRY.passes)  # type: ignore[attr-defined]
    if NAME in passes:
        return
    graph_pass = _module(".converters.mil.mil.passes.graph_pass")
    base = cast("type[object]", graph_pass.AbstractGraphPass)  # type: ignore[attr-defined]
    options = dict.fromkeys(("unsafe", "source", "expect"), "")
    made = type("pin_sampling", (base,), {"apply": _apply, **options})
    registry.register_pass(namespace="halfpixel")(made)  # type: ignore[attr-defined]


def _module(name: str) -> object:
    try:
        return import_module(f"coremltools{name}")
    except ImportError as error:
        raise MissingExtraError("coremltools", "coreml") from error


class _Options(Protocol):
    unsafe: str
    source: str
    expect: str


def _apply(self: _Options, program: Program) -> None:
    """Write every resize of a program as it was meant."""
    settings = settings_of(expect=self.expect.splitlines())
    judge, seen = Judge(settings), list[str]()
    for function in program.functions.values():
        version = int(cast("int", getattr(function.opset_version, "value", function.opset_version)))
        for block in _blocks(function):
            for op in list(block.operations):
                if op.op_type not in coreml_mil.RESIZES:
                    continue
                seen.append(op.name)
                with boundary(op.name):
                    plan = _wanted(op, version, self, judge)
                    if plan is not None:
                        with block:
                            _write(block, op, plan)
    for fault in judge.faults:
        LOG.warning("%s", fault)
    for policy in settings.policies:
        if not any(fnmatchcase(name, policy.pattern) for name in seen):
            listed = ", ".join(seen[:5]) or "none"
            told = f"expect {policy.pattern!r}: no such operator; resizes are: {listed}"
            LOG.warning(printable_line(told))


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for op in block.operations:
        for inner in op.blocks:
            yield from _blocks(inner)


def _wanted(op: Op, version: int, options: _Options, judge: Judge) -> Plan | None:
    """Return how the most severe fix that the rules offer for a resize is written."""
    operation = operation_of(op, version, options.source)
    if operation is None or not isinstance(operation.operator, Resize):
        return None
    if _moves(operation):
        try:
            plan = lowered(sized_resize(operation, operation.operator), "mixed", BUILDER)
        except ConventionError:
            return None
        return replace(plan, text=KEPT)
    site = judge.with_expectation(Site(op.name, operation))
    said = (finding for _, finding in judge.findings_of(site))
    for finding in sorted(said, key=lambda one: SEVERITIES.index(one.severity)):
        fix = finding.fix
        if fix is None or not (fix.safety == "safe" or options.unsafe):
            continue
        found = _plan(operation, fix, version)
        own = isinstance(found, Said) and found.op.startswith("resize")
        own |= isinstance(found, Product) and all(isinstance(s, Pixels) for s in found.steps)
        if finding.severity == "note" and not own:
            continue  # matrices in the place of an operator are too much for a note
        return found
    return None


def _plan(operation: Operation, fix: Fix, version: int) -> Plan | None:
    """Return how a fix is written; None where it is not, or the output's length would change."""
    if not isinstance(fix.operator, Resize):
        return None
    goal = sized_resize(operation, fix.operator, fix.factors)
    if goal.lengths[1] != operation.lengths[1]:
        return None
    try:
        return choose(goal, BUILDER, vocabulary(operation, goal, version, BUILDER.copy))
    except ConventionError:
        return None


def _moves(operation: Operation) -> bool:
    """Whether every length stays, and samples move: what a later pass deletes as a copy."""
    ins, outs = operation.lengths
    operator = operation.operator
    if ins != outs or None in ins or not isinstance(operator, Resize):
        return False
    return any(sampling.coordinate == "coreml_offset_corners" for _, sampling in operator.axes)


def operation_of(op: Op, version: int, source: str) -> Operation | None:
    """Return what a resize of a program in memory computes; None where it means nothing."""
    x = op.inputs["x"]
    base = Operation(
        op.op_type,
        version,
        dict(_attributes(op)),
        None,
        input_shape=_lengths(x),
        output_shape=_lengths(op.outputs[0]),
        origin=Origin(Producer("coremltools"), source),
        dtype=_dtype(x),
        by="scales" if op.op_type.startswith("upsample") else "sizes",
        constant_lengths=op.op_type != "resize" or op.inputs["shape"].val is not None,
        dialect=ML_PROGRAM,
    )
    try:
        meaning = coreml_mil.read(base.op, base.attributes, base.lengths[0])
        found = settle(base, meaning)
    except ConventionError:
        return None
    doubt = coreml_mil.open_question(found.op, found.attributes, found.lengths[0])
    return replace(found.meaning(meant(found, op.name)), doubt=doubt)


def _lengths(var: Var) -> tuple[int | None, ...]:
    """Return lengths; a symbol is None."""
    found: list[int | None] = []
    for length in var.shape:
        try:
            found.append(index(cast("int", length)))
        except TypeError:
            found.append(None)
    return tuple(found)


def _dtype(var: Var) -> str:
    types = _module(".converters.mil.mil.types")
    name = cast("str", types.builtin_to_string(var.dtype))  # type: ignore[attr-defined]
    return DTYPES.get(name, name)


def _attributes(op: Op) -> Iterator[tuple[str, Attribute]]:
    import numpy as np

    for name, var in op.inputs.items():
        value = getattr(var, "val", None)
        if name == "x" or value is None:
            continue
        plain: object = np.asarray(value).tolist()
        yield name, cast("Attribute", tuple(plain) if isinstance(plain, list) else plain)  # pyright: ignore[reportUnknownArgumentType]


def _write(block: Block, op: Op, plan: Plan) -> None:
    """Put what a plan says in the place of an operation."""
    new = _built(op, plan)
    if new is None or new is op.outputs[0]:
        return
    if block.try_replace_uses_of_var_after_op(anchor_op=op, old_var=op.outputs[0], new_var=new):
        block.remove_ops([op])
        LOG.info(printable_line(f"{op.name}: {plan.text}"))


def _built(op: Op, plan: Plan) -> Var | None:
    """Add the operations of a plan; None where they are none."""
    builder = cast("object", _module(".converters.mil").Builder)  # type: ignore[attr-defined]
    x = op.inputs["x"]
    match plan:
        case Copy():
            return _call(builder, "identity", op, op.name, x=x)
        case Said():
            return _call(builder, plan.op, op, op.name, x=x, **plan.attributes)
        case Product():
            for place, step in enumerate(plan.steps):
                last = place + 1 == len(plan.steps)
                name = op.name if last else f"{op.name}_halfpixel_{step.axis}"
                kind, data, inputs = call_of(step, plan.rank, plan.dtype)
                axis = {"axis": step.axis} if isinstance(step, Pixels) else {}
                x = _call(builder, kind, op, name, **{data: x}, **inputs, **axis)
            return x
        case _:
            return None


def _call(builder: object, kind: str, op: Op, name: str, **inputs: object) -> Var:
    return cast("Var", getattr(builder, kind)(**inputs, name=name, before_op=op))
