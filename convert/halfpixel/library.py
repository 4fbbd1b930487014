"""What a library is whose calls can be run: how an image becomes its input, its output an array.

A convention has one where its framework runs in Python. Nothing is imported before a call is run.
"""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


class Library(Struct, frozen=True):
    """How a framework's own calls are run on an image.

    Attributes:
        modules: what is imported, behind the name that calls have for it, as
            ``("F", "torch.nn.functional")``; the first is the one whose release is told.
        image: makes the framework's input of an image of shape (height, width).
        array: makes an array of shape (height, width) of its output.
        dtypes: types of images that it takes.
    """

    modules: tuple[tuple[str, str], ...]
    image: "Callable[[NDArray[np.generic]], Any]"
    array: "Callable[[Any], NDArray[np.generic]]"
    dtypes: tuple[str, ...] = ("float32", "uint8")

    @property
    def name(self) -> str:
        """The package that is imported first.

        >>> Library((("F", "torch.nn.functional"),), lambda x: x, lambda x: x).name
        'torch'
        """
        return self.modules[0][1].partition(".")[0]
