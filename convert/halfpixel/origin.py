"""Where a site comes from: which program wrote it, what was meant, and where it will run."""

import re
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    CropResize,
    DepthToSpace,
    GridSample,
    Resample,
    Resize,
    RoiAlign,
)

if TYPE_CHECKING:
    from halfpixel.conventions.torch.interpolate import Interpolate

Operator = (
    Resize
    | GridSample
    | AffineGrid
    | RoiAlign
    | ConvTranspose
    | Resample
    | AffineSample
    | CropResize
    | DepthToSpace
)
How = Literal["proven", "simulated", "recorded", "named", "assumed", "policy"]
Safety = Literal["safe", "unsafe"]
"""Whether a change is proven to keep or restore what is meant, or rests on an assumption."""

_VERSION: Final = re.compile(r"\d{1,9}\.\d{1,9}(\.\d{1,9})?", re.ASCII)


class Producer(Struct, frozen=True):
    """Which program wrote the model.

    Attributes:
        name: producer_name of the file, in lower case; empty where it says nothing.
        version: (major, minor) or (major, minor, patch) of producer_version; None where it is
            not a version.
        graph: name of the model's graph, in lower case.
    """

    name: str = ""
    version: tuple[int, ...] | None = None
    graph: str = ""


class Intent(Struct, frozen=True):
    """What was meant, and how that is known.

    Attributes:
        how: recorded by the exporter, named by an operator of the original whose name was kept,
            assumed from the exporter's habits, or the user's policy.
        origin: one phrase that says where it comes from.
        text: the call that was meant, as Python.
        call: the call, where it is an F.interpolate.
        operator: the operator that was meant, where it is another one.
        agreed: the user's policy says the same as the record.
    """

    how: How
    origin: str
    text: str
    call: "Interpolate | None" = None
    operator: Operator | None = None
    agreed: bool = False


class Origin(Struct, frozen=True):
    """Where a site comes from and what it is for: its writer, what was meant, where it will run.

    Attributes:
        producer: which program wrote the model.
        framework: framework that the model was converted from, as the converter recorded it.
        intent: what was meant, where that is known.
        literal_size: the user's own line, as the exporter kept it, spells the size out.
        resampling_line: that line resamples, though the operator is one that others use too.
        targets: names of the targets that the model is to run on.
        kept: the original's framework and operator, as a converter kept its name on the node or
            beside it.
    """

    producer: Producer = Producer()
    framework: str = ""
    intent: Intent | None = None
    literal_size: bool = False
    resampling_line: bool = False
    targets: tuple[str, ...] = ()
    kept: str = ""


UNKNOWN: Final = Origin()
"""The origin of a site of which nothing is known."""


def version_of(text: str) -> tuple[int, ...] | None:
    """Return the numbers of a version text, three at most; None where it is none.

    >>> version_of("2.13.0+cpu"), version_of("1.4"), version_of("main")
    ((2, 13, 0), (1, 4), None)
    """
    found = _VERSION.match(text)
    return tuple(map(int, found[0].split("."))) if found else None
