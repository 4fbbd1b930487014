"""Modules and helpers that the tests of convert share."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

from halfpixel.cli.main import cli

SHAPE = "1x2x9x10"


class Up(nn.Module):
    """One call of F.interpolate."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.options = options

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.interpolate(x, **self.options)  # type: ignore[arg-type]
        return y


class Sum(torch.autograd.Function):
    """One more; exported as something else: its negative, or the logarithm of that."""

    @staticmethod
    def forward(ctx: object, x: Tensor, infinite: bool) -> Tensor:  # noqa: FBT001 - as it is called
        del ctx, infinite
        return x + 1

    @staticmethod
    def symbolic(graph: object, x: object, infinite: bool) -> object:  # noqa: FBT001 - likewise
        negative = graph.op("Neg", x)  # type: ignore[attr-defined]
        return graph.op("Log", negative) if infinite else negative  # type: ignore[attr-defined]


class Wrong(nn.Module):
    """What the exporter writes is not what it computes, or not finite."""

    def __init__(self, *, infinite: bool = False) -> None:
        super().__init__()
        self.infinite = infinite

    def forward(self, x: Tensor) -> Tensor:
        up = F.interpolate(x, scale_factor=2.0)
        y: Tensor = Sum.apply(up, self.infinite)  # type: ignore[no-untyped-call]
        return y


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["convert", *map(str, arguments)])


def agree(path: Path, module: nn.Module, shapes: Sequence[tuple[int, ...]]) -> None:
    """Hold a file against its module at shapes of its first input."""
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in shapes:
        x = np.random.default_rng(1).random(shape, np.float32)
        here = np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])
        there = module(torch.from_numpy(x)).detach().numpy()
        np.testing.assert_allclose(here, there, atol=1e-5)
