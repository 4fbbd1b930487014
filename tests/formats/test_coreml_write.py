"""Core ML models written back: what was meant, nothing else, in files that coremltools takes."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult
from halfpixel.formats.coreml.model import CoremlModel, opened
from halfpixel.formats.coreml.read.place import MilPlace
from halfpixel.runtimes.mil_as_onnx.program import lowered
from halfpixel.sampling import Resize

if TYPE_CHECKING:
    from halfpixel.site import Site

ort = pytest.importorskip("onnxruntime", reason="onnxruntime computes what was written")

FOLDER = Path(__file__).parents[2] / "models/coreml/variants"
MODELS = sorted(FOLDER.glob("*.ml*"), key=lambda path: path.name)
Array = np.ndarray[Any, np.dtype[Any]]


def _fixed(path: Path, folder: Path, **options: object) -> tuple[FixResult, Path]:
    options = {"unsafe_fixes": True, "severity": "note", **options}
    result = fix(path, **options)  # type: ignore[arg-type]
    assert result.error is None
    target = folder / path.name
    result.save(target)
    return result, target


CHANGED = [path for path in MODELS if fix(path, unsafe_fixes=True, severity="note").changes]


def test_many_variants_are_changed() -> None:
    assert len(CHANGED) > 40


@pytest.mark.parametrize("path", CHANGED, ids=lambda path: path.name)
def test_the_result_is_read_again_and_has_no_such_finding(path: Path, tmp_path: Path) -> None:
    result, target = _fixed(path, tmp_path)
    assert [site.operation for site in opened(target).sites] == [
        site.operation for site in (result.report.sites if result.report else ())
    ]
    again = fix(target, unsafe_fixes=True, severity="note")
    assert not again.changes
    assert len(check(target).files[0].repaired) == len(result.changes)


@pytest.mark.parametrize(
    "path", [p for p in CHANGED if p.suffix == ".mlpackage"], ids=lambda path: path.name
)
def test_coremltools_takes_the_result(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools reads what was written")
    _, target = _fixed(path, tmp_path)
    load = import_module("coremltools.converters.mil.frontend.milproto.load").load
    load_spec = import_module("coremltools.models.utils").load_spec
    spec = load_spec(str(target))
    if spec.WhichOneof("Type") == "mlProgram":
        load(spec, spec.specificationVersion, str(target / "Data/com.apple.CoreML/weights"))
    else:
        assert spec.specificationVersion == opened(path).contents.version
    before = load_spec(str(path)).description
    before.metadata.userDefined["halfpixel.fix"] = spec.description.metadata.userDefined[
        "halfpixel.fix"
    ]
    assert spec.description == before


def _whole(path: Path) -> bool:
    """Whether a package is one ML Program with fixed lengths, which can be run as a whole."""
    model = opened(path)
    fixed = all(isinstance(n, int) for port in model.inputs for n in port.shape or (None,))
    return model.contents.main is not None and fixed and len(model.sites) == 1


def _run(model: CoremlModel, feeds: dict[str, Array]) -> list[Array]:
    session = ort.InferenceSession(
        lowered(model).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return cast("list[Array]", session.run(None, feeds))


RESIZED = [path for path in CHANGED if path.suffix == ".mlpackage" and _whole(path)]


@pytest.mark.parametrize("path", RESIZED, ids=lambda path: path.name)
def test_the_result_computes_what_the_fix_says(path: Path, tmp_path: Path) -> None:
    """The fixed program runs on onnxruntime; the truth is the fix's own exact description."""
    before = opened(path)
    finding = next(one.finding for one in check(path).findings if one.finding.fix is not None)
    meant = finding.fix.operator if finding.fix else None
    assert isinstance(meant, Resize)
    _, target = _fixed(path, tmp_path)
    shape = cast("tuple[int, ...]", before.inputs[0].shape)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    (found,) = _run(opened(target), {before.inputs[0].name: x})
    np.testing.assert_allclose(found, meant.evaluate(x, found.shape), rtol=0, atol=1e-5)


