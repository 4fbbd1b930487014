"""WebNN's name: resample2d of an MLGraphBuilder.

=================== ============= ==========================================================
mode                coordinate    kernel
=================== ============= ==========================================================
nearest-neighbor    half_pixel    nearest, half down: ceil(x - 1/2)
linear              half_pixel    linear, coordinates clamped to the image
=================== ============= ==========================================================

With scales the output length is floor(n * scale), and coordinates still use the ratio of the two
lengths, as the conformance tests have it (the baseline uses the scale); sizes go before scales.
Axes are 2 and 3 where none are given. Options are an object of JavaScript, or arguments by name.

Sources: Web Neural Network API, resample2d (W3C); its baseline `src/resample2d.js`; its test
`conformance_tests/resample2d-nearest-half-pixel.https.any.js` of web-platform-tests.
"""

import ast
import math
from collections.abc import Mapping
from typing import Final, cast

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import (
    Symbol,
    exact,
    listed,
    open_lengths,
    parse,
)
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Nearest, Sampling

OPTIONS: Final = ("mode", "scales", "sizes", "axes", "label")
MODES: Final = {
    "nearest-neighbor": Sampling("half_pixel", Nearest("round_prefer_floor")),
    "linear": Sampling("half_pixel", Linear()),
}
ROOT: Final = "builder.resample2d"


def _read(text: str, length: int | None) -> Reading:
    given = parse(text).bind("input", "options", *OPTIONS)
    given |= _options(given.get("options"))
    sampling = MODES[choice("mode", given.get("mode", "nearest-neighbor"), MODES)]
    if given.get("sizes") is not None:
        return Reading((sampling,) * 2, open_lengths("sizes", given["sizes"], 2))
    items = listed(given.get("scales", (1, 1)))
    if items is None or len(items) != 2:
        raise ConventionError(f"scales is {given.get('scales')!r}, expected 2 numbers")
    scales = [exact("scales", item) for item in items]

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(math.floor(n * scale) for n, scale in zip(ins, scales, strict=True))
        if min(outs) < 1:
            raise ConventionError("the output has length 0")
        return Reading((sampling,) * 2, outs)

    made = Reading((sampling,) * 2, (None, None), by_lengths=by_lengths)
    return made if length is None else made.at((length, length))


def _options(value: object) -> Mapping[str, object]:
    """Return what an object of JavaScript holds, whose keys are names."""
    if value is None:
        return {}
    if isinstance(value, dict):
        value = Symbol(str(cast("Mapping[str, object]", value)))
    try:
        node = ast.parse(value.text if isinstance(value, Symbol) else "", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        node = None
    if not isinstance(node, ast.Dict):
        raise ConventionError("the options are no object that is written out")
    found: dict[str, object] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        name = key.id if isinstance(key, ast.Name) else getattr(key, "value", None)
        found[choice("an option", name, OPTIONS)] = parse(f"f({ast.unparse(item)})").positional[0]
    return found


def _write(sampling: Sampling, spatial: int) -> str | None:
    return None if spatial != 2 else text_of(sampling, CALLS.items())


CALLS: Final = {
    f"{ROOT}(x, {{mode: '{mode}', sizes: [height, width]}})": one for mode, one in MODES.items()
}
"""Every call that has a meaning of its own."""

CONVENTION = Convention(
    "WebNN",
    (ROOT, "MLGraphBuilder.resample2d"),
    _read,
    _write,
    examples=tuple(CALLS.items()),
    source="W3C Web Neural Network API, resample2d; webnn-baseline src/resample2d.js",
    remarks=(
        Remark("axis order", "sizes and scales are those of the axes, height before width"),
        Remark(
            "arithmetic",
            "a browser gives it to a runtime of its system, which may take a tie to the other side",
            kernels=("nearest",),
        ),
    ),
)
