"""A folder of images as inputs: read and resized by Pillow, in the layout that a model takes."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.errors import MissingExtraError, ModelFileError, UsageError
from halfpixel.format import Port
from halfpixel.runtimes.feeds import TRIALS, FeedSettings, Lengths, feed_of
from halfpixel.runtimes.size import check_values

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Feeds

SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif"})

MOST: Final = 16
"""Images of a folder that are taken, in the order of their names."""

STEP: Final = 32
"""Height and width that are free become multiples of it, which most networks take."""

LONGEST: Final = 640
"""Height and width that are free become no longer."""

RESIZE: Final = "resized from {} by Pillow (bilinear, antialiased)"

MODES: Final = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by channels."""


class ImageCase(Struct, frozen=True):
    """Inputs of which one is an image.

    Attributes:
        feeds: all of them.
        text: which image, and what was done to it.
    """

    feeds: "Feeds"
    text: str


class _Frame(Struct, frozen=True):
    """How an input holds an image: its channels, their axis, and height and width, 0 where free."""

    channels: int
    last: bool
    height: int
    width: int


def images_in(folder: Path) -> tuple[Path, ...]:
    """Return the images of a folder, in the order of their names.

    Raises:
        UsageError: it holds none.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise UsageError(f"--inputs {folder}: holds no image ({', '.join(sorted(SUFFIXES))})")
    return tuple(found)


def image_cases(ports: Sequence[Port], settings: FeedSettings) -> Iterator[ImageCase]:
    """Yield inputs of images, the other inputs given or made.

    Floats are `low` for black and `high` for white, whole numbers 0 to 255.

    Args:
        ports: what the model takes.
        settings: which images, and how the other inputs are made.

    Raises:
        UsageError: no input, or more than one, takes an image.
        ModelFileError: a file is no image that can be read.
        MissingExtraError: Pillow is not installed.
    """
    framed = {port.name: frame for port in ports if (frame := _frame(port, settings, len(ports)))}
    if len(framed) != 1:
        told = f"{len(framed)} inputs take an image: give arrays, as NAME=FILE.npy"
        raise UsageError(f"--inputs {settings.images[0].parent}: {told}")
    ((name, frame),) = framed.items()
    port = next(port for port in ports if port.name == name)
    for number, path in enumerate(settings.images[:MOST]):
        pixels, text = _read(path, frame)
        array = _scaled(pixels, port.dtype, (settings.low, settings.high))
        lengths = Lengths(1, frame.channels, TRIALS[0])
        shaped = [replace(port, shape=array.shape) if port.name == name else port for port in ports]
        own = replace(settings, shapes={**settings.shapes, name: array.shape})
        feeds = feed_of(shaped, own, number, lengths)
        given = settings.given[0] if settings.given else {}
        ends = "" if array.dtype.kind in "iu" else f" as {settings.low:g} to {settings.high:g}"
        yield ImageCase({**feeds, **given, name: array}, f"{path.name}, {text}{ends}")


def _frame(port: Port, settings: FeedSettings, count: int) -> _Frame | None:
    """Return how an input holds an image; None where it holds none."""
    shape = settings.shapes.get(port.name, port.shape)
    if shape is None and count == 1:
        shape = (None, 3, None, None)
    if shape is None or len(shape) != 4 or port.role in {"grid", "theta", "rois"}:
        return None
    lengths = [n if isinstance(n, int) else 0 for n in shape]
    if lengths[0] > 1:
        return None  # images of a batch are given as arrays
    if lengths[1] in MODES or (not lengths[1] and lengths[3] not in MODES):
        return _Frame(lengths[1] or 3, last=False, height=lengths[2], width=lengths[3])
    if lengths[3] in MODES:
        return _Frame(lengths[3], last=True, height=lengths[1], width=lengths[2])
    return None


def _read(path: Path, frame: _Frame) -> "tuple[Array, str]":
    """Return the pixels of an image at the size that is taken, and what was done to it."""
    import numpy as np

    try:
        library: Any = import_module("PIL.Image")
    except ImportError as error:
        raise MissingExtraError("Pillow", "images") from error
    try:
        with library.open(path) as opened:
            image = opened.convert(MODES[frame.channels])
    except Exception as error:
        raise ModelFileError(path, f"Pillow cannot read it: {error}".splitlines()[0]) from error
    text = f"{image.mode}, {'NHWC' if frame.last else 'NCHW'}"
    width, height = image.size
    part = min(1.0, LONGEST / max(width, height))
    free = [max(STEP, int(n * part) // STEP * STEP) for n in (width, height)]
    size = frame.width or free[0], frame.height or free[1]
    check_values(f"input of {path.name!r}", (frame.channels, *size))
    if size != (width, height):
        image = image.resize(size, library.Resampling.BILINEAR)
        text = f"{RESIZE.format(f'{width}x{height}')} to {size[0]}x{size[1]}, {text}"
    pixels: Array = np.asarray(image).reshape(size[1], size[0], frame.channels)
    return (pixels if frame.last else pixels.transpose(2, 0, 1))[None], text


def _scaled(pixels: "Array", dtype: str, limits: tuple[float, float]) -> "Array":
    """Return pixels as an input has them."""
    import numpy as np

    if dtype == "int8":
        return (pixels.astype(np.int16) - 128).astype(np.int8)
    if dtype.startswith(("int", "uint")):
        return pixels.astype(np.dtype(dtype))
    low, high = limits
    scaled = low + pixels.astype(np.float64) * ((high - low) / 255)
    return scaled.astype("float16" if dtype == "float16" else "float32")
