"""Verify for Core ML: single sites, whole programs, two formats, and what cannot be run here."""

import csv
import json
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner, Result
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import coreml_programs as programs
from coreml_programs import Op
from halfpixel.checking.check import opened
from halfpixel.cli.main import cli
from halfpixel.errors import GraphError, MissingExtraError, RuntimeFailure, UsageError
from halfpixel.fixing.fix import fix
from halfpixel.formats.coreml.messages import Description, Program
from halfpixel.intents.pairing import matched, paired_sites
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.sampling import Coordinate, GridSample, Linear, Resample, Resize, Sampling
from halfpixel.site import Operation, Operator, Site
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.site_check import SiteCheck
from halfpixel.verifying.verify import verify

Array = np.ndarray[Any, np.dtype[Any]]
MODELS = Path(__file__).parents[2] / "models"
VARIANTS = MODELS / "coreml/variants"
ARCHITECTURES = sorted((MODELS / "coreml/architectures").glob("*.mlpackage"))
PAIRED = [path for path in ARCHITECTURES
          if (MODELS / f"architectures/{path.stem}-torchscript-o17.onnx").exists()]  # fmt: skip

UNDESCRIBED = "align_corners and half_pixel_centers are both true"


def files() -> list[Path]:
    found = {row["file"] for row in rows()}
    return sorted(VARIANTS / name for name in found)


def rows() -> list[dict[str, str]]:
    with (VARIANTS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, ["verify", *map(str, args)])


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_every_variant_runs_alone_as_it_is_described(path: Path) -> None:
    for found in SiteCheck(str(path)).results():
        if found.exact is None:
            assert UNDESCRIBED in found.refused
        else:
            assert found.exact.equal
            assert found.torch is None or found.torch.equal


def test_the_variants_are_held_against_pytorch() -> None:
    called = [path for path in files()[::9] if path.suffix == ".mlpackage"]
    found = [one for path in called for one in SiteCheck(str(path)).results()]
    assert sum(one.torch is not None for one in found) > len(found) // 2


@pytest.mark.parametrize("path", ARCHITECTURES, ids=lambda path: path.stem)
def test_an_architecture_agrees_with_pytorch(path: Path) -> None:
    found = verify(str(path), str(path.with_name(path.stem.removesuffix("-fp16") + ".npz")))
    assert found.equal
    assert found.compared


@pytest.mark.parametrize("path", PAIRED, ids=lambda path: path.stem)
def test_an_architecture_agrees_with_its_onnx_file(path: Path) -> None:
    found = verify(str(MODELS / f"architectures/{path.stem}-torchscript-o17.onnx"), str(path))
    assert found.equal
    assert found.pairing is not None
    assert not found.pairing.differences
    assert found.pairing.pairs


def flipped(kind: str, parameter: str) -> Callable[[Program], None]:
    """Return what turns a flag of the last operation of a type."""

    def change(made: Program) -> None:
        values = programs.constant(made, programs.operations(made, kind)[-1], parameter)
        bools = cast("list[bool]", values.immediateValue.tensor.bools.values)
        bools[0] = not bools[0]

    return change


SAME_WEIGHTS = {"mobilevit"}
"""Networks whose only flag changes nothing: one pixel is spread."""
INVISIBLE = {"segformer-fp16", "unet_bilinear-fp16"}
"""Networks of half precision whose outputs stay within tolerance; their sites do not."""


def flagged(path: Path) -> list[Site]:
    return [s for s in opened(str(path)).sites if "align_corners" in s.operation.attributes]


