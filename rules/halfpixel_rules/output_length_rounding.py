"""A scale gives one output length in float32 and another in float64.

## Why it matters
100 pixels at scale 0.29 are 28.999999999999996 in float64, which PyTorch truncates to 28;
onnxruntime multiplies in float32, gets exactly 29.0, and the tensor has another shape. What
follows fails, or broadcasts, or is cut one pixel off.

## Where it comes from
Resize takes its scales as float32, whatever the exporter knew. A traced
recompute_scale_factor=True multiplies in float32 in the graph itself. Before opset 11 a size
is written as a scale, n_out / n_in in float32, which shape inference may round down to one
less than the kernel gives. Scale factors with a short binary fraction (2, 0.5, 1.5) are right.

Core ML's upsampling operators take float32 factors too, and coremltools multiplies in float32 when
it converts: the length that the model declares is another than PyTorch's.

## What is reported
An error where the call is recorded, whether the file fixes the input length or some of the first
1024 that the model takes are affected: how many, and the smallest. Where it is not, only of files
whose exporter computes lengths in float64, as PyTorch's does, and where no double that somebody
may have had (a short decimal, a ratio of small numbers) gives the length that onnxruntime gives: a
warning, and a note where it is a ratio at a free length. A file that declares that length is right.

## Fix safety
Safe where the call is recorded: a neighbouring float32 is taken that gives PyTorch's length
at the lengths that the file fixes, or at all of them up to 1024; where there is none the fix
is declined. Unsafe where the factor is assumed: sizes are then given, or computed in float64. For
Core ML it is declined where anything reads the output: what follows has its lengths written down.
"""

import math
from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.dialect import ML_PROGRAM, ONNX
from halfpixel.intents.deviation import meant_resize
from halfpixel.intents.exporter_habit import multiplies_in_float64
from halfpixel.intents.factors import neat, nudged
from halfpixel.intents.free_lengths import Share, lengths_of
from halfpixel.origin import Safety
from halfpixel.rule import Bad, Finding, Fix, Good, Rule, Severity, example_record, example_site
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import (
    factors_of,
    float32,
    likeliest,
    output_length_float32,
    output_length_float64,
)
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.resize import given_scale
from halfpixel.site import Operation, Site, known
from halfpixel_rules._meant import other_size

DECLINED = "the length is computed by nodes of the graph, and not by one factor alone"
LONGEST = 1024


def check(site: Site) -> Iterator[Finding]:
    """Multiply as both sides do, at the lengths that are known or at all small ones."""
    operation, operator = site.operation, site.operator
    if not isinstance(operator, Resize) or other_size(operation) is not None:
        yield from _computed(operation, None) if operation.hidden else ()
        return
    if operation.dialect != ONNX or operation.by == "sizes":
        judge = _computed if operation.dialect == ONNX else _declared
        yield from judge(operation, operator)
        return
    intent = operation.intent
    if intent and intent.call and intent.call.size is not None:
        yield from _size_as_scale(operation, operator)
        return
    how = None if intent is None else intent.how
    if how in {"recorded", "policy"} or multiplies_in_float64(operation):
        yield from _by_scales(operation, operator, told=how == "recorded")


