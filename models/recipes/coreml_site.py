"""What a recipe says of a Core ML model: the operations in it and what they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from coremltools.models import MLModel

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]

HALF = "F.interpolate(x, size={size}, mode='bilinear', align_corners=False)"
CORNERS = "F.interpolate(x, size={size}, mode='bilinear', align_corners=True)"
NEAREST = "F.interpolate(x, size={size}, mode='nearest')"
EXACT = "F.interpolate(x, size={size}, mode='nearest-exact')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One resampling operation.

    Attributes:
        op: the operator or layer.
        tensors: its input x and its other tensors, by the operator's own names.
        output: the shape of its output.
        attributes: its other constants, as the file has them.
        rule: which formula, empty where the documentation has none.
        pytorch: the same call in PyTorch, empty where there is none.
        source: where the formula is documented.
        where: the way to it in the file.
        extra: what the formula needs beyond the attributes.
        input_shape: as the manifest writes it, where it is not that of x.
        output_shape: as the manifest writes it, where it is not fixed.
        unlisted: attributes that the manifest leaves out.
    """

    op: str
    tensors: dict[str, Array]
    output: Shape
    attributes: dict[str, Any]
    rule: str
    pytorch: str
    source: str
    where: str = "main/y"
    extra: dict[str, Any] = field(default_factory=dict)
    input_shape: str = ""
    output_shape: str = ""
    unlisted: tuple[str, ...] = ()

    @property
    def defined(self) -> bool:
        """Whether the documentation says what the values are."""
        return bool(self.rule)

    @property
    def settings(self) -> dict[str, Any]:
        """The attributes as the formulas name them."""
        return {**self.attributes, **self.extra}


@dataclass(frozen=True, slots=True)
class Variant:
    """One model.

    Attributes:
        name: of its file.
        make: builds it.
        sites: the resampling operations in it.
    """

    name: str
    make: Callable[[], MLModel]
    sites: tuple[Site, ...]


def image(*shape: int, seed: int = 0) -> Array:
    """Return a random array of float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def call(template: str, size: Shape) -> str:
    """Write a call with its size."""
    return template.format(size=tuple(size))
