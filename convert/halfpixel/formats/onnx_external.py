"""External data: tensors whose numbers lie in files beside the model."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel import atomic
from halfpixel.errors import ModelFileError
from halfpixel.formats.onnx_edit import inner_graphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import GraphProto, ModelProto, TensorProto

EXTERNAL: Final = 1
"""TensorProto.DataLocation of a tensor whose numbers lie in another file."""


def tensors(model: "ModelProto") -> "Iterator[TensorProto]":
    """Yield every tensor of a model: initializers and attributes, in subgraphs too."""
    graphs: list[GraphProto] = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes += graph.node
        else:
            node = nodes.pop()
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors
            graphs += [inner for _, _, inner in inner_graphs(node)]


def bring_data(model: "ModelProto", path: Path, target: Path) -> None:
    """Copy external data files beside a model that goes to another folder.

    Args:
        model: its structure.
        path: the file that it was read from.
        target: the file that it goes to.

    Raises:
        ModelFileError: a data file lies outside the model's folder, is missing, cannot be
            copied, or would replace another one.
    """
    if target.parent.resolve() == path.parent.resolve():
        return
    names = {
        entry.value
        for tensor in tensors(model)
        for entry in tensor.external_data
        if entry.key == "location" and entry.value != path.name
    }
    for name in sorted(names):
        old, new = path.parent / name, target.parent / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise ModelFileError(path, f"external data {name!r} lies outside its folder")
        if not old.exists():
            raise ModelFileError(path, f"external data {name!r} is not there")
        _copied(old, new)


def _copied(old: Path, new: Path) -> None:
    """Copy a file unless the very same is there; another one is not overwritten."""
    import filecmp

    if new.exists():
        if filecmp.cmp(old, new, shallow=False):
            return
        raise ModelFileError(new, "another file is there, and external data would replace it")
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        atomic.write([(0, old.stat().st_size)], old, new, replace=False)
        shutil.copystat(old, new)
    except OSError as error:
        raise ModelFileError(new, (error.strerror or str(error)).lower()) from error
