"""Whether a module is a function of its inputs: a file is no more than that."""

from typing import TYPE_CHECKING, Any

from halfpixel.runtimes.torch_ import restoring

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch


def stirred(
    module: "torch.nn.Module", tensors: "Sequence[torch.Tensor]"
) -> tuple[str, tuple[str, ...]]:
    """Call a module twice on the same inputs; its buffers are put back.

    Returns:
        Why it is no function of its inputs, empty where it is; and the buffers that a call changes.
    """
    import torch

    with torch.no_grad(), restoring(module) as before:
        first = _leaves(module(*(one.clone() for one in tensors)))
        changed = tuple(
            name for name, now in module.named_buffers() if not torch.equal(now, before[name])
        )
        second = _leaves(module(*(one.clone() for one in tensors)))
    same = len(first) == len(second) and all(map(_alike, first, second))
    if same:
        return "", changed
    state = f"its state ({', '.join(changed)})" if changed else "its state, or draws numbers"
    why = f"called twice on the same inputs the module gives other outputs: it changes {state}"
    return why, changed


def _leaves(made: object) -> "list[torch.Tensor]":
    import torch
    from torch.utils import _pytree

    leaves: list[Any] = _pytree.tree_leaves(made)
    return [one.clone() for one in leaves if isinstance(one, torch.Tensor)]


def _alike(one: "torch.Tensor", other: "torch.Tensor") -> bool:
    """Whether two outputs are equal, but for what threads add up in another order."""
    import torch

    if one.shape != other.shape or not one.is_floating_point():
        return torch.equal(one, other)
    return torch.allclose(one.double(), other.double(), 1e-4, 1e-6, equal_nan=True)