@pytest.mark.parametrize(
    "path",
    [path for path in ARCHITECTURES if flagged(path) and path.stem not in SAME_WEIGHTS],
    ids=lambda path: path.stem,
)
def test_a_spoiled_package_is_found_named_and_repaired(path: Path, tmp_path: Path) -> None:
    last = flagged(path)[-1]
    meant = str(last.operation.attributes["align_corners"]).lower()
    spoilt, repaired = tmp_path / path.name, tmp_path / f"repaired-{path.name}"
    shutil.copytree(path, spoilt)
    programs.changed(spoilt, flipped(last.op, "align_corners"))
    found = verify(str(spoilt), str(path))
    assert found.equal is (path.stem in INVISIBLE)
    if not found.equal:
        assert found.first is not None
        assert (found.first.node, found.first.op) == (last.name, last.op)
        assert found.first.introduced is not None
    assert found.pairing is not None
    assert [pair.a.name for pair in found.pairing.differences] == [last.name]
    fix(str(spoilt), expect=[f"{last.name}:align_corners={meant}"]).save(repaired)
    again = verify(str(repaired), str(path))
    assert again.equal
    assert again.pairing is not None
    assert not again.pairing.differences


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


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> str:
    module = types.ModuleType("halfpixel_test_coreml_network")
    module.build = Network  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return "halfpixel_test_coreml_network:build"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_program_is_held_against_its_module(factory: str, dtype: str, tmp_path: Path) -> None:
    right = verify(str(written(tmp_path, dtype=dtype)), factory)
    assert right.equal
    assert right.names[0].endswith(".mlpackage@cpu (lowered to ONNX)")
    wrong = written(tmp_path, "DEFAULT", dtype)
    for found in (verify(str(wrong), factory), verify(factory, str(wrong))):
        assert not found.equal
        assert found.first is not None
        assert (found.first.node, found.first.op) == ("smooth", "resize_bilinear")
        assert found.first.introduced is not None


class Transformer(nn.Module):
    """Two calls of PyTorch that are one operator of Core ML, and a resize behind them."""

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        grid = F.affine_grid(theta.reshape(-1, 2, 3), [1, 2, 6, 8], align_corners=True)
        y = F.grid_sample(x, grid, align_corners=True)
        return F.interpolate(y, size=(12, 9), mode="bilinear", align_corners=True)


@pytest.mark.parametrize("aligned", [True, False])
def test_an_affine_is_held_against_the_two_calls_that_it_is(aligned: bool, tmp_path: Path) -> None:  # noqa: FBT001
    words = {"sampling_mode": "bilinear", "padding_mode": "constant", "padding_value": 0.0,
             "coordinates_mode": "normalized_minus_one_to_one", "align_corners": aligned,
             "output_height": 6, "output_width": 8}  # fmt: skip
    size = {"target_size_height": 12, "target_size_width": 9}
    ops = [
        Op("affine", {"x": "%x", "transform_matrix": "%theta", **words},
           [("a", "float32", (1, 2, 6, 8))], "warp"),
        Op("resize_bilinear", {"x": "%a", **size, "sampling_mode": "STRICT_ALIGN_CORNERS"},
           [("y", "float32", (1, 2, 12, 9))]),
    ]  # fmt: skip
    inputs = {"x": ("float32", (1, 2, 5, 7)), "theta": ("float32", (1, 6))}
    path = programs.package(tmp_path / "m.mlpackage", inputs, ops, ["y"])
    found = verify(str(path), Transformer())
    assert found.equal == aligned
    assert (found.first is None) == aligned
    if found.first is not None:
        assert (found.first.node, found.first.op) == ("warp", "affine")


