"""PyTorch eager: a module, an ExportedProgram (.pt2) or a TorchScript file.

Inputs are given in the order of the other side's, since a module does not name them. The
resampling calls that a run makes are recorded in order, so that the sites of an exported model
are held against them one by one.
"""

import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.errors import (
    MissingExtraError,
    ModelFileError,
    RuntimeFailure,
    RuntimeRefusal,
    UsageError,
)
from halfpixel.format import Port
from halfpixel.runtime import Call, Runtime, Settings, Side

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

SUFFIXES: Final = (".pt2", ".pt", ".pth", ".ts", ".torchscript")
KINDS: Final = frozenset(
    {"torch.nn.modules.module.Module", "torch.export.exported_program.ExportedProgram"}
)
RESAMPLING: Final = ("upsample_", "_upsample_", "grid_sampler", "affine_grid_generator")
"""Starts of the names of ATen operators that resample."""


@dataclass
class TorchRunning:
    """One module, in eager mode.

    Attributes:
        side: what it came from.
        module: the module.
        device: where it runs.
        inputs: what it takes, as far as that is written down.
        outputs: names of what it returned last: `output_0` and so on, or the keys of a dict.
        exported: it is an ExportedProgram, which knows no training.
        parameters: what forward calls its inputs, in order; empty where that is not known.
    """

    side: Side
    module: "torch.nn.Module"
    device: str
    inputs: Sequence[Port] = ()
    values: Sequence[str] = ()
    outputs: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])
    exported: bool = False
    parameters: Sequence[str] = ()

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        return self.side.text if self.side.where else f"{self.side.text}@torch"

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs, by position or key."""
        del wanted  # a module has no names inside it
        named = dict(_flat(self._called(feeds)))
        self.outputs = tuple(named)
        return {name: _array(tensor) for name, tensor in named.items()}

    def calls(self, feeds: "Mapping[str, Array]") -> list[Call]:
        """Return the resampling calls that a run makes, in order."""
        import torch
        from torch.utils._python_dispatch import TorchDispatchMode

        found: list[Call] = []

        class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
            def __torch_dispatch__(
                self,
                func: Any,  # noqa: ANN401 - torch's own signature
                types: Any,  # noqa: ANN401
                args: tuple[Any, ...] = (),
                kwargs: dict[str, Any] | None = None,
            ) -> Any:  # noqa: ANN401
                del types
                result = func(*args, **(kwargs or {}))
                name = str(func).removeprefix("aten.")
                transposed = name.startswith("convolution.") and args[6:7] == (True,)
                if name.startswith(RESAMPLING) or transposed:
                    given = [a for a in args if isinstance(a, torch.Tensor)]
                    inputs = tuple(_array(a) for a in (given[:1] if transposed else given))
                    found.append(Call(str(func), inputs, _array(result)))
                return result

        with Recorder():  # type: ignore[no-untyped-call]
            self._called(feeds)
        return found

    def _called(self, feeds: "Mapping[str, Array]") -> object:
        import torch

        tensors = {name: _tensor(array).to(self.device) for name, array in feeds.items()}
        asked = self.module.training and not self.exported
        try:
            with torch.no_grad(), evaluating(self.module) if asked else nullcontext():
                given, named = _bound(tensors, self.parameters)
                return self.module(*given, **named)
        except Exception as error:
            raise RuntimeRefusal(self.name, f"{type(error).__name__}: {error}") from error


@contextmanager
def evaluating(module: "torch.nn.Module") -> Generator[None]:
    """Have a module in evaluation mode, and each of its parts and buffers as it was afterwards."""
    before = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with restoring(module):
            yield
    finally:
        for part, training in before:
            if part.training != training:
                part.training = training


@contextmanager
def restoring(module: "torch.nn.Module") -> "Generator[dict[str, torch.Tensor]]":
    """Give copies of a module's buffers by name, and put them back afterwards."""
    import torch

    parts: Iterator[tuple[str, torch.nn.Module]] = cast("Any", module).named_modules()
    kept = [
        (part, name, buffer, buffer.clone(), f"{path}.{name}".lstrip("."))
        for path, part in parts
        for name, buffer in part.named_buffers(recurse=False)
    ]
    try:
        yield {path: value for *_, value, path in kept}
    finally:
        with torch.no_grad():
            for part, name, buffer, value, _ in kept:
                if not torch.equal(buffer, value):
                    buffer.copy_(value)
                setattr(part, name, buffer)


def _bound(
    tensors: "Mapping[str, torch.Tensor]", parameters: Sequence[str]
) -> "tuple[list[torch.Tensor], dict[str, torch.Tensor]]":
    """Return what is given by position and what by name, from the first gap on.

    Inputs that the parameters do not name are given by position, in their own order.
    """
    if not tensors.keys() <= set(parameters):
        return list(tensors.values()), {}
    order = [name for name in parameters if name in tensors]
    gap = next((k for k, name in enumerate(order) if name != parameters[k]), len(order))
    return [tensors[name] for name in order[:gap]], {name: tensors[name] for name in order[gap:]}


def _tensor(array: "Array") -> "torch.Tensor":
    import numpy as np
    import torch

    if str(array.dtype) == "bfloat16":
        return _tensor(array.astype(np.float32)).bfloat16()
    return cast("torch.Tensor", cast("Any", torch).from_numpy(np.array(array)))


def _array(tensor: "torch.Tensor") -> "Array":
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return cast("Array", tensor.numpy())


