"""From ONNX to Core ML by way of onnx2torch: the ONNX file says what is right."""

import gc
import operator
import sys
import types
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import pytest
import torch
from click.testing import CliRunner, Result
from torch import fx

import example_models as models
import halfpixel
from halfpixel.cli.main import cli

CORPUS = models.CORPUS

pytestmark = pytest.mark.filterwarnings("ignore")  # coremltools leaves folders to the collector


@pytest.fixture(autouse=True)
def collected() -> Any:  # noqa: ANN401 - a generator of nothing
    """Let coremltools drop its folders before the next test."""
    yield
    gc.collect()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["convert", *map(str, arguments)])


class Mapping(NamedTuple):
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class ConverterResult(NamedTuple):
    torch_module: torch.nn.Module
    onnx_mapping: Mapping


class Node(NamedTuple):
    """An OnnxNode, as far as halfpixel's own converter reads it."""

    attributes: dict[str, int]
    input_values: tuple[str, ...]
    output_values: tuple[str, ...]


def mapping_of(node: Node) -> Mapping:
    return Mapping(node.input_values, node.output_values)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Stand for onnx2torch where it is not installed: one node, which halfpixel made."""
    known: dict[str, Any] = {}
    names = ("onnx2torch", "onnx2torch.node_converters.registry", "onnx2torch.utils.common")
    library, registry, common = (types.ModuleType(name) for name in names)

    def add_converter(operation_type: str, version: int, domain: str) -> Any:  # noqa: ANN401
        assert (version, domain) == (1, "halfpixel")
        return partial(known.setdefault, operation_type)

    def convert(
        model: onnx.ModelProto, *, save_input_names: bool, attach_onnx_mapping: bool
    ) -> fx.GraphModule:
        assert save_input_names
        assert attach_onnx_mapping
        (node,) = model.graph.node
        said = {one.name: one.i for one in node.attribute}
        read = Node(said, tuple(node.input), tuple(node.output))
        module, mapping = known[node.op_type](read, None)
        module.onnx_mapping = mapping
        graph = fx.Graph()
        x = graph.placeholder(model.graph.input[0].name)
        y = graph.call_module("halfpixel/up", (x,))
        graph.output(graph.call_function(operator.add, (y, vars(library)["off"])))
        root = torch.nn.Module()
        root.add_module("halfpixel/up", module)
        return fx.GraphModule(root, graph)

    vars(library).update(convert=convert, off=0)
    vars(registry).update(add_converter=add_converter)
    vars(common).update(
        OperationConverterResult=ConverterResult,
        onnx_mapping_from_node=mapping_of,
    )
    for name, module in zip(names, (library, registry, common), strict=True):
        monkeypatch.setitem(sys.modules, name, module)
    return library


@pytest.mark.parametrize("off", [0, 0.25])
def test_the_file_is_the_onnx_model_or_is_not_written(
    off: float, stand_in: types.ModuleType, tmp_path: Path
) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    path, out = CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx", tmp_path / "m.mlpackage"
    vars(stand_in)["off"] = off
    result = run(path, "--to", out)
    if off:
        assert result.exit_code == 1
        assert "refused: verification failed on m.mlpackage@cpu" in result.output
        assert "output y differs by up to 0.25" in result.output
        assert list(tmp_path.iterdir()) == []
        return
    assert result.exit_code == 0, result.output
    call = 'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)'
    assert result.output.splitlines()[1].startswith(f"  1. {call}  [")
    assert "site_module" not in result.output
    assert f"against {path}@cpu: y: max " in result.output


@pytest.mark.usefixtures("stand_in")
def test_a_site_that_onnxruntime_computes_otherwise_is_named(tmp_path: Path) -> None:
    path = models.MISMATCHES / "C2.onnx"  # onnxruntime reads other pixels there
    result = run(path, "--to", tmp_path / "m.mlpackage")
    assert result.exit_code == 2
    told = "node 'node_upsample_nearest2d' (Resize) differs by up to "
    assert result.output.startswith(f"halfpixel: {path}: {told}")
    assert 'between F.interpolate(x, size=(2, 2), mode="nearest") and onnxruntime' in result.output
    assert len(result.output.splitlines()) == 1


FREE = models.MISMATCHES / "A3b.onnx"

FIXED = CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"

REFUSED = [
    ([FREE], "input 'x' has free lengths: give --input"),
    ([FIXED, "--input", "1x2x3x3"], "--input x: the file says 1x2x5x6"),
    ([FIXED, "--input", "z=1x2x5x6"], "expected one of its inputs, which are x"),
    ([FIXED, "--dynamic", "2,3"], "lengths become fixed on the way from ONNX: no --dynamic"),
    ([models.MISMATCHES / "B5.onnx"], "onnxruntime, which says what is right, refuses it: "),
]


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(("arguments", "told"), REFUSED)
def test_what_cannot_be_used_is_said_in_one_line(
    arguments: list[str | Path], told: str, tmp_path: Path
) -> None:
    result = run(*arguments, "--to", tmp_path / "m.mlpackage")
    assert (result.exit_code, told in result.output) == (2, True), result.output
    assert len(result.output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


FITS = "; it needs a torchvision that was built for this PyTorch"

BROKEN = [
    ("raise RuntimeError('no nms')", f"onnx2torch does not load: RuntimeError: no nms{FITS}"),
    ("import no_such_library", "onnx2torch needs no_such_library, which is missing"),
]


@pytest.mark.parametrize(("source", "told"), BROKEN)
def test_a_library_that_does_not_load_is_said_in_one_line(
    source: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "onnx2torch.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "onnx2torch", raising=False)
    result = run(FIXED, "--to", tmp_path / "m.mlpackage")
    assert (result.exit_code, told in result.output) == (2, True), result.output
    assert len(result.output.splitlines()) == 1


def test_a_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx2torch", None)
    result = run(FIXED, "--to", tmp_path / "m.mlpackage")
    assert result.exit_code == 2
    assert "onnx2torch is not installed: pip install onnx2torch, or convert" in result.output


@pytest.fixture
def library() -> None:
    """Skip where there is no real onnx2torch."""
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    try:
        import_module("onnx2torch")
    except Exception as error:  # noqa: BLE001 - a torchvision for CUDA raises what it likes
        pytest.skip(f"onnx2torch does not load: {error}")


REAL = [
    (CORPUS / "bilinear_x2_ac0-t1.8.1-o10.onnx", ()),  # onnx2torch alone: half_pixel
    (CORPUS / "bilinear_to1_ac0-t1.12.1-o13.onnx", ()),
    (CORPUS / "nearest_size-t1.12.1-o10.onnx", ()),
    (CORPUS / "unet_ac0-t1.12.1-o10.onnx", ()),
    (CORPUS / "bicubic_aa_down-t2.13.0d-o18.onnx", ()),
    (CORPUS / "trilinear_ac1-t1.12.1-o16.onnx", ()),
    (CORPUS / "stn_ac1-t2.13.0d-o20.onnx", ()),
    (CORPUS / "deconv_k3s2_op1-t2.13.0d-o21.onnx", ()),
    (CORPUS / "psp_ac0-t2.13.0d-o21.onnx", ()),
    (FREE, ("--input", "1x2x9x11")),
    (models.ARCHITECTURES / "fpn-dynamo-o20.onnx", ()),
    (models.ARCHITECTURES / "spatial_transformer-torchscript-o20.onnx", ()),
]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("path", "given"), REAL, ids=lambda value: getattr(value, "stem", ""))
def test_real_files_become_what_they_were(
    path: Path, given: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "m.mlpackage"
    result = run(path, "--to", out, *given)
    assert result.exit_code == 0, result.output
    assert halfpixel.verify(f"{out}", f"{path}").equal


@pytest.mark.usefixtures("library")
def test_an_operator_that_onnx2torch_gets_wrong_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = import_module("onnx2torch.node_converters.registry")
    key = registry.OperationDescription("", "Relu", 14)
    wrong = registry.get_converter("Sigmoid", 13)
    monkeypatch.setitem(vars(registry)["_CONVERTER_REGISTRY"], key, wrong)
    path = CORPUS / "psp_ac0-t2.13.0d-o21.onnx"
    result = run(path, "--to", tmp_path / "m.mlpackage")
    assert result.exit_code == 2
    assert "onnx2torch makes another network of it: node 'node_relu' (Relu) differs" in (
        result.output
    )
    assert list(tmp_path.iterdir()) == []
