"""What a rule says of PyTorch beside the call that the head line names: never another thing."""

from halfpixel.site import Operation

PLAIN = "F.interpolate(x,"


def is_plain(operation: Operation) -> bool:
    """Whether the head line names an F.interpolate of the input itself."""
    return (operation.torch_call or "").startswith(PLAIN)


def whose(operation: Operation) -> str:
    """Return the PyTorch call that computes what a node does, as a clause."""
    if not is_plain(operation):
        return "no plain F.interpolate computes this"
    where = f" ({operation.torch_where})" if operation.torch_where else ""
    return f"{operation.torch_call} computes this{where}"
