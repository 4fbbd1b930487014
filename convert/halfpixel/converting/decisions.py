"""What a module decides by the values of its inputs, which a trace of it cannot hold.

The module runs once and each number that it takes out of a tensor is recorded: `if x.mean() > 0`,
`int(x.sum())`. It then runs again with one of them changed. A decision that makes an error of the
module's own is a guard, and one that changes nothing is none: a trace is right beside both.
"""

import linecache
import os
from collections.abc import Callable, Iterator, Sequence
from inspect import currentframe
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field

from halfpixel.converting.export.quietly import quietly

if TYPE_CHECKING:
    import torch

    Made = Callable[[], Sequence[torch.Tensor]]

ASKED: Final = frozenset(
    {"__bool__", "__int__", "__float__", "__index__", "item", "tolist", "equal", "allclose",
     "is_nonzero", "__contains__"}
)  # fmt: skip
"""Functions of PyTorch that take numbers out of tensors."""

COUNTING: Final = frozenset(
    {"nonzero", "masked_select", "unique", "unique_consecutive", "argwhere"}
)
"""Functions whose result is as long as the values say."""

GUARDS: Final = ("raise", "assert")
MOST: Final = 24
"""Decisions that are changed, one a place and value."""


class Decisions(Struct, frozen=True):
    """What a module decides by values.

    Attributes:
        paths: places at which another value makes other numbers, as `file.py:12`.
        guards: places at which it makes an error, or nothing.
        counts: whether a length inside goes by values, so that not every decision is seen.
    """

    paths: frozenset[str] = frozenset()
    guards: frozenset[str] = frozenset()
    counts: bool = False


class _Run(Struct):
    """One run, in which one number may be changed.

    Attributes:
        change: which one of those that are taken out; None for none.
        events: place and value of each.
        counts: a length went by values.
    """

    change: int | None = None
    events: list[tuple[str, object]] = field(default_factory=list[tuple[str, object]])
    counts: bool = False

    def result(self, module: "torch.nn.Module", tensors: "Sequence[torch.Tensor]") -> list[Any]:
        """Return the tensors that the module makes; what it raises is raised."""
        import torch
        from torch.overrides import TorchFunctionMode
        from torch.utils import _pytree

        run = self

        class Watching(TorchFunctionMode):
            """Follows what comes of the inputs."""

            def __torch_function__(
                self,
                func: Callable[..., Any],
                types: object,
                args: tuple[Any, ...] = (),
                kwargs: dict[str, Any] | None = None,
            ) -> Any:  # noqa: ANN401 - torch's own signature
                del types
                result = func(*args, **(kwargs or {}))
                given = [one for one in _pytree.tree_leaves((args, kwargs)) if _is_fed(one)]
                if not given:
                    return result
                name = str(getattr(func, "__name__", ""))
                if name in ASKED:
                    return run.taken(result)
                masked = name == "__getitem__" and any(
                    one.dtype is torch.bool for one in given if one is not args[0]
                )
                run.counts = run.counts or name in COUNTING or masked
                inplace = name.endswith("_") and args and isinstance(args[0], torch.Tensor)
                for one in _pytree.tree_leaves((result, args[0] if inplace else None)):
                    if isinstance(one, torch.Tensor):
                        one.is_fed = True  # type: ignore[attr-defined]
                return result

        for tensor in tensors:
            tensor.is_fed = True  # type: ignore[attr-defined]
        with torch.no_grad(), quietly(), Watching():
            made = module(*tensors)
        leaves: list[Any] = _pytree.tree_leaves(made)
        return [one for one in leaves if isinstance(one, torch.Tensor)]

    def taken(self, value: object) -> object:
        """Record a number that is taken out, and return it, or another one in its place."""
        place = len(self.events)
        self.events.append((_place(currentframe()), value))
        return _other(value) if place == self.change else value


def decisions_of(module: "torch.nn.Module", made: "Made") -> Decisions:
    """Return what a module decides by the values of its inputs.

    Args:
        module: the module.
        made: makes its inputs, the same every time.
    """
    first = _Run()
    try:
        usual = first.result(module, made())
    except Exception:  # noqa: BLE001 - it does not run so: nothing is known of its decisions
        return Decisions(counts=True)
    chosen = {(place, str(value)): k for k, (place, value) in reversed([*enumerate(first.events)])}
    paths: set[str] = set()
    for (place, _), k in tuple(chosen.items())[-MOST:]:
        if place not in paths and _changes(module, made, k, usual):
            paths.add(place)
    guards = {place for place, _ in first.events} - paths
    return Decisions(frozenset(paths), frozenset(guards), first.counts or len(chosen) > MOST)


def _changes(module: "torch.nn.Module", made: "Made", change: int, usual: list[Any]) -> bool:
    """Whether another number makes other outputs."""
    import torch

    try:
        other = _Run(change).result(module, made())
    except Exception as error:  # noqa: BLE001 - whatever a module raises
        return not _is_guard(error)
    pairs = zip(other, usual, strict=False)
    same = all(one.shape == two.shape and torch.equal(one, two) for one, two in pairs)
    return len(other) != len(usual) or not same


def _is_guard(error: Exception) -> bool:
    """Whether an error is raised by a line that does nothing else."""
    last = error.__traceback__
    names: list[str] = []
    while last is not None:
        names.append(last.tb_frame.f_code.co_name)
        if last.tb_next is None:
            line = linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno).strip()
            return line.startswith(GUARDS) or any(
                n.startswith(("_check", "_assert")) for n in names
            )
        last = last.tb_next
    return False


def _is_fed(value: object) -> bool:
    return bool(getattr(value, "is_fed", False))


def _other(value: object) -> object:
    """Return another number in place of one.

    >>> _other(True), _other(3), _other([0.5])
    (False, 4, [2.0])
    """
    if isinstance(value, list):
        return [_other(one) for one in cast("list[object]", value)]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return 2 * value + 1 if isinstance(value, float) else value


def _place(frame: FrameType | None) -> str:
    """Return the first place outside of PyTorch and of this file, as PyTorch's tracer names it."""
    for one in _frames(frame):
        module = str(one.f_globals.get("__name__", ""))
        if module.partition(".")[0] != "torch" and module != __name__:
            return f"{os.path.basename(one.f_code.co_filename)}:{one.f_lineno}"  # noqa: PTH119
    return ""


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
