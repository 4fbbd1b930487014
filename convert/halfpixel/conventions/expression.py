"""An expression around a call: what is sliced, turned or added to is what the call computes."""

import ast
from collections.abc import Collection
from typing import Final

from halfpixel.conventions.python_call import silent

CONVERTS: Final = frozenset(
    {"array", "asarray", "from_numpy", "as_tensor", "tensor", "to_tensor", "pil_to_tensor"}
)
"""Functions that make an array of another kind of what they are given: the call is in them."""


def call_in(text: str, methods: Collection[str] = ()) -> str:
    """Return the call that an expression is made of, as it is written; the text where it is none.

    Args:
        text: the expression.
        methods: names of operators that are called on an image: what stands before one is its
            input.

    >>> call_in("F.interpolate(x.mT, size=(4, 3)).mT")
    'F.interpolate(x.mT, size=(4, 3))'
    >>> call_in("F.interpolate(x[None, None], scale_factor=2)[0, 0].permute(1, 0)")
    'F.interpolate(x[None, None], scale_factor=2)'
    >>> call_in("F.grid_sample(x - 1.5, grid) + 1.5"), call_in("(lambda n: f(n))(x)")
    ('F.grid_sample(x - 1.5, grid)', 'f(n)')
    >>> call_in("y = cv2.resize(x, (4, 3));")
    'cv2.resize(x, (4, 3))'
    >>> call_in("np.asarray(Image.fromarray(x).resize((4, 3)))[..., :1]", {"resize"})
    'Image.fromarray(x).resize((4, 3))'
    """
    text = text.strip()
    try:
        with silent():
            node = _value_of(ast.parse(text))
        while (inner := _inside(node, methods)) is not None:
            node = inner
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    return (ast.get_source_segment(text, node) or text) if isinstance(node, ast.Call) else text


def _value_of(lines: ast.Module) -> ast.expr:
    """Return what the last line of a program comes to, or what is kept of it.

    Raises:
        ValueError: it comes to nothing.
    """
    match lines.body:
        case [*_, ast.Expr(value=value) | ast.Assign(value=value)]:
            return value
        case _:
            raise ValueError("no value")


def inner_calls(text: str) -> list[str]:
    """Return the calls in the arguments of a call, as they are written, the outer ones first.

    >>> inner_calls("cv2.cvtColor(cv2.resize(f(x), (4, 3)), 4)")
    ['cv2.resize(f(x), (4, 3))', 'f(x)']
    """
    try:
        with silent():
            node = ast.parse(text, mode="eval").body
        found = [part for part in ast.walk(node) if isinstance(part, ast.Call)][1:]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [segment for part in found if (segment := ast.get_source_segment(text, part))]


def argument_calls(text: str, name: str) -> list[str]:
    """Return the calls of a name that are arguments of a call, as they are written.

    >>> argument_calls("F.grid_sample(f(x), F.affine_grid(theta, size))", "affine_grid")
    ['F.affine_grid(theta, size)']
    """
    try:
        with silent():
            node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = node.args if isinstance(node, ast.Call) else []
    calls = [part for part in found if isinstance(part, ast.Call) and _dotted(part.func)]
    named = [part for part in calls if ast.unparse(part.func).rpartition(".")[2] == name]
    return [segment for part in named if (segment := ast.get_source_segment(text, part))]


def _inside(  # noqa: PLR0911 - one a form
    node: ast.expr, methods: Collection[str]
) -> ast.expr | None:
    """Return what an expression is made of; None where it is a call, or nothing of a call."""
    match node:
        case ast.Subscript(value=value) | ast.Attribute(value=value):
            return value
        case ast.BinOp(left=left, right=right):
            return right if isinstance(left, ast.Constant) else left
        case ast.Call(func=ast.Lambda(body=body)):
            return body
        case ast.Call(func=ast.Call() as module):  # nn.Upsample(scale_factor=2)(x)
            return module
        case ast.Call(func=ast.Attribute(attr=name)) if name in methods:
            return None
        case ast.Call(func=ast.Attribute(value=value) as func) if not _dotted(func):
            return value
        case ast.Call(func=func, args=[ast.expr() as made, *_]) if _last(func) in CONVERTS:
            return made
        case _:
            return None


def _last(node: ast.expr) -> str:
    """Return the last part of a name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _dotted(node: ast.expr) -> bool:
    """Whether it is a name, with modules before it or without."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
