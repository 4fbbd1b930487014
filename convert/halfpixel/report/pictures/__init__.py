"""Pictures of what a resize does: SVG texts, the same bytes each time, of no other file.

- `picture_of_site`: where the output samples read the input, found beside meant;
- `picture_of_signal`: a test image through both, and the difference as a map;
- `picture_of_kernel`: the weights of each phase along one period;
- `picture_of_finding`, `picture_of_pair`: the first, at lengths that show it, for whoever has a
  site or two operators and knows no lengths.

A picture may stand in a page as often as wanted: what it names has its own prefix, made from what
is drawn. It holds no script, no link and no font; its own style follows `prefers-color-scheme`.
"""

from halfpixel.report.pictures.drawable import Drawable, Pair
from halfpixel.report.pictures.finding import picture_of_finding, picture_of_pair, write_picture
from halfpixel.report.pictures.kernel import picture_of_kernel
from halfpixel.report.pictures.signals import picture_of_signal
from halfpixel.report.pictures.site import picture_of_site

__all__ = [
    "Drawable",
    "Pair",
    "picture_of_finding",
    "picture_of_kernel",
    "picture_of_pair",
    "picture_of_signal",
    "picture_of_site",
    "write_picture",
]
