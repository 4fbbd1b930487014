"""Lengths that free axes take, and what they, the inputs and the outputs are called."""

from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from convert_nets import Up, agree, run
from halfpixel.converting.free_axes import Lengths, parse_dynamic
from halfpixel.converting.result import Exporter
from halfpixel.errors import UsageError

BOTH: list[Exporter] = ["dynamo", "torchscript"]


class Two(nn.Module):
    """An image and a mask, both enlarged."""

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        wide = mask[:, None].float()
        return (
            F.interpolate(x, scale_factor=2.0, mode="bilinear"),
            F.interpolate(wide, scale_factor=2.0),
        )


class Blocks(nn.Module):
    """Takes multiples of 8 alone, and from 16 on another path than below."""

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        y = x.reshape(n, c, h // 8, 8, w).mean(3)
        return F.interpolate(y, scale_factor=2.0, mode="bilinear" if h >= 16 else "nearest")


def lengths(port: onnx.ValueInfoProto) -> list[str | int]:
    return [d.dim_param or d.dim_value for d in port.type.tensor_type.shape.dim]


@pytest.mark.parametrize("exporter", BOTH)
def test_axes_inputs_and_outputs_have_names(exporter: Exporter, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    found = halfpixel.convert(
        Two(), path, inputs=["1x2x8x9", "1x5x6:bool"], dynamic=["all", "mask=1@rows,2"],
        exporter=exporter, input_names="image,where", output_names=["big", "wide"],
    )  # fmt: skip
    assert (found.refused, found.findings) == ("", 0)
    graph = onnx.load(path).graph
    assert [port.name for port in (*graph.input, *graph.output)] == [
        "image",
        "where",
        "big",
        "wide",
    ]
    assert lengths(graph.input[0]) == ["batch", 2, "height", "width"]
    assert lengths(graph.input[1]) == [1, "rows", "where_width"]
    if exporter == "dynamo":
        assert lengths(graph.output[0]) == ["batch", 2, "2*height", "2*width"]
    agree_on = [case.lengths for case in found.verifications[0].cases]
    assert any("where=" in text for text in agree_on)


@pytest.mark.parametrize("exporter", BOTH)
def test_lengths_keep_to_what_the_user_says(exporter: Exporter, tmp_path: Path) -> None:
    """Below 16 and between the multiples the module is another, or none: nobody asks for that."""
    path = tmp_path / "m.onnx"
    found = halfpixel.convert(
        Blocks(), path, inputs=["1x2x32x9"], dynamic="x=2:16..96:8,3:..20", exporter=exporter
    )
    assert (found.refused, found.findings) == ("", 0)
    tried = [case.shapes["x"] for case in found.verifications[0].cases]
    assert len(tried) > 3
    assert all(16 <= high <= 96 and high % 8 == 0 and wide <= 20 for _, _, high, wide in tried)
    agree(path, Blocks(), [(1, 2, 16, 9), (1, 2, 96, 20), (1, 2, 40, 7)])
    wider = halfpixel.convert(
        Blocks(), path, inputs=["1x2x32x9"], dynamic="x=2:8..96:8", exporter=exporter
    )
    assert wider.refused or wider.narrower


def test_a_length_of_one_binds_where_the_user_asks_for_it() -> None:
    class Tall(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            mode = "nearest" if x.shape[2] == 1 else "bilinear"
            return F.interpolate(x, scale_factor=(2.0, 1.5), mode=mode)

    def findings(dynamic: str) -> int:
        return halfpixel.convert(Tall(), inputs=["1x2x8x9"], dynamic=dynamic).findings

    assert [findings(f"x=2{text}") for text in ("", ":2..64", ":1..64")] == [0, 0, 1]


def test_the_file_is_refused_with_the_line_that_branches() -> None:
    class Native(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.arange(64.0).reshape(1, 1, 8, 8))

        def forward(self, x: Tensor) -> Tensor:
            up = F.interpolate(x, scale_factor=2.0, mode="bilinear")
            if x.shape[2] <= 9:
                return up + self.table.sum()
            if x.shape[2] <= 12:
                return up * 2
            return up

    found = halfpixel.convert(Native(), inputs=["1x1x8x8"], dynamic="x=2,3", exporter="torchscript")
    told = [found.refused, *found.narrower]
    assert any("branches" in text and "`if x.shape[2] <= 9:`" in text for text in told)


REFUSED = [
    ({"dynamic": "x=2:"}, "expected all, AXES"),
    ({"dynamic": "x=2:9..3"}, "may have no length at all"),
    ({"dynamic": "x=2:33..60:32"}, "may have no length at all"),
    ({"dynamic": "x=2:4..16:5"}, "exported at 8 on axis 2, which is no length"),
    ({"input_names": "a,b"}, "2 are given, the module takes 1: x"),
    ({"output_names": "a,b"}, "2 are given, the module returns 1"),
    ({"output_names": "a,a"}, "each one once"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED)
def test_what_no_file_can_have_is_refused(options: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        halfpixel.convert(Up(scale_factor=2.0), inputs=["1x2x8x8"], **options)  # type: ignore[arg-type]
    assert told in str(raised.value)


def test_names_of_other_parameters_are_refused() -> None:
    with pytest.raises(UsageError, match="another input is called so"):
        halfpixel.convert(Two(), inputs=["1x2x8x9", "1x5x6"], input_names="mask,x")


def test_the_command_has_these_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets_of_mine.py").write_text(
        "from torch import nn\ndef make():\n    return nn.Upsample(scale_factor=2.0)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "m.onnx"
    result = run(
        "nets_of_mine:make", "--input", "1x2x8x8", "--dynamic", "2@rows:4..64:4", "--input-names",
        "image", "--output-names", "big", "--fast", "-o", path,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "not run at other lengths: whether the file is the module there is not known" in (
        result.output
    )
    graph = onnx.load(path).graph
    assert (graph.input[0].name, graph.output[0].name) == ("image", "big")
    assert lengths(graph.input[0]) == [1, 2, "rows", 8]


def test_lengths_are_parsed() -> None:
    found = parse_dynamic(("x=0@frames,2:32..1024:32", "3:2.."))
    assert (found.axes, found.everywhere) == ({"x": (0, 2)}, (3,))
    assert found.lengths == {
        ("x", 0): Lengths(name="frames"), ("x", 2): Lengths(32, 1024, 32), ("", 3): Lengths(2),
    }  # fmt: skip
