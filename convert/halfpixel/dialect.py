"""What a dialect is: whose words an operator's name, version and attributes are.

A format reads one or more dialects; what the engine asks of one is a field of it, so that no code
compares names. A rule that speaks of some dialects alone says so: `Rule(..., dialects=(ONNX,))`.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field


class Dialect(Struct, frozen=True, eq=False):
    """Whose words an operator is written in.

    Attributes:
        name: as people know it.
        versioned: what its version is called.
        systems: first iOS that runs a version, where the dialect is tied to a system.
        spatial: how many of the last axes its resizes are over; 0 where all but the first two.
        simulated: the arithmetic of the runtime that runs it is known and simulated.
        resizes: operators or layers that F.interpolate becomes.
    """

    name: str
    versioned: str
    systems: Mapping[int, int] = field(default_factory=dict[int, int])
    spatial: int = 0
    simulated: bool = False
    resizes: frozenset[str] = frozenset()

    def __eq__(self, other: object) -> bool:
        """Whether both are called the same: no two are."""
        return isinstance(other, Dialect) and self.name == other.name

    def __hash__(self) -> int:
        """Of the name."""
        return hash(self.name)

    def __repr__(self) -> str:
        """Return the name."""
        return f"Dialect({self.name!r})"

    def version(self, number: int) -> str:
        """Return a version, as its framework counts.

        >>> ONNX.version(13), ML_PROGRAM.version(8)
        ('opset 13', 'specification 8, iOS 17')
        """
        system = self.systems.get(number)
        return f"{self.versioned} {number}" + (f", iOS {system}" if system else "")

    def spatial_axes(self, rank: int) -> int:
        """Return how many axes a resize is over, of an input of this rank.

        >>> ONNX.spatial_axes(5), ML_PROGRAM.spatial_axes(5)
        (3, 2)
        """
        return min(self.spatial or rank, max(rank - 2, 1))


SYSTEMS: Final = {1: 11, 2: 11, 3: 12, 4: 13, 5: 14, 6: 15, 7: 16, 8: 17, 9: 18, 10: 26}
"""First iOS that runs a Core ML specification version."""

ONNX: Final = Dialect("ONNX", "opset", simulated=True, resizes=frozenset({"Resize", "Upsample"}))
ML_PROGRAM: Final = Dialect("ML Program", "specification", SYSTEMS, 2, resizes=frozenset({
    "upsample_nearest_neighbor", "upsample_bilinear", "resize_nearest_neighbor",
    "resize_bilinear", "resize",
}))  # fmt: skip
NEURAL_NETWORK: Final = Dialect(
    "neural network", "specification", SYSTEMS, 2, resizes=frozenset({"upsample", "resizeBilinear"})
)
LITERT: Final = Dialect(
    "LiteRT", "NHWC, version", spatial=2,
    resizes=frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"}),
)  # fmt: skip
CORE_ML: Final = (ML_PROGRAM, NEURAL_NETWORK)
DIALECTS: Final = (ONNX, *CORE_ML, LITERT)
