"""The pixels that a nearest resize reads, in the arithmetic of the runtimes themselves."""

from halfpixel.sampling.arithmetic import onnxruntime_nearest, pytorch_nearest
from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.kernel import Nearest, Table


def runtime_pixels(sampling: Sampling, n_in: int, n_out: int) -> tuple[int, ...] | None:
    """Return the pixels that onnxruntime reads for a nearest resize or a table of a gather.

    >>> runtime_pixels(Sampling("asymmetric", Nearest("floor")), 14, 2)
    (0, 6)
    """
    kernel = sampling.kernel
    if isinstance(kernel, Table):
        single = all(len(row) == 1 for row in kernel.rows)
        fits = (n_in, n_out) == (kernel.n_in, len(kernel.rows))
        return tuple(row[0][0] for row in kernel.rows) if single and fits else None
    if not isinstance(kernel, Nearest):
        return None
    scale = None if sampling.scale is None else float(sampling.scale)
    return onnxruntime_nearest(sampling.coordinate, kernel.rounding, n_in, n_out, scale)


def torch_pixels(sampling: Sampling, n_in: int, n_out: int) -> tuple[int, ...] | None:
    """Return the pixels that PyTorch reads for mode nearest or nearest-exact."""
    if sampling.kernel != Nearest("floor"):
        return None
    scale = None if sampling.scale is None else float(sampling.scale)
    match sampling.coordinate:
        case "asymmetric":
            return pytorch_nearest(n_in, n_out, scale)
        case "tf_half_pixel_for_nn":
            return pytorch_nearest(n_in, n_out, scale, exact=True)
        case _:
            return None
