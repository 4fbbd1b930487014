"""ONNX: `.onnx` files read as a skeleton without weights, and models in memory."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from halfpixel.errors import GraphError, ModelFileError
from halfpixel.format import Format
from halfpixel.formats.onnx_proto import parse, text_is_broken
from halfpixel.formats.onnx_walk import Walk
from halfpixel.formats.onnx_wire import skeleton
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import ModelProto


class _HasProto(Protocol):
    """A torch.onnx.ONNXProgram, as far as it is used here."""

    @property
    def model_proto(self) -> "ModelProto": ...


def sites(path: Path) -> list[Site]:
    """Return every site of the model in a file, in graph order.

    Args:
        path: a single ONNX file; its external data need not be there.

    Raises:
        ModelFileError: the file is no ONNX model, or is truncated or unreadable.
        GraphError: the file is well formed and its graph impossible.
    """
    model = parse(skeleton(path).data, path)
    _check_opset(model, str(path))
    try:
        return Walk(model, path.parent).sites()
    except GraphError as error:
        raise GraphError(str(path), error.node, error.reason) from error
    except RecursionError as error:
        raise ModelFileError(path, "graphs or functions are nested too deep") from error
    except (TypeError, AttributeError) as error:
        if text_is_broken(model):
            raise ModelFileError(path, "a name or text in the model is not UTF-8") from error
        raise


def _check_opset(model: "ModelProto", where: str) -> None:
    """Refuse a model without a version of the default operator set, or with one unknown."""
    versions = [e.version for e in model.opset_import if e.domain in {"", "ai.onnx"}]
    used = any(node.domain in {"", "ai.onnx"} for node in model.graph.node)
    if used and not versions:
        raise GraphError(where, "", "no opset_import for the default domain, expected one")
    for version in versions:
        if not 1 <= version <= NEWEST_OPSET:
            reason = f"opset {version} is unknown, expected 1 to {NEWEST_OPSET}"
            raise GraphError(where, "", reason)


NEWEST_OPSET = 99
"""Far above what exists: a later opset is read with the newest meaning that is known."""


def takes(source: object) -> bool:
    """Whether an object is a ModelProto, an onnx_ir.Model or a torch ONNXProgram."""
    kind = type(source)
    names = {f"{base.__module__.partition('.')[0]}.{base.__qualname__}" for base in kind.__mro__}
    return bool(names & {"onnx.ModelProto", "onnx_ir.Model", "torch.ONNXProgram"})


def sites_of(source: object) -> list[Site]:
    """Return every site of a model in memory: ModelProto, onnx_ir.Model or ONNXProgram.

    Raises:
        GraphError: the graph is impossible.
    """
    model = _proto(source)
    _check_opset(model, "model")
    return Walk(model, None).sites()


def _proto(source: object) -> "ModelProto":
    root = type(source).__module__.partition(".")[0]
    if root == "torch":
        return cast("_HasProto", source).model_proto
    if root == "onnx_ir":
        import onnx_ir

        return onnx_ir.to_proto(cast("onnx_ir.Model", source))
    return cast("ModelProto", source)


FORMAT = Format("ONNX", (".onnx",), sites, takes, sites_of)
