"""What the rules' pages say of programs is run: exporters, converters, PyTorch itself.

What is not run, here or by a script behind the `oracle` marker, has its source beside it.
"""

import math
import re
from collections.abc import Callable

import numpy as np
import onnx.version_converter
import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own habit

from example_models import model, resize
from halfpixel.rule import package_rules

PAGES = {rule.name: rule.page or "" for rule in package_rules("halfpixel_rules")}
RELEASE = re.compile(
    r"(?:PyTorch|onnxscript|coremltools|tf2onnx|onnxruntime|TensorFlow|OpenVINO|Pillow)"
    r"(?:'s \w+ exporter)?(?: up to| from| before)? \d+\.\d+|(?:since|with) \d+\.\d+"
)
RUN_HERE = frozenset({"grid-disagreement"})
"""Pages whose releases are run by a test of this file alone."""


@pytest.mark.parametrize("name", PAGES)
def test_a_section_that_names_a_release_says_what_it_rests_on(name: str) -> None:
    for section in PAGES[name].split("\n## "):
        words = " ".join(section.split())
        if RELEASE.search(words) and name not in RUN_HERE:
            assert re.search(r"[Ss]ource: |[(]run\b", words), words


def test_the_default_of_grids_changed_after_pytorch_1_2() -> None:
    assert "PyTorch 1.3" in " ".join(PAGES["grid-disagreement"].split())
    x, grid = torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, 2)
    with pytest.warns(UserWarning, match=r"has changed to align_corners=False since 1\.3\.0"):
        F.grid_sample(x, grid)


class Resized(torch.nn.Module):
    """A resize to a length that is computed from the input's."""

    def __init__(self, length: Callable[[int], int]) -> None:
        super().__init__()
        self.length = length

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, size=(self.length(x.shape[2]), 8))


LENGTHS: dict[str, tuple[Callable[[int], int], int | None, int | None, int | None]] = {
    "int(s * 1.5)": (lambda s: int(s * 1.5), 6, 6, 12),
    "int(s) * 2": (lambda s: int(s) * 2, 8, 16, 16),
    "math.floor(s * 1.5)": (lambda s: math.floor(s * 1.5), 6, 12, 12),
    "math.ceil(s * 1.5)": (lambda s: math.ceil(s * 1.5), 6, 12, 12),
    "round(s * 1.5)": (lambda s: round(s * 1.5), None, None, None),
    "s * 2": (lambda s: s * 2, 16, 16, 16),
    "s // 2": (lambda s: s // 2, 4, 4, 4),
}
"""Lengths, and what length 8 becomes of a model that was exported at 4: traced, by torch.onnx's
exporter as it is, and from a program of torch.export with strict=True; None where it is refused."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("length", "traced", "usual", "strict"), LENGTHS.values(), ids=LENGTHS)
def test_which_lengths_are_frozen(
    length: Callable[[int], int], traced: int | None, usual: int | None, strict: int | None
) -> None:
    module, x, longer = Resized(length), torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 8, 4)

    def by_tracing() -> int:
        found: torch.Tensor = torch.jit.trace(module, x)(longer)  # type: ignore[no-untyped-call]
        return found.shape[2]

    def exported(*, strict: bool) -> int:
        dynamic = {"x": {2: torch.export.Dim.DYNAMIC}}
        if strict:
            program = torch.export.export(module, (x,), dynamic_shapes=dynamic, strict=True)
            made = torch.onnx.export(program, dynamo=True, verbose=False)
        else:
            made = torch.onnx.export(
                module, (x,), dynamo=True, verbose=False, dynamic_shapes=dynamic
            )
        assert made is not None
        data = made.model_proto.SerializeToString()
        session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: longer.numpy()})
        return int(np.asarray(found).shape[2])

    assert gives(by_tracing) == traced
    assert gives(lambda: exported(strict=False)) == usual
    assert gives(lambda: exported(strict=True)) == strict


def gives(run: Callable[[], int]) -> int | None:
    """Return what is given; None where it is refused."""
    try:
        return run()
    except (TypeError, torch.onnx.OnnxExporterError):
        return None


def by_antialias(x: torch.Tensor, *sizes: tuple[int, int]) -> list[float]:
    """Return the first channel of antialiased resizes, one behind the other."""
    for size in sizes:
        x = F.interpolate(x, size=size, mode="bilinear", antialias=True)
    return [float(value) for value in x[0, 0].flatten()]


def test_the_column_that_pytorch_repeats() -> None:
    one = torch.tensor([[[[*range(1, 8)], [*range(10, 71, 10)]]]], dtype=torch.float32)
    last = torch.channels_last
    assert by_antialias(one, (3, 1)) == [4, 4, 4]
    assert by_antialias(one, (2, 1), (3, 1)) == [4, 4, 4]
    assert by_antialias(one.contiguous(memory_format=last), (3, 1)) == [4, 4, 4]
    assert by_antialias(one, (3, 7), (3, 1)) == [4, 22, 40]


def test_the_version_converter_refuses_to_drop_antialias() -> None:
    made = model([resize(attributes={"antialias": 1})], opset=18)
    with pytest.raises(RuntimeError, match="antialias=1 is not supported"):
        onnx.version_converter.convert_version(made, 17)


@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_the_version_converter_leaves_both_attributes_out(mode: str) -> None:
    node = resize(attributes={"mode": mode})
    del node.attribute[1], node.input[1]
    made = onnx.version_converter.convert_version(model([node], opset=10), 11)
    assert [one.name for one in made.graph.node[-1].attribute] == ["mode"]


KEPT: dict[str, tuple[dict[str, object], bool]] = {
    "bilinear": ({"mode": "bilinear"}, True),
    "nearest over two axes": ({"mode": "nearest"}, True),
    "bicubic": ({"mode": "bicubic"}, False),
}


@pytest.mark.parametrize(("arguments", "copied"), KEPT.values(), ids=KEPT)
def test_what_pytorch_makes_of_a_length_that_stays(
    arguments: dict[str, object],
    copied: bool,  # noqa: FBT001
) -> None:
    x = torch.arange(49.0).reshape(1, 1, 7, 7) ** 2
    found = F.interpolate(x, scale_factor=1.1, **arguments)  # type: ignore[arg-type]
    assert found.shape == x.shape
    assert torch.equal(found, x) == copied
