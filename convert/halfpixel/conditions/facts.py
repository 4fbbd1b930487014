"""What conditions are held against: facts of a node, by their names.

========================== ==================================================================
op                         Resize, Upsample, GridSample, AffineGrid, RoiAlign, ConvTranspose,
                           AveragePool;
                           operators and layers of Core ML and LiteRT by their own names
opset, rank                of the operator set (Core ML: the specification version), of the input
dtype, grid_dtype          element types, as ONNX names them; float32 where a file leaves it open
mode, nearest_mode ...     the node's attributes, ONNX's defaults filled in; modes of GridSample
                           by their names from opset 20 on; nearest_mode only where the mode is
                           nearest; those of Core ML as they are written
written                    attributes that stand in the node themselves
mode_written               whether the mode of a GridSample does
align_corners              of a grid; of a resize of LiteRT, as half_pixel_centers
kernel, coordinates        what a resize computes along any of its axes, whatever it is written as
extrapolation_value        of a resize: 0, or other
channels                   known or unknown: the length of axis 1
sampling_ratio             of a RoiAlign: absent, adaptive (0 or absent), fixed or negative
roi_input, scales_input,   element type of this input of a Resize, a RoiAlign or an AffineGrid; left
sizes_input, rois_input,   out, where nothing is connected; empty, where it is a constant without
batch_indices_input,       an element; empty in a run, where it has none and is no constant
size_input
by                         scales or sizes
constant                   true where scales or sizes are constants of the file
axes                       last 1, last 2, last 3: no axis before those is resized; NHWC: axes 1
                           and 2 of four; attribute: written with the attribute `axes`; some: and
                           that names fewer than all
changed                    likewise the places in which all axes lie whose change is known
shrinks                    whether one of those gets shorter
transposed                 to NCHW, to NHWC: the Transpose that the data comes out of, where the
                           output goes into another
lengths                    whole up, whole down: every resized axis by a whole factor; up, down,
                           mixed; to 1, from 1: an axis ends or starts with one sample; kept axis:
                           a sampled axis keeps its length; kept: they all do, by scales other
                           than 1; fraction: a scale times a length is no whole number; unknown:
                           a length is not known
converted_from             framework that the model was converted from, as the converter recorded it
named                      ATen call that the node's name holds: "aten linear", ...
kept                       of the original's names: an operator, ResizeArea, ...; resize/ where
                           tf.image.resize put its own before; up_sampling, Keras; :, a tensor;
                           channel_first, coremltools on a bilinear resize of TensorFlow
========================== ==================================================================

A target's rows stand on what is described: of a node that means nothing they know the operator
alone. `written_facts` adds what such a node says of itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from halfpixel.conditions.words import WORDS, Value
from halfpixel.conventions.onnx.resize import DEFAULTS, FIRST_RESIZE, RESIZES
from halfpixel.dialect import LITERT, ONNX
from halfpixel.sampling import AffineGrid, GridSample, Resize, RoiAlign
from halfpixel.sampling.coordinate import WHOLE
from halfpixel.sampling.resize import given_scale
from halfpixel.site import Operation

Facts = Mapping[str, frozenset[Value]]

ASKED: Final = (
    "mode", "coordinate_transformation_mode", "antialias", "exclude_outside",
    "keep_aspect_ratio_policy",
)  # fmt: skip
"""Attributes of a resize that conditions ask for, beside the nearest_mode of a nearest one."""


def facts_of(operation: Operation) -> Facts:
    """Return what conditions are held against, by their names.

    >>> dict(facts_of(Operation("AffineGrid", 20, {}, None)))["align_corners"]
    frozenset({0})
    """
    given = operation.attributes
    facts: dict[str, frozenset[Value]] = {
        "op": frozenset({operation.op}),
        "opset": frozenset({operation.opset}),
        "rank": frozenset({operation.rank}),
        "dtype": frozenset({operation.dtype or "float32"}),
        "constant": frozenset({int(operation.constant_lengths)}),
    }
    if operation.by:
        facts["by"] = frozenset({operation.by})
    for one in operation.surroundings.inputs:
        facts[f"{one.role}_input"] = frozenset({one.dtype, one.state} - {""})
    match operation.operator:
        case Resize():
            facts |= _resize_facts(operation)
        case GridSample():
            facts["mode"] = frozenset({operation.operator.mode})
            facts["mode_written"] = frozenset({int("mode" in given)})
            facts["padding_mode"] = frozenset({operation.operator.padding})
            facts["align_corners"] = frozenset({int(operation.operator.align_corners)})
            facts["grid_dtype"] = frozenset({operation.grid_dtype or "float32"})
        case RoiAlign():
            default = "half_pixel" if operation.opset >= 16 else "output_half_pixel"
            coordinate = str(given.get("coordinate_transformation_mode", default))
            facts["mode"] = frozenset({str(given.get("mode", "avg"))})
            facts["coordinate_transformation_mode"] = frozenset({coordinate})
            ratio = given.get("sampling_ratio")
            kinds = {"absent"} if ratio is None else set[str]()
            kind = "negative" if int(str(ratio or 0)) < 0 else "fixed" if ratio else "adaptive"
            facts["sampling_ratio"] = frozenset({kind, *kinds})
        case AffineGrid() | None:
            facts["align_corners"] = frozenset({cast("int", given.get("align_corners", 0))})
        case _:
            pass
    if operation.dialect == LITERT:
        flags = given.keys() & {"align_corners", "half_pixel_centers"}
        facts |= {name: frozenset({cast("Value", given[name])}) for name in flags}
    return facts


def written_facts(operation: Operation) -> Facts:
    """Return what else is known of a node that nobody may be able to describe.

    >>> facts = written_facts(Operation("Resize", 13, {"mode": "area"}, None))
    >>> facts["mode"], facts["written"]
    (frozenset({'area'}), frozenset())
    """
    given, operator = operation.attributes, operation.operator
    facts: dict[str, frozenset[Value]] = {
        "written": frozenset(name for name in WORDS["written"] if name in given),
        "converted_from": frozenset({operation.origin.framework.partition("==")[0]}),
    }
    if operation.origin.kept:
        scope, slash, name = operation.origin.kept.partition(" ")[2].rpartition("/")
        facts["kept"] = frozenset({name, scope + slash} - {""})
    if isinstance(operator, Resize):
        samplings = [sampling for _, sampling in operator.axes]
        facts["kernel"] = frozenset(type(one.kernel).__name__.lower() for one in samplings)
        facts["coordinates"] = frozenset(one.coordinate for one in samplings)
    if operation.dialect != ONNX:
        words = given.keys() & {"mode", "linearUpsampleMode"}
        return facts | {key: frozenset({cast("Value", given[key])}) for key in words}
    if operation.op in RESIZES:
        facts |= _attribute_facts(operation)
    return facts


def _attribute_facts(operation: Operation) -> dict[str, frozenset[Value]]:
    """Return the attributes of ONNX's Resize or Upsample, defaults filled in."""
    given = {name: operation.attributes.get(name, DEFAULTS[name]) for name in ASKED}
    if operation.op == "Upsample" or operation.opset < FIRST_RESIZE:
        given["coordinate_transformation_mode"] = "asymmetric"
        given["mode"] = "linear" if given["mode"] == "bilinear" else given["mode"]
    elif given["mode"] == "nearest":
        rounding = operation.attributes.get("nearest_mode", DEFAULTS["nearest_mode"])
        given["nearest_mode"] = rounding
    found: dict[str, frozenset[Value]] = {
        key: frozenset({cast("Value", value)}) for key, value in given.items()
    }
    beyond = operation.attributes.get("extrapolation_value", 0.0)
    known = any(length is not None for length in operation.lengths[0][1:2])
    found["extrapolation_value"] = frozenset({"other" if beyond else "0"})
    found["channels"] = frozenset({"known" if known else "unknown"})
    return found