def _flat(result: object, prefix: str = "") -> "Iterator[tuple[str, torch.Tensor]]":
    """Yield the tensors of a result by name: keys and places, the outermost first.

    A lone tensor is `output_0`, the second of a list under "boxes" `boxes_1`.
    """
    import torch

    if isinstance(result, torch.Tensor):
        yield prefix or "output_0", result
    elif isinstance(result, Mapping):
        for key, value in cast("Mapping[str, object]", result).items():
            yield from _flat(value, f"{prefix}_{key}" if prefix else str(key))
    elif isinstance(result, list | tuple):
        for place, value in enumerate(cast("Sequence[object]", result)):
            yield from _flat(value, f"{prefix or 'output'}_{place}")


def need_library() -> None:
    """Raise MissingExtraError where PyTorch is not installed."""
    try:
        import_module("torch")
    except ImportError as error:
        raise MissingExtraError("torch", "torch") from error


def _takes(side: Side) -> bool:
    source = side.source
    if isinstance(source, str | Path):
        text = str(source)
        return text.endswith(SUFFIXES) or (":" in text and not Path(text).exists())
    names = {f"{base.__module__}.{base.__qualname__}" for base in type(source).__mro__}
    return bool(names & KINDS)


def _start(side: Side, _settings: Settings) -> TorchRunning:
    need_library()
    import torch

    device = {"": "cpu", "torch": "cpu", "cuda": "cuda", "cpu": "cpu"}.get(side.where)
    if device is None:
        raise UsageError(f"{side.text}: PyTorch runs on cpu or cuda, not on {side.where}")
    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeFailure(side.text, "this PyTorch sees no CUDA device")
    module, inputs = module_of(side)
    exported = isinstance(module, torch.fx.GraphModule)
    names = [name for name, _ in parameters_of(module, inputs)]
    return TorchRunning(
        side, module.to(device), device, inputs, exported=exported, parameters=names
    )


def module_of(side: Side) -> "tuple[torch.nn.Module, tuple[Port, ...]]":
    """Return a module, and what it takes where that is written down."""
    import torch

    source = side.source
    if not isinstance(source, str | Path):
        made = cast("Any", source)
        if isinstance(source, torch.export.ExportedProgram):
            return source.module(), _ports(source)
        return cast("torch.nn.Module", made), _parameters(made)
    text = str(source)
    if not text.endswith(SUFFIXES):
        module = _made(text)
        return module, _parameters(module)
    path = Path(text)
    if text.endswith(".pt2"):
        program = program_of(path)
        return program.module(), _ports(program)
    try:
        script = cast("Any", torch.jit).load(path, map_location="cpu").eval()
        return cast("torch.nn.Module", script), ()
    except Exception as error:
        raise _unreadable(path, error) from error


def program_of(path: Path) -> "torch.export.ExportedProgram":
    """Return the program in a .pt2 file.

    Raises:
        ModelFileError: PyTorch cannot read it.
    """
    import torch

    try:
        return torch.export.load(path)
    except Exception as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ModelFileError:
    told = str(error).splitlines() or [type(error).__name__]
    return ModelFileError(path, f"PyTorch cannot read it: {told[0]}")


def _ports(program: "torch.export.ExportedProgram") -> tuple[Port, ...]:
    """Return what an exported program takes, its own symbols for free lengths."""
    wanted = set(program.graph_signature.user_inputs)
    ports: list[Port] = []
    for node in program.graph.nodes:
        value: Any = node.meta.get("val")
        if node.op == "placeholder" and node.name in wanted and hasattr(value, "shape"):
            shape = tuple(n if isinstance(n, int) else str(n) for n in value.shape)
            ports.append(Port(str(node.name), str(value.dtype).removeprefix("torch."), shape))
    return tuple(ports)


def _parameters(module: "torch.nn.Module") -> tuple[Port, ...]:
    """Return the parameters of forward that have to be given: names, and no shapes."""
    return tuple(Port(name) for name, needed in parameters_of(module, ()) if needed)


def parameters_of(module: "torch.nn.Module", declared: Sequence[Port]) -> list[tuple[str, bool]]:
    """Return the parameters of forward, and whether each has to be given; none where it has *args.

    Args:
        module: a module, a TorchScript one, or that of an ExportedProgram.
        declared: what an ExportedProgram takes.
    """
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        schema: Any = getattr(getattr(module, "forward", None), "schema", None)
        if schema is None:
            return []
        return [(str(one.name), not one.has_default_value()) for one in schema.arguments[1:]]
    if isinstance(module, torch.fx.GraphModule) and declared:
        return [(port.name, True) for port in declared]
    given = signature(module.forward).parameters.values()
    plain = [one for one in given if one.kind in {one.POSITIONAL_OR_KEYWORD, one.POSITIONAL_ONLY}]
    if any(one.kind is one.VAR_POSITIONAL for one in given):
        return []
    return [(one.name, one.default is one.empty) for one in plain]


def _made(text: str) -> "torch.nn.Module":
    """Return the module that `package.module:factory` makes."""
    import torch

    name, _, attribute = text.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        factory = getattr(import_module(name), attribute)
        made = factory if isinstance(factory, torch.nn.Module) else factory()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"{text}: expected package.module:factory; {reason}") from error
    if not isinstance(made, torch.nn.Module):
        raise UsageError(f"{text}: made a {type(made).__name__}, expected a torch.nn.Module")
    return made.eval()


RUNTIME: Final = Runtime("torch", _takes, _start)
