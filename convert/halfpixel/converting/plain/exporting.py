"""Resampling calls in plain operators, for exporters that refuse a call or lose part of it.

While `WrittenOut` is active, each call of a chosen kind is computed by products with weight
matrices or by gathers, at whatever lengths the tensors have, in the float32 arithmetic that PyTorch
itself uses for source coordinates. An exporter sees arange, comparisons and matmul alone, which
every opset has, and lengths that are free stay free.
"""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from inspect import signature
from math import frexp
from typing import TYPE_CHECKING, Any, Final

from halfpixel.conventions.torch.interpolate import FAMILIES
from halfpixel.converting.plain.axis import Wanted
from halfpixel.converting.plain.calls import affine_grid, each, pooled, resized
from halfpixel.converting.plain.grid import sampled
from halfpixel.converting.plain.lengths import rounds_alike
from halfpixel.intents.exported_program import GraphCall

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Kind = tuple[str, bool]
"""Family of an F.interpolate, affine_grid or grid_sample; and whether it antialiases."""

AFFINE: Final[Kind] = ("affine_grid", False)

MODES: Final[Mapping[str, str]] = {**FAMILIES, "lanczos": "lanczos"}


def kind_of(call: GraphCall) -> Kind | None:
    """Return the kind of a call that can be written out; None for any other.

    >>> kind_of(GraphCall("u", "aten._upsample_lanczos2d_aa.vec", "resize", None))
    ('lanczos', True)
    """
    known = None if call.intent is None else call.intent.call
    if known is not None:
        return known.family, known.antialias
    if "lanczos" in call.target:
        return "lanczos", True
    if call.kind == "grid":
        return ("grid_sample", False) if len(call.input_shape or ()) == 4 else None
    return ("affine_grid", False) if call.kind == "theta" else None


KEEPS: Final = 1.5
"""Factor below which a length of 2 or more may stay."""

_TIMES: Final = re.compile(r"(?:(\d+)\*)?(\w+)")
"""A length as a multiple of another: "2*s0"."""


def delicate(call: GraphCall) -> bool:
    """Whether a call reads other pixels elsewhere at some of its free lengths.

    Nearest divides whole numbers in float32, and exporters and runtimes divide in another order
    than PyTorch; factors that are powers of two are exact in any order. The windows of area are
    those of the exported lengths, but where there is one alone. A small factor keeps short lengths,
    which PyTorch copies axis by axis or not at all, and runtimes all at once. Runtimes multiply
    lengths in float32, where 90 times 0.7 is 63 rows in place of 62.

    >>> from halfpixel.intents.aten_call import read_call
    >>> def up(*factors):
    ...     found = read_call("aten.upsample_nearest1d.vec", ("%x", None, list(factors)))
    ...     return delicate(GraphCall("u", "", *found, ("n", 2, "s0"), ("n", 2, "u0")))
    >>> up(2.0), up(1.7)
    (False, True)
    """
    known = None if call.intent is None else call.intent.call
    if known is None:
        return False
    ins, outs = (shape or () for shape in (call.input_shape, call.output_shape))
    for axis in range(-known.spatial, 0):
        n, m = ins[axis], outs[axis]
        if isinstance(n, int) and isinstance(m, int):
            continue
        if known.family == "area":
            exact = m == 1
        elif known.family in {"linear", "cubic"}:
            factor = None if known.scale_factor is None else known.scale_factor[axis]
            exact = factor is None or (rounds_alike(factor) and not 1 < factor < KEEPS)
        elif known.scale_factor is not None:
            exact = frexp(known.scale_factor[axis])[0] == 0.5
        else:
            found = _TIMES.fullmatch(str(m))
            count = int(found[1] or 1) if found is not None and found[2] == str(n) else 3
            exact = count & (count - 1) == 0
        if not exact:
            return True
    return False


