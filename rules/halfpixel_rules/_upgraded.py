"""Whether a Resize can have come from an opset up to 10, which knows scales and a mode."""

from halfpixel.conventions.onnx.resize import FIRST_RESIZE
from halfpixel.sampling import Linear, Nearest, Resize
from halfpixel.site import Site


def as_in_opset_10(site: Site) -> bool:
    """Whether an older opset can have said all that a node says, so that an upgrade wrote it."""
    operation, operator = site.operation, site.operator
    if site.op != "Resize" or site.opset < FIRST_RESIZE or not isinstance(operator, Resize):
        return False
    known = operation.by == "scales" and operation.attributes.keys() <= {"mode"}
    return known and all(isinstance(s.kernel, Nearest | Linear) for _, s in operator.axes)
