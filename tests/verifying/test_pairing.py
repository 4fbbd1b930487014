"""Two files of one network: which sites belong together, and how their conventions differ."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from onnx import TensorProto, helper

import coreml_programs as programs
from coreml_networks import VARIANTS, run, site
from coreml_programs import Op
from halfpixel.cli.main import cli
from halfpixel.intents.pairing import match_sites, pair_sites
from halfpixel.origin import Operator
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.sampling import Coordinate, GridSample, Linear, Resample, Resize, Sampling
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.verify import verify


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


def test_a_difference_of_convention_alone_decides(tmp_path: Path) -> None:
    model = resized(tmp_path / "a.onnx", "half_pixel")
    other = upsampled(tmp_path / "other.mlpackage", "DEFAULT")
    flat = tmp_path / "flat.npz"
    np.savez(flat, x=np.ones((1, 3, 5, 6), np.float32))
    found = verify(str(model), str(other), VerifySettings(FeedSettings(
        given=({"x": np.ones((1, 3, 5, 6), np.float32)},))))  # fmt: skip
    assert not found.equal
    assert "hardly vary there" in found.proven
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
    (pair,) = pair_sites([site("a", a, (1, 2, 8, 8))], [site("b", b, (1, 2, 8, 8))]).pairs
    assert pair.equal is equal
    assert text in pair.difference


def test_sites_are_matched_by_order_lengths_and_kind() -> None:
    ours = [site(f"a{n}", up("half_pixel"), (1, 2, n, n)) for n in (8, 16, 16, 32)]
    theirs = [site(f"b{n}", up("half_pixel"), (1, 2, n, n)) for n in (8, 16, 32)]
    theirs.insert(1, site("grid", GRID))
    places = match_sites(ours, theirs)
    assert [(ours[i].name, theirs[j].name) for i, j in places] == [
        ("a8", "b8"), ("a16", "b16"), ("a32", "b32"),
    ]  # fmt: skip
    found = pair_sites([site("x", up("half_pixel"), (1, 2, 8, 8))],
                         [site("y", up("half_pixel"), (1, 2, 9, 9))])  # fmt: skip
    assert found.pairs[0].difference == "output lengths 8x8 against 9x9"


def test_a_backup_in_a_folder_is_no_model(tmp_path: Path) -> None:
    name = "structure-multifunction-ios18.mlpackage"
    for to in (name, f"{name}.bak"):
        shutil.copytree(VARIANTS / name, tmp_path / to)
    result = CliRunner().invoke(cli, ["check", str(tmp_path)])
    assert "2 sites in 1 file" in result.output


def test_branches_in_another_order_are_paired_by_their_names() -> None:
    wide, narrow = site("wide", up("half_pixel"), (1, 2, 8, 8)), site("narrow", GRID)
    other = site("other", up("align_corners"), (1, 2, 8, 8))
    ours = [wide, replace(other, name="x"), narrow]
    found = pair_sites(ours, [ours[1], wide, narrow])
    assert [(pair.a.name, pair.b.name, pair.equal) for pair in found.pairs] == [
        ("wide", "wide", True), ("x", "x", True), ("narrow", "narrow", True),
    ]  # fmt: skip
    broken = replace(wide, operation=other.operation)
    names = [(p.a.name, p.equal) for p in pair_sites(ours, [ours[1], broken, narrow]).pairs]
    assert names == [("wide", False), ("x", True), ("narrow", True)]
