"""What a subject names: a model, and a node of it where one is named, as ``MODEL:NODE``."""

import os

from halfpixel.address import Location, is_address, location, node_in


def exists(text: str) -> bool:
    """Whether there is such a file; a call may be longer than any name.

    A file elsewhere is not asked for: whoever opens it is told.
    """
    return is_address(text) or os.path.exists(text)  # noqa: PTH110 - Path.exists raises where a name is too long


def model_and_node(subject: str) -> tuple[Location, str] | None:
    """Return where the model is that a subject names, and the node; empty for all of them.

    None where it names no model that is there.

    >>> model_and_node("s3://bucket/m.onnx:up")
    (Address('s3://bucket/m.onnx'), 'up')
    """
    if is_address(subject):
        text, node = node_in(subject)
        return location(text), node
    if exists(subject):
        return location(subject), ""
    head, _, node = subject.rpartition(":")
    return (location(head), node) if head and exists(head) else None