def test_the_reference_evaluator_runs_a_lowered_program(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = verify(str(path), f"{path}@reference")
    assert found.equal
    assert found.names[1].endswith("@reference (lowered to ONNX)")


def test_flexible_lengths_are_lowered(tmp_path: Path) -> None:
    shape, grown = (1, 2, None, None), (1, 2, None, None)
    scales = {"scale_factor_height": 2.0, "scale_factor_width": 1.5, "align_corners": False}
    size = {"target_size_height": 4, "target_size_width": 5}
    ops = [
        Op("upsample_bilinear", {"x": "%x", **scales}, [("u", "float32", grown)]),
        Op("resize_bilinear", {"x": "%u", **size, "sampling_mode": "STRICT_ALIGN_CORNERS"},
           [("y", "float32", (1, 2, 4, 5))]),
    ]  # fmt: skip
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", shape)}, ops, ["u", "y"])

    def meant(x: Tensor) -> tuple[Tensor, Tensor]:
        lengths = (2 * x.shape[2], int(1.5 * x.shape[3]))
        u = F.interpolate(x, size=lengths, mode="bilinear", align_corners=False)
        return u, F.interpolate(u, size=(4, 5), mode="bilinear", align_corners=True)

    class Meant(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return meant(x)

    found = verify(str(path), Meant())
    assert found.equal
    assert len(found.cases) > 1
    results = list(SiteCheck(str(path)).results())
    assert len({one.shape for one in results}) > 1
    assert all(one.agrees for one in results)


def test_what_cannot_be_lowered_is_verified_site_by_site(factory: str, tmp_path: Path) -> None:
    path = written(tmp_path, odd=True)
    message = (
        f"{path}: node 'act': MIL operator lstm is not lowered to ONNX; "
        "verification goes site by site"
    )
    with pytest.raises(GraphError) as caught:
        verify(str(path), factory)
    assert str(caught.value) == message
    whole = run(path, factory)
    assert whole.exit_code == 2
    assert whole.stderr.strip() == f"halfpixel: {message}"
    alone = run(path, "--output-format", "json")
    assert alone.exit_code == 0
    told = json.loads(alone.stdout)
    assert told["notes"] == [message]
    assert [(one["node"], one["equal"]) for one in told["sites"]] == [("near", True),
                                                                      ("smooth", True)]  # fmt: skip
    assert message in run(path).stdout.replace("\n", "")


def test_a_neural_network_is_verified_site_by_site() -> None:
    path = VARIANTS / "nn_upsample-bilinear-2x2-default-v5.mlmodel"
    found = run(path)
    assert found.exit_code == 0
    assert "verification goes site by site" in found.stdout
    with pytest.raises(GraphError, match="only a single ML Program is lowered to ONNX"):
        verify(str(path), str(path))


def test_a_missing_weights_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(VARIANTS / "structure-blob-ios15.mlpackage", path)
    shutil.rmtree(path / "Data/com.apple.CoreML/weights")
    found = run(path, path)
    assert found.exit_code == 2
    assert "is missing" in found.stderr


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("coreml", RuntimeFailure, "Core ML runs on macOS only; leave @coreml out to run it"),
        ("coreml:compute_units=cpu_only", RuntimeFailure, "Core ML runs on macOS only"),
        ("coreml:compute_units=fast", UsageError, "not compute_units=fast"),
        ("coreml:units=all", UsageError, "compute_units=all|cpu_only|cpu_and_gpu|cpu_and_ne, not"),
        ("rocm", RuntimeFailure, "has no ROCMExecutionProvider"),
    ],
)
def test_core_ml_off_macos_is_a_clear_error(
    where: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = written(tmp_path)
    with pytest.raises(error) as caught:
        verify(f"{path}@{where}", str(path))
    assert message in str(caught.value)
    assert run(f"{path}@{where}", path).exit_code == 2


def test_single_sites_do_not_run_on_core_ml(tmp_path: Path) -> None:
    found = run(f"{written(tmp_path)}@coreml")
    assert found.exit_code == 2
    assert "single sites run lowered to ONNX" in found.stderr


def test_on_macos_coremltools_predicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    plain = runtime_of(Side(str(path))).started(Side(str(path)), RunSettings())
    made: list[tuple[str, object]] = []

    class Model:
        def __init__(self, source: str, compute_units: object) -> None:
            made.append((source, compute_units))

        def predict(self, feeds: dict[str, Array]) -> dict[str, Array]:
            return plain.run(feeds)

    tools = types.ModuleType("coremltools")
    tools.ComputeUnit = types.SimpleNamespace(  # type: ignore[attr-defined]
        ALL="all units", CPU_ONLY="the CPU"
    )
    tools.models = types.SimpleNamespace(MLModel=Model)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "coremltools", tools)
    monkeypatch.setattr(sys, "platform", "darwin")
    found = verify(f"{path}@coreml:compute_units=cpu_only", str(path))
    assert found.equal
    assert found.names[0] == f"{path}@coreml:cpu_only"
    assert made[0] == (str(path), "the CPU")
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(MissingExtraError, match=r"halfpixel\[coreml\]"):
        verify(f"{path}@coreml", str(path))


