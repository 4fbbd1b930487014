"""List the operations of a Core ML specification, wherever they are nested."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coremltools.proto import MIL_pb2, Model_pb2, NeuralNetwork_pb2

RESAMPLING = {
    "affine", "convolution", "conv_transpose", "cropResize", "crop_resize", "depth_to_space",
    "pixel_shuffle", "reorganizeData", "resample", "resize", "resizeBilinear",
    "resize_bilinear", "resize_nearest_neighbor", "upsample", "upsample_bilinear",
    "upsample_nearest_neighbor",
}  # fmt: skip
NETWORKS = ("neuralNetwork", "neuralNetworkClassifier", "neuralNetworkRegressor")
PIPELINES = ("pipeline", "pipelineClassifier", "pipelineRegressor")
BYTES = {"FLOAT16": np.float16, "UINT32": np.uint32, "INT16": np.int16, "UINT16": np.uint16,
         "INT8": np.int8, "UINT8": np.uint8}  # fmt: skip


@dataclass(slots=True)
class Operation:
    """One operation or layer.

    Attributes:
        where: the way to it through models, functions, blocks and networks, then its name.
        kind: the operator.
        attributes: its constants that are written into the specification itself.
        shape: of its output, empty where the file does not say.
        other: its inputs that are no such constants.
    """

    where: str
    kind: str
    attributes: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def resamples(self) -> bool:
        """Whether this is one of the operators that the recipes are about."""
        plain = self.kind == "convolution" and not self.attributes["isDeconvolution"]
        return self.kind in RESAMPLING and not plain


def operations(spec: Model_pb2.Model, path: str = "") -> Iterator[Operation]:
    """Yield every operation but constants."""
    kind = spec.WhichOneof("Type")
    if kind in PIPELINES:
        body = getattr(spec, kind)
        for i, model in enumerate((body if kind == "pipeline" else body.pipeline).models):
            yield from operations(model, f"{path}models[{i}]/")
    elif kind in NETWORKS:
        yield from layers(getattr(spec, kind), path)
    elif kind == "mlProgram":
        for name, function in sorted(spec.mlProgram.functions.items()):
            for block in function.block_specializations.values():
                yield from inside(block, f"{path}{name}", {})


def inside(block: MIL_pb2.Block, path: str, known: dict[str, Any]) -> Iterator[Operation]:
    """Yield the operations of a block of an ML Program."""
    known = dict(known)
    for op in block.operations:
        if op.type == "const":
            known[op.outputs[0].name] = op.attributes["val"]
            continue
        told = {name: value(given.arguments[0], known) for name, given in op.inputs.items()
                if len(given.arguments) == 1}  # fmt: skip
        yield Operation(
            where=f"{path}/{op.outputs[0].name}",
            kind=op.type,
            attributes={name: what for name, what in told.items() if what is not None},
            shape=shape(op.outputs[0].type),
            other=tuple(sorted(name for name, what in told.items() if what is None)),
        )
        name = op.attributes["name"].immediateValue.tensor.strings.values[0]
        for i, nested in enumerate(op.blocks):
            yield from inside(nested, f"{path}/{name}.block{i}", known)


def shape(kind: MIL_pb2.ValueType) -> tuple[int, ...]:
    """Return the lengths of a type, 0 where it leaves one open."""
    return tuple(d.constant.size for d in kind.tensorType.dimensions)


def value(argument: MIL_pb2.Argument.Binding, known: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return the constant that an argument is, None where it is computed or in a file."""
    which = argument.WhichOneof("binding")
    held = argument.value if which == "value" else known.get(argument.name)
    if held is None or held.WhichOneof("value") != "immediateValue":
        return None
    tensor = held.immediateValue.tensor
    lengths = shape(held.type)
    holder = tensor.WhichOneof("value")
    values = getattr(tensor, holder).values if holder else []
    if holder == "bytes":
        names = type(held.type.tensorType).DESCRIPTOR.fields_by_name["dataType"].enum_type
        kind = names.values_by_number[held.type.tensorType.dataType].name
        values = np.frombuffer(values, BYTES[kind]).tolist()
    return list(values) if lengths else next(iter(values), None)


def layers(network: NeuralNetwork_pb2.NeuralNetwork, path: str) -> Iterator[Operation]:
    """Yield the layers of a network and of the networks inside them."""
    for layer in network.layers:
        kind = layer.WhichOneof("layer")
        told = getattr(layer, kind)
        yield Operation(f"{path}{layer.name}", kind, dict(fields(told)), (), tuple(layer.input))
        for part in ("ifBranch", "elseBranch", "conditionNetwork", "bodyNetwork"):
            if kind in {"branch", "loop"} and part in told.DESCRIPTOR.fields_by_name:
                yield from layers(getattr(told, part), f"{path}{layer.name}.{part}/")


def fields(message: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any protobuf message
    """Yield the numbers and names that a layer's message holds, defaults with them."""
    for about in message.DESCRIPTOR.fields:
        held = getattr(message, about.name)
        if about.enum_type is not None:
            yield about.name, about.enum_type.values_by_number[held].name
        elif about.message_type is None:
            yield about.name, list(held) if hasattr(held, "append") else held
        elif about.message_type.name in {"SamplingMode", "BoxCoordinatesMode"}:
            yield about.name, next(fields(held))[1] if message.HasField(about.name) else "unset"
        elif about.name in {"valid", "same"} and message.HasField(about.name):
            yield "padding", about.name
