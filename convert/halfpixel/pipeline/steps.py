"""What stands between an image and a network: resizes, crops and pads with their sizes.

A pipeline is read from what somebody wrote down (`preprocessor.py`). A resize is kept as the call
of the library that makes it, whose convention says what it computes; how long its output is, is a
rule of the image's own height and width, in the library's own float arithmetic.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from halfpixel.pipeline.sizes import Exactly, Rounding, Rule, Size, rounded, shown


class Resizing(Struct, frozen=True):
    """A resize.

    Attributes:
        rule: how long its output is.
        call: the call of the library that makes it, with {height} and {width} for its lengths.
    """

    rule: Rule
    call: str

    def text(self, size: Size | None = None) -> str:
        """Return the call at the size of an image; with names for lengths that are not known.

        >>> from halfpixel.pipeline.sizes import Shortest
        >>> Resizing(Shortest(224), "Image.resize(({width}, {height}), Image.BICUBIC)").text()
        'Image.resize((width, height), Image.BICUBIC)'
        """
        known = self.rule.of(size or (1, 1)) if size or isinstance(self.rule, Exactly) else None
        height, width = known or ("height", "width")
        return self.call.format(height=height, width=width)


class Cropping(Struct, frozen=True):
    """The middle of an image; of one that is smaller all, with a border around.

    Attributes:
        height: of what is left.
        width: likewise.
        rounding: of the first row and column: half of what is cut.
        fills: the border is made; else only what is there is left.
        value: of the border.
    """

    height: int
    width: int
    rounding: Rounding = "half even"
    fills: bool = True
    value: float = 0

    @property
    def words(self) -> str:
        """What it does, in words."""
        return f"crops the middle to {shown((self.height, self.width))}"

    def of(self, size: Size) -> Size:
        """Return the output's size."""
        if self.fills:
            return self.height, self.width
        return min(self.height, size[0]), min(self.width, size[1])

    def start(self, size: Size) -> Size:
        """Return the first row and column that are left; below 0 where a border comes before.

        >>> Cropping(224, 224).start((224, 299)), Cropping(4, 4, "floor").start((5, 2))
        ((0, 38), (0, -1))
        """
        top, left = (
            rounded((length - kept) / 2.0, self.rounding)
            if kept <= length
            else -((kept - length) // 2)
            for length, kept in zip(size, (self.height, self.width), strict=True)
        )
        return top, left


class RatioCrop(Struct, frozen=True):
    """The largest middle part of an image that has the ratio of a height and a width.

    Source: keras 3.15.1 `src/utils/image_utils.py`, smart_resize.
    """

    height: int
    width: int

    @property
    def words(self) -> str:
        """What it does, in words."""
        return f"crops the largest middle of the ratio of {shown((self.height, self.width))}"

    def of(self, size: Size) -> Size:
        """Return the output's size.

        >>> RatioCrop(224, 224).of((480, 640)), RatioCrop(100, 200).of((480, 640))
        ((480, 480), (320, 640))
        """
        height, width = size
        wanted = int(width * self.height / self.width), int(height * self.width / self.height)
        return max(min(height, wanted[0]), 1), max(min(width, wanted[1]), 1)

    def start(self, size: Size) -> Size:
        """Return the first row and column that are left."""
        kept = self.of(size)
        return (size[0] - kept[0]) // 2, (size[1] - kept[1]) // 2


class Padding(Struct, frozen=True):
    """A border that makes an image larger.

    Attributes:
        height: of what comes out; None where `multiple` says.
        width: likewise.
        value: of the border.
        middle: the border is around the image; else below it and right of it.
        multiple: what comes out is a multiple of that.
    """

    height: int | None = None
    width: int | None = None
    value: float = 0
    middle: bool = False
    multiple: int = 1

    @property
    def words(self) -> str:
        """What it does, in words."""
        to = f"multiples of {self.multiple}"
        if self.height is not None and self.width is not None:
            to = shown((self.height, self.width))
        return f"pads to {to} with {self.value:g}{'' if self.middle else ', behind the image'}"

    def of(self, size: Size) -> Size:
        """Return the output's size.

        >>> Padding(multiple=32).of((480, 650)), Padding(640, 640).of((480, 640))
        ((480, 672), (640, 640))
        """
        height, width = (
            max(length, wanted or -(-length // self.multiple) * self.multiple)
            for length, wanted in zip(size, (self.height, self.width), strict=True)
        )
        return height, width

    def start(self, size: Size) -> Size:
        """Return how many rows come before the image, and how many columns.

        Source: Ultralytics 8.4 `data/augment.py`, LetterBox: half of a fraction goes behind.

        >>> Padding(640, 640, middle=True).start((481, 640))
        (79, 0)
        """
        if not self.middle:
            return 0, 0
        top, left = (
            round((larger - length) / 2 - 0.1)
            for length, larger in zip(size, self.of(size), strict=True)
        )
        return top, left


Kind = Literal["rescale", "normalise", "colour", "type", "order"]


class Values(Struct, frozen=True):
    """What is done to the values, and is no sampling.

    Attributes:
        kind: what of them.
        words: what is done.
    """

    kind: Kind
    words: str


Step = Resizing | Cropping | RatioCrop | Padding | Values


class Pipeline(Struct, frozen=True):
    """What is done to an image before a network gets it.

    Attributes:
        by: the program that does it, and which of its parts.
        steps: what it does, in order.
        doubts: what was not written down, and what is taken in its place.
    """

    by: str
    steps: tuple[Step, ...]
    doubts: tuple[str, ...] = ()

    @property
    def resizing(self) -> Resizing | None:
        """The first resize; None where there is none."""
        return next((step for step in self.steps if isinstance(step, Resizing)), None)

    @property
    def output(self) -> Size | None:
        """The size of what comes out; None where it follows from the image's."""
        found: Size | None = None
        for step in self.steps:
            match step:
                case Resizing(rule=Exactly(height=height, width=width)):
                    found = height, width
                case Resizing():
                    found = None
                case Cropping(fills=True) | Padding(height=int(), width=int()):
                    found = step.of((1, 1))
                case Cropping() | RatioCrop() | Padding():
                    found = None if found is None else step.of(found)
                case Values():
                    pass
        return found

    def at(self, size: Size) -> Iterator[tuple[Step, Size, Size]]:
        """Yield every step with the size before it and behind it, for an image of a size."""
        for step in self.steps:
            match step:
                case Resizing(rule=rule):
                    behind = rule.of(size)
                case Cropping() | RatioCrop() | Padding():
                    behind = step.of(size)
                case Values():
                    behind = size
            yield step, size, behind
            size = behind
