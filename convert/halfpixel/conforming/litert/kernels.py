"""Which of its kernels LiteRT runs a model on: its reference, its optimised ones, or XNNPACK's."""

from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, cast

from halfpixel.errors import MissingExtraError, RuntimeRefusal

if TYPE_CHECKING:
    from halfpixel.arrays import Array

Kernels = Literal["reference", "builtin", "xnnpack"]
KERNELS: Final[tuple[Kernels, ...]] = ("reference", "builtin", "xnnpack")
RESOLVERS: Final[dict[Kernels, str]] = {
    "reference": "BUILTIN_REF",
    "builtin": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    "xnnpack": "AUTO",
}
"""The name of its set of operators; XNNPACK is a delegate that takes what it can by default."""


def runtime() -> str:
    """Return the name and the release of LiteRT.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return f"ai-edge-litert {import_module('ai_edge_litert').__version__}"
    except ImportError as error:
        raise MissingExtraError("ai-edge-litert", "litert") from error


def on_litert(model: bytes, kernels: Kernels, x: "Array") -> "Array":
    """Run a model of one input and one output.

    Args:
        model: a LiteRT file.
        kernels: what it runs on; what XNNPACK leaves runs on the optimised ones.
        x: its input.

    Raises:
        MissingExtraError: LiteRT is not installed.
        RuntimeRefusal: it refuses the model, in its own words.
    """
    runtime()
    litert = import_module("ai_edge_litert.interpreter")
    try:
        running = litert.Interpreter(
            model_content=model,
            experimental_op_resolver_type=litert.OpResolverType[RESOLVERS[kernels]],
            num_threads=1,
        )
        running.allocate_tensors()
        running.set_tensor(running.get_input_details()[0]["index"], x)
        running.invoke()
        found = running.get_tensor(running.get_output_details()[0]["index"])
    except (RuntimeError, ValueError) as error:
        raise RuntimeRefusal(f"LiteRT {kernels}", str(error)) from error
    return cast("Array", found)