def _resize_facts(operation: Operation) -> dict[str, frozenset[Value]]:
    facts = _attribute_facts(operation) if operation.dialect == ONNX else {}
    moved = resized_axes(operation)
    places = {f"last {n}" for n in (1, 2, 3) if all(a >= operation.rank - n for a in moved)}
    if operation.rank == 4 and 1 in moved and set(moved) <= {1, 2}:
        places.add("NHWC")
    if named := cast("tuple[int, ...]", operation.attributes.get("axes", ())):
        places |= {"attribute", *(["negative"] if min(named) < 0 else [])}
        if len(set(resized_by_attribute(operation))) < operation.rank:
            places.add("some")
    facts["axes"] = frozenset(places)
    facts["lengths"] = frozenset(_lengths(operation, moved))
    known = known_ratios(operation)
    within = {f"last {n}" for n in (1, 2, 3) if all(a >= operation.rank - n for a in known)}
    facts["changed"] = frozenset(within | ({"NHWC"} if known.keys() <= {1, 2} else set[str]()))
    facts["shrinks"] = frozenset({int(any(ratio < 1 for ratio in known.values()))})
    around = operation.surroundings
    if around.transposed:
        facts["transposed"] = frozenset({around.transposed})
    return facts


def resized_by_attribute(operation: Operation) -> tuple[int, ...]:
    """Return the axes that the attribute `axes` names, counted from the first."""
    given = operation.attributes.get("axes", ())
    return tuple(int(a) % operation.rank for a in given) if isinstance(given, tuple) else ()


