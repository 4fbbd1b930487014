"""Why a provider computes something else than its description: each known cause, and who is right.

Every difference that was found on onnxruntime's CPU provider has been looked at. A cause says
which results it explains, from their attributes and lengths alone; a difference that none
explains is new.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from halfpixel.check import sites
from halfpixel.conformance import Result
from halfpixel.conformance_models import KEPT, Config, model_of, ports_of
from halfpixel.errors import HalfpixelError
from halfpixel.sampling import Linear, Nearest, Resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOSE: Final = Fraction(1, 100_000)
"""Distance from a rounding boundary, in pixels, at which float32 decides."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why results differ.

    Attributes:
        name: a short name.
        wrong: what is at fault: the runtime, or a text that leaves the case open.
        text: what happens, and what the specification says.
        source: the paragraph that decides.
        reports: public reports of it.
        explains: whether a result is explained by it.
    """

    name: str
    wrong: Literal["runtime", "specification"]
    text: str
    source: str
    reports: tuple[str, ...]
    explains: Callable[[Result], bool]


def _attribute(result: Result, name: str) -> object:
    return dict(result.config.attributes).get(name)


def _copies(result: Result) -> bool:
    return result.config.op == "Resize" and result.config.case == KEPT


def _skips_roi(result: Result) -> bool:
    config = result.config
    same = any(
        n == m for n, m in zip(config.shape[2:], config.outs[2:], strict=False) if config.outs
    )
    crops = _attribute(result, "coordinate_transformation_mode") == "tf_crop_and_resize"
    return config.op == "Resize" and crops and same


def _ties(result: Result) -> bool:
    """Whether an exact coordinate lies on a rounding boundary."""
    if _attribute(result, "mode") != "nearest" or result.config.op != "Resize":
        return False
    operator = operator_of(result.config)
    if not isinstance(operator, Resize):
        return False
    for axis, sampling in operator.axes:
        kernel = sampling.kernel
        if not isinstance(kernel, Nearest):
            continue
        halves = kernel.rounding.startswith("round")
        smooth = replace(sampling, kernel=Linear())
        lengths = result.config.shape[axis], result.config.outs[axis]
        for position in smooth.weights(*lengths).positions:
            moved = position + Fraction(1, 2) if halves else position
            if abs(moved - round(moved)) < CLOSE:
                return True
    return False


@lru_cache(maxsize=64)
def operator_of(config: Config) -> object:
    """Return the exact description of a configuration."""
    (site,) = sites(model_of(config))
    return site.operator


def _whole_numbers(result: Result) -> bool:
    smooth = _attribute(result, "mode") in {"linear", "cubic"}
    return result.config.op == "Resize" and smooth and "int" in result.config.dtype


def _single_row(result: Result) -> bool:
    aligned = _attribute(result, "align_corners") == 1
    return result.config.op == "AffineGrid" and aligned and 1 in result.config.outs[2:]


RESIZE: Final = "ONNX Operators.md, Resize, coordinate_transformation_mode"
CAUSES: Final = (
    Cause(
        "kept length",
        "runtime",
        "A scale that is not 1 and leaves every length as it is: onnxruntime hands the input "
        "through. The formula divides by the scale, and says nothing of lengths.",
        RESIZE,
        (),
        _copies,
    ),
    Cause(
        "roi skipped",
        "runtime",
        "tf_crop_and_resize with an axis whose length stays: onnxruntime takes the whole axis "
        "where the formula starts at start_x * (length_original - 1).",
        RESIZE,
        (),
        _skips_roi,
    ),
    Cause(
        "float32 tie",
        "specification",
        "The exact coordinate lies on a rounding boundary, or within 1e-5 of one, and float32 "
        "falls to the other side. The text gives real numbers and no precision, and two "
        "implementations may differ by a pixel.",
        "ONNX Operators.md, Resize, nearest_mode",
        (
            "https://github.com/microsoft/onnxruntime/issues/12098",
            "https://github.com/microsoft/onnxruntime/issues/28291",
            "https://github.com/onnx/onnx/issues/4583",
        ),
        _ties,
    ),
    Cause(
        "whole numbers",
        "specification",
        "Linear and cubic resizes of whole numbers: onnxruntime truncates, and with antialias "
        "rounds and clips after each axis. The text does not say how a blend becomes whole; "
        "PyTorch and the reference evaluator round once.",
        "ONNX Operators.md, Resize, type constraint T1",
        (),
        _whole_numbers,
    ),
    Cause(
        "single row",
        "specification",
        "AffineGrid with align_corners=1 and a length of 1: onnxruntime starts at +1, the "
        "reference evaluator at -1, PyTorch at 0. Corners of one pixel cannot be told apart, "
        "and the text does not choose.",
        "ONNX Operators.md, AffineGrid, align_corners",
        (),
        _single_row,
    ),
)


def cause_of(result: Result) -> Cause | None:
    """Return why a result differs; None where no known cause explains it."""
    return next((cause for cause in CAUSES if cause.explains(result)), None)


def smallest(results: list[Result]) -> Result:
    """Return the result with the smallest model, and of those the largest error."""

    def size(result: Result) -> tuple[int, int, float]:
        count = 1
        for length in (*result.config.shape, *result.config.outs):
            count *= length
        return len(result.config.shape), count, -result.worst

    return min(results, key=size)


def reproducer(config: Config) -> str:
    """Return a script of a few lines that shows a difference, for an upstream report.

    It prints what onnxruntime gives for a ramp, and holds the exact result in a comment.

    Raises:
        HalfpixelError: the node takes more than one input.
    """
    import numpy as np
    from onnx import printer

    model = model_of(config)
    (site,) = sites(model)
    lines = [
        "import numpy as np",
        "import onnx.parser",
        "import onnxruntime as ort",
        "",
        f'model = onnx.parser.parse_model("""{printer.to_text(model)}""")',
    ]
    feeds: dict[str, NDArray[np.generic]] = {}
    for place, port in enumerate(ports_of(config)):
        shape = tuple(n for n in port.shape or () if isinstance(n, int))
        if place == 0:
            text = f"np.arange({np.prod(shape)}).reshape({shape}).astype(np.{port.dtype})"
            feeds[port.name] = np.arange(np.prod(shape)).reshape(shape).astype(port.dtype)
            lines.append(f"{port.name} = {text}")
        else:
            raise HalfpixelError(f"{config.op}: a reproducer needs one input")
    meant = site.evaluate(*feeds.values())
    exact = np.array2string(meant.ravel(), precision=6, threshold=1000).replace("\n", "\n#")
    session = 'ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])'
    lines += [
        f"session = {session}",
        'print(session.run(None, {"x": x})[0].ravel())',
        f"# expected, exactly: {exact}",
    ]
    return "\n".join(lines) + "\n"
