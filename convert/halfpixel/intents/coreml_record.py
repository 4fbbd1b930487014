"""What a Core ML converter was given: its record in the metadata, and names that it keeps.

coremltools writes the source framework and its version under the key
``com.github.apple.coremltools.source`` ("torch==2.13.0"). Converted from torch.export, an operator
keeps the name of the ATen call ("_upsample_bilinear2d_aa_cast_fp16"); converted from TorchScript it
has the name of a value, which says nothing; from TensorFlow it keeps the TensorFlow node's. Source
locations are kept while converting and not written (coremltools 9.0).

============================ ============================================================
in the file                  what can only have been there before
============================ ============================================================
upsample_bilinear            F.interpolate, mode="bilinear", by size or by a factor (refused
                             where align_corners=False makes another ratio of it)
upsample_nearest_neighbor    F.interpolate, mode="nearest"
a name with nearest2d        mode="nearest", whatever the network's layer has become
a name with bilinear2d_aa    antialias=True, which is dropped without a word
upsample of a network from   the linear Upsample of ONNX opset 9, which PyTorch wrote for
onnx, mode DEFAULT           align_corners=False alone
============================ ============================================================

Source: coremltools `converters/mil/frontend/torch/ops.py` and
`converters/mil/backend/nn/op_mapping.py`, release 9.0; onnx-coreml `_operators.py`.
"""

import re
from typing import Final

from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.intents.exporter_habit import neat
from halfpixel.sampling import Resize
from halfpixel.sampling.arithmetic import float32, shortest
from halfpixel.site import Intent, Operation

ATEN: Final = re.compile(
    r"(?:^|[^a-z0-9])_?upsample_(nearest_exact|nearest|linear|bilinear|bicubic)([12])d(_aa)?"
    r"(?=$|[^a-z0-9]|_)"
)
FAMILIES: Final[dict[str, Family]] = {
    "nearest": "nearest",
    "nearest_exact": "nearest-exact",
    "linear": "linear",
    "bilinear": "linear",
    "bicubic": "cubic",
}
OPERATORS: Final[dict[str, Family]] = {
    "upsample_nearest_neighbor": "nearest",
    "upsample_bilinear": "linear",
}
"""Operators of an ML Program that coremltools writes for PyTorch's calls."""


def converted(operation: Operation, name: str) -> Intent | None:
    """Return what was meant by a resize of a Core ML model; None where nothing says it.

    Args:
        operation: the resize.
        name: the operator's or layer's name.
    """
    framework = operation.origin.framework.partition("==")[0]
    if framework == "onnx":
        return _from_onnx(operation)
    if framework != "torch" or operation.origin.producer.name != "coremltools":
        return None
    found = ATEN.search(name)
    if found is not None:
        family, antialias = FAMILIES[found[1]], bool(found[3])
        call = _call(operation, family, corners=_aligned(operation, family), antialias=antialias)
        origin = f"the name of PyTorch's own call, {found[0].strip('.-/ ')}"
        if call.align_corners is not None:
            origin += "; align_corners, which it does not tell, as it is here"
        return Intent("recorded", origin, call.text(), call)
    habit = OPERATORS.get(operation.op)
    if habit is None:
        return None
    version = ".".join(map(str, operation.origin.producer.version or ()))
    call = _call(operation, habit, corners=_aligned(operation, habit))
    origin = f"a habit of coremltools {version}, converting from PyTorch"
    return Intent("assumed", origin, call.text(), call)


def _aligned(operation: Operation, family: Family) -> bool | None:
    """Return align_corners, which no name tells: as the operator itself has it."""
    if family not in {"linear", "cubic"}:
        return None
    operator = operation.operator
    axes = operator.axes if isinstance(operator, Resize) else ()
    return any(s.coordinate in {"align_corners", "tf_crop_and_resize"} for _, s in axes)


def _from_onnx(operation: Operation) -> Intent | None:
    """Return what the linear Upsample of ONNX meant, which the converter wrote as DEFAULT."""
    given = operation.attributes
    if operation.op != "upsample" or given.get("mode") != "BILINEAR":
        return None
    if given.get("linearUpsampleMode") != "DEFAULT":
        return None
    call = _call(operation, "linear", corners=False)
    origin = "a habit of coremltools' converter from ONNX, which writes DEFAULT for every Upsample"
    return Intent("assumed", origin, call.text(), call)


NUDGE: Final = 1e-4
"""What coremltools adds to an output length before it divides it by the input's."""


def nudged(factor: float, n_in: int, n_out: int) -> bool:
    """Whether a factor is a length that coremltools wrote as one.

    Source: coremltools `converters/mil/frontend/torch/ops.py`, _get_scales_from_output_size.

    >>> nudged(1.5000166893005371, 6, 9), nudged(1.5, 6, 9), nudged(2.0, 6, 12)
    (True, False, False)
    """
    return n_out % n_in != 0 and abs(float32((n_out + NUDGE) / n_in) / factor - 1) < 1e-7


def given_factors(operation: Operation) -> bool:
    """Whether an operator's factors are those of the call, not sizes written as factors."""
    scales = operation.scales
    if scales is None:
        return False
    ins, outs = operation.lengths()
    pairs = zip(scales, ins, outs, strict=True)
    if any(n and m and nudged(scale, n, m) for scale, n, m in pairs):
        return False
    return neat(scales) and operation.origin.framework.startswith("torch")


def _call(
    operation: Operation, family: Family, *, corners: bool | None, antialias: bool = False
) -> Interpolate:
    """Return a call over the last axes: by factors that read like a user's, else by size.

    A size was converted into a factor with many digits, (n_out + 0.0001) / n_in.
    """
    outs = operation.lengths()[1]
    spatial = min(2, max(operation.rank - 2, 1))
    scales = operation.scales
    if scales is not None and given_factors(operation):
        factors = tuple(shortest(scale) for scale in scales[-spatial:])
        whole = all(factor == int(factor) for factor in factors)
        by_ratio = family == "linear" and not whole  # refused unless it is recomputed
        return Interpolate(
            family, spatial, None, factors, corners, antialias, recompute_scale_factor=by_ratio
        )
    return Interpolate(family, spatial, tuple(outs[-spatial:]), None, corners, antialias)
