"""A program as coremltools 9.0 takes it: its gaps are filled, and what is computed stays.

======================= ======================================================================
node                    what becomes of it
======================= ======================================================================
aten.alias, aten.lift   its input: coremltools knows no such operator
a node called floor     another name: coremltools takes rounding_mode="floor" for that node
aten.max_pool           the stride that was left out is written: it is the kernel, as in PyTorch
======================= ======================================================================

Source: coremltools 9.0 `converters/mil/frontend/torch/ops.py`; PyTorch
`aten/src/ATen/native/native_functions.yaml`.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

SAME: Final = ("aten.alias.", "aten.lift_fresh_copy.", "aten.lift.")
ROUNDINGS: Final = frozenset({"floor", "trunc"})
POOLS: Final = ("aten.max_pool1d.", "aten.max_pool2d.", "aten.max_pool3d.")


def fill_gaps(program: "torch.export.ExportedProgram") -> None:
    """Rewrite the nodes of a program, in place, that coremltools has no words for."""
    graph: Any = program.graph
    for node in list(graph.nodes):
        target = str(node.target)
        if target.startswith(SAME):
            node.replace_all_uses_with(node.args[0])
            program.graph_signature.replace_all_uses(node.name, node.args[0].name)
            graph.erase_node(node)
        elif node.name in ROUNDINGS and node.op == "call_function":
            before = node.name
            node._rename(f"{before}_value")  # noqa: SLF001 - the only way to a name that is free
            program.graph_signature.replace_all_uses(before, node.name)
        elif target.startswith(POOLS) and len(node.args) == 2 and not node.kwargs:
            node.args = (*node.args, node.args[1])
    graph.lint()
