"""PyTorch's own graph of a module, with its lengths as free as torch.export lets them be."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from halfpixel.converting.calls import AFFINE, LINSPACE, Kind
from halfpixel.converting.cases import ranges_of
from halfpixel.converting.export.quietly import reason_of
from halfpixel.converting.source import FIXED, Source, export_program
from halfpixel.intents.exported_program import graph_calls

if TYPE_CHECKING:
    import torch

STRETCH: Final = 8
"""How many times as long free axes are while exporting, where an output would be 1 long."""

STRICT: Final = (
    "PyTorch's graph is that of torch.export in strict mode: the other one fixes a length"
)


def make_program(source: Source) -> None:
    """Have torch.export make the program of a source, or say why there is none.

    It takes some free lengths for fixed: in torch.linspace and affine_grid, which are then written
    in plain operators, and in `float(x.shape[2])`, which it follows in strict mode alone.
    """
    from halfpixel.converting.plain.exporting import written_out

    fixing = frozenset({AFFINE, LINSPACE})
    for kinds in (frozenset[Kind](), fixing):
        writing = written_out(kinds)
        try:
            with writing if kinds else nullcontext():
                source.program = export_program(source)
                if _collapsed(source, source.program):
                    source.stretch = STRETCH
                    longer = export_program(source)
                    if _collapsed(source, longer):
                        source.stretch = 1  # it is 1 at every length
                    else:
                        source.program = longer
        except Exception as error:  # noqa: BLE001 - it raises a dozen kinds
            source.stretch = 1
            source.problem = source.problem or reason_of(error)
            if FIXED not in str(error):
                break
        if source.program is not None:
            source.problem, source.needs = "", kinds & writing.used
            return
    if FIXED in source.problem:
        _make_strictly(source)


def _make_strictly(source: Source) -> None:
    """Have torch.export make it in strict mode, and give what comes out to the exporters."""
    from halfpixel.converting.plain.exporting import free_linspace

    try:
        with free_linspace():
            program = export_program(source, strict=True)
        source.graph = program.module()
        source.program = export_program(source)
    except Exception:  # noqa: BLE001 - the reason is that of the usual mode
        source.graph = None
        return
    source.problem, source.notes = "", (*source.notes, STRICT)


def _collapsed(source: Source, program: "torch.export.ExportedProgram") -> bool:
    """Whether a free length came to 1 in a call, which PyTorch takes for a fixed one.

    One that is 1 at every length, as what a pooling over all pixels makes, binds no range.
    """
    free = {
        call.name
        for call in graph_calls(program)
        if call.kind == "resize" and any(isinstance(n, str) for n in call.input_shape or ())
    }
    nodes: Any = program.graph.nodes
    shapes = [node.meta["val"].shape for node in nodes if node.name in free]
    lengths = [n for shape in shapes for n in shape[2:]]
    if any(not isinstance(n, int) and _hint(n) == 1 for n in lengths):
        return True
    return 1 in lengths and any(not one.usual for one in ranges_of(source, program))


def _hint(symbol: object) -> object:
    """Return the length that a symbol stands for while exporting."""
    return getattr(getattr(symbol, "node", None), "hint", None)
