"""The mathematics of resampling, exact and free of any framework."""

from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.compare import Verdict, compare
from halfpixel.sampling.coordinate import Coordinate, Line, source_line
from halfpixel.sampling.crop import CropResize
from halfpixel.sampling.deconvolution import ConvTranspose
from halfpixel.sampling.grid import AffineGrid, GridSample
from halfpixel.sampling.kernel import Area, Cubic, Kernel, Linear, Nearest, Rounding, Table
from halfpixel.sampling.kernels.rows import Weights
from halfpixel.sampling.resample import AffineSample, Resample
from halfpixel.sampling.resize import Resize, ResizeVerdict, compare_resize
from halfpixel.sampling.roi import RoiAlign
from halfpixel.sampling.shuffle import DepthToSpace

__all__ = [
    "AffineGrid",
    "AffineSample",
    "Area",
    "ConvTranspose",
    "Coordinate",
    "CropResize",
    "Cubic",
    "DepthToSpace",
    "GridSample",
    "Kernel",
    "Line",
    "Linear",
    "Nearest",
    "Resample",
    "Resize",
    "ResizeVerdict",
    "RoiAlign",
    "Rounding",
    "Sampling",
    "Table",
    "Verdict",
    "Weights",
    "compare",
    "compare_resize",
    "source_line",
]
