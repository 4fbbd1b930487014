"""PyTorch eager: a module, an ExportedProgram (.pt2) or a TorchScript file.

Inputs are given in the order of the other side's, since a module does not name them. The
resampling calls that a run makes are recorded in order, so that the sites of an exported model
are held against them one by one.
"""

import dataclasses
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.errors import RuntimeFailure, RuntimeRefusal, UsageError
from halfpixel.format import Port
from halfpixel.runtime import Call, RunSettings, Runtime, Side
from halfpixel.runtimes.torch_export import ExportedRunning, exported_calls
from halfpixel.runtimes.torch_module import (
    SUFFIXES,
    evaluating,
    module_of,
    need_library,
    parameters_of,
)

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Array


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
        is_program: it is an ExportedProgram, which knows no training.
        parameters: what forward calls its inputs, in order; empty where that is not known.
    """

    side: Side
    module: "torch.nn.Module"
    device: str
    inputs: Sequence[Port] = ()
    values: Sequence[str] = ()
    outputs: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])
    is_program: bool = False
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

    def run_double(self, feeds: "Mapping[str, Array]") -> "dict[str, Array]":
        """Return the outputs as the module computes them in float64.

        Raises:
            RuntimeRefusal: it does not run in float64.
        """
        import torch

        before = torch.get_default_dtype()
        floats = {n: a.astype("float64") if a.dtype.kind == "f" else a for n, a in feeds.items()}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch's own, of how a program is copied
                wide = dataclasses.replace(self, module=deepcopy(self.module).double())
            torch.set_default_dtype(torch.float64)
            return wide.run(floats)
        except RuntimeRefusal:
            raise
        except Exception as error:
            raise RuntimeRefusal(self.name, f"{type(error).__name__}: {error}") from error
        finally:
            torch.set_default_dtype(before)

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

    def exported(self, feeds: "Mapping[str, Array]") -> ExportedRunning | None:
        """Return the calls that torch.export records; None where it does not take the module."""
        with self._evaluating():
            return exported_calls(self.name, self.module, self._given(feeds), self.inputs)

    def _given(
        self, feeds: "Mapping[str, Array]"
    ) -> "tuple[list[torch.Tensor], dict[str, torch.Tensor]]":
        tensors = {name: _tensor(array).to(self.device) for name, array in feeds.items()}
        return _bound(tensors, self.parameters)

    def _evaluating(self) -> "AbstractContextManager[None]":
        asked = self.module.training and not self.is_program
        return evaluating(self.module) if asked else nullcontext()

    def _called(self, feeds: "Mapping[str, Array]") -> object:
        import torch

        try:
            with torch.no_grad(), self._evaluating():
                given, named = self._given(feeds)
                return self.module(*given, **named)
        except Exception as error:
            raise RuntimeRefusal(self.name, f"{type(error).__name__}: {error}") from error


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


def _in_memory(source: object) -> bool:
    if isinstance(source, TorchRunning):
        return True
    names = {f"{base.__module__}.{base.__qualname__}" for base in type(source).__mro__}
    return bool(names & KINDS)


def _start(side: Side, _settings: RunSettings) -> TorchRunning:
    if isinstance(side.source, TorchRunning):
        return side.source
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
        side, module.to(device), device, inputs, is_program=exported, parameters=names
    )


RUNTIME: Final = Runtime("torch", _start, SUFFIXES, _in_memory, factories=True)
