"""Bundles of LiteRT models: archives of MediaPipe, and the sections of LiteRT-LM."""

import io
import struct
import zipfile
from collections.abc import Sequence

import flatbuffers

ALIGNED = 1 << 14
MODEL = 3
"""The type of a section that is a model."""


def task(*members: tuple[str, bytes], packed: bool = False) -> bytes:
    """Return an archive of members."""
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return made.getvalue()


def litertlm(*sections: tuple[int, bytes], end: int | None = None, times: int = 1) -> bytes:
    """Return a file of sections, each of a type.

    Args:
        sections: the type and the bytes of each.
        end: where its header is said to end.
        times: how often its header names each.
    """
    places, at = list[tuple[int, int]](), 4 * ALIGNED
    for _, data in sections:
        places.append((at, at + len(data)))
        at += len(data) + -len(data) % ALIGNED
    header = _header(
        [(kind, *place) for (kind, _), place in zip(sections, places, strict=True)] * times
    )
    end = 32 + len(header) if end is None else end
    out = b"LITERTLM" + struct.pack("<IIIIQ", 1, 0, 0, 0, end) + header
    for (start, _), (_, data) in zip(places, sections, strict=True):
        out += bytes(start - len(out)) + data
    return out


def _header(sections: Sequence[tuple[int, int, int]]) -> bytes:
    b = flatbuffers.Builder(256)
    objects = list[int]()
    for kind, start, stop in sections:
        b.StartObject(4)
        b.PrependUint64Slot(1, start, 0)
        b.PrependUint64Slot(2, stop, 0)
        b.PrependUint8Slot(3, kind, 0)
        objects.append(int(b.EndObject()))
    b.StartVector(4, len(objects), 4)
    for one in reversed(objects):
        b.PrependUOffsetTRelative(one)
    vector = b.EndVector()
    b.StartObject(1)
    b.PrependUOffsetTRelativeSlot(0, vector, 0)
    listed = b.EndObject()
    b.StartObject(2)
    b.PrependUOffsetTRelativeSlot(1, listed, 0)
    b.Finish(b.EndObject())
    return bytes(b.Output())