def known_ratios(operation: Operation) -> dict[int, float]:
    """Return by how much each axis is known to change; axes that are copied are left out.

    >>> known_ratios(Operation("Resize", 13, {}, None, (1, 3, None), (1, 3, 8)))
    {}
    >>> known_ratios(Operation("Resize", 13, {}, None, (1, 4, None), (1, 3, 8)))
    {1: 0.75}
    """
    if operation.scales is not None:
        return {axis: scale for axis, scale in enumerate(operation.scales) if scale != 1}
    pairs = enumerate(zip(*operation.lengths, strict=False))
    return {axis: m / n for axis, (n, m) in pairs if n and m is not None and n != m}


def resized_axes(operation: Operation) -> list[int]:
    """Return the axes that are not copied, as far as lengths, scales and roi tell.

    >>> from halfpixel.sampling import Linear, Sampling
    >>> crop = Resize(tuple((a, Sampling("tf_crop_and_resize", Linear())) for a in range(3)))
    >>> resized_axes(Operation("Resize", 13, {}, crop, (1, 1, 4), (1, 1, 8)))
    [2]
    """
    if not isinstance(operation.operator, Resize):
        return []
    ins, outs = operation.lengths
    moved: list[int] = []
    for axis, sampling in operation.operator.axes:
        kept = ins[axis] is not None and ins[axis] == outs[axis]
        whole = sampling.coordinate != "tf_crop_and_resize" or sampling.roi == WHOLE
        scale = 1.0 if operation.scales is None else operation.scales[axis]
        if not (kept and whole and scale == 1):
            moved.append(axis)
    return moved


def _lengths(operation: Operation, moved: Sequence[int]) -> Iterator[str]:
    """Yield what is known of how the lengths of the resized axes change."""
    ins, outs = operation.lengths
    ratios: list[Fraction] = []
    unknown = fraction = False
    for axis in moved:
        n, m = ins[axis], outs[axis]
        scale = given_scale(operation.scales[axis]) if operation.scales is not None else None
        if n and m:
            ratios.append(Fraction(m, n))
        elif scale is not None:
            ratios.append(scale)
        unknown |= n is None or m is None
        if scale is not None:
            product = scale if n is None else scale * n
            fraction |= product.denominator != 1
    known = len(ratios) == len(moved)
    if known and all(ratio.denominator == 1 for ratio in ratios):
        yield "whole up"
    if known and all(ratio.numerator == 1 for ratio in ratios):
        yield "whole down"
    if known:
        up, down = any(ratio > 1 for ratio in ratios), any(ratio < 1 for ratio in ratios)
        yield "mixed" if up and down else "down" if down else "up"
    tests = {
        "to 1": any(outs[axis] == 1 for axis in moved),
        "from 1": any(ins[axis] == 1 for axis in moved),
        "kept axis": any(ins[axis] is not None and ins[axis] == outs[axis] for axis in moved),
        "kept": bool(moved) and all(ins[a] is not None and ins[a] == outs[a] for a in moved),
        "fraction": fraction,
        "unknown": unknown,
    }
    yield from (name for name, holds in tests.items() if holds)
