"""What the exporter that wrote a node can only have meant by it, by what is known of exporters.

`exporters/` has the knowledge, one table an exporter; this asks the one that the model's producer
names, and makes a call of a row: whether a factor in a file is one that somebody wrote, or a
length that became a factor, is a part of that. A table is read where a producer has one, and not
before a site asks for it.
"""

from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import FAMILIES, LATEST, LENGTHS, Family, Interpolate
from halfpixel.dialect import ONNX
from halfpixel.intents.aten_call import named_call
from halfpixel.intents.factors import plain_factors
from halfpixel.origin import Intent
from halfpixel.sampling import Coordinate, Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import likeliest
from halfpixel.sampling.coordinate import ONE
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from halfpixel.conventions.tf_resize import Method
    from halfpixel.intents.aten_call import NamedCall
    from halfpixel.intents.exporter import Aspect, Exporter, Row
    from halfpixel.sampling.kernel import Rounding

_CORNERS = frozenset({"align_corners", "tf_crop_and_resize"})


class Dropped(Struct, frozen=True):
    """Flags of the original call that an exporter does not write.

    Attributes:
        exporter: which exporter, with its version.
        readings: what the node would compute with each, by the flag as Python has it.
        likely: the flag that the original call had, as far as its name tells; else empty.
        rewrites: it is no exporter, but a tool that put its own name in the place of one.
    """

    exporter: str
    readings: "Mapping[str, Resize]"
    likely: str
    rewrites: bool = False


def meant(operation: Operation, name: str = "") -> Intent | None:
    """Return the call that can only have been there before a node; None where nothing says it.

    Args:
        operation: what the node computes.
        name: the node's name, where its exporter keeps names.
    """
    aten = named_call(name) if name else None
    found = asked(operation, "call", aten)
    if found is None or found[1].call is None or not _over_last_axes(operation):
        return None
    exporter, row = found
    call = _call(operation, exporter, found[1].call, aten)
    version = operation.origin.producer.version
    if version is None and exporter.pytorch == "producer":
        version = LATEST
    elif exporter.pytorch == "producer":
        version = (version or ())[:2]
    origin = row.origin.format(
        version=".".join(map(str, version or ())),
        opset=operation.opset,
        name="" if aten is None else aten.text,
    )
    return Intent("recorded" if row.recorded else "assumed", origin, call.text(), call)


def as_written(operation: Operation, aspect: "Aspect") -> "Row | None":
    """Return the row by which a node says what was meant in an aspect; None where none says so."""
    found = asked(operation, aspect)
    return found[1] if found is not None and aspect in found[1].as_written else None


def cannot_be_known(operation: Operation, aspect: "Aspect") -> "Exporter | None":
    """Return the exporter that writes the same whatever was meant in an aspect, if one did."""
    found = asked(operation, aspect)
    return found[0] if found is not None and aspect in found[1].cannot_be_known else None


def instead(operation: Operation, aspect: "Aspect") -> "tuple[Row, Resize] | None":
    """Return what was meant where a node says what nobody can have meant, with its row."""
    found, operator = asked(operation, aspect), operation.operator
    if found is None or not found[1].instead or not isinstance(operator, Resize):
        return None
    told = found[1].instead
    axes = tuple((axis, _instead(sampling, told)) for axis, sampling in operator.axes)
    meant = replace(operator, axes=axes)
    return None if meant == operator else (found[1], meant)


def dropped(operation: Operation, aspect: "Aspect") -> "Dropped | None":
    """Return the flags that the exporter of a node drops; None where it drops none."""
    found, operator = asked(operation, aspect), operation.operator
    if found is None or not found[1].readings or not isinstance(operator, Resize):
        return None
    likely = asked(operation, "flags")
    producer = operation.origin.producer
    title = f"{found[0].title} {'.'.join(map(str, producer.version or ()))}".strip()
    meant = {flag: with_flag(operator, flag) for flag in found[1].readings}
    return Dropped(title, meant, likely[1].likely if likely is not None else "", found[0].rewrites)


def multiplies_in_float64(operation: Operation) -> bool:
    """Whether the program that wrote an operator computes lengths by factors in float64."""
    exporter = _exporter(operation)
    return exporter is not None and exporter.multiplies == "float64"


def given_factors(operation: Operation) -> bool:
    """Whether an operator's factors are those of the call, not sizes written as factors."""
    found = asked(operation, "scales")
    if found is None or "scales" not in found[1].as_written:
        return False
    return plain_factors(operation, nudges=found[0].nudges)


def asked(
    operation: Operation, aspect: "Aspect", aten: "NamedCall | None" = None
) -> "tuple[Exporter, Row] | None":
    """Return the exporter that wrote a node, and its row about an aspect; None where none speaks.

    Args:
        operation: what the node computes.
        aspect: what the row speaks of.
        aten: PyTorch's call that the node is named after.
    """
    exporter = _exporter(operation)
    if exporter is None:
        return None
    from halfpixel.conditions.facts import facts_of, written_facts

    facts = {**facts_of(operation), **written_facts(operation)}
    if aten is not None:
        facts["named"] = frozenset({f"aten {aten.family}"})
    row = exporter.row(aspect, facts, operation.origin.producer.version)
    return None if row is None else (exporter, row)