NETWORKS = [path for path in CHANGED if path.name.startswith("nn_")]


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.name)
def test_a_network_computes_what_the_fix_says(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools reads what was written")
    from oracles import network_run

    site = opened(path).sites[0]
    finding = next(one.finding for one in check(path).findings if one.finding.fix is not None)
    meant = finding.fix.operator if finding.fix else None
    assert isinstance(meant, Resize)
    _, target = _fixed(path, tmp_path)
    after = opened(target)

    def resample(layer: object, x: Array) -> Array:
        named: dict[str, Site] = {one.name: one for one in after.sites}
        return named[str(getattr(layer, "name", ""))].evaluate(x)

    shape = cast("tuple[int, ...]", site.input_shape)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    values = network_run(target, {opened(path).inputs[0].name: x}, resample)
    found = values[after.places[-1].output if after.places else opened(path).places[0].output]
    np.testing.assert_allclose(found, meant.evaluate(x, found.shape), rtol=0, atol=1e-5)


def test_a_shared_constant_stays_for_the_others(tmp_path: Path) -> None:
    path = FOLDER / "structure-shared_const-ios15.mlpackage"
    before = opened(path).sites
    result, target = _fixed(path, tmp_path, expect=["y0:align_corners=true"])
    assert [change.node for change in result.changes] == ["y0"]
    after = opened(target).sites
    assert [site.operation for site in after[1:]] == [site.operation for site in before[1:]]
    assert after[0].operator == before[1].operator


def test_old_constants_that_nobody_reads_are_dropped(tmp_path: Path) -> None:
    path = FOLDER / "upsample_bilinear-nudged-half-ios15.mlpackage"
    _, target = _fixed(path, tmp_path)
    place = opened(target).places[0].node
    assert isinstance(place, MilPlace)
    names = {one.outputs[0].name for one in place.scope.block.operations}
    read = {
        binding.name
        for one in place.scope.block.operations
        for argument in one.inputs.values()
        for binding in argument.arguments
    }
    assert names - read == {"y"}


def test_nothing_else_of_a_network_changes(tmp_path: Path) -> None:
    proto = pytest.importorskip(
        "coremltools.proto.Model_pb2", reason="coremltools reads what was written"
    )
    path = FOLDER / "structure-branch-v4.mlmodel"
    _, target = _fixed(path, tmp_path)
    before, after = (proto.Model.FromString(one.read_bytes()) for one in (path, target))
    branch, changed = (one.neuralNetwork.layers[-1].branch for one in (before, after))
    assert len(changed.ifBranch.layers) == len(branch.ifBranch.layers)
    changed.CopyFrom(branch)
    after.description.metadata.ClearField("userDefined")
    before.description.metadata.ClearField("userDefined")
    assert after == before


def test_a_site_in_a_pipeline_is_fixed_where_it_stands(tmp_path: Path) -> None:
    for name in ("structure-pipeline-ios15.mlpackage", "structure-pipeline-v5.mlmodel"):
        path = FOLDER / name
        result, target = _fixed(path, tmp_path, expect=["middle:align_corners=true"])
        assert [change.node for change in result.changes] == ["middle"]
        calls = [site.torch_call for site in opened(target).sites]
        assert "align_corners=True" in str(calls[0])
        assert calls[1:] == [site.torch_call for site in opened(path).sites][1:]


def test_a_lowering_can_be_asked_for(tmp_path: Path) -> None:
    path = FOLDER / "resize_bilinear-up-unalign_corners-ios15.mlpackage"
    result, target = _fixed(path, tmp_path, lower={"y": "matmul"})
    assert [change.text for change in result.changes] == ["written as 2 matmul"]
    x = np.random.default_rng(0).standard_normal((1, 2, 5, 7)).astype(np.float32)
    (found,) = _run(opened(target), {"x": x})
    np.testing.assert_allclose(found, opened(path).sites[0].evaluate(x), rtol=0, atol=1e-5)
    declined = fix(path, lower={"y": "gather"}).declined
    assert [one.reason for one in declined] == [
        "a gather reads one sample each, and this blends several"
    ]


@pytest.mark.parametrize("kind", ["gather", "matmul"])
def test_a_copy_that_is_to_be_lowered_becomes_an_identity(kind: str, tmp_path: Path) -> None:
    path = FOLDER / "resize-same-nearest-ios17.mlpackage"
    result, target = _fixed(path, tmp_path, lower={"y": kind})
    assert [change.text for change in result.changes] == ["a copy"]
    assert [line.split(" = ")[1] for line in result.changes[0].after[:1]] == ["identity"]
    assert opened(target).sites == []


def test_a_later_operator_is_not_used_for_an_older_system() -> None:
    path = FOLDER / "nn_upsample-bilinear-2x2-default-v1.mlmodel"
    (declined,) = fix(path, unsafe_fixes=True).declined
    assert "specification" in declined.reason


def test_the_result_in_memory_is_coremltools_own_message() -> None:
    pytest.importorskip("coremltools", reason="coremltools reads what was written")
    path = FOLDER / "resize_bilinear-up-default-ios15.mlpackage"
    model = fix(path, unsafe_fixes=True).model
    assert type(model).__name__ == "Model"
