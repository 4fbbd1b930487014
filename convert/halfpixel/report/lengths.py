"""Shapes for people: lengths that are free have names that can be read.

Exporters call a free length ``s53`` or ``unk__12``, and write what is computed from one with more
parentheses than it needs. A name that only numbers lengths is told by the axis of the model's input
that has it, and one that no input has is not told.
"""

import re
from collections.abc import Mapping
from typing import Final

from halfpixel.surroundings import Shape

NUMBERED: Final = re.compile(
    r"(s|d|dim|dim_|axis|axis_|dynamic_dim_|DynamicDimension\.|unk__|unknown_?|.*_dim_)[0-9]+",
    re.ASCII,
)
"""Names that only number lengths: PyTorch's symbols, and those of shape inference."""

SYMBOL: Final = re.compile(r"[A-Za-z_][\w.]*")
COMPUTED: Final = re.compile(r"[ ()*/+,-]")
LONGEST: Final = 80
"""Characters of a computed length that is told."""

AXES: Final[Mapping[int, tuple[str, ...]]] = {
    3: ("batch", "channels", "length"),
    4: ("batch", "channels", "height", "width"),
    5: ("batch", "channels", "depth", "height", "width"),
}
"""What the axes of an image are called, by rank."""


def shapes_text(before: Shape | None, after: Shape | None, model: Shape | None = None) -> str:
    """Return the shapes of a site for people.

    Args:
        before: of its input.
        after: of its output.
        model: of the model's image input, whose free lengths name others; None where that is not
            known, and the site's own input names them.

    >>> shapes_text((1, 3, 8, 8), (1, 3, 16, 16))
    '1x3x8x8 -> 1x3x16x16'
    >>> shapes_text((1, 3, "s5", "s9"), (1, 3, "(2*s5)", "unk__3"), (1, 3, "s5", "s9"))
    '1 x 3 x height x width -> 1 x 3 x 2*height x ?'
    """
    return " -> ".join(shape_texts(before, after, model))


def shape_texts(
    before: Shape | None, after: Shape | None, model: Shape | None = None
) -> tuple[str, str]:
    """Return both shapes of a site for people; as `shapes_text`."""
    names = _names(before if model is None else model)
    return _shape(before, names), _shape(after, names)


def _names(model: Shape | None) -> dict[str, str]:
    """Return what the free lengths of a model's input are called by its axes."""
    if model is None or len(model) not in AXES:
        return {}
    axes = AXES[len(model)]
    return {
        dim: axis
        for dim, axis in reversed([*zip(model, axes, strict=True)])
        if isinstance(dim, str) and NUMBERED.fullmatch(dim)
    }


def _shape(shape: Shape | None, names: Mapping[str, str]) -> str:
    if shape is None:
        return "?"
    told = [_length(dim, names) for dim in shape]
    free = any(isinstance(dim, str) for dim in shape)
    return (" x " if free else "x").join(told)


def _length(dim: int | str | None, names: Mapping[str, str]) -> str:
    if dim is None:
        return "?"
    if isinstance(dim, int):
        return str(dim)
    if dim in names:
        return names[dim]
    if NUMBERED.fullmatch(dim):
        return "?"
    return _computed(dim, names) if COMPUTED.search(dim) else dim


def _computed(dim: str, names: Mapping[str, str]) -> str:
    """Return a length that is computed, in as few parentheses as it needs.

    >>> _computed("(((height - 1)//4)) + 1", {}), _computed("TruncToInt(0.5*ToFloat(d2))", {})
    ('(height-1)//4+1', 'trunc(0.5*d2)')
    """
    import ast

    text = re.sub(r"\bToFloat\(([\w.]+)\)", r"\1", dim).replace("TruncToInt(", "trunc(")
    text = SYMBOL.sub(lambda found: names.get(found[0], found[0]), text)
    if len(text) > LONGEST:
        return "?"
    try:
        text = ast.unparse(ast.parse(text, mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return dim
    return text.replace(" ", "")
