"""How PyTorch's calls are run on an image: as a batch of one, of one channel."""

from typing import TYPE_CHECKING, Any, Final

from halfpixel.convention import Library

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _image(image: "NDArray[np.generic]") -> Any:  # noqa: ANN401 - a tensor
    import torch

    return torch.as_tensor(image)[None, None]


def _array(made: Any) -> "NDArray[np.generic]":  # noqa: ANN401 - a tensor
    found: NDArray[np.generic] = made.detach()[0, 0].numpy()
    return found


LIBRARY: Final = Library(
    (("torch", "torch"), ("F", "torch.nn.functional"), ("nn", "torch.nn")), _image, _array
)
