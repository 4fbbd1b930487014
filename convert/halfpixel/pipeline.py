"""What stands between an image and a network: resizes, crops and pads with their sizes.

A pipeline is read from what somebody wrote down (`preprocessor.py`). A resize is kept as the call
of the library that makes it, whose convention says what it computes; how long its output is, is a
rule of the image's own height and width, in the library's own float arithmetic.
"""

import math
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

Size = tuple[int, int]
"""Height and width, in pixels."""

Rounding = Literal["floor", "half up", "half even"]


def shown(size: Size) -> str:
    """Return a size as people write that of an image: the width first.

    >>> shown((480, 640))
    '640x480'
    """
    return f"{size[1]}x{size[0]}"


class Exactly(Struct, frozen=True):
    """A resize to a height and a width, whatever the image's are."""

    height: int
    width: int

    @property
    def words(self) -> str:
        """What it does, in words."""
        return f"to {shown((self.height, self.width))}"

    def of(self, _size: Size) -> Size:
        """Return the output's size."""
        return self.height, self.width


class Shortest(Struct, frozen=True):
    """A resize of the shorter side to a length; the other side follows, its fraction cut.

    Source: torchvision 0.29 `transforms/functional.py`, _compute_resized_output_size; transformers
    5.24 `image_transforms.py`, get_resize_output_image_size.

    Attributes:
        length: of the shorter side.
        longest: the longer side is no longer: both are taken back in proportion.
    """

    length: int
    longest: int | None = None

    @property
    def words(self) -> str:
        """What it does, in words."""
        most = "" if self.longest is None else f", the longer one at most {self.longest}"
        return f"the shorter side to {self.length}{most}"

    def of(self, size: Size) -> Size:
        """Return the output's size.

        >>> Shortest(224).of((480, 640)), Shortest(800, 1333).of((480, 1000))
        ((224, 298), (639, 1333))
        """
        short, long = min(size), max(size)
        new_short, new_long = self.length, int(self.length * long / short)
        if self.longest is not None and new_long > self.longest:
            new_short, new_long = int(self.longest * new_short / new_long), self.longest
        return (new_long, new_short) if size[1] <= size[0] else (new_short, new_long)


class ShortestWithin(Struct, frozen=True):
    """The same as DETR's processors do it: the longer side bounds the shorter one first.

    Source: transformers 5.24 `image_transforms.py`, get_size_with_aspect_ratio.
    """

    length: int
    longest: int

    @property
    def words(self) -> str:
        """What it does, in words."""
        return f"the shorter side to {self.length}, the longer one at most {self.longest}"

    def of(self, size: Size) -> Size:
        """Return the output's size.

        >>> ShortestWithin(800, 1333).of((480, 640)), ShortestWithin(800, 1333).of((480, 1000))
        ((800, 1066), (640, 1333))
        """
        short, long = float(min(size)), float(max(size))
        length = self.length
        exact: float = length
        if long / short * length > self.longest:
            exact = self.longest * short / long
            length = round(exact)
        height, width = size
        if min(size) == length:
            return size
        if width < height:
            return int(exact * height / width), length
        return length, int(exact * width / height)


class Fitting(Struct, frozen=True):
    """A resize in proportion, so that the image fits a height and a width, or covers them.

    Source: Ultralytics 8.4 `data/augment.py`, LetterBox (half even); transformers 5.24
    `models/sam/image_processing_sam.py` (half up), `image_utils.py`,
    get_image_size_for_max_height_width (floor); timm 1.0.31 `data/transforms.py`, ResizeKeepRatio
    (half even).

    Attributes:
        height: of what is fitted.
        width: likewise.
        rounding: of the lengths that come out.
        covers: nothing of the window stays empty: the larger of the two factors counts.
        enlarges: an image that is smaller is enlarged.
    """

    height: int
    width: int
    rounding: Rounding = "half even"
    covers: bool = False
    enlarges: bool = True

    @property
    def words(self) -> str:
        """What it does, in words."""
        how = "to cover" if self.covers else "to fit"
        return f"in proportion, {how} {shown((self.height, self.width))}"

    def of(self, size: Size) -> Size:
        """Return the output's size.

        >>> Fitting(640, 640).of((480, 1000)), Fitting(640, 640, enlarges=False).of((30, 40))
        ((307, 640), (30, 40))
        """
        pick = max if self.covers else min
        factor = pick(self.height / size[0], self.width / size[1])
        if not self.enlarges:
            factor = min(factor, 1.0)
        height, width = (max(1, rounded(length * factor, self.rounding)) for length in size)
        return height, width


class Multiples(Struct, frozen=True):
    """A resize to multiples of a length, in proportion by the factor that is nearer to 1, or not.

    Source: transformers 5.24 `models/dpt/image_processing_dpt.py`, get_resize_output_image_size.
    """

    height: int
    width: int
    multiple: int
    keeps_ratio: bool

    @property
    def words(self) -> str:
        """What it does, in words."""
        how = "in proportion, near" if self.keeps_ratio else "near"
        return f"{how} {shown((self.height, self.width))}, to multiples of {self.multiple}"

    def of(self, size: Size) -> Size:
        """Return the output's size.

        >>> Multiples(518, 518, 14, keeps_ratio=True).of((480, 640))
        (518, 686)
        """
        down, across = self.height / size[0], self.width / size[1]
        if self.keeps_ratio:
            down = across = across if abs(1 - across) < abs(1 - down) else down
        height, width = (
            max(round(factor * length / self.multiple) * self.multiple, self.multiple)
            for factor, length in zip((down, across), size, strict=True)
        )
        return height, width


Rule = Exactly | Shortest | ShortestWithin | Fitting | Multiples


def rounded(length: float, how: Rounding) -> int:
    """Return a length as a whole number.

    >>> [rounded(2.5, how) for how in ("floor", "half up", "half even")]
    [2, 3, 2]
    """
    if how == "half even":
        return round(length)
    return math.floor(length + 0.5) if how == "half up" else math.floor(length)


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

    def resizing_size(self, size: Size | None) -> Size | None:
        """Return how large the first resize makes an image; None where its own size is needed.

        Args:
            size: the image's own size, where it is known.
        """
        resizing = self.resizing
        if resizing is None:
            return None
        if size is None:
            return resizing.rule.of((1, 1)) if isinstance(resizing.rule, Exactly) else None
        return resizing.rule.of(size)

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
