"""Inputs of Core ML's resizes, the lengths and samplings they are tried with, and weights."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from numpy.typing import NDArray

from halfpixel.sampling import Linear, Nearest, Sampling

Given = Mapping[str, object]
Array = NDArray[np.float64]
Shape = tuple[int | None, ...]
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 16, 33)
PAIRS = list(product(LENGTHS, LENGTHS))
HALF, ASYMMETRIC = Sampling("half_pixel", Linear()), Sampling("asymmetric", Linear())
CORNERS = Sampling("align_corners", Linear())
FLOOR = Sampling("asymmetric", Nearest("floor"))
EXACT = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
SMALL, UNKNOWN = (1, 3, 8, 8), (None,) * 4


def sized(n: int, **rest: object) -> Given:
    """Return the inputs of a resize by size, both axes alike."""
    return {"target_size_height": n, "target_size_width": n, **rest}


def scaled(height: float, width: float, **rest: object) -> Given:
    """Return the inputs of a resize by factors."""
    return {"scale_factor_height": height, "scale_factor_width": width, **rest}


def linear_weights(places: Array, n_in: int) -> Array:
    """Return W of a linear resize that reads at some places, clamped to the image."""
    clipped = np.clip(places, 0, n_in - 1)
    away = np.abs(clipped[:, None] - np.arange(n_in))
    return np.asarray(np.maximum(1 - away, 0.0), np.float64)


def torch_weights(n_in: int, n_out: int, *, align_corners: bool) -> Array:
    """Return W of a bilinear resize by PyTorch."""
    images = torch.eye(n_in, dtype=torch.float64).reshape(n_in, 1, n_in, 1)
    found = F.interpolate(images, (n_out, 1), mode="bilinear", align_corners=align_corners)
    return np.asarray(found.reshape(n_in, n_out).numpy().T, np.float64)