def _exporter(operation: Operation) -> "Exporter | None":
    """Return the exporter that wrote a node, if something is known of it."""
    origin = operation.origin
    told = (origin.producer.name, origin.producer.graph, origin.kept)
    if not any(name.startswith(_beginnings()) for name in told):
        return None
    from halfpixel.intents.exporter_file import exporter_of

    known = exporter_of(origin.producer.name)
    if known is not None and not known.rewrites:
        return known
    other = exporter_of(origin.producer.graph, "graph") or exporter_of(origin.kept, "kept")
    return other or known


@lru_cache(maxsize=1)
def _beginnings() -> tuple[str, ...]:
    """Return what the names begin with of which a table is there; nothing is read for that."""
    return tuple(path.stem for path in (Path(__file__).parent / "exporters").iterdir())


def _instead(sampling: Sampling, told: "Mapping[str, object]") -> Sampling:
    """Return one axis with what a row says was meant in the place of what is written."""
    kernel, keys = sampling.kernel, {**told}
    if isinstance(kernel, Nearest) and "nearest_mode" in keys:
        kernel = replace(kernel, rounding=cast("Rounding", keys["nearest_mode"]))
    if isinstance(kernel, Cubic) and "cubic_coeff_a" in keys:
        kernel = replace(kernel, a=Fraction(cast("float", keys["cubic_coeff_a"])))
    return replace(
        sampling,
        kernel=kernel,
        coordinate=cast("Coordinate", keys.get("coordinates", sampling.coordinate)),
        exclude_outside=bool(keys.get("exclude_outside", sampling.exclude_outside)),
    )


def with_flag(operator: Resize, flag: str) -> Resize:
    """Return what TensorFlow computes with a flag, by the kernel of a resize."""
    from halfpixel.conventions.tf_resize import read

    def one(sampling: Sampling) -> Sampling:
        kinds: dict[type, Method] = {Nearest: "nearest", Linear: "bilinear", Cubic: "bicubic"}
        method = kinds.get(type(sampling.kernel))
        if method is None:
            return sampling
        corners = flag == "align_corners=True"
        told = read(method, align_corners=corners, half_pixel_centers=not corners)
        return replace(told, scale=sampling.scale)

    return replace(operator, axes=tuple((axis, one(s)) for axis, s in operator.axes))


def _call(
    operation: Operation,
    exporter: "Exporter",
    told: "Mapping[str, object]",
    aten: "NamedCall | None",
) -> Interpolate:
    """Return the call of a row: each argument as the row has it, or where the row says it is."""
    mode, antialias = told["mode"], told.get("antialias", False)
    family = cast("Family", mode)
    if mode == "as written":
        written = str(operation.attributes.get("mode", "nearest"))  # Upsample takes "bilinear"
        family = FAMILIES.get(written) or cast("Family", written)
    elif mode == "named" and aten is not None:
        family = aten.family
    if antialias == "named":
        antialias = aten is not None and aten.antialias
    elif antialias == "as written":
        antialias = operation.attributes.get("antialias", 0)
    corners = told.get("align_corners")
    if corners == "as written":
        corners = has_coordinate(operation, _CORNERS)
    version = operation.origin.producer.version if exporter.pytorch == "producer" else None
    known = LATEST if version is None else (version[0], version[1])
    factors = _factors(operation, exporter, str(told["lengths"]))
    spatial = operation.spatial
    by_size = operation.by == "sizes"
    sizes = (operation.sizes if by_size else None) or operation.lengths[1]
    fractions = factors is not None and any(factor != int(factor) for factor in factors)
    return Interpolate(
        family,
        spatial,
        tuple(sizes[-spatial:]) if factors is None else None,
        factors,
        bool(corners) if family in {"linear", "cubic"} else None,
        bool(antialias),
        fractions and family == "linear" and told.get("recompute_scale_factor") is True,
        known,
    )


def _factors(operation: Operation, exporter: "Exporter", lengths: str) -> tuple[float, ...] | None:
    """Return the factors of a call; None where it goes by size."""
    scales = operation.scales
    plain = lengths == "as written" or (
        lengths == "by plain factors" and plain_factors(operation, nudges=exporter.nudges)
    )
    if scales is None or not plain:
        return None
    return tuple(map(likeliest, scales[-operation.spatial :]))


def _over_last_axes(operation: Operation) -> bool:
    """Whether a resize leaves batch and channels alone, as every call of F.interpolate does."""
    operator = operation.operator
    if operation.spatial not in LENGTHS:
        return False  # no rank that it takes
    if not isinstance(operator, Resize) or operation.dialect != ONNX:
        return True
    first = operation.rank - operation.spatial
    return all(
        axis >= first or sampling.scale == ONE or ins == outs is not None
        for axis, sampling in operator.axes
        for ins, outs in [(operation.lengths[0][axis], operation.lengths[1][axis])]
    )


def has_coordinate(operation: Operation, coordinates: "Collection[str]") -> bool:
    """Whether a resize has one of these coordinates along an axis, as it says of itself."""
    operator = operation.operator
    axes = operator.axes if isinstance(operator, Resize) else ()
    return any(sampling.coordinate in coordinates for _, sampling in axes)
