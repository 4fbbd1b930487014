"""How a grid, a box pooling or a transposed convolution differs from the one that was meant."""

from dataclasses import replace

from halfpixel.sampling import AffineGrid, AffineSample, ConvTranspose, GridSample, RoiAlign
from halfpixel.sampling.arithmetic import float32
from halfpixel.site import Operator, Site


def on_axes_of(site: Site, meant: Operator) -> Operator:
    """Return what was meant, over as many axes as the site has."""
    operator = site.operator
    if isinstance(meant, GridSample) and isinstance(operator, GridSample):
        return replace(meant, spatial=operator.spatial)
    return meant


def difference(site: Site, meant: Operator) -> str | None:
    """Return in numbers how a site that is no resize differs; None where it is what was meant."""
    match site.operator, on_axes_of(site, meant):
        case GridSample() as operator, GridSample() as wanted:
            off = float(operator.displacement(wanted))
            text = f"samples are up to {off:.3g} input px off at the border"
            return None if operator == wanted else text
        case AffineGrid() as operator, AffineGrid() as wanted:
            same = operator.align_corners == wanted.align_corners  # a single pixel: another rule
            return None if same else "samples are up to 0.5 px off at the border"
        case AffineSample() as operator, AffineSample() as wanted:
            same = operator.grid == wanted.grid
            return None if same else "samples are up to 0.5 px off at the border"
        case RoiAlign() as operator, RoiAlign() as wanted:
            return _boxes(operator, wanted)
        case ConvTranspose() as operator, ConvTranspose() as wanted:
            return _transposed(site, operator, wanted)
        case _:
            return None


def _boxes(operator: RoiAlign, meant: RoiAlign) -> str | None:
    if operator == replace(meant, spatial_scale=float32(meant.spatial_scale)):
        return None
    off = operator.displacement(meant)
    return f"samples are {off:.3g} feature px off" if off else "the boxes are divided otherwise"


def _transposed(site: Site, operator: ConvTranspose, meant: ConvTranspose) -> str | None:
    """Compare where the samples of each input pixel begin, and how long the output is."""
    if operator.kernel != meant.kernel or operator.groups != meant.groups:
        return None  # the weights themselves are others
    if (operator.strides, operator.dilations) != (meant.strides, meant.dilations):
        return "samples lie elsewhere: strides or dilations are others"
    fitted = operator.output_shape is not None or operator.auto_pad != "NOTSET"
    for axis, stride in enumerate(meant.strides):
        length = site.operation.lengths()[0][axis + 2]
        if length is None and fitted:
            continue
        here, begin, _ = operator.cut(axis, length or 1)
        there, wanted, _ = meant.cut(axis, length or 1)
        if begin != wanted:
            return f"samples are {abs(begin - wanted) / stride:.3g} input px off (axis {axis + 2})"
        if here != there:
            return f"the output is {here} long in place of {there} (axis {axis + 2})"
    return None
