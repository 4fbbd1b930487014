"""A program that coremltools holds in memory, as far as the graph pass reads and changes it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class Var(Protocol):
    """A value of a program in memory."""

    name: str
    shape: Sequence[object]
    dtype: object
    val: object
    op: "Op | None"


class Block(AbstractContextManager["Block"], Protocol):
    """A block of operations; entered, operations are added to it."""

    operations: "Sequence[Op]"

    def try_replace_uses_of_var_after_op(
        self, *, anchor_op: "Op", old_var: Var, new_var: Var
    ) -> bool:
        """Have a new value read in the place of an old one; False where it cannot be."""
        ...

    def remove_ops(self, operations: "Sequence[Op]") -> None:
        """Take operations out."""
        ...


class Op(Protocol):
    """An operation of a program in memory."""

    name: str
    op_type: str
    inputs: Mapping[str, Var]
    outputs: Sequence[Var]
    blocks: Sequence[Block]


class Function(Block, Protocol):
    """A function of a program."""

    opset_version: object


class Program(Protocol):
    """A program that coremltools is converting."""

    functions: Mapping[str, Function]
