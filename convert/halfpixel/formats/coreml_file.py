"""Core ML: `.mlpackage` folders and `.mlmodel` files, ML Programs and neural networks in them."""

from halfpixel.format import Format
from halfpixel.formats.coreml.model import FORMAT_NAME, opened


def takes(_source: object) -> bool:
    """Whether an object in memory is a Core ML model: they are read from files alone."""
    return False


FORMAT = Format(FORMAT_NAME, (".mlpackage", ".mlmodel", ".mlmodelc"), takes, opened)
