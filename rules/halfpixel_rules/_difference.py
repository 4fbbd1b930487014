"""How a grid, a box pooling, a resize or a transposed convolution differs from the one meant."""

from msgspec.structs import replace

from halfpixel.dialect import ONNX
from halfpixel.origin import Operator
from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    GridSample,
    Resize,
    RoiAlign,
    compare_resize,
)
from halfpixel.sampling.arithmetic import float32
from halfpixel.site import Site


def on_axes_of(site: Site, meant: Operator) -> Operator:
    """Return what was meant, over as many axes as the site has."""
    operator = site.operator
    if isinstance(meant, GridSample) and isinstance(operator, GridSample):
        return replace(meant, spatial=operator.spatial)
    return meant


def difference(site: Site, meant: Operator) -> str | None:  # noqa: PLR0911 - one a kind
    """Return in numbers how a site differs from an operator; None where it is what was meant."""
    match site.operator, on_axes_of(site, meant):
        case GridSample() as operator, GridSample() as wanted:
            return None if operator == wanted else _sampled(operator, wanted)
        case AffineGrid() as operator, AffineGrid() as wanted:
            same = operator.align_corners == wanted.align_corners  # a single pixel: another rule
            return None if same else "samples are up to 0.5 px off at the border"
        case AffineSample() as operator, AffineSample() as wanted:
            same = operator.grid == wanted.grid
            return None if same else "samples are up to 0.5 px off at the border"
        case RoiAlign() as operator, RoiAlign() as wanted:
            return _boxes(operator, wanted)
        case Resize() as operator, Resize() as wanted:
            return _resized(site, operator, wanted)
        case ConvTranspose() as operator, ConvTranspose() as wanted:
            return _transposed(site, operator, wanted)
        case _:
            return None


def _resized(site: Site, operator: Resize, meant: Resize) -> str | None:
    """Compare weights at the lengths of the site, for a kernel that no call of PyTorch's has."""
    verdict = compare_resize(operator, meant, *site.operation.lengths)
    if verdict.negligible or not verdict.different:
        return None
    axis, worst = verdict.worst.axis, verdict.worst.verdict
    n_in, n_out = worst.witness or (0, 0)
    moved, weights = float(worst.displacement), float(worst.weight_difference)
    where = f"at length {n_in} to {n_out} (axis {axis})"
    if not moved:
        return f"{where} interpolation weights are up to {weights:.3g} off"
    return f"{where} samples are up to {moved:.3g} input px off, weights up to {weights:.3g}"


def _sampled(operator: GridSample, meant: GridSample) -> str:
    if off := float(operator.displacement(meant)):
        return f"samples are up to {off:.3g} input px off at the border"
    name = "mode" if operator.mode != meant.mode else "padding"
    return f"{name} is {getattr(operator, name)}"


def _boxes(operator: RoiAlign, meant: RoiAlign) -> str | None:
    if operator == replace(meant, spatial_scale=float32(meant.spatial_scale)):
        return None
    if off := operator.displacement(meant):
        return f"samples are {off:.3g} feature px off"
    scaled = float32(meant.spatial_scale) != operator.spatial_scale
    return f"spatial_scale is {operator.spatial_scale:.9g}" if scaled else "bins are others"


def _transposed(site: Site, operator: ConvTranspose, meant: ConvTranspose) -> str | None:
    """Compare where the samples of each input pixel begin, and how long the output is.

    coremltools writes some as an operator without padding and a crop behind it, of which a site
    tells nothing: ONNX alone is compared.
    """
    other_weights = operator.kernel != meant.kernel or operator.groups != meant.groups
    if site.operation.dialect != ONNX or other_weights:
        return None
    if (operator.strides, operator.dilations) != (meant.strides, meant.dilations):
        return "samples lie in other places: strides or dilations are others"
    for axis, stride in enumerate(meant.strides):
        lengths = site.operation.lengths[0]
        length = lengths[axis + 2] if axis + 2 < len(lengths) else None
        if length is None and operator.output_shape is not None:
            frozen = operator.output_shape[axis]
            return f"the output is {frozen} long at every input length (axis {axis + 2})"
        here, begin, _ = operator.cut(axis, length or 1)
        there, wanted, _ = meant.cut(axis, length or 1)
        if begin != wanted:
            return f"samples are {abs(begin - wanted) / stride:.3g} input px off (axis {axis + 2})"
        if here != there:
            return f"the output is {here} long in place of {there} (axis {axis + 2})"
    return None
