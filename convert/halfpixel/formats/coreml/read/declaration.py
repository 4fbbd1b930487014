"""What a Core ML model declares: its inputs, outputs and metadata."""

from collections.abc import Mapping
from typing import Final

from halfpixel.format import Port
from halfpixel.formats.coreml.messages import Description, Feature
from halfpixel.formats.coreml.schema import ARRAY_TYPES
from halfpixel.site import Producer, Shape

SOURCE: Final = "com.github.apple.coremltools.source"
VERSION: Final = "com.github.apple.coremltools.version"

COLOURS: Final = {10: 1, 20: 3, 30: 3, 40: 1}
"""Channels of an image, by its colour space."""


def metadata_of(description: Description) -> dict[str, str]:
    """Return the user-defined metadata."""
    return dict(description.metadata.userDefined)


def port_of(feature: Feature, role: str = "") -> Port:
    """Return a declared input."""
    kind = feature.type.WhichOneof("type")
    if kind == "imageType":
        image = feature.type.imageType
        fixed = image.WhichOneof("flexible") is None
        lengths = (image.height, image.width) if fixed else (None, None)
        channels = COLOURS.get(image.colorSpace)
        return Port(feature.name, "float32", (1, channels, *lengths), "image")
    if kind != "multiArrayType":
        return Port(feature.name, role=role)
    array = feature.type.multiArrayType
    dtype = ARRAY_TYPES.get(array.dataType, "")
    return Port(feature.name, dtype, _array_shape(feature), role)


def _array_shape(feature: Feature) -> Shape | None:
    array = feature.type.multiArrayType
    match array.WhichOneof("flexible"):
        case "enumeratedShapes":
            shapes = [tuple(int(n) for n in one.shape) for one in array.enumeratedShapes.shapes]
            if len({len(one) for one in shapes}) != 1:
                return None
            columns = zip(*shapes, strict=True)
            return tuple(lengths[0] if len(set(lengths)) == 1 else None for lengths in columns)
        case "shapeRange":
            return tuple(
                int(one.lowerBound) if one.lowerBound == one.upperBound else None
                for one in array.shapeRange.sizeRanges
            )
        case _:
            return tuple(int(n) if n > 0 else None for n in array.shape) or None


def producer_of(metadata: Mapping[str, str]) -> Producer:
    """Return which converter wrote a model, with its own version.

    >>> producer_of({VERSION: "9.0", SOURCE: "torch==2.13.0"})
    Producer(name='coremltools', version=(9, 0))
    """
    if VERSION not in metadata and SOURCE not in metadata:
        return Producer()
    major, _, rest = metadata.get(VERSION, "").partition(".")
    minor = rest.partition(".")[0]
    known = major.isdigit() and minor[:1].isdigit()
    digits = "".join(c for c in minor if c.isdigit())
    return Producer("coremltools", (int(major), int(digits)) if known else None)


def source_of(metadata: Mapping[str, str]) -> tuple[str, str]:
    """Return the framework that a model was converted from, and its version.

    >>> source_of({SOURCE: "torch==2.13.0"})
    ('torch', '2.13.0')
    """
    name, _, version = metadata.get(SOURCE, "").partition("==")
    return name, version
