"""One site as a PyTorch module, built from what it computes.

Where Core ML has the operator, it is the PyTorch call that the site is; else an exact product with
the weights of each axis, or a gather where each output sample is one input sample.
"""

from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.converting.plain.calls import product
from halfpixel.errors import GraphError
from halfpixel.formats.lowerings import Capabilities
from halfpixel.formats.plan import Matrix, Pixels, Product, SizedResize
from halfpixel.formats.planner import lowered
from halfpixel.sampling import GridSample, Resize, Sampling
from halfpixel.site import Site
from halfpixel.verifying.site_check import PARAMETERS

if TYPE_CHECKING:
    import torch

MOST_AXES: Final = 2
"""Spatial axes of the resizes that Core ML has."""

TORCH: Final = Capabilities(
    tried=("mixed",), constant=True, ordered=False, weights=Sampling.weights
)
"""What a module can compute: any product, with the exact weights."""


def site_module(site: Site) -> "torch.nn.Module":
    """Return a module that computes a site at its own lengths, from the tensors that it reads.

    Raises:
        GraphError: the site cannot be described, its lengths are not known, or Core ML has no such
            operator.
    """
    operation = site.operation
    operator = operation.operator
    if operator is None:
        raise GraphError("", site.path, f"cannot be described: {operation.problem}")
    if is_weighed(site):
        return _weighed(site, cast("Resize", operator))
    if operation.torch_call is None or "size, align" in operation.torch_call:
        raise GraphError("", site.path, "no PyTorch call computes it")
    if isinstance(operator, GridSample) and (operator.mode == "cubic" or operator.spatial == 3):
        what = "cubic" if operator.mode == "cubic" else "three-dimensional"
        raise GraphError("", site.path, f"Core ML has no {what} grid sampling")
    return _called(site)


def is_weighed(site: Site) -> bool:
    """Whether a site becomes products with its weights: a resize that Core ML does not have."""
    call = site.torch_call
    return isinstance(site.operator, Resize) and (call is None or not _native(call))


def _native(call: str) -> bool:
    """Whether Core ML has an operator for an F.interpolate.

    >>> _native('F.interpolate(x, size=(3, 4), mode="bilinear", align_corners=False)')
    True
    >>> _native('F.interpolate(x, scale_factor=1.7, mode="nearest")')
    False
    """
    try:
        read = parse_call(call)
    except ValueError:  # more than one call
        return False
    whole = all(factor == int(factor) for factor in read.scale_factor or ())
    kind = read.family in {"linear", "nearest"} and not read.antialias
    return kind and whole and read.spatial <= MOST_AXES


def _called(site: Site) -> "torch.nn.Module":
    """Return the PyTorch call that a site is."""
    import torch

    code = compile(site.torch_call or "", "<site>", "eval")
    names = PARAMETERS[type(site.operator)]

    class Called(torch.nn.Module):
        """One call."""

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            scope = {"F": torch.nn.functional, "torch": torch}
            given = dict(zip(names, tensors, strict=False))
            return cast("torch.Tensor", eval(code, {**scope, **given}))  # noqa: S307 - our own text, never the file's

    return Called()


def _weighed(site: Site, resize: Resize) -> "torch.nn.Module":
    """Return the products with the weights of each axis."""
    import torch

    ins, outs = site.operation.lengths
    if None in ins or None in outs:
        raise GraphError("", site.path, "its lengths are not known")
    plan = cast("Product", lowered(SizedResize(resize, (ins, outs), {}), "mixed", TORCH))
    tables = {step.axis: _table(step) for step in plan.steps}
    inside = _inside(plan)

    class Weighed(torch.nn.Module):
        """Products and gathers, one an axis."""

        def __init__(self) -> None:
            super().__init__()
            for axis, table in tables.items():
                self.register_buffer(f"axis_{axis}", table)
            self.register_buffer("inside", inside)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x
            for axis in tables:
                table = self.get_buffer(f"axis_{axis}")
                if table.dim() == 1:
                    y = torch.index_select(y, axis, table)
                else:
                    y = product(y, table.to(y.dtype), axis)
            if inside is not None:
                constant = torch.full_like(y, resize.extrapolation_value)
                y = torch.where(self.get_buffer("inside"), y, constant)
            return y.clone() if y is x else y

    return Weighed()


def _table(step: Pixels | Matrix) -> "torch.Tensor":
    """Return the input sample of each output sample where it is one, else the matrix."""
    import torch

    if isinstance(step, Pixels):
        return torch.tensor(step.pixels)
    return torch.tensor(step.weights.matrix(), dtype=torch.float32)


def _inside(plan: Product) -> "torch.Tensor | None":
    """Return which output samples are no extrapolation; None where all of them are none."""
    import torch

    found: torch.Tensor | None = None
    for step in plan.steps:
        if isinstance(step, Matrix) and step.weights.outside:
            kept = torch.tensor([i not in step.weights.outside for i in range(step.n_out)])
            row = kept.reshape([-1 if k == step.axis else 1 for k in range(plan.rank)])
            found = row if found is None else found & row
    return found
