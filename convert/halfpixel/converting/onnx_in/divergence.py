"""Where a module that was made of an ONNX file computes something else than the file.

The file in onnxruntime says what is right, value by value in graph order.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from halfpixel.converting.onnx_in.older import DOMAIN
from halfpixel.converting.onnx_in.preparation import SITE
from halfpixel.converting.onnx_in.site_module import is_weighed
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.site import Site
from halfpixel.verifying.measure import Tolerance, difference

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

    from halfpixel.arrays import Arrays


class ModuleDivergence(Struct, frozen=True):
    """Where a module parts from the file that it was made of.

    Attributes:
        value: the first value that differs.
        node: the node that makes it.
        amount: by how much it differs, in words.
    """

    value: str
    node: "NodeProto | None"
    amount: str


def module_divergence(
    path: Path,
    module: "torch.fx.GraphModule",
    model: "ModelProto",
    feeds: "Arrays",
    tolerances: Mapping[str, Tolerance],
) -> ModuleDivergence | None:
    """Return where a module parts from the file that it was made of; None where it does not."""
    values = _values(module, feeds)
    side = Side(str(path))
    running = runtime_of(side).started(side, RunSettings(optimised=False))
    makers = {name: node for node in model.graph.node for name in node.output}

    def first(there: "Arrays") -> ModuleDivergence | None:
        for name, array in there.items():
            if name not in values:
                return ModuleDivergence(name, makers.get(name), "is missing")
            found = difference(values[name], array, tolerances)
            if not found.equal:
                amount = found.reason or f"differs by up to {found.max_abs:.3g}"
                return ModuleDivergence(name, makers.get(name), amount)
        return None

    end = first(running.run(feeds))
    if end is None:
        return None
    inside = [name for name in running.values if name in values and name in makers]
    return first(running.run(feeds, inside)) or end


def divergence_text(parted: ModuleDivergence, sites: Sequence[Site]) -> str:
    """Return in words where a module parts from its file."""
    node = parted.node
    if node is None:
        return f"onnx2torch makes another network of it: output {parted.value!r} {parted.amount}"
    name = node.name or parted.value
    if node.domain != DOMAIN or node.op_type != SITE:
        where = f"node {name!r} ({node.op_type}) {parted.amount}"
        return f"onnx2torch makes another network of it: {where}"
    site = sites[node.attribute[0].i]
    meant = "its exact weights" if is_weighed(site) else str(site.torch_call)
    return f"node {name!r} ({site.op}) {parted.amount} between {meant} and onnxruntime"


def _values(module: "torch.fx.GraphModule", feeds: "Arrays") -> "Mapping[str, NDArray[np.generic]]":
    """Return every value that a module makes, under its name in the ONNX model."""
    import torch

    found: dict[str, NDArray[np.generic]] = {}

    class Watching(torch.fx.Interpreter):
        def call_module(self, target: Any, args: Any, kwargs: Any) -> object:  # noqa: ANN401 - torch's own
            made: object = super().call_module(target, args, kwargs)
            names = cast("Any", module.get_submodule(str(target))).onnx_mapping.outputs
            for name, part in zip(names, _parts(made), strict=False):
                if isinstance(part, torch.Tensor):
                    found[name] = part.detach().numpy()
            return made

    tensors = [cast("Any", torch).from_numpy(array.copy()) for array in feeds.values()]
    with torch.no_grad():
        Watching(module).run(*tensors)
    return found


def _parts(made: object) -> Sequence[object]:
    """Return what a module of several outputs made, one by one."""
    return cast("Sequence[object]", made) if isinstance(made, list | tuple) else [made]
