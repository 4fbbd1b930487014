"""The names of a model's ends: those that its signature has for them, in place of a converter's.

TensorFlow's converter calls an input `serving_default_x:0` and an output `PartitionedCall:0`, in an
order of its own; its signature keeps what the model called them.
"""

from collections.abc import Iterator
from pathlib import Path
from struct import pack
from typing import Final

from halfpixel.formats.litert.read.contents import Contents, contents_of
from halfpixel.formats.litert.read.file import model_view
from halfpixel.formats.litert.schema import Called, Signature, Subgraph, Tensor

LARGEST: Final = (1 << 31) - 1
"""Bytes that an offset reaches over."""


def name_by_signature(path: Path) -> None:
    """Give the ends of the first graph the names of its signature, in place.

    A text is appended and an offset changed for each; a name that another tensor has stays as it
    is, and so does a file of 2 GB.

    Args:
        path: a .tflite file that nobody else reads.

    Raises:
        ModelFileError: it is no such file.
        Malformed: what it says stands outside it.
    """
    with model_view(path) as (view, base):
        names = list(_names(contents_of(view, base)))
    with path.open("r+b") as file:
        for at, name in names:
            end = file.seek(0, 2)
            end += -end % 4
            data = name.encode()
            if end + len(data) > LARGEST:
                return
            file.seek(end)
            file.write(pack("<I", len(data)) + data + b"\0")
            file.seek(at)
            file.write(pack("<I", end - at))


def _names(contents: Contents) -> Iterator[tuple[int, str]]:
    """Yield where the offset of a tensor's name stands, and the name that it gets."""
    signature = next((table for _, graph, table in contents.signatures() if not graph), None)
    if signature is None:
        return
    tensors = contents.subgraphs[0].vector(Subgraph.TENSORS).tables()
    taken = {one.text(Tensor.NAME) for one in tensors}
    seen: set[int] = set()
    for field in (Signature.INPUTS, Signature.OUTPUTS):
        for one in signature.vector(field).tables():
            name, place = one.text(Called.NAME), one.number(Called.TENSOR, "I")
            if not name or name in taken or place in seen or place >= len(tensors):
                continue
            seen.add(place)
            taken.add(name)
            if at := tensors[place].place(Tensor.NAME):
                yield at, name
