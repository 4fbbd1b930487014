"""An ML Program as one ONNX model, to be run where Core ML is not.

Every value keeps its name, its element type and the place where it is computed; inputs and outputs
are those that the model declares, in that order. float16 stays float16: runtimes without a
kernel for it compute in float32 and round.

Which operator becomes what is told by the tables in `elementwise`, `shape`, `slices`, `gather`,
`network` and `pool`; the operators that resample are lowered by what they compute, in `site`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.model import CoremlModel
from halfpixel.formats.coreml.read.operation import DATA
from halfpixel.formats.coreml.read.place import MilPlace
from halfpixel.formats.coreml.read.program import MilScope
from halfpixel.formats.onnx.write.builder import Nodes
from halfpixel.runtimes.mil_as_onnx import elementwise, gather, network, pool, shape, slices
from halfpixel.runtimes.mil_as_onnx.elementwise import Lower
from halfpixel.runtimes.mil_as_onnx.graph import OPSET, Graph, code_of
from halfpixel.runtimes.mil_as_onnx.resize import Wires
from halfpixel.runtimes.mil_as_onnx.site import site_nodes
from halfpixel.runtimes.mil_as_onnx.step import Step
from halfpixel.site import Site, known
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto, NodeProto, ValueInfoProto

OPS: Final[Mapping[str, Lower]] = {
    **elementwise.OPS,
    **shape.OPS,
    **slices.OPS,
    **gather.OPS,
    **network.OPS,
    **pool.OPS,
}
"""How the nodes of each operator that does not resample are added."""

IR_VERSION: Final = 9

MISFITS: Final = (ValueError, IndexError, KeyError, TypeError, ArithmeticError)
"""What an operation whose parameters do not fit together raises."""


def lowered(model: CoremlModel) -> "ModelProto":
    """Return the main function of an ML Program as an ONNX model.

    Raises:
        GraphError: the model is no ML Program, or has an operator that is not lowered; its
            sites can still be verified one by one.
        ModelFileError: the weights file is missing.
    """
    path, scope = str(model.path), model.contents.main
    if scope is None:
        kinds = ", ".join(dict.fromkeys(leaf.kind for leaf in model.contents.leaves)) or "nothing"
        reason = f"holds {kinds}, and only a single program or network is lowered to ONNX whole"
        raise GraphError(path, "", f"{reason}; verification goes site by site")
    try:
        return _Lowering(model, scope).result()
    except GraphError as error:
        raise GraphError(path, error.node, error.reason) from error


class _Lowering:
    """One program on its way."""

    def __init__(self, model: CoremlModel, scope: MilScope) -> None:
        self.model, self.scope = model, scope
        self.graph = Graph(scope, Nodes("", set(scope.types), OPSET))
        self.sites: dict[int, Site] = {
            place.node.index: place.site
            for place in model.places
            if isinstance(place.node, MilPlace) and model.contents.in_main(place)
        }

    def result(self) -> "ModelProto":
        """Return the model."""
        from onnx import helper

        for index, operation in enumerate(self.scope.block.operations):
            self._operation(index, operation)
        names = [port.name for port in self.model.inputs if port.name in self.scope.types]
        names += [n for n in self._inputs() if n not in names]
        outputs = [self.graph.value(name) for name in self._outputs()]
        unique_names(self.graph.nodes.made)
        graph = helper.make_graph(
            self.graph.nodes.made,
            "main",
            [self._declared(name) for name in names],
            [self._declared(name) for name in outputs],
            list(self.graph.initializers.values()),
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )

    def _operation(self, index: int, operation: MilOperation) -> None:
        kind = operation.type
        if kind == "const" or kind.startswith("constexpr_"):
            return
        step = Step(self.graph, operation)
        if index not in self.sites and kind not in OPS:
            reason = f"MIL operator {kind} is not lowered to ONNX"
            raise GraphError("", step.name, f"{reason}; verification goes site by site")
        try:
            if index in self.sites:
                self._site(step, self.sites[index])
            else:
                OPS[kind](step)
        except MISFITS as error:
            raise step.refuse(f"its parameters do not fit: {error}") from error

    def _site(self, step: Step, site: Site) -> None:
        parameters = [n for n in DATA.get(step.operation.type, ("x",)) if step.has(n)]
        if step.has("shape") and step.constant("shape") is None:
            parameters.append("shape")
        wires = Wires(
            step.nodes,
            {name: step.tensor(name) for name in parameters},
            step.out,
            {name: known(step.shape(name), len(step.shape(name) or ())) for name in parameters},
            step.dtype(),
            {name: step.dtype(name) for name in parameters},
        )
        site_nodes(step.name, wires, site.operation)
        step.nodes.made[-1].name = step.name

    def _inputs(self) -> list[str]:
        """Return the names of the function's own inputs."""
        return [name for name in self.scope.types if name not in self.scope.producers]

    def _outputs(self) -> list[str]:
        """Return the outputs in the order in which the model declares them."""
        own = list(self.scope.block.outputs)
        declared = [name for name in self.model.contents.outputs if name in own]
        return [*declared, *(name for name in own if name not in declared)]

    def _declared(self, name: str) -> "ValueInfoProto":
        from onnx import helper

        dtype = self.scope.dtype(name)
        if not dtype:
            raise GraphError("", name, "it is no tensor, and only tensors are lowered to ONNX")
        return helper.make_tensor_value_info(name, code_of(dtype), _dims(name, self._shape(name)))

    def _shape(self, name: str) -> Shape | None:
        return self.scope.shape(name)


def unique_names(nodes: "Sequence[NodeProto]") -> None:
    """Give each node a name of its own; the first one of a name keeps it."""
    taken: set[str] = set()
    for node in nodes:
        name, count = node.name, 1
        while name in taken:
            count += 1
            name = f"{node.name}_{count}"
        taken.add(name)
        node.name = name


def _dims(name: str, shape: Shape | None) -> list[int | str] | None:
    """Return lengths, with a symbol of its own for each that is free."""
    if shape is None:
        return None
    return [n if isinstance(n, int) else f"{name}_{axis}" for axis, n in enumerate(shape)]
