"""Inputs of a program that is exported already: its own lengths, or a line that says what is not.

Each file is saved by torch.export.save and read back, as a user would hand it in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from halfpixel.converting.inputs import specs_of_program
from halfpixel.errors import UsageError
from halfpixel.format import Port


class Up(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear")


class Sum(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear") + y


class Named(nn.Module):
    def forward(self, x: Tensor, *, scale: Tensor) -> Tensor:
        return F.interpolate(x * scale, scale_factor=2.0)


class Nested(nn.Module):
    def forward(self, d: Mapping[str, Tensor]) -> Tensor:
        return F.interpolate(d["a"], scale_factor=2.0) + d["b"]


class Number(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        return F.interpolate(x, scale_factor=float(n))


SMALL, LARGE = torch.rand(1, 1, 5, 5), torch.rand(1, 1, 10, 10)
HEIGHT = Dim("h", min=4, max=12)


def saved(folder: Path, module: nn.Module, *args: object, **options: Any) -> Path:  # noqa: ANN401
    path = folder / "m.pt2"
    torch.export.save(torch.export.export(module, args, **options), path)
    return path


@pytest.mark.parametrize(
    ("module", "args", "shapes"),
    [
        (Up(), (SMALL,), ({2: HEIGHT},)),
        (Sum(), (SMALL, LARGE), ({2: HEIGHT}, {2: 2 * HEIGHT})),
    ],
    ids=["4 to 12", "twice as long"],
)
def test_free_lengths_are_those_that_the_program_takes(
    module: nn.Module,
    args: tuple[Tensor, ...],
    shapes: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = saved(tmp_path, module, *args, dynamic_shapes=shapes)
    found = halfpixel.convert(str(path), tmp_path / "m.onnx")
    assert found.refused == ""
    program = torch.export.load(path)
    monkeypatch.setattr(program, "_example_inputs", None)  # as of one that was made by hand
    ports = [Port("x", "float32", (1, 1, "s", 5)), Port("y", "float32", (1, 1, "2*s", 10))]
    specs = specs_of_program(program, ports[: len(args)], "m.pt2")
    assert [one.shape for one in specs] == [(1, 1, 12, 5), (1, 1, 24, 10)][: len(args)]


@pytest.mark.parametrize(
    ("module", "args", "named", "told"),
    [
        (Named(), (SMALL,), {"scale": torch.rand(1)}, "input 'scale' is given by name alone; "),
        (Nested(), ({"a": SMALL, "b": LARGE},), {}, "input 1 is a dict, no tensor; "),
        (Number(), (SMALL, 2), {}, "input 2 is 2, no tensor; "),
    ],
    ids=["by name", "nested", "number"],
)
def test_inputs_that_are_not_tensors_in_places_are_named(
    module: nn.Module, args: tuple[object, ...], named: object, told: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, module, *args, kwargs=named)
    with pytest.raises(UsageError) as error:
        halfpixel.convert(str(path), tmp_path / "m.onnx")
    assert str(error.value) == (
        f"{path}: {told}export a module whose inputs are tensors, each in a place of its own"
    )
