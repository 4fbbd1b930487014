"""Resampling calls in plain operators, for exporters that refuse a call or lose part of it.

While `WrittenOut` is active, each call of a chosen kind is computed by products with weight
matrices or by gathers, at whatever lengths the tensors have, in the float32 arithmetic that PyTorch
itself uses for source coordinates. An exporter sees arange, comparisons and matmul alone, which
every opset has, and lengths that are free stay free.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from inspect import signature
from typing import Any, Final, Protocol

from halfpixel.conventions.torch.interpolate import FAMILIES
from halfpixel.converting.calls import INVERSE, LINSPACE, Kind
from halfpixel.converting.plain.axis import Interpolation
from halfpixel.converting.plain.calls import affine_grid, each, pooled, resized
from halfpixel.converting.plain.convolution import known as convolutions
from halfpixel.converting.plain.grid import sampled
from halfpixel.converting.plain.lengths import linspace
from halfpixel.converting.plain.matrix import ROWS, inverse

MODES: Final[Mapping[str, str]] = {**FAMILIES, "lanczos": "lanczos"}


class Writing(Protocol):
    """A context that says which kinds of calls it took."""

    used: set[Kind]

    def __enter__(self) -> object:
        """Take calls from here on."""

    def __exit__(self, kind: object, value: object, place: object, /) -> object:
        """Take no more."""


def written_out(kinds: frozenset[Kind]) -> Writing:
    """Return a context in which calls of these kinds are computed in plain operators."""
    from torch.overrides import TorchFunctionMode

    class WrittenOut(TorchFunctionMode):
        """Takes the calls that it knows, and leaves the others as they are.

        Attributes:
            used: the kinds of those that it took.
        """

        def __init__(self) -> None:
            super().__init__()
            self.used: set[Kind] = set()

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
            self.used.add(plain[0])
            with _marked():
                return plain[1]()

    return WrittenOut()


@contextmanager
def free_linspace() -> Generator[None]:
    """Have torch.linspace in plain operators, where PyTorch reads Python and asks no mode."""
    import torch

    library: Any = torch
    before: Callable[..., Any] = torch.linspace

    def free(start: Any, end: Any, steps: Any, **options: Any) -> Any:  # noqa: ANN401 - torch's own signature
        if torch.is_tensor(start) or torch.is_tensor(end):
            return before(start, end, steps, **options)
        return linspace(start, end, steps, **options)

    library.linspace = free
    try:
        yield
    finally:
        library.linspace = before


def _plain(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    given: dict[str, Any],
    kinds: frozenset[Kind],
) -> "tuple[Kind, Callable[[], Any]] | None":
    """Return what computes a call in plain operators; None for a call that is left alone."""
    ours = _known().get(func)
    if ours is not None and ours[0] == LINSPACE[0] and not _symbolic(args, given):
        return None
    if ours is not None and ours[0] == INVERSE[0] and not _is_small(*args, **given):
        return None
    if ours is not None and ours[0] == "grid_sample" and _rank(args, given) != 4:
        return None
    if ours is not None and ours[0] in {k for k, _ in kinds}:
        return (ours[0], False), partial(ours[1], *args, **given)
    wanted = _wanted(func, args, given)
    if wanted is None or (wanted.family, wanted.antialias) not in kinds:
        return None
    kind = wanted.family, wanted.antialias
    return kind, partial(resized, args[0] if args else given["input"], wanted)


def _is_small(*args: Any, **given: Any) -> bool:  # noqa: ANN401 - torch's own signature
    """Whether a matrix is one of those that are inverted here."""
    matrix = next(iter([*args, *given.values()]), None)
    shape = tuple(getattr(matrix, "shape", ()))[-2:]
    return len(args) < 2 and any(shape == (n, n) for n in ROWS)


def _symbolic(args: tuple[Any, ...], given: dict[str, Any]) -> bool:
    """Whether the count of a torch.linspace is a length that is free."""
    import torch

    steps = args[2] if len(args) > 2 else given.get("steps")
    numbers = [*args[:2], given.get("start"), given.get("end")]
    return isinstance(steps, torch.SymInt) and not any(map(torch.is_tensor, numbers))


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
        **convolutions(),
        functional.affine_grid: ("affine_grid", affine_grid),
        torch.linspace: (LINSPACE[0], linspace),
        torch.inverse: (INVERSE[0], inverse),
        torch.Tensor.inverse: (INVERSE[0], inverse),
        vars(torch.linalg)["inv"]: (INVERSE[0], inverse),
        torch.ops.aten.linalg_inv.default: (INVERSE[0], inverse),
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
) -> Interpolation | None:
    """Return the resize that a call asks for; None for another call, or one that is left alone."""
    import torch

    x: Any = args[0] if args else kwargs.get("input")
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        return None
    interpolate, names = _interpolate()
    spatial = x.dim() - 2
    if func is interpolate:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        family = MODES.get(given.get("mode", "nearest"))
        size, factor = given.get("size"), given.get("scale_factor")
        if family is None or (size is None) == (factor is None):
            return None
        return Interpolation(
            family,
            None if size is None else each(size, spatial),
            None if factor is None else each(factor, spatial),
            bool(given.get("align_corners")),
            bool(given.get("antialias")),
            bool(given.get("recompute_scale_factor")),
        )
    return _of_aten(str(func), args, kwargs)


def _of_aten(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Interpolation | None:
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
    return Interpolation(family, rest[0], factors, corners, "_aa" in name)
