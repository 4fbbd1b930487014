"""What a runtime is: something that runs a model, or the record of such a run.

A side of a comparison is written `SOURCE[@NAME[:KEY=VALUE,...]]`: a model file, a module given
as `package.module:factory`, or recorded arrays, and where it runs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct, field

from halfpixel.address import is_address
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.registry import load, names

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays


class Side(Struct, frozen=True):
    """One side of a comparison.

    Attributes:
        source: a path, `package.module:factory`, or a model in memory.
        where: the runtime or execution provider that was asked for; empty for the usual one.
        options: options of the execution provider.
        label: how the source is shown; empty for its own text.
    """

    source: object
    where: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    label: str = ""

    @property
    def text(self) -> str:
        """How it is shown."""
        name = self.label or (
            self.source
            if isinstance(self.source, str | Path)
            else f"<{type(self.source).__name__}>"
        )
        return f"{name}@{self.where}" if self.where else str(name)


def parse_side(text: str) -> Side:
    """Return the side that a text spells.

    Raises:
        UsageError: options that are not KEY=VALUE.

    >>> side = parse_side("model.onnx@cuda:device_id=1")
    >>> side.source, side.where, side.options
    ('model.onnx', 'cuda', {'device_id': '1'})
    >>> parse_side("http://user@host:80/model.onnx").where
    ''
    """
    found = _PLACED.fullmatch(text)
    if found is None or ("/" in found["where"] and is_address(text)) or Path(text).exists():
        return Side(text)
    where, options = parse_provider(found["where"])
    return Side(found["source"], where, options)


_PLACED: Final = re.compile(r"(?P<source>.+)@(?P<where>[A-Za-z0-9_]+(?::.*)?)")


def parse_provider(text: str) -> tuple[str, dict[str, str]]:
    """Return the name and the options that `NAME[:KEY=VALUE,...]` spells.

    Raises:
        UsageError: options that are not KEY=VALUE.

    >>> parse_provider("CUDAExecutionProvider:device_id=1")
    ('cuda', {'device_id': '1'})
    """
    where, _, listed = text.partition(":")
    options: dict[str, str] = {}
    for part in filter(None, listed.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise UsageError(f"{text!r}: {part!r} is not KEY=VALUE")
        options[key] = value
    return where.lower().removesuffix("executionprovider"), options


class Call(Struct, frozen=True):
    """One resampling call that a run made.

    Attributes:
        name: the operator, in the runtime's words.
        inputs: the tensors that it was given, what is resampled first.
        output: what came of it.
    """

    name: str
    inputs: "tuple[Array, ...]"
    output: "Array"


class Running(Protocol):
    """A model that is ready to run."""

    @property
    def name(self) -> str:
        """What it is and where it runs, in words."""
        ...

    @property
    def inputs(self) -> Sequence[Port]:
        """What it takes, in order; empty where that is not declared."""
        ...

    @property
    def outputs(self) -> Sequence[str]:
        """Names of what it returns, in order; empty until the first run where unknown."""
        ...

    @property
    def values(self) -> Sequence[str]:
        """Names of values inside it that can be asked for, in the order they are computed."""
        ...

    @property
    def placement(self) -> Mapping[str, str]:
        """Execution provider of each node, as the runtime reports it."""
        ...

    def run(self, feeds: "Arrays", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs or, where some are wanted, these values and nothing else.

        Raises:
            RuntimeRefusal: the runtime refuses, in its own words.
        """
        ...


class RunSettings(Struct, frozen=True):
    """How models are run.

    Attributes:
        optimised: the runtime's default graph optimisation; otherwise none.
        fallback: a node that the asked provider leaves to the CPU is no error.
    """

    optimised: bool = True
    fallback: bool = False


class Runtime(Struct, frozen=True):
    """One kind of runtime.

    Attributes:
        name: its name.
        started: a side made ready to run; raises RuntimeFailure, ModelFileError,
            MissingExtraError or UsageError.
        suffixes: how the files that it runs are called.
        in_memory: whether it runs an object that is no path; None for a runtime of files alone.
        factories: it runs what `package.module:factory` makes.
        asked: it is taken where a side asks for it by name, and nowhere else.
        optimises: it has graph optimisation that can be off.
        delegates: what it has instead are other kernels, which a node alone runs on too.
    """

    name: str
    started: Callable[[Side, RunSettings], Running]
    suffixes: tuple[str, ...] = ()
    in_memory: Callable[[object], bool] | None = None
    factories: bool = False
    asked: bool = False
    optimises: bool = False
    delegates: bool = False

    def takes(self, side: Side) -> bool:
        """Whether it runs a side."""
        if self.asked and side.where != self.name:
            return False
        if not isinstance(side.source, str | Path):
            return self.in_memory is not None and self.in_memory(side.source)
        text = str(side.source).rstrip("/")
        named = text.endswith(self.suffixes)
        return named or (self.factories and ":" in text and not Path(text).exists())


@lru_cache(maxsize=1)
def load_runtimes() -> tuple[Runtime, ...]:
    """Return every runtime: the files in `runtimes/` ending in `_`, those asked by name first."""
    found = load("runtimes", names("runtimes", "_"), Runtime)
    return tuple(sorted(found, key=lambda runtime: not runtime.asked))


def runtime_of(side: Side) -> Runtime:
    """Return the runtime that runs a side.

    Raises:
        UsageError: none does.
    """
    for runtime in load_runtimes():
        if runtime.takes(side):
            return runtime
    raise UsageError(
        f"{side.text}: expected an ONNX, Core ML or LiteRT model, a .pt2 or TorchScript file, "
        "package.module:factory, or an .npz of recorded arrays"
    )
