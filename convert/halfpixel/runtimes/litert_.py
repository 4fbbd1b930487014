"""LiteRT: a .tflite file in ai-edge-litert's interpreter, with the kernels that are asked for.

=================================== ==============================================================
side                                kernels
=================================== ==============================================================
`model.tflite`, `@cpu`, `@xnnpack`  the library's default: XNNPACK takes what it has, the optimised
                                    kernels the rest
`@builtin`                          the optimised kernels alone
`@reference`                        the reference kernels
=================================== ==============================================================

The interpreter is C++ that trusts its file. A file is read here first, and refused where it is not
sound; it then runs in a process of its own, whose crash is a refusal. Values inside a model are
those of the kernels without XNNPACK, which keeps none.
"""

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import RuntimeRefusal, UsageError
from halfpixel.format import Port
from halfpixel.formats.litert.read.file import model_view
from halfpixel.runtime import RunSettings, Runtime, Side

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.formats.litert.model import LitertModel
    from halfpixel.runtimes.interpreter.framed import Framed
    from halfpixel.runtimes.interpreter.process import Loading
    from halfpixel.site import Site

DEFAULT: Final = "BUILTIN"
OPTIMISED: Final = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"

KERNELS: Final[Mapping[str, str]] = {
    "": DEFAULT,
    "cpu": DEFAULT,
    "litert": DEFAULT,
    "xnnpack": DEFAULT,
    "builtin": OPTIMISED,
    "reference": "BUILTIN_REF",
}
"""The library's resolver of operators, by what a side asks for."""

SUFFIXES: Final = (".tflite", ".lite", ".litertlm", ".task")


class Serialized(bytes):
    """A LiteRT model in memory."""


class Tensors:
    """The tensors of the graph that is run, by number.

    Attributes:
        names: of every tensor.
        inputs: numbers of what it takes.
        outputs: numbers of what it gives.
    """

    def __init__(self, model: "LitertModel") -> None:
        """Read them.

        Raises:
            RuntimeRefusal: there is no graph.
        """
        with model.contents() as contents:
            if not contents.subgraphs:
                raise RuntimeRefusal(str(model.path), "it has no graph")
            graph = contents.graph(0)
        self.names = [value.name for value in graph.values]
        self.inputs = [place for place in graph.inputs if place >= 0]
        self.outputs = [place for place in graph.outputs if place >= 0]
        self.places = {name: place for place, name in enumerate(self.names)}


@dataclass(eq=False)
class LitertRunning:
    """One model in the interpreter.

    Attributes:
        side: the model and its kernels.
        model: its structure, whose sites have their channels first.
        deployed: the model as it runs.
        inside: the model with values inside it that can be asked for.
        tensors: the tensors of its graph.
        inputs: what it takes.
        outputs: names of what it gives.
        values: names of values inside it.
        placement: which kernels ran; not told by the library.
        optimiser: what a run as it comes has, and a plain one has not.
    """

    side: Side
    model: "Framed"
    deployed: "Loading"
    inside: "Loading"
    tensors: Tensors
    inputs: Sequence[Port] = field(init=False)
    outputs: Sequence[str] = field(init=False)
    values: Sequence[str] = field(init=False)
    placement: Mapping[str, str] = field(default_factory=dict[str, str])
    optimiser: str = "XNNPACK, in place of LiteRT's own kernels,"

    def __post_init__(self) -> None:
        """Name what it takes and gives, and the values of its graph in order."""
        self.inputs = tuple(self.model.inputs)
        self.outputs = tuple(dict.fromkeys(self.tensors.names[n] for n in self.tensors.outputs))
        own = (value.name for value in self.model.values)
        self.values = tuple(dict.fromkeys((*own, *self.model.turned)))

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        return self.side.text

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs, or the values that are wanted."""
        import numpy as np

        from halfpixel.runtimes.interpreter.framed import CHANNELS_FIRST
        from halfpixel.runtimes.interpreter.process import run

        places = self.tensors.places
        known = {port.name for port in self.inputs}
        given = {places[name]: array for name, array in feeds.items() if name in known}
        names = list(dict.fromkeys(wanted or self.outputs))
        bare = [name.removesuffix(CHANNELS_FIRST) for name in names]
        ends = {*self.outputs, *known}
        model = self.deployed if ends.issuperset(bare) else self.inside
        found = run(model, given, [places[name] for name in bare])
        return {
            name: array if name == own else np.ascontiguousarray(np.moveaxis(array, -1, 1))
            for name, own, array in zip(names, bare, found, strict=True)
        }


def takes_serialized(source: object) -> bool:
    """Whether an object in memory is a serialized LiteRT model."""
    return isinstance(source, Serialized)


def check_kernels(text: str, where: str, options: Mapping[str, str] | None = None) -> str:
    """Return the resolver of the kernels that are asked for.

    Raises:
        UsageError: there are no such kernels, or they are given options.
    """
    found = KERNELS.get(where)
    if found is None or options:
        told = f"{where!r}" if found is None else f"options ({', '.join(options or ())})"
        raise UsageError(f"{text}: LiteRT has no {told}; expected {', '.join(KERNELS)[2:]}")
    return found


def _start(side: Side, settings: RunSettings) -> LitertRunning:
    from halfpixel.runtimes.interpreter.process import load, loading

    asked = check_kernels(side.text, side.where, side.options)
    source = side.source
    model = _model(source, side.text)
    plain = OPTIMISED if asked == DEFAULT else asked
    content = source if isinstance(source, bytes) else _content(Path(str(source)))
    deployed = loading(
        side.text, content, asked if settings.optimised else plain, keep=not settings.optimised
    )
    inside = loading(side.text, content, plain, keep=True) if settings.optimised else deployed
    load(deployed)
    return LitertRunning(side, model, deployed, inside, Tensors(model))


def _model(source: object, name: str) -> "Framed":
    """Return the structure of a model; one in memory is read from a file, as all are."""
    from halfpixel.runtimes.interpreter.framed import Framed

    if not isinstance(source, bytes):
        return Framed(Path(str(source)))
    folder = Path(tempfile.mkdtemp())
    path = folder / "model.tflite"
    try:
        path.write_bytes(source)
        model = Framed(path, name=Path(name))
    except BaseException:
        shutil.rmtree(folder)
        raise
    weakref.finalize(model, shutil.rmtree, folder)  # it is looked into for as long as it is there
    return model


def site_in_memory(data: bytes, name: str) -> "Site | None":
    """Return the one site of a model in memory; None where it has another number of them."""
    sites = _model(data, name).sites
    return sites[0] if len(sites) == 1 else None


def _content(path: Path) -> Path | bytes:
    """Return a file, or the model's bytes where it lies inside a bundle."""
    with model_view(path) as (view, base):
        return bytes(view[base:]) if base else path


RUNTIME: Final = Runtime(
    "litert", _start, SUFFIXES, takes_serialized, optimises=True, delegates=True
)
