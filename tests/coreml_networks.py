"""Small networks as ML Programs, and where the Core ML models of the tests lie."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import coreml_programs as programs
from coreml_programs import Op
from halfpixel.cli.main import cli
from halfpixel.origin import Operator
from halfpixel.site import Operation, Site

MODELS = Path(__file__).parents[1] / "models"
VARIANTS = MODELS / "coreml/variants"


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, ["verify", *map(str, args)])


class Network(nn.Module):
    """What `written` writes as an ML Program."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(2, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(F.relu(self.conv(x)), scale_factor=2.0, mode="nearest")
        return F.interpolate(y, size=(9, 11), mode="bilinear", align_corners=False)


def written(
    folder: Path, mode: str = "UNALIGN_CORNERS", dtype: str = "float32", *, odd: bool = False
) -> Path:
    """Write the network as an ML Program; `odd` puts an operator into it that is not lowered."""
    conv = Network().conv
    cast = np.float16 if dtype == "float16" else np.float32
    weights = {"weight": conv.weight.detach().numpy().astype(cast)}
    assert conv.bias is not None
    weights["bias"] = conv.bias.detach().numpy().astype(cast)
    size = {"target_size_height": 9, "target_size_width": 11}
    ops = [
        Op("conv", {"x": "%x", **weights, "pad_type": "same"}, [("c", dtype, (1, 3, 5, 6))]),
        Op("lstm" if odd else "relu", {"x": "%c"}, [("r", dtype, (1, 3, 5, 6))], "act"),
        Op("upsample_nearest_neighbor",
           {"x": "%r", "scale_factor_height": 2.0, "scale_factor_width": 2.0},
           [("u", dtype, (1, 3, 10, 12))], "near"),
        Op("resize_bilinear", {"x": "%u", **size, "sampling_mode": mode},
           [("y", dtype, (1, 3, 9, 11))], "smooth"),
    ]  # fmt: skip
    inputs = {"x": (dtype, (1, 2, 5, 6))}
    return programs.package(folder / f"{mode}-{dtype}-{odd}.mlpackage", inputs, ops, ["y"])


def site(name: str, operator: Operator | None, out: tuple[int, ...] = ()) -> Site:
    shapes: dict[str, Any] = {"input_shape": (1, 2, 4, 4), "output_shape": out} if out else {}
    return Site(name, Operation("op", 18, {}, operator, **shapes))
