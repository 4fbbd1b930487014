"""What a known exporter can only have meant, where it left no record.

PyTorch's TorchScript exporter has written, since 1.2:

=================== ================================= ===================================
opset               in the file                       what PyTorch computed
=================== ================================= ===================================
7 to 10             Upsample / Resize linear          align_corners=False (True is refused)
7 to 10             Upsample / Resize nearest         nearest
11 and later        linear or cubic, half_pixel or    align_corners=False; up to 1.9 an
                    pytorch_half_pixel                output length of 1 read pixel 0
11 and later        align_corners                     align_corners=True
11 and later        nearest                           nearest (nearest-exact is refused)
=================== ================================= ===================================

Source: PyTorch `torch/onnx/symbolic_opset9.py` and `symbolic_opset11.py`, releases 1.4 to
2.13; pytorch/pytorch#79361 and #183523 on pytorch_half_pixel.
"""

from collections.abc import Sequence
from typing import Final

from halfpixel.conventions.torch.interpolate import LATEST, Family, Interpolate
from halfpixel.sampling.arithmetic import shortest
from halfpixel.site import Intent, Operation

_WRITTEN_FROM_11: Final = ("coordinate_transformation_mode", "nearest_mode")
_EXACT: Final = ("half_pixel", "round_prefer_ceil")
"""Nearest-exact, which this exporter never writes: somebody meant it."""

_ALIGN_FALSE: Final = frozenset({"half_pixel", "pytorch_half_pixel"})


def habit(operation: Operation) -> Intent | None:
    """Return the call that PyTorch's exporter can only have had before it."""
    if operation.origin.producer.name != "pytorch" or operation.op not in {"Resize", "Upsample"}:
        return None
    attributes = operation.attributes
    mode = str(attributes.get("mode", "nearest"))
    family: Family
    corners: bool | None = False
    if mode == "nearest":
        written = tuple(attributes.get(name) for name in _WRITTEN_FROM_11)
        if written == _EXACT:
            return None
        family, corners = "nearest", None
    elif mode in {"linear", "cubic"}:
        family = "linear" if mode == "linear" else "cubic"
        coordinate = str(attributes.get("coordinate_transformation_mode", "half_pixel"))
        if operation.opset >= 11 and coordinate == "align_corners":
            corners = True
        elif operation.opset >= 11 and coordinate not in _ALIGN_FALSE:
            return None
    else:
        return None
    spatial = max(operation.rank - 2, 1)
    version = operation.origin.producer.version or LATEST
    scales = operation.scales
    upgraded = not any(name in attributes for name in _WRITTEN_FROM_11)
    before_11 = operation.opset < 11 or upgraded  # the exporter itself writes both names
    by_ratio = not operation.constant_lengths or (scales is not None and not neat(scales))
    by_size = scales is None or (before_11 and by_ratio)
    sizes = operation.sizes or operation.lengths()[1]
    call = Interpolate(
        family,
        spatial,
        tuple(sizes[-spatial:]) if by_size else None,
        None
        if by_size or scales is None
        else tuple(shortest(scale) for scale in scales[-spatial:]),
        corners,
        bool(attributes.get("antialias", 0)),
        version=version,
    )
    origin = f"a habit of PyTorch {version[0]}.{version[1]}'s exporter at opset {operation.opset}"
    return Intent("assumed", origin, call.text(), call)


def neat(scales: Sequence[float]) -> bool:
    """Whether scales read like a user's factors: before opset 11 sizes became scales too."""
    return all(float(f"{scale:.4g}") == float(f"{scale:.7g}") for scale in scales)
