"""onnx's reference evaluator: the specification's own Python, slow and in its own float types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.checking.check import opened
from halfpixel.errors import HalfpixelError, RuntimeRefusal
from halfpixel.format import Port
from halfpixel.formats.onnx.memory import in_memory
from halfpixel.formats.onnx.read.external_data import whole_model
from halfpixel.formats.onnx_file import takes_serialized
from halfpixel.runtime import RunSettings, Runtime, Side

if TYPE_CHECKING:
    from onnx import ModelProto

    from halfpixel.arrays import Array
    from halfpixel.format import Opened


@dataclass
class ReferenceRunning:
    """One model in the reference evaluator."""

    side: Side
    model: "Opened"
    proto: "ModelProto"
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        return self.side.text

    @property
    def inputs(self) -> Sequence[Port]:
        """What it takes."""
        return self.model.inputs

    @property
    def outputs(self) -> Sequence[str]:
        """What it returns."""
        return tuple(value.name for value in self.proto.graph.output)

    @property
    def values(self) -> Sequence[str]:
        """Values of the main graph, in the order they are computed."""
        return tuple(value.name for value in self.model.values)

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs, or the values that are wanted."""
        import numpy as np
        from onnx.reference import ReferenceEvaluator

        known = {one.name for one in self.inputs}
        given = {name: array for name, array in feeds.items() if name in known}
        try:
            with np.errstate(all="ignore"):
                found = cast("Any", ReferenceEvaluator(self.proto)).run(
                    None, given, intermediate=True
                )
        except Exception as error:
            raise RuntimeRefusal(self.name, f"{type(error).__name__}: {error}") from error
        values = cast("dict[str, Array]", found)
        return {name: values[name] for name in wanted or self.outputs if name in values}


def _start(side: Side, _settings: RunSettings) -> ReferenceRunning:
    source = side.source
    if not isinstance(source, str | Path):
        proto = in_memory(source)
        return ReferenceRunning(side, opened(proto), proto)
    model = opened(source)
    try:
        proto = whole_model(Path(source))
    except HalfpixelError:
        raise
    except Exception as error:
        raise RuntimeRefusal(side.text, f"{type(error).__name__}: {error}") from error
    return ReferenceRunning(side, model, proto)


RUNTIME: Final = Runtime("reference", _start, (".onnx",), takes_serialized, asked=True)
