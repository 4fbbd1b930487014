"""Core ML's layers in a neural network, as text: read, and written by size or by a whole factor."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading
from halfpixel.conventions.coreml.axes import last, writer
from halfpixel.conventions.coreml.names import LINEAR_MODES, METHODS
from halfpixel.conventions.coreml.neuralnetwork import REPEAT, read
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import Symbol, listed, name_of, open_lengths, parse
from halfpixel.conventions.vocabulary import Words
from halfpixel.sampling import Linear, Sampling

RANK: Final = 3
FRACTIONS: Final = "fractionalScalingFactor"
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "upsample": ("scalingFactor", FRACTIONS, "mode", "linearUpsampleMode"),
    "resizeBilinear": ("targetSize", "samplingMethod"),
}
"""What each layer says beside x."""

_SIZED: Final = 'upsample(x, fractionalScalingFactor=(h / H, w / W), mode="BILINEAR"'
CALLS: Final[dict[str, Sampling]] = {
    f'resizeBilinear(x, targetSize=(h, w), samplingMethod="{mode}")': Sampling(rule, Linear())
    for mode, rule in METHODS.items()
} | {f'{_SIZED}, linearUpsampleMode="ALIGN_CORNERS_FALSE")': Sampling("half_pixel", Linear())}
"""Every layer by size that has a meaning of its own; H and W are the input lengths."""


def _by_factor(factor: int) -> Iterator[tuple[str, Sampling]]:
    """Yield the layers that enlarge by a whole factor."""
    given = {"scalingFactor": (factor, factor)}
    scale = Fraction(factor)
    yield Words("upsample", {**given, "mode": "NN"}).text(), replace(REPEAT, scale=scale)
    for mode, rule in LINEAR_MODES.items():
        smooth = {**given, "mode": "BILINEAR", "linearUpsampleMode": mode}
        by = None if rule == "align_corners" else scale
        yield Words("upsample", smooth).text(), Sampling(rule, Linear(), by)


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    layer = choice("the layer", call.last, FIELDS)
    given = call.bind("x", *FIELDS[layer])
    given.pop("x", None)
    attributes = {name: name_of(value) for name, value in given.items()}
    if "targetSize" in given:
        attributes["targetSize"] = open_lengths("targetSize", given["targetSize"], 2)
    ratios = listed(given.get(FRACTIONS)) or ()
    if any(isinstance(ratio, Symbol) for ratio in ratios):  # whatever gives the output lengths
        attributes[FRACTIONS], length = (1.5, 1.5), None
    return read(layer, attributes, (1, length, length)).along(last(RANK, 2))


CONVENTION = Convention(
    "Core ML neural network",
    tuple(FIELDS),
    _read,
    writer(CALLS, _by_factor),
    examples=(*CALLS.items(), *_by_factor(2)),
    source="coremltools 9.0 mlmodel/format/NeuralNetwork.proto",
)
