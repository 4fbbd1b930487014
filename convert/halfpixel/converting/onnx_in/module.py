"""From ONNX to Core ML: by way of PyTorch, where onnx2torch is there to go it.

onnx2torch takes some conventions of a Resize for others and has no GridSample, so sites are built
from what halfpixel reads in the file, and what comes out is held against the file itself in
onnxruntime, node by node where it is another network.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.check import opened
from halfpixel.converting.export.quietly import quietly, reason_of
from halfpixel.converting.onnx_in.divergence import divergence_text, module_divergence
from halfpixel.converting.onnx_in.older import DOMAIN, LENGTHS
from halfpixel.converting.onnx_in.preparation import SITE, prepare
from halfpixel.converting.onnx_in.site_module import is_weighed, site_module
from halfpixel.converting.result import ConvertSettings, InputSpec
from halfpixel.errors import (
    GraphError,
    HalfpixelError,
    ModelFileError,
    RuntimeRefusal,
    UsageError,
)
from halfpixel.format import Port
from halfpixel.runtimes.drawn import USUAL_RANGE
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.site import Site

if TYPE_CHECKING:
    import torch

INSTEAD: Final = "convert the PyTorch module itself: halfpixel convert package.module:factory"
SMALL: Final = 64
"""Most numbers of a constant that is written into the graph: a shape, axes, steps."""


class FromOnnx(Struct, frozen=True):
    """An ONNX model as a PyTorch module.

    Attributes:
        module: the module.
        inputs: what it takes.
        outputs: names of what it returns.
        sites: its sites, by the names of the modules that compute them.
    """

    module: "torch.nn.Module"
    inputs: tuple[Port, ...]
    outputs: tuple[str, ...]
    sites: Mapping[str, Site]

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say of its sites."""
        weighed = (f"{s.path} ({s.op})" for s in self.sites.values() if is_weighed(s))
        return tuple(f"in products with its exact weights: {one}" for one in weighed)


def as_module(path: Path, settings: ConvertSettings) -> FromOnnx:
    """Return an ONNX model as a PyTorch module that computes the same.

    Args:
        path: the file.
        settings: shapes of its inputs where they are free, and what counts as equal.

    Raises:
        UsageError: onnx2torch is not installed or does not load, or a length is free.
        ModelFileError: the file cannot be read, onnx2torch has no such operator, or what it
            makes of the file is another network.
    """
    ports = tuple(sized(path, opened(path).inputs, settings.inputs))
    if settings.dynamic != type(settings.dynamic)():
        raise UsageError(f"{path}: lengths become fixed on the way from ONNX: no --dynamic")
    library = _library(path)
    low, high = settings.limits or USUAL_RANGE
    (feeds,) = make_feeds(ports, FeedSettings(low=low, high=high))
    named = all(name.isidentifier() and not iskeyword(name) for name in feeds)
    with _as_file_error(path, "onnx2torch cannot be given it"):
        model, sites = prepare(path, feeds)
    with _as_file_error(path, "onnx2torch refuses"):
        stub = _stub(library)
        module = library.convert(model, save_input_names=named, attach_onnx_mapping=True).eval()
    with _as_file_error(path, "onnx2torch makes a module of it that does not run"):
        placed = _set_sites(module, stub, sites)
        _write_numbers(module)
        found = module_divergence(path, module, model, feeds, settings.tolerances)
    if found is not None:
        raise ModelFileError(path, divergence_text(found, sites), INSTEAD)
    if not named:
        ports = tuple(replace(p, name=f"input_{k}") for k, p in enumerate(ports, 1))
    return FromOnnx(module, ports, tuple(value.name for value in model.graph.output), placed)


@contextmanager
def _as_file_error(path: Path, what: str) -> Generator[None]:
    """Say in one line why a step failed: with the node, where that is known."""
    try:
        with quietly():
            yield
    except GraphError as error:
        raise ModelFileError(path, f"node {error.node!r}: {error.reason}", INSTEAD) from error
    except RuntimeRefusal as error:
        why = f"onnxruntime, which says what is right, refuses it: {error.reason}"
        raise ModelFileError(path, why) from error
    except HalfpixelError:
        raise
    except Exception as error:
        raise ModelFileError(path, f"{what}: {reason_of(error)}", INSTEAD) from error


