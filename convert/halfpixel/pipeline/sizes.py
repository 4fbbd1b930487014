"""How long a resize makes an image's sides: rules of its height and width, as libraries have them.

Each is computed in the library's own float arithmetic, whose rounding decides a pixel.
"""

import math
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
        ((224, 298), (640, 1333))
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
