"""A PyTorch module: read from a file or made by a factory, what it takes, and its state kept."""

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.errors import MissingExtraError, ModelFileError, UsageError, place_of, said_of
from halfpixel.format import Port
from halfpixel.runtime import Side
from halfpixel.runtimes.named import named

if TYPE_CHECKING:
    import torch

SUFFIXES: Final = (".pt2", ".pt", ".pth", ".ts", ".torchscript")


LONGEST: Final = 1 << 20
"""Length that stands for one without a bound."""


def need_library() -> None:
    """Raise MissingExtraError where PyTorch is not installed."""
    try:
        import_module("torch")
    except ImportError as error:
        raise MissingExtraError("torch", "torch") from error


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
        with warnings.catch_warnings():
            for deprecated in (DeprecationWarning, FutureWarning):  # since PyTorch 2.14
                warnings.simplefilter("ignore", deprecated)
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
            kind = str(value.dtype).removeprefix("torch.")
            bounds = tuple(_bound(n, program) for n in value.shape)
            ports.append(Port(str(node.name), kind, shape, bounds=bounds if any(bounds) else ()))
    return tuple(ports)


def _bound(length: Any, program: "torch.export.ExportedProgram") -> tuple[int, int, int] | None:  # noqa: ANN401 - a SymInt
    """Return the least, the greatest and the step of a free length; None where no guard says it."""
    if isinstance(length, int):
        return None
    step, symbol = length.node.expr.as_coeff_Mul()
    bound: Any = cast("Any", program).range_constraints.get(symbol)
    if bound is None or not step.is_Integer or step < 1:
        return None
    low, high = (min(max(one, 1), LONGEST) for one in (bound.lower, bound.upper))
    return int(low) * int(step), int(high) * int(step), int(step)


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

    factory = named(text, "factory")
    try:
        made = factory if isinstance(factory, torch.nn.Module) else factory()
    except Exception as error:
        told = f"{text}: the factory fails: {said_of(error)}{place_of(error)}"
        raise UsageError(told) from error
    if not isinstance(made, torch.nn.Module):
        raise UsageError(f"{text}: made a {type(made).__name__}, expected a torch.nn.Module")
    return made.eval()


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
