"""A PyTorch module as the graph of calls that torch.export records of it, at given inputs."""

import logging
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from halfpixel.errors import RuntimeRefusal
from halfpixel.format import Port, Value

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Array


@dataclass
class ExportedRunning:
    """The recorded calls of one module, run one after the other.

    Attributes:
        name: the module.
        graph: the recorded calls, as a module.
        given: what it is called with, by position and by name.
        inputs: what it takes.
        recorded: the values that its calls make; `graph` of each is the path of its submodule.
    """

    name: str
    graph: "torch.fx.GraphModule"
    given: "tuple[Sequence[torch.Tensor], Mapping[str, torch.Tensor]]"
    inputs: Sequence[Port] = ()
    outputs: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])
    recorded: tuple[Value, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the calls."""
        self.recorded = tuple(_values(self.graph))

    @property
    def values(self) -> Sequence[str]:
        """Names of the values that calls make, in the order they are computed."""
        return tuple(value.name for value in self.recorded)

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the values that are wanted."""
        import torch

        del feeds  # the calls were recorded with them
        asked, found = set(wanted), dict[str, "Array"]()

        class Watching(torch.fx.Interpreter):
            def run_node(self, n: Any) -> Any:  # noqa: ANN401 - torch's own
                made = super().run_node(n)
                if n.name in asked and isinstance(made, torch.Tensor):
                    found[n.name] = cast("Array", made.detach().cpu().float().numpy()
                                         if made.dtype == torch.bfloat16
                                         else made.detach().cpu().numpy())  # fmt: skip
                return made

        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                Watching(self.graph).run(*self._flat())
        except Exception as error:
            raise RuntimeRefusal(self.name, f"{type(error).__name__}: {error}") from error
        return {name: found[name] for name in wanted if name in found}

    def _flat(self) -> "list[torch.Tensor]":
        """Return what the graph's placeholders are given, in order."""
        given, named = self.given
        return [*given, *named.values()]


def _values(graph: "torch.fx.GraphModule") -> Iterator[Value]:
    """Yield the values that the calls of a graph make."""
    for node in graph.graph.nodes:
        if node.op == "call_function":
            meta: Mapping[str, Mapping[str, tuple[str, object]]] = node.meta
            stack = list((meta.get("nn_module_stack") or {}).values())
            where = stack[-1][0] if stack else ""
            reads = tuple(one.name for one in node.all_input_nodes)
            yield Value(node.name, node.name, str(node.target), reads, where)


def exported_calls(
    name: str,
    module: "torch.nn.Module",
    given: "tuple[Sequence[torch.Tensor], Mapping[str, torch.Tensor]]",
    inputs: Sequence[Port],
) -> ExportedRunning | None:
    """Return the calls of a module, recorded with these inputs; None where it is not exported.

    Args:
        name: what the module is called.
        module: a module that is in evaluation mode, or that of an ExportedProgram.
        given: what it is called with, by position and by name.
        inputs: what it takes.
    """
    import torch

    try:
        if isinstance(module, torch.fx.GraphModule):
            graph = module
        else:
            with warnings.catch_warnings(), _quiet():
                warnings.simplefilter("ignore")
                export = cast("Any", torch.export).export
                graph = export(module, tuple(given[0]), dict(given[1]), strict=False).module()
        return ExportedRunning(name, graph, given, inputs)
    except Exception:  # noqa: BLE001 - what it does not take is looked at in other ways
        return None


@contextmanager
def _quiet() -> Generator[None]:
    """Have PyTorch's own log say nothing meanwhile."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