def resized(path: Path, mode: str, names: tuple[str, ...] = ("near", "smooth")) -> Path:
    """Write the two resizes of the network, without the rest, as ONNX."""
    modes = {"near": {"mode": "nearest", "nearest_mode": "floor",
                      "coordinate_transformation_mode": "asymmetric"},
             "smooth": {"mode": "linear", "coordinate_transformation_mode": mode},
             "more": {"mode": "linear", "coordinate_transformation_mode": mode}}  # fmt: skip
    sizes = {"near": [1, 3, 10, 12], "smooth": [1, 3, 9, 11], "more": [1, 3, 20, 20]}
    nodes, constants, x = [], [], "x"
    for name in names:
        given = [x, "", "", f"{name}_sizes"]
        nodes.append(helper.make_node("Resize", given, [name], name=f"/{name}", **modes[name]))
        constants.append(helper.make_tensor(f"{name}_sizes", TensorProto.INT64, [4], sizes[name]))
        x = name
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 5, 6])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, sizes[names[-1]])], constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(model, path)
    return path


def upsampled(path: Path, mode: str) -> Path:
    """Write the same as an ML Program."""
    size = {"target_size_height": 9, "target_size_width": 11}
    scale = {"scale_factor_height": 2.0, "scale_factor_width": 2.0}
    ops = [
        Op("upsample_nearest_neighbor", {"x": "%image", **scale},
           [("u", "float32", (1, 3, 10, 12))]),
        Op("resize_bilinear", {"x": "%u", **size, "sampling_mode": mode},
           [("y", "float32", (1, 3, 9, 11))], "last"),
    ]  # fmt: skip
    return programs.package(path, {"image": ("float32", (1, 3, 5, 6))}, ops, ["y"])


def test_two_formats_are_paired_and_their_conventions_compared(tmp_path: Path) -> None:
    model = resized(tmp_path / "a.onnx", "half_pixel")
    same = verify(str(model), str(upsampled(tmp_path / "same.mlpackage", "UNALIGN_CORNERS")))
    assert same.equal
    assert same.pairing is not None
    assert [(pair.a.name, pair.b.name, pair.equal) for pair in same.pairing.pairs] == [
        ("/near", "u", True),
        ("/smooth", "last", True),
    ]
    other = upsampled(tmp_path / "other.mlpackage", "DEFAULT")
    found = run(model, other)
    assert found.exit_code == 1
    text = " ".join(found.stdout.split())
    assert "sites: 2 paired, 1 of them with another convention" in text
    assert "/smooth (Resize) and last (resize_bilinear): samples up to 0.0556 input px" in text
    assert "first divergent site: /smooth (Resize)" in text
    told = json.loads(run(other, model, "--output-format", "json").stdout)["pairing"]
    assert [pair["equal"] for pair in told["pairs"]] == [True, False]
    assert told["pairs"][1]["b"] == {"node": "/smooth", "op": "Resize", "graph": ""}
    assert told["only_a"] == told["only_b"] == []


def test_a_difference_of_convention_alone_is_no_failure(tmp_path: Path) -> None:
    model = resized(tmp_path / "a.onnx", "half_pixel")
    other = upsampled(tmp_path / "other.mlpackage", "DEFAULT")
    flat = tmp_path / "flat.npz"
    np.savez(flat, x=np.ones((1, 3, 5, 6), np.float32))
    found = verify(str(model), str(other), VerifySettings(FeedSettings(
        given=({"x": np.ones((1, 3, 5, 6), np.float32)},))))  # fmt: skip
    assert found.equal
    assert found.pairing is not None
    assert len(found.pairing.differences) == 1


def test_two_onnx_files_are_paired_too(tmp_path: Path) -> None:
    longer = resized(tmp_path / "a.onnx", "half_pixel", ("near", "smooth", "more"))
    shorter = resized(tmp_path / "b.onnx", "half_pixel")
    found = verify(str(longer), str(shorter))
    assert found.pairing is not None
    assert [site.name for site in found.pairing.only_a] == ["/more"]
    assert [pair.equal for pair in found.pairing.pairs] == [True, True]
    assert "only in a: /more (Resize)" in run(longer, shorter).stdout


def site(name: str, operator: Operator | None, out: tuple[int, ...] = ()) -> Site:
    shapes: dict[str, Any] = {"input_shape": (1, 2, 4, 4), "output_shape": out} if out else {}
    return Site(name, Operation("op", 18, {}, operator, **shapes))


