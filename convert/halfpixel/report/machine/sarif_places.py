"""Where things stand, in SARIF's words: files, the nodes in them, and lines of Python.

A model has no lines: the place of a finding is the file, and in it the node and the graph that it
stands in.

Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections 3.4,
3.28 and 3.33.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Final

from msgspec import Struct, field

from halfpixel.address import is_address
from halfpixel.quoting import bytes_of, uri_address, uri_path

ROOT: Final = "%SRCROOT%"
"""What relative paths are relative to: the folder in which the command ran."""

Values = dict[str, object]


class Places(Struct):
    """The places that the results of a run are about.

    Attributes:
        folder: what paths are relative to.
        graphs: the graphs and nodes that results are about, in the order they are met.
        known: where each graph or node stands among these.
        seen: how often each fingerprint was met.
    """

    folder: Path
    graphs: list[Values] = field(default_factory=list[Values])
    known: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    seen: Counter[str] = field(default_factory=Counter[str])

    def node(self, path: str, graph: str, name: str) -> Values:
        """Return a node as a logical location (3.33) whose parent is the graph it stands in."""
        head = (path, graph)
        if head not in self.known:
            self.known[head] = len(self.graphs)
            self.graphs.append(
                {
                    "name": graph or "main graph",
                    "fullyQualifiedName": f"{path}:{graph}",
                    "kind": "graph",
                }
            )
        full = f"{path}:{'/'.join(filter(None, (graph, name)))}"
        location: Values = {"name": name, "fullyQualifiedName": full, "kind": "node"}
        key = (path, graph, name)
        if key not in self.known:
            self.known[key] = len(self.graphs)
            self.graphs.append({**location, "parentIndex": self.known[head]})
        return {"index": self.known[key], **location}

    def fingerprint(self, parts: Iterable[str]) -> str:
        """Return a hash that stays while file, graph, node and rule do, whatever the numbers."""
        text = hashlib.sha256(bytes_of("\0".join(parts))).hexdigest()[:16]
        self.seen[text] += 1
        return f"{text}:{self.seen[text]}"


def artifact(path: str, folder: Path) -> Values:
    """Return where a file lies (3.4): relative to the folder where it is below it.

    >>> artifact("/here/a b.onnx", Path("/here"))
    {'uri': 'a%20b.onnx', 'uriBaseId': '%SRCROOT%'}
    >>> artifact("/else/m.onnx", Path("/here"))
    {'uri': 'file:///else/m.onnx'}
    >>> artifact("s3://bucket/a b.onnx", Path("/here"))
    {'uri': 's3://bucket/a%20b.onnx'}
    """
    if is_address(path):
        return {"uri": uri_address(path)}
    whole = folder / path
    try:
        below = whole.relative_to(folder)
    except ValueError:
        return {"uri": uri(whole)}
    if ".." in below.parts:
        return {"uri": uri(whole.resolve())}
    return {"uri": uri(below), "uriBaseId": ROOT}


def uri(path: PurePath) -> str:
    """Return a path as a URI reference; a first part with a colon is no scheme.

    >>> uri(PurePath("a:b/c.onnx"))
    'a%3Ab/c.onnx'
    """
    text = uri_path(path.as_posix())
    return f"file:///{text.lstrip('/')}" if path.is_absolute() else text  # no host of another's
