"""A graph of LiteRT said in ONNX's operators, for the walk that finds resizes there.

What gathers, blends and shape arithmetic of a graph come to is found by one walk, ONNX's: the
graph is handed to it in that format's words. Every operator is one or a few nodes of its name; one
that has no counterpart here is a node of LiteRT's own domain, whose outputs have the shapes that
the file declares.
"""

from typing import TYPE_CHECKING

from halfpixel.formats.litert.graph import Graph
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.custom import say_custom
from halfpixel.formats.litert.read.operators import TRANSLATED
from halfpixel.formats.litert.read.writing import DOMAIN, Writing

if TYPE_CHECKING:
    from halfpixel.storage.remote_file import File


def said(contents: Contents, graph: Graph, path: "File") -> Writing:
    """Return a graph in ONNX's words.

    Args:
        contents: the model.
        graph: one of its graphs, or one with changes.
        path: the file, where weights lie.

    Raises:
        Malformed: options of an operator lead out of the file.
    """
    writing = Writing(contents, graph, path)
    for node in graph.nodes:
        writing.node = node
        say = say_custom if node.custom else TRANSLATED.get(node.op)
        if say is None or not say(writing, node):
            names = [writing.name(place) for place in node.inputs]
            outs = [writing.name(place) for place in node.outputs]
            writing.add(node.op, names, outs, domain=DOMAIN)
    return writing