def up(coordinate: Coordinate) -> Resize:
    return Resize(tuple((axis, Sampling(coordinate, Linear())) for axis in (2, 3)))


GRID = GridSample("linear", "zeros", align_corners=False, spatial=2)


@pytest.mark.parametrize(
    ("a", "b", "equal", "text"),
    [
        (up("half_pixel"), up("half_pixel"), True, ""),
        (up("half_pixel"), up("align_corners"), False, "samples up to 0.179 input px apart"),
        (GRID, Resample("linear", "constant", align_corners=False), True, ""),
        (GRID, Resample("linear", "constant"), False, "samples up to 0.5 input px apart"),
        (GRID, Resample("nearest", "constant", align_corners=False), False, "read otherwise"),
        (GRID, Resample("linear", "constant", 1.0), None, "not compared"),
        (None, up("half_pixel"), None, "not compared"),
    ],
)
def test_pairs_are_compared_by_what_they_compute(
    a: Operator | None, b: Operator | None, equal: object, text: str
) -> None:
    (pair,) = paired_sites([site("a", a, (1, 2, 8, 8))], [site("b", b, (1, 2, 8, 8))]).pairs
    assert pair.equal is equal
    assert text in pair.difference


def test_sites_are_matched_by_order_lengths_and_kind() -> None:
    ours = [site(f"a{n}", up("half_pixel"), (1, 2, n, n)) for n in (8, 16, 16, 32)]
    theirs = [site(f"b{n}", up("half_pixel"), (1, 2, n, n)) for n in (8, 16, 32)]
    theirs.insert(1, site("grid", GRID))
    places = matched(ours, theirs)
    assert [(ours[i].name, theirs[j].name) for i, j in places] == [
        ("a8", "b8"), ("a16", "b16"), ("a32", "b32"),
    ]  # fmt: skip
    found = paired_sites([site("x", up("half_pixel"), (1, 2, 8, 8))],
                         [site("y", up("half_pixel"), (1, 2, 9, 9))])  # fmt: skip
    assert found.pairs[0].difference == "output lengths 8x8 against 9x9"


def test_a_default_function_of_another_name_is_the_one_that_is_lowered(tmp_path: Path) -> None:
    name = "structure-multifunction-ios18.mlpackage"
    path = Path(shutil.copytree(VARIANTS / name, tmp_path / name))

    def renamed(description: Description) -> None:
        description.defaultFunctionName = "legacy"

    model = opened(programs.described(path, renamed))
    assert [end.main for end in model.ends] == [False, True]
    assert run(path, path).exit_code == 0
    (inner,) = (s for s in model.sites if s.graph == "legacy")
    x = np.random.default_rng(0).random((1, 2, 5, 7), np.float32)
    side = Side(str(path))
    found = runtime_of(side).started(side, RunSettings()).run({"x": x})["y"]
    assert np.abs(np.asarray(found, float) - inner.evaluate(x)).max() < 1e-6


def test_a_model_none_of_whose_sites_ran_is_not_clean(tmp_path: Path) -> None:
    flags = {"align_corners": True, "half_pixel_centers": True}
    op = Op("upsample_bilinear",
            {"x": "%x", "scale_factor_height": 2.0, "scale_factor_width": 2.0, **flags},
            [("y", "float32", (1, 2, 12, 12))], "y")  # fmt: skip
    inputs: dict[str, Any] = {"x": ("float32", (1, 2, 6, 6))}
    path = programs.package(tmp_path / "m.mlpackage", inputs, [op], ["y"])
    result = run(path, "--no-optimiser")
    assert result.exit_code == 1, result.output
    assert "0 of 0 runs of single sites" in result.output


def test_a_backup_in_a_folder_is_no_model(tmp_path: Path) -> None:
    name = "structure-multifunction-ios18.mlpackage"
    for to in (name, f"{name}.bak"):
        shutil.copytree(VARIANTS / name, tmp_path / to)
    result = CliRunner().invoke(cli, ["check", str(tmp_path)])
    assert "2 resampling nodes in 1 file" in result.output
