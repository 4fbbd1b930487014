"""What the user expects of sites: policies, as `--expect` takes them, and what each says of one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.grid import (
    MODE_NAMES,
    PADDINGS,
    affine_grid_text,
    grid_sample_text,
    roi_align_text,
)
from halfpixel.conventions.torch.interpolate import FAMILIES, Interpolate, from_arguments
from halfpixel.conventions.torch.resample import affine_text
from halfpixel.dialect import ONNX
from halfpixel.errors import UsageError, did_you_mean
from halfpixel.intents.exporter_habit import given_factors, has_coordinate
from halfpixel.origin import Intent, Operator
from halfpixel.sampling import AffineGrid, AffineSample, GridSample, Resize, RoiAlign
from halfpixel.sampling.arithmetic import simplest
from halfpixel.site import Operation

if TYPE_CHECKING:
    from halfpixel.sampling.grid import Padding


class Policy(Struct, frozen=True):
    """What the user expects of sites whose name matches a pattern.

    Attributes:
        pattern: shell pattern of node names.
        arguments: arguments of the call that are expected, such as align_corners.
    """

    pattern: str
    arguments: tuple[tuple[str, object], ...]

    @property
    def text(self) -> str:
        """The policy as `--expect` takes it.

        >>> Policy("neck*", (("align_corners", False),)).text
        'neck*:align_corners=false'
        """
        said = ",".join(
            f"{key}={str(value).lower() if isinstance(value, bool) else value}"
            for key, value in self.arguments
        )
        return said if self.pattern == "*" else f"{self.pattern}:{said}"

    @property
    def said(self) -> str:
        """Its arguments as Python has them, as a finding names them.

        >>> Policy("neck*", (("align_corners", False),)).said
        'align_corners=False'
        """
        return ", ".join(f"{key}={value}" for key, value in self.arguments)


_VALUES: Mapping[str, object] = {"true": True, "false": False}
_FLAGS = ("align_corners", "aligned", "antialias")
_KEYS = frozenset({*_FLAGS, "mode", "padding_mode"})


def parse_policy(text: str, pattern: str = "*") -> Policy:
    """Return the policy that `key=value[,key=value...]` spells; NODE: may stand before it.

    Raises:
        UsageError: an unknown key or a malformed text.

    >>> parse_policy("neck*:align_corners=false")
    Policy(pattern='neck*', arguments=(('align_corners', False),))
    """
    head, colon, tail = text.rpartition(":")
    if colon:
        pattern = head
    arguments: list[tuple[str, object]] = []
    for part in tail.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in _KEYS:
            expected = ", ".join(sorted(_KEYS))
            near = did_you_mean(key, sorted(_KEYS))
            wrong = f"{part!r} is not KEY=VALUE with KEY of {expected}{near}"
            raise UsageError(f"--expect {text!r}: {wrong}")
        if key in _FLAGS and value.lower() not in _VALUES:
            raise UsageError(f"--expect {text!r}: {key} is {value!r}, expected true or false")
        if key == "padding_mode" and value not in PADDINGS:
            listed = ", ".join(PADDINGS)
            raise UsageError(f"--expect {text!r}: {key} is {value!r}, expected one of {listed}")
        arguments.append((key, _VALUES.get(value.lower(), value)))
    policy = Policy(pattern, tuple(arguments))
    if pattern == "*":
        stray = [key for key, _ in arguments if key not in KEYS["resize"]]
        if stray:
            raise UsageError(f"--expect {text!r}: {stray[0]} is of one node: NODE:{text}")
        _check(policy)
    else:
        _mode_of(text, policy, FAMILIES, "bilinear")
    return policy


def _mode_of(text: str, policy: Policy, known: Iterable[str], usual: str) -> str:
    """Return the mode that a policy says, else the usual one; refuse one that is not known."""
    mode, names = str(dict(policy.arguments).get("mode", usual)), tuple(known)
    if mode not in names:
        listed = f"{', '.join(names)}{did_you_mean(mode, names)}"
        raise UsageError(f"--expect {text!r}: mode is {mode!r}, expected one of {listed}")
    return mode


KEYS: Mapping[str, frozenset[str]] = {
    "resize": frozenset({"align_corners", "antialias", "mode"}),
    "GridSample": frozenset({"align_corners", "mode", "padding_mode"}),
    "AffineGrid": frozenset({"align_corners"}),
    "AffineSample": frozenset({"align_corners"}),
    "RoiAlign": frozenset({"aligned"}),
}
"""What a policy may say, by what the site computes."""


def _fits(policy: Policy, operation: Operation, kind: str) -> bool:
    """Whether a policy speaks of such a site; one by a pattern may speak of others.

    Raises:
        UsageError: it names the very site, which has no such argument.
    """
    stray = [key for key, _ in policy.arguments if key not in KEYS.get(kind, ())]
    if stray and not _WILD.search(policy.pattern):
        raise UsageError(f"--expect {policy.text!r}: {operation.op} has no {stray[0]}")
    return not stray


_WILD = re.compile(r"[*?\[]")


def _check(policy: Policy) -> None:
    """Refuse a mode that F.interpolate does not have, or an option that the mode does not take."""
    text, arguments = policy.text, dict(policy.arguments)
    mode = _mode_of(text, policy, FAMILIES, "bilinear")
    family = FAMILIES[mode]
    if "align_corners" in arguments and family not in {"linear", "cubic"}:
        raise UsageError(f"--expect {text!r}: mode {mode!r} has no align_corners")
    if arguments.get("antialias") and mode not in {"bilinear", "bicubic"}:
        raise UsageError(f"--expect {text!r}: mode {mode!r} has no antialias")


def expected(
    operation: Operation, names: Sequence[str], policies: Sequence[Policy]
) -> Intent | None:
    """Return what the user's policies say of a site; of an argument the last that matches wins.

    Args:
        operation: what the site computes.
        names: the site's name, by itself and with its graph before it.
        policies: what the user expects.
    """
    matching = [p for p in policies if any(fnmatchcase(name, p.pattern) for name in names)]
    resizes = operation.op in operation.dialect.resizes
    kind = "resize" if resizes else type(operation.operator).__name__
    fitting = [p for p in matching if (resizes or p.pattern != "*") and _fits(p, operation, kind)]
    if not fitting:
        return None
    told = {key: value for one in fitting for key, value in one.arguments}
    policy = Policy(fitting[-1].pattern, tuple(told.items()))
    if not resizes:
        return _other(operation, policy)
    _check(policy)
    arguments = dict(policy.arguments)
    text = policy.said
    known = operation.intent
    if known is not None and known.call is not None:
        call = _with(known.call, arguments)
        if call == known.call and known.how == "recorded":
            return replace(known, agreed=True)
        return Intent("policy", f"expected: {text}; else {known.origin}", call.text(), call)
    base = operation.attributes
    mode = _mode(operation)
    spatial = operation.spatial
    if "mode" not in arguments:
        if mode == "nearest":
            return None
        titles = {1: "linear", 2: "bilinear", 3: "trilinear"}
        arguments["mode"] = "bicubic" if mode == "cubic" else titles.get(spatial, "bilinear")
    arguments.setdefault("antialias", bool(base.get("antialias", 0)))
    if FAMILIES[str(arguments["mode"])] in {"linear", "cubic"}:
        arguments.setdefault("align_corners", has_coordinate(operation, {"align_corners"}))
    like = _like(operation, arguments)
    return None if like is None else Intent("policy", f"expected: {text}", like.text(), like)


def _other(operation: Operation, policy: Policy) -> Intent | None:
    """Return what a policy says of a site that is no resize, if it names the site.

    A policy for every node speaks of resizes alone: the align_corners of a grid is another.
    """
    arguments, operator = dict(policy.arguments), operation.operator
    aligned = bool(arguments.get("align_corners"))
    if isinstance(operator, GridSample):
        modes = {name: mode for mode, name in MODE_NAMES.items()}
        mode = _mode_of(policy.text, policy, modes, MODE_NAMES[operator.mode])
        grid = replace(
            operator,
            mode=modes[mode],
            padding=cast("Padding", arguments.get("padding_mode", operator.padding)),
            align_corners=aligned if "align_corners" in arguments else operator.align_corners,
        )
        meant: Operator = grid
        call = grid_sample_text(grid)
    elif isinstance(operator, AffineGrid):
        theta = replace(operator, align_corners=aligned)
        meant, call = theta, affine_grid_text(theta, None)
    elif isinstance(operator, AffineSample):
        both = AffineSample(
            replace(operator.grid, align_corners=aligned),
            replace(operator.sample, align_corners=aligned),
            operator.output,
        )
        meant, call = both, affine_text(both)
    elif isinstance(operator, RoiAlign):
        boxes = replace(operator, aligned=bool(arguments["aligned"]))
        meant, call = boxes, roi_align_text(boxes)
    else:
        return None
    text = policy.said
    return Intent("policy", f"expected: {text}", call or text, operator=meant)


def _mode(operation: Operation) -> str:
    """Return nearest, linear or cubic, as the operator says of itself."""
    if operation.dialect == ONNX:
        return str(operation.attributes.get("mode", "nearest"))
    words = (operation.op, operation.attributes.get("mode"))
    interpolation = operation.attributes.get("interpolation_mode", "LINEAR")
    nearest = "nearest" in operation.op.lower() or words in {("upsample", "NN"), ("upsample", None)}
    return "nearest" if nearest or interpolation != "LINEAR" else "linear"


def _with(call: Interpolate, arguments: Mapping[str, object]) -> Interpolate:
    """Return a call that is known, with what the user expects in its place."""
    # a call of a rank that PyTorch has no mode for has a family all the same
    family = FAMILIES[str(arguments["mode"])] if "mode" in arguments else call.family
    smooth = family in {"linear", "cubic"}
    aligned = arguments.get("align_corners", call.align_corners)
    antialias = bool(arguments.get("antialias", call.antialias))
    return replace(
        call,
        family=family,
        align_corners=bool(aligned) if smooth else None,
        antialias=antialias and smooth,
    )


def _like(operation: Operation, arguments: dict[str, object]) -> Interpolate | None:
    """Return a call with the operation's own lengths, over the axes that it resamples.

    None where no call takes such factors, or as many lengths.
    """
    spatial = operation.spatial
    axes = _axes(operation, spatial)
    by_scales = operation.by == "scales" and operation.scales is not None
    if operation.dialect != ONNX:  # whose factors only say how long the output is
        by_scales = by_scales and (None in operation.lengths[1] or given_factors(operation))
    if by_scales and operation.scales is not None:
        # the factor as it was written, not its float32: lengths are its whole multiples
        arguments["scale_factor"] = [float(simplest(operation.scales[axis])) for axis in axes]
    else:
        arguments["size"] = [1] * spatial
    try:
        call = from_arguments(arguments, spatial)
    except ValueError:
        return None
    if by_scales:
        return call
    sizes = operation.sizes or operation.lengths[1]
    if len(sizes) != operation.rank:
        return None
    return Interpolate(
        call.family,
        spatial,
        tuple(sizes[axis] for axis in axes),
        None,
        call.align_corners,
        call.antialias,
    )


def _axes(operation: Operation, spatial: int) -> tuple[int, ...]:
    """Return the axes that a call stands for: the last, or those that the operation moves."""
    last = tuple(range(operation.rank - spatial, operation.rank))
    operator = operation.operator
    moved = tuple(axis for axis, _ in operator.axes) if isinstance(operator, Resize) else ()
    return moved if len(moved) == spatial and not set(moved) <= set(last) else last
