"""What the calls that F.interpolate has had take: its own names, nn.Upsample and the older ones.

Source: PyTorch 2.13 `torch/nn/functional.py` and `torch/nn/modules/upsampling.py`.
"""

from typing import Final

from halfpixel.conventions.python_call import PythonCall
from halfpixel.errors import ConventionError, did_you_mean

ORDER: Final = (
    "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias",
)  # fmt: skip
"""Arguments of F.interpolate in the order of a call without names, behind the input."""

TAKEN: Final = {"interpolate": 6, "Upsample": 5, "upsample": 4}
"""How many of them a call takes; the two-dimensional modules take two."""


def taken_by(call: PythonCall) -> tuple[str, ...]:
    """Return the arguments that a call takes by name, apart from its input."""
    return ORDER[: TAKEN.get(call.last, 2)]


def arguments_of(call: PythonCall) -> dict[str, object]:
    """Return the arguments of an F.interpolate or nn.Upsample by name, without its input.

    Raises:
        ConventionError: it is another call.
    """
    module = call.last.startswith("Upsampl")
    if call.last not in TAKEN and call.last not in {"UpsamplingBilinear2d", "UpsamplingNearest2d"}:
        raise ConventionError(f"{call.last} is not F.interpolate or nn.Upsample")
    positional = call.positional if module else call.positional[1:]
    order = taken_by(call)
    if len(positional) > len(order):
        raise ConventionError(f"{len(positional)} arguments, {call.name} takes {len(order)}")
    arguments = dict(zip(order, positional, strict=False))
    arguments |= {name: value for name, value in call.named.items() if name != "input"}
    for name in set(call.named) - {"input", *order}:
        near = did_you_mean(name, ("input", *order))
        raise ConventionError(f"{call.name} has no argument {name}{near}")
    if call.last == "UpsamplingBilinear2d":
        arguments |= {"mode": "bilinear", "align_corners": True}
    return arguments
