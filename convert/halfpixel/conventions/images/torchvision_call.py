"""torchvision's resize as a call: transforms.Resize and functional.resize, of v1 and of v2.

Source: torchvision 0.29 `transforms/functional.py`, `transforms/transforms.py`,
`transforms/v2/functional/_geometry.py` (_compute_resized_output_size).
"""

from typing import Final

from msgspec import Struct

from halfpixel.convention import Remark
from halfpixel.conventions.meaning import choice, flag, length
from halfpixel.conventions.python_call import Symbol, listed, name_of, open_length, parse
from halfpixel.errors import ConventionError

MODES: Final = ("nearest", "nearest-exact", "bilinear", "bicubic", "box", "hamming", "lanczos")
NUMBERS: Final = dict(enumerate(("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")))
"""Pillow's constants, which are taken too."""

ORDER: Final = ("size", "interpolation", "max_size", "antialias")

ROOT: Final = "torchvision.transforms"
OPERATORS: Final = (
    f"{ROOT}.v2.functional.resize",
    f"{ROOT}.functional.resize",
    f"{ROOT}.v2.Resize",
    f"{ROOT}.Resize",
    "T.Resize",
    "F.resize",
    "TF.resize",
)

Pair = tuple[int, int]


class Call(Struct, frozen=True):
    """One call.

    Attributes:
        mode: the interpolation, as torchvision spells its value.
        size: (height, width), or (shorter side,), None each where the text leaves it open; empty
            for no size.
        max_size: the longest that a longer side becomes.
        antialias: as in the call.
        of_image: whether the text shows that what is resized is an image of Pillow.
    """

    mode: str
    size: tuple[int | None, ...]
    max_size: int | None = None
    antialias: bool = True
    of_image: bool = False

    @property
    def lengths(self) -> tuple[int | None, int | None]:
        """Output lengths, height before width, as far as the call alone says them."""
        return (self.size[0], self.size[1]) if len(self.size) == 2 else (None, None)

    def output(self, ins: tuple[int, ...]) -> tuple[int | None, int | None]:
        """Return the output lengths for an image of (height, width).

        Raises:
            ConventionError: max_size is no more than the shorter side.

        >>> Call("bilinear", (256,)).output((480, 640))
        (256, 341)
        >>> Call("bilinear", (256,), max_size=300).output((480, 640))
        (225, 300)
        """
        if len(self.size) == 2:
            return self.lengths
        short, long = sorted(ins)
        wanted = self.size[0] if self.size else None
        if wanted is None and (self.size or self.max_size is None):
            return (None, None)
        if wanted is None:
            new_short, new_long = (self.max_size or 0) * short // long, self.max_size or 0
        else:
            new_short, new_long = wanted, wanted * long // short
            if self.max_size is not None and self.max_size <= wanted:
                raise ConventionError(f"max_size is {self.max_size}, expected more than {wanted}")
            if self.max_size is not None and new_long > self.max_size:
                new_short, new_long = self.max_size * new_short // new_long, self.max_size
        if min(new_short, new_long) < 1:
            raise ConventionError("the output has length 0")
        return (new_long, new_short) if ins[1] <= ins[0] else (new_short, new_long)


def call_of(text: str) -> Call:
    """Return the call that a text spells.

    Raises:
        ConventionError: it is another call, or an argument is none that it takes.

    >>> call_of("v2.Resize(256, antialias=False)").size
    (256,)
    """
    call = parse(text)
    module = call.last == "Resize"
    given = call.bind(*([] if module else ["img"]), *ORDER)
    named = name_of(given.get("interpolation", "bilinear"))
    named = NUMBERS.get(named, named) if isinstance(named, int) else named
    mode = choice("interpolation", str(named).lower().replace("_", "-"), MODES)
    limit = given.get("max_size")
    image = given.get("img")
    shown = image.text if isinstance(image, Symbol) else ""
    if isinstance(image, tuple | int | float):
        raise ConventionError(f"what is resized is {image!r}, expected an image")
    made = Call(
        mode,
        _size(given.get("size"), given),
        None if limit is None else length("max_size", limit),
        flag("antialias", given.get("antialias", True) or False),
        any(word in shown for word in ("Image.", "PIL", "to_pil_image")),
    )
    if made.max_size is not None and len(made.size) == 2:
        raise ConventionError("max_size is given beside a size of both sides")
    return made


def _size(value: object, given: dict[str, object]) -> tuple[int | None, ...]:
    if "size" not in given or (value is None and given.get("max_size") is None):
        raise ConventionError("size is not given")
    if value is None:
        return ()
    items = listed(value)
    if items is None:
        return (None, None) if isinstance(value, Symbol) else (length("size", value),)
    if len(items) not in {1, 2}:
        raise ConventionError(f"size is {value!r}, expected one length or two")
    return tuple(open_length("size", item) for item in items)


REMARKS: Final = (
    Remark("axis order", "a size is (height, width); one number is that of the shorter side"),
    Remark(
        "release",
        "antialias is True where nothing is said from release 0.17 on; before, tensors were not "
        "antialiased, and images of Pillow were",
    ),
    Remark("output length", "the longer side is cut off to a whole number"),
)
SOURCE: Final = "torchvision 0.29 transforms/functional.py, transforms/v2/functional/_geometry.py"
RAN: Final = "torchvision 0.29.1"
