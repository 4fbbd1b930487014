"""What the inputs' free axes and the outputs are called in what the dynamo exporter wrote.

It calls a length s77, and one that comes of it 2*s77. A person reads height and 2*height.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.errors import UsageError
from halfpixel.intents.exported_program import placeholders

if TYPE_CHECKING:
    import torch

    from halfpixel.converting.source import Source

STEPS: Final = re.compile(r"(\d+)\*(\w+)")
"""A length that is a multiple: 32*s39."""


def symbols(program: "torch.export.ExportedProgram", source: "Source") -> dict[str, str]:
    """Return what each length of a program's inputs is called, by PyTorch's own word for it.

    Lengths that PyTorch holds for one are one; those that it does not get names of their own.
    """
    called = source.axis_names
    found: dict[str, str] = {}
    for name, node in zip(source.names, placeholders(program), strict=False):
        for axis, n in enumerate(node.meta["val"].shape):
            if isinstance(n, int) or str(n) in found or (name, axis) not in called:
                continue
            word = called[name, axis]
            if word in found.values() and not source.lengths_of(name, axis).name:
                word = f"{name}_{word}"
            found[str(n)] = word
    return found


def renamed(length: str, words: Mapping[str, str]) -> str:
    """Return a length in other words.

    >>> renamed("2*s77", {"s77": "height"}), renamed("64*s39", {"32*s39": "height"})
    ('2*height', '2*height')
    >>> renamed("4*s39", {"32*s39": "height"})
    '4*(height//32)'
    """
    for old, new in words.items():
        factor, _, symbol = old.rpartition("*")
        if not symbol.isidentifier():
            continue
        steps = int(factor or 1)

        def word(found: re.Match[str], steps: int = steps, new: str = new) -> str:
            count = int(found[1] or 1)
            times, rest = divmod(count, steps)
            if rest == 0:
                return new if times == 1 else f"{times}*{new}"
            return f"{count}*({new}//{steps})" if count > 1 else f"({new}//{steps})"

        length = re.sub(rf"(?<![\w*])(?:(\d+)\*)?{symbol}\b", word, length)
    return length


def name_axes(graph: Any, words: Mapping[str, str]) -> None:  # noqa: ANN401 - of onnx_ir
    """Give free lengths other names, in place, wherever they stand."""
    if not words:
        return
    for value in _values(graph):
        for axis, n in enumerate(cast("Sequence[object]", value.shape or ())):
            text = getattr(n, "value", None)
            if text and (new := renamed(str(text), words)) != str(text):
                value.shape[axis] = new


def _values(graph: Any) -> Iterator[Any]:  # noqa: ANN401 - likewise
    """Yield the inputs, and what each node makes, in graphs of branches too."""
    yield from graph.inputs
    for node in graph.all_nodes():
        yield from node.outputs


def name_outputs(graph: Any, names: Sequence[str]) -> None:  # noqa: ANN401 - likewise
    """Give the outputs other names, in place.

    Raises:
        UsageError: too many or too few, or the name of an input.
    """
    if not names:
        return
    if len(names) != len(graph.outputs):
        raise UsageError(count_text(len(graph.outputs), names))
    inputs = {value.name for value in graph.inputs}
    outputs = list(graph.outputs)
    for value, name in zip(outputs, names, strict=True):
        if name in inputs or value.name in inputs:
            raise UsageError(f"--output-names {name}: an input of the file is called so")
    for value in [*_values(graph)]:
        if value.name in names and not any(value is one for one in outputs):
            value.name = f"{value.name}_value"
    for value, name in zip(outputs, names, strict=True):
        value.name = name


def count_text(count: int, names: Sequence[str]) -> str:
    """Say that names are given of another number of outputs."""
    return f"--output-names {','.join(names)}: {len(names)} are given, the module returns {count}"
