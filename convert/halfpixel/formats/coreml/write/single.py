"""A package of one operation, written from the messages themselves, for trying it on Core ML."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.formats.coreml.messages import Model
from halfpixel.formats.coreml.schema import ARRAY_TYPES
from halfpixel.formats.coreml.write.operation import PARAMETER_TYPES, tensor_type, value_of
from halfpixel.formats.protobuf_schema import new, serialized

if TYPE_CHECKING:
    from halfpixel.formats.coreml.messages import FeatureDescription
    from halfpixel.formats.protobuf_schema import Repeated
    from halfpixel.site import Attribute

ARRAYS: Final = {name: code for code, name in ARRAY_TYPES.items()}
OPSETS: Final = {6: "CoreML5", 7: "CoreML6", 8: "CoreML7", 9: "CoreML8", 10: "CoreML9"}
"""Names of the operator sets, by specification version."""

Tensors = Mapping[str, tuple[str, tuple[int, ...]]]
"""Element type and lengths of tensors, by the parameter that they are bound to."""

SPEC: Final = "com.apple.CoreML/model.mlmodel"
OUTPUT: Final = "y"


def write_single(  # noqa: PLR0913, PLR0917 - what an operation is
    folder: Path,
    op: str,
    tensors: Tensors,
    attributes: "Mapping[str, Attribute]",
    output: Sequence[int],
    version: int = 6,
) -> Path:
    """Write a package with one operation, whose output is called y.

    Args:
        folder: the package, which must not be there.
        op: type of the operation.
        tensors: its tensor parameters, which become the model's inputs of the same names.
        attributes: its other parameters, as constants.
        output: lengths of the output, float32.
        version: specification version, 6 (iOS 15) to 10 (iOS 26).

    Raises:
        OSError: it cannot be written.
    """
    model = new(Model)
    model.specificationVersion = version
    program = model.mlProgram
    program.version = 1
    function = program.functions["main"]
    function.opset = OPSETS[version]
    block = function.block_specializations[function.opset]
    description = model.description
    for name, (dtype, shape) in tensors.items():
        given = function.inputs.add()
        given.name = name
        given.type.CopyFrom(tensor_type(dtype, shape))
        _declare(description.input, name, dtype, shape)
    for name, value in attributes.items():
        constant = block.operations.add()
        constant.type = "const"
        made = value_of(value, PARAMETER_TYPES.get(name, ""))
        constant.attributes["val"].CopyFrom(made)
        constant.attributes["name"].CopyFrom(value_of(f"y_{name}"))
        out = constant.outputs.add()
        out.name = f"y_{name}"
        out.type.CopyFrom(made.type)
    operation = block.operations.add()
    operation.type = op
    operation.attributes["name"].CopyFrom(value_of(OUTPUT))
    for name in tensors:
        operation.inputs[name].arguments.add().name = name
    for name in attributes:
        operation.inputs[name].arguments.add().name = f"y_{name}"
    result = operation.outputs.add()
    result.name = OUTPUT
    result.type.CopyFrom(tensor_type("float32", output))
    block.outputs.append(OUTPUT)
    _declare(description.output, OUTPUT, "float32", output)
    return _package(folder, serialized(model))


def _declare(
    features: "Repeated[FeatureDescription]", name: str, dtype: str, shape: Sequence[int]
) -> None:
    feature = features.add()
    feature.name = name
    feature.type.multiArrayType.dataType = ARRAYS[dtype]
    feature.type.multiArrayType.shape.extend(shape)


def _package(folder: Path, spec: bytes) -> Path:
    path = folder / "Data" / SPEC
    path.parent.mkdir(parents=True)
    path.write_bytes(spec)
    entry = {"author": "com.apple.CoreML", "name": "model.mlmodel", "path": SPEC}
    manifest = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {"model": {**entry, "description": "CoreML Model Specification"}},
        "rootModelIdentifier": "model",
    }
    (folder / "Manifest.json").write_text(json.dumps(manifest, indent=4), "utf-8")
    return folder