def written_out(kinds: frozenset[Kind]) -> "AbstractContextManager[object]":
    """Return a context in which calls of these kinds are computed in plain operators."""
    from torch.overrides import TorchFunctionMode

    class WrittenOut(TorchFunctionMode):
        """Takes the calls that it knows, and leaves the others as they are."""

        def __torch_function__(
            self,
            func: Callable[..., Any],
            types: object,
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401 - torch's own signature
            del types
            given = kwargs or {}
            with _marked():
                plain = _plain(func, args, given, kinds)
            if plain is None:
                return func(*args, **given)
            with _marked():
                return plain()

    return WrittenOut()


def _plain(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    given: dict[str, Any],
    kinds: frozenset[Kind],
) -> "Callable[[], Any] | None":
    """Return what computes a call in plain operators; None for a call that is left alone."""
    ours = _known().get(func)
    if ours is not None and ours[0] == "grid_sample" and _rank(args, given) != 4:
        return None
    if ours is not None and ours[0] in {k for k, _ in kinds}:
        return partial(ours[1], *args, **given)
    wanted = _wanted(func, args, given)
    if wanted is None or (wanted.family, wanted.antialias) not in kinds:
        return None
    return partial(resized, args[0] if args else given["input"], wanted)


def _rank(args: tuple[Any, ...], given: dict[str, Any]) -> int:
    return int((args[0] if args else given["input"]).dim())


OURS: Final = "raised in halfpixel's plain operators: a defect of halfpixel, please report it"
DEFECTS: Final = (ArithmeticError, AttributeError, LookupError, NameError, TypeError)


@contextmanager
def _marked() -> Generator[None]:
    """Mark a defect of halfpixel's own, so that no exporter's refusal is made of it.

    What PyTorch raises inside, of lengths that it cannot trace, is a refusal as any other.
    """
    try:
        yield
    except DEFECTS as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        module = "" if place is None else str(place.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] not in {"torch", "sympy"}:
            error.add_note(OURS)
        raise


def own_error(error: BaseException) -> BaseException | None:
    """Return the defect of halfpixel's own that an error comes of; None where there is none."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        if OURS in getattr(cause, "__notes__", ()):
            return cause
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return None


@lru_cache(maxsize=1)
def _known() -> Mapping[object, tuple[str, Callable[..., Any]]]:
    """Return the functions that are taken by name."""
    import torch
    from torch.nn import functional

    found: dict[object, tuple[str, Callable[..., Any]]] = {
        functional.affine_grid: ("affine_grid", affine_grid),
        torch.ops.aten.affine_grid_generator.default: ("affine_grid", affine_grid),
        functional.grid_sample: ("grid_sample", sampled),
        torch.ops.aten.grid_sampler.default: ("grid_sample", sampled),
        torch.ops.aten.grid_sampler_2d.default: ("grid_sample", sampled),
    }
    for spatial in (1, 2, 3):
        name, ours = f"adaptive_avg_pool{spatial}d", partial(pooled, spatial=spatial)
        found[getattr(functional, name)] = ("area", ours)
        found[getattr(torch.ops.aten, name).default] = ("area", ours)
    return found


@lru_cache(maxsize=1)
def _interpolate() -> tuple[object, tuple[str, ...]]:
    from torch.nn import functional

    return functional.interpolate, tuple(signature(functional.interpolate).parameters)


def _wanted(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Wanted | None:
    """Return the resize that a call asks for; None for another call, or one that is left alone."""
    x = args[0] if args else kwargs.get("input")
    if x is None or not getattr(x, "is_floating_point", bool)():
        return None
    interpolate, names = _interpolate()
    spatial = x.dim() - 2
    if func is interpolate:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        family = MODES.get(given.get("mode", "nearest"))
        size, factor = given.get("size"), given.get("scale_factor")
        if family is None or (size is None) == (factor is None):
            return None
        return Wanted(
            family,
            None if size is None else each(size, spatial),
            None if factor is None else each(factor, spatial),
            bool(given.get("align_corners")),
            bool(given.get("antialias")),
            bool(given.get("recompute_scale_factor")),
        )
    return _of_aten(str(func), args, kwargs)


def _of_aten(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Wanted | None:
    """Return the resize of an ATen call with vectors, as a loaded program makes them."""
    if not name.startswith(("aten.upsample_", "aten._upsample_")) or not name.endswith(".vec"):
        return None
    rest = [*args[1:], *kwargs.values()]
    family = next(
        family
        for word, family in (
            ("nearest_exact", "nearest-exact"), ("nearest", "nearest"), ("cubic", "cubic"),
            ("lanczos", "lanczos"), ("linear", "linear"),
        )
        if word in name
    )  # fmt: skip
    smooth = not family.startswith("nearest")
    factors = rest[2 if smooth else 1] if len(rest) > (2 if smooth else 1) else None
    corners = bool(rest[1]) if smooth else False
    return Wanted(family, rest[0], factors, corners, "_aa" in name)
