"""The resize of a network that aligns corners on purpose, which the rules about such ask for.

The DeepLab papers align corners throughout: odd kernels, SAME padding, align_corners resizes,
and input lengths of stride * n + 1, so that every feature lies on an input pixel. Source: the
TensorFlow DeepLab code's notes on crop sizes; L.-C. Chen et al., 2018.
"""

from halfpixel.sampling import Linear, Resize
from halfpixel.site import Site


def aligned_resize(site: Site) -> Resize | None:
    """Return the operator of an enlarging linear resize with aligned corners, else None."""
    operator = site.operator
    if not isinstance(operator, Resize) or not operator.axes:
        return None
    linear = all(isinstance(s.kernel, Linear) for _, s in operator.axes)
    corners = all(s.coordinate == "align_corners" for _, s in operator.axes)
    ins, outs = site.operation.lengths
    pairs = [(ins[axis], outs[axis]) for axis, _ in operator.axes]
    shrinking = any(n is not None and m is not None and m < n for n, m in pairs)
    single = any(n == 1 for n, _ in pairs)
    return operator if linear and corners and not shrinking and not single else None