def sized(path: Path, ports: Sequence[Port], given: Sequence[InputSpec]) -> Iterator[Port]:
    """Yield the inputs of a model with all of their lengths.

    Raises:
        UsageError: a length is free and not given, or is another one.
    """
    names = [port.name for port in ports]
    asked = {one.name or names[k]: one for k, one in enumerate(given) if one.name or k < len(names)}
    if len(given) > len(names) or not set(asked) <= set(names):
        listed = ", ".join(names) or "nothing"
        raise UsageError(f"{path}: --input: expected one of its inputs, which are {listed}")
    for port in ports:
        own = port.shape
        shape = asked[port.name].shape if port.name in asked else own
        if shape is None or not all(isinstance(n, int) for n in shape):
            raise UsageError(f"{path}: input {port.name!r} has free lengths: give --input")
        fits = own is None or (
            len(own) == len(shape)
            and all(n == m or not isinstance(n, int) for n, m in zip(own, shape, strict=True))
        )
        if not fits:
            listed = "x".join(map(str, own or ()))
            raise UsageError(f"{path}: --input {port.name}: the file says {listed}")
        yield replace(port, shape=shape, dtype=port.dtype or "float32")


def _library(path: Path) -> Any:  # noqa: ANN401 - onnx2torch is untyped
    """Return onnx2torch.

    Raises:
        UsageError: it is not installed, or what it needs does not load.
    """
    try:
        with quietly():
            return import_module("onnx2torch")
    except ModuleNotFoundError as error:
        name = error.name or "onnx2torch"
        why = "is not installed" if name == "onnx2torch" else f"needs {name}, which is missing"
        raise UsageError(
            f"{path}: coremltools reads no ONNX, and onnx2torch {why}: "
            f"pip install {name}, or {INSTEAD}"
        ) from error
    except Exception as error:  # a torchvision for another PyTorch raises RuntimeError, OSError ...
        raise UsageError(
            f"{path}: onnx2torch does not load: {reason_of(error)}; it needs a torchvision that "
            f"was built for this PyTorch; or {INSTEAD}"
        ) from error


@lru_cache(maxsize=1)
def _stub(library: Any) -> "type[torch.nn.Module]":  # noqa: ANN401 - likewise
    """Tell onnx2torch halfpixel's own nodes; return the module that it makes of a site."""
    import torch

    registry: Any = import_module(f"{library.__name__}.node_converters.registry")
    common: Any = import_module(f"{library.__name__}.utils.common")

    class Stub(torch.nn.Module):
        """A site, by its number."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    class Lengths(torch.nn.Module):
        """A Reshape."""

        def __init__(self, lengths: list[int]) -> None:
            super().__init__()
            self.lengths = lengths

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(self.lengths)

    def known(node: Any, graph: object) -> object:  # noqa: ANN401 - likewise
        del graph
        said = node.attributes
        module = Stub(said["place"]) if "place" in said else Lengths(said.get("lengths", []))
        found: object = common.OperationConverterResult(module, common.onnx_mapping_from_node(node))
        return found

    for name in (SITE, LENGTHS):
        registry.add_converter(operation_type=name, version=1, domain=DOMAIN)(known)
    return Stub


def _set_sites(
    module: "torch.fx.GraphModule", stub: "type[torch.nn.Module]", sites: Sequence[Site]
) -> dict[str, Site]:
    """Put what each site computes in the place of its stub; raises as `site_module`."""
    placed: dict[str, Site] = {}
    for name, child in list(module.named_children()):
        if isinstance(child, stub):
            placed[name] = site = sites[cast("int", child.place)]
            built: Any = site_module(site)
            built.onnx_mapping = child.onnx_mapping
            module.add_module(name, built)
    return placed


def _write_numbers(module: "torch.fx.GraphModule") -> None:
    """Write small whole numbers into the graph: torch.export takes a buffer for something free."""
    import torch

    for node in list(module.graph.nodes):
        if node.op != "get_attr":
            continue
        tensor = module.get_buffer(str(node.target))
        if tensor.dtype in {torch.int64, torch.int32} and tensor.numel() <= SMALL:
            with module.graph.inserting_before(node):
                written: Any = cast("Any", tensor).tolist()
                given: Any = {"dtype": tensor.dtype}
                number = module.graph.call_function(torch.tensor, (written,), given)
            node.replace_all_uses_with(number)
            module.graph.erase_node(node)
    module.recompile()
