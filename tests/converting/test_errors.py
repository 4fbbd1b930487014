"""What an exporter refuses, what the disk refuses, and what is a defect of halfpixel's own."""

import errno
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import halfpixel
from halfpixel.cli.main import cli
from halfpixel.converting.export import to_coreml as coreml_export
from halfpixel.converting.plain import exporting as written_out
from halfpixel.converting.result import Conversion
from halfpixel.errors import Defect, HalfpixelError, ModelFileError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore")  # coremltools leaves folders to the collector
ENDS = ["dynamo", "torchscript", "coreml"]
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def raises(*_given: object, **_options: object) -> NoReturn:
        raise error

    return raises


def convert(exporter: str, folder: Path, **options: object) -> Conversion:
    name = "m.mlpackage" if exporter == "coreml" else "m.onnx"
    chosen = {} if exporter == "coreml" else {"exporter": exporter}
    given: dict[str, object] = {"inputs": ["1x1x5x6"], **chosen, **options}
    module = nn.Upsample(scale_factor=2.0, mode="bilinear")
    return halfpixel.convert(module, folder / name, **given)  # type: ignore[arg-type]


def break_library(exporter: str, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    library: object = torch.onnx
    if exporter == "coreml":
        library = pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    monkeypatch.setattr(library, "convert" if exporter == "coreml" else "export", raising(error))


@pytest.mark.parametrize("exporter", ENDS)
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FULL, "cannot be written: no space left on device"),
        (RuntimeError("[MIL FileWriter]: Unknown error."), "cannot be written: [MIL FileWriter]"),
    ],
    ids=["python", "C++"],
)
def test_a_full_disk_is_no_refusal(
    exporter: str, error: Exception, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_library(exporter, monkeypatch, error)
    with pytest.raises(ModelFileError, match=r"^m\.") as raised:
        convert(exporter, tmp_path)
    assert told in str(raised.value)


def test_a_full_disk_ends_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_library("dynamo", monkeypatch, FULL)
    path = tmp_path / "m.pt2"
    program = torch.export.export(nn.Upsample(scale_factor=2.0), (torch.rand(1, 1, 4, 4),))
    torch.export.save(program, path)
    ran = CliRunner().invoke(cli, ["convert", str(path), "--to", str(tmp_path / "m.onnx")])
    assert (ran.exit_code, ran.stderr.strip()) == (
        2,
        "halfpixel: m.onnx: cannot be written: no space left on device",
    )


@pytest.mark.parametrize("exporter", ENDS)
@pytest.mark.parametrize("error", [MemoryError(), HalfpixelError("ours")])
def test_what_is_not_the_exporters_passes(
    exporter: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_library(exporter, monkeypatch, error)
    with pytest.raises(HalfpixelError) as raised:
        convert(exporter, tmp_path)
    assert error in {raised.value, raised.value.__cause__}


@pytest.mark.parametrize("exporter", ENDS)
@pytest.mark.parametrize("error", [TypeError("no such mode"), OSError("could not get source code")])
def test_what_the_exporter_raises_is_its_refusal(
    exporter: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_library(exporter, monkeypatch, error)
    assert str(error) in convert(exporter, tmp_path).refused


@pytest.mark.parametrize("exporter", ENDS)
def test_a_defect_of_our_own_is_told_as_one(
    exporter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written_out, "resized", raising(AttributeError("a defect of our own")))
    name = "m.mlpackage" if exporter == "coreml" else "m.onnx"
    chosen = {} if exporter == "coreml" else {"exporter": exporter}
    with pytest.raises(Defect, match="a defect of our own") as raised:
        halfpixel.convert(Lanczos(), tmp_path / name, inputs=["1x1x5x6"], **chosen)  # type: ignore[arg-type]
    cause = raised.value.__cause__
    assert isinstance(cause, AttributeError)
    assert cause.__notes__ == [written_out.OURS]


class Lanczos(nn.Module):
    """What no exporter writes, so that it is written in plain operators."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.interpolate(x, size=(3, 4), mode="lanczos", antialias=True)


def test_numpy_is_named_where_coremltools_cannot_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_library("coreml", monkeypatch, TypeError(coreml_export.SCALARS))
    told = 'coremltools 9.0 needs NumPy below 2.4 for it (pip install "numpy<2.4")'
    assert told in convert("coreml", tmp_path).refused


@pytest.mark.parametrize(
    ("targets", "specification"),
    [
        (["coreml-ios17", "coreml-ios15"], 6),
        (["coreml-ios18"], 9),
    ],
)
def test_the_oldest_system_of_all_targets_counts(
    targets: list[str], specification: int, tmp_path: Path
) -> None:
    tools = pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    assert convert("coreml", tmp_path, targets=targets).refused == ""
    model = tools.utils.load_spec(str(tmp_path / "m.mlpackage"))
    assert model.specificationVersion == specification


def test_a_system_is_that_of_the_file_and_not_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    path = tmp_path / "watch-ios15.toml"
    path.write_text('runtime = "x"\ndialect = "ML Program"\nspecification = 8\n')
    assert convert("coreml", tmp_path, targets=[str(path)]).refused == ""
    assert tools.utils.load_spec(str(tmp_path / "m.mlpackage")).specificationVersion == 8
    known = SimpleNamespace(iOS15=tools.target.iOS15)
    monkeypatch.setattr(tools, "target", known)
    with pytest.raises(UsageError, match=r"writes nothing for specification 8, iOS 17$"):
        convert("coreml", tmp_path, targets=[str(path)])


@pytest.mark.parametrize(
    ("shape", "dynamic"), [("1x1x5x6", "all"), ("1x1x5x1100", "2,3"), ("1x1x2x3", "0,2")]
)
def test_a_core_ml_range_has_the_exported_length_in_it(
    shape: str, dynamic: str, tmp_path: Path
) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    assert convert("coreml", tmp_path, inputs=[shape], dynamic=dynamic).refused == ""


def test_a_core_ml_range_stays_in_that_of_the_program(tmp_path: Path) -> None:
    tools = pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    program = torch.export.export(
        nn.Upsample(scale_factor=2.0),
        (torch.rand(1, 1, 5, 6),),
        dynamic_shapes=({2: torch.export.Dim("h", min=4, max=12)},),
    )
    found = halfpixel.convert(program, tmp_path / "m.mlpackage")
    assert found.refused == ""
    (given,) = tools.utils.load_spec(str(tmp_path / "m.mlpackage")).description.input
    (held,) = given.type.multiArrayType.shapeRange.sizeRanges[2:3]
    assert (held.lowerBound, held.upperBound) == (4, 12)