def _by_scales(operation: Operation, operator: Resize, *, told: bool) -> Iterator[Finding]:
    """Judge lengths by factors: PyTorch's multiplies them in float64."""
    lengths = operation.lengths[0]
    fits = len(operation.declared or ()) == operation.rank  # else the file contradicts itself
    declared = known(operation.declared if fits else None, operation.rank)
    for place, (axis, sampling) in enumerate(operator.axes):
        if sampling.scale in {None, ONE} and operation.scales is None:
            continue
        scale = float(operation.scales[axis] if operation.scales else sampling.scale or 1)
        factors = _factors(operation, place, len(operator.axes), scale)
        n_in = lengths[axis]
        if not told and n_in is not None and output_length_float32(n_in, scale) == declared[axis]:
            continue  # the exporter saw this length too
        taken = lengths_of(operation.surroundings.ranges, axis)[:LONGEST]
        wrong = _wrong(scale, factors, taken if n_in is None else [n_in])
        if not wrong:
            continue
        witness, factor = wrong[0], factors[0]
        here = output_length_float32(witness, scale)
        there = output_length_float64(witness, factor)
        guessed = n_in is None and not told and not neat([factor])
        severity: Severity = "error" if told else "note" if guessed else "warning"
        at = ""
        if n_in is None:
            share = Share(len(wrong), len(taken), every=len(taken) < LONGEST)
            at = f"at {share.text}, the smallest {witness}: "
        yield Finding(
            f"{at}scale {factor:.6g} takes length {witness} (axis {axis}) to {here} in "
            f"onnxruntime's float32 and to {there} in PyTorch's float64",
            severity,
            "simulated",
            _fix(operation, operator, "safe" if told else "unsafe"),
        )
        return


def _declared(operation: Operation, operator: Resize) -> Iterator[Finding]:
    """Judge the length that a Core ML model declares, where it was written as a factor."""
    ins, outs = operation.lengths
    for axis, _ in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        scales = operation.scales
        if n_in is None or n_out is None or scales is None or not neat(scales):
            continue
        factor = likeliest(scales[axis])
        there = output_length_float64(n_in, factor)
        if there == n_out or nudged(scales[axis], n_in, n_out):
            continue
        yield Finding(
            f"scale {factor:.6g} takes length {n_in} (axis {axis}) to {n_out} in Core ML's "
            f"float32 and to {there} in PyTorch's float64",
            "warning",
            "simulated",
            _relengthed(operation, operator, scales),
        )
        return


def _relengthed(operation: Operation, operator: Resize, scales: tuple[float, ...]) -> Fix:
    """Return the call by the factors themselves, whose lengths PyTorch computes."""
    meant = meant_resize(operation) or operator
    factors = tuple(likeliest(scales[axis]) for axis, _ in meant.axes)
    return Fix("unsafe", meant, factors)


def _fix(operation: Operation, operator: Resize, safety: Safety) -> Fix | None:
    """Return the resize by the factors themselves, whose lengths PyTorch computes."""
    scales, meant = operation.scales, meant_resize(operation) or operator
    if scales is None:
        return None
    factors = tuple(
        next(iter(_factors(operation, place, len(meant.axes), scales[axis])), scales[axis])
        for place, (axis, _) in enumerate(meant.axes)
    )
    nearest = any(isinstance(sampling.kernel, Nearest) for _, sampling in meant.axes)
    return Fix(safety, meant, factors, exact=nearest)


def _size_as_scale(operation: Operation, operator: Resize) -> Iterator[Finding]:
    """Judge a size that was written as a scale, as was the only way before opset 11.

    The kernel multiplies in float32 and gets the length; onnx's shape inference, in float64,
    may get one less, and refuses the model where another operand has the right length.
    """
    ins, outs = operation.lengths
    for axis, sampling in operator.axes:
        n_in, n_out, scale = ins[axis], outs[axis], sampling.scale
        if n_in is None or n_out is None or scale is None:
            continue
        inferred = math.floor(n_in * float32(float(scale)))
        if inferred == n_out or output_length_float32(n_in, float(scale)) != n_out:
            continue
        yield Finding(
            f"length {n_in} to {n_out} (axis {axis}) is stored as scale {float(scale):.9g}; shape "
            f"inference then computes {inferred}, though onnxruntime produces {n_out}"
            + (": the node that reads it does not load" if operation.surroundings.joined else ""),
            "warning" if operation.surroundings.joined else "note",
            "simulated",
            Fix("unsafe", meant_resize(operation) or operator),
        )
        return


def _factors(operation: Operation, place: int, count: int, scale: float) -> tuple[float, ...]:
    """Return the factor that the call had, where it is told, else every one that it may have."""
    intent = operation.intent
    call = intent.call if intent is not None and intent.how != "assumed" else None
    factors = call.scale_factor if call is not None else None
    if factors is not None and len(factors) == count:
        return (factors[place],)
    return factors_of(float32(scale))


def _wrong(scale: float, factors: tuple[float, ...], lengths: "range | list[int]") -> list[int]:
    """Return the lengths at which no factor gives onnxruntime's."""

    def differs(n: int) -> bool:
        here = output_length_float32(n, scale)
        return all(output_length_float64(n, factor) != here for factor in factors)

    return [n for n in lengths if differs(n)] if factors else []


def _computed(operation: Operation, operator: Resize | None) -> Iterator[Finding]:
    """Judge lengths that the graph computes with a constant factor, at trial inputs."""
    if not multiplies_in_float64(operation):
        return
    for ins, outs in operation.surroundings.free_lengths.trials:
        for n_in, n_out in zip(ins, outs, strict=True):
            for factor in operation.surroundings.free_lengths.factors:
                short = likeliest(factor)
                there = output_length_float64(n_in, short)
                lengths = {output_length_float64(n_in, one) for one in factors_of(factor)}
                if lengths and n_out == output_length_float32(n_in, factor) not in lengths:
                    message = (
                        f"the graph takes length {n_in} times {short:.6g} to {n_out} in "
                        f"float32, PyTorch to {there} in float64"
                    )
                    fix, declined = None, DECLINED
                    if operator and len(operation.surroundings.free_lengths.factors) == 1:
                        factors, declined = (short,) * len(operator.axes), ""
                        fix = Fix("unsafe", operator, factors)
                    yield Finding(message, "warning", "simulated", fix, declined)
                    return


def _scaled(scale: float) -> Resize:
    return Resize(((2, Sampling("half_pixel", Linear(), given_scale(scale))),))


_CALL = parse_call('F.interpolate(x, scale_factor=0.29, mode="linear")')
_RECORD = example_record(_CALL)
_SINGLE = float.fromhex("0x1.28f5c2p-2")  # 0.29 in float32
_AT_100 = example_site(
    "Resize",
    _scaled(_SINGLE),
    by="scales",
    scales=(1.0, 1.0, _SINGLE),
    input_shape=(1, 3, 100),
    output_shape=(1, 3, 28),
    intent=_RECORD,
)
_MEANT = Resize(((2, replace(_scaled(_SINGLE).axes[0][1], copies_same_length=True)),))
_FIX = Fix("safe", _MEANT, (0.29,))
_OPEN = replace(_AT_100, operation=replace(_AT_100.operation, input_shape=(1, 3, "length")))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site("Resize", _scaled(2.0), by="scales", scales=(1.0, 1.0, 2.0)),
            because="a product with 2 is exact in both",
        ),
        Bad(
            _AT_100,
            Finding(
                "scale 0.29 takes length 100 (axis 2) to 29 in onnxruntime's float32 and to 28 "
                "in PyTorch's float64",
                "error",
                "simulated",
                _FIX,
            ),
        ),
        Bad(
            _OPEN,
            Finding(
                "at 4 of the first 1024 lengths, the smallest 100: scale 0.29 takes length 100 "
                "(axis 2) to 29 in onnxruntime's float32 and to 28 in PyTorch's float64",
                "error",
                "simulated",
                _FIX,
            ),
        ),
        Bad(
            example_site(
                "upsample_nearest_neighbor",
                Resize(((2, Sampling("asymmetric", Nearest())),)),
                dialect=ML_PROGRAM,
                opset=6,
                by="scales",
                scales=(1.0, 1.0, _SINGLE, 1.0),
                input_shape=(1, 3, 100, 8),
                output_shape=(1, 3, 29, 8),
            ),
            Finding(
                "scale 0.29 takes length 100 (axis 2) to 29 in Core ML's float32 and to 28 in "
                "PyTorch's float64",
                "warning",
                "simulated",
                Fix(
                    "unsafe",
                    Resize(((2, Sampling("asymmetric", Nearest())),)),
                    (0.29,),
                ),
            ),
        ),
    ),
)
