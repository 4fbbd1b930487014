"""Whole Core ML models fixed: what stands around a site stays what it was."""

from pathlib import Path

import numpy as np
import pytest

import coreml_programs as programs
from coreml_programs import Op
from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix
from halfpixel.formats.coreml.model import CoremlModel, opened
from halfpixel.formats.coreml.read.layer import layers as network_layers
from halfpixel.formats.coreml.read.program import operation_name
from halfpixel.formats.coreml.read.specification import specification
from halfpixel.formats.protobuf_wire import bytes_field, varint_bytes

NUDGED = float(np.float32(1.5000166893005371))
X = {"x": ("float32", (1, 2, 6, 6))}
LARGE: tuple[str, tuple[int, ...]] = ("float32", (1, 2, 9, 9))


def _const(name: str, value: object, dtype: str = "float32") -> Op:
    return Op("const", {}, [(name, dtype, ())], name, {"val": value})


def _bilinear(name: str, x: str = "%x", **scales: object) -> Op:
    factors = {"scale_factor_height": NUDGED, "scale_factor_width": NUDGED, **scales}
    return Op("upsample_bilinear", {"x": x, **factors, "align_corners": False}, [(name, *LARGE)])


def _nearest(name: str, x: str = "%x", **scales: object) -> Op:
    factors = {"scale_factor_height": NUDGED, "scale_factor_width": NUDGED, **scales}
    return Op("upsample_nearest_neighbor", {"x": x, **factors}, [(name, *LARGE)])


def _package(tmp_path: Path, ops: list[Op], outputs: list[str], version: int = 8) -> Path:
    return programs.package(tmp_path / "model.mlpackage", X, ops, outputs, version)


def _kinds(model: CoremlModel) -> list[tuple[str, str]]:
    scope = model.contents.main
    assert scope is not None
    return [(op.type, operation_name(op)) for op in scope.block.operations if op.type != "const"]


def test_a_constant_far_before_its_reader_moves_nothing_else(tmp_path: Path) -> None:
    shared = {"scale_factor_height": "%ca", "scale_factor_width": "%ca"}
    ops = [
        _const("ca", np.float32(NUDGED)),
        _bilinear("A"),
        Op("relu", {"x": "%A"}, [("r1", *LARGE)]),
        _nearest("B", **shared),
        Op("add", {"x": "%r1", "y": "%B"}, [("y", *LARGE)]),
    ]
    path = _package(tmp_path, ops, ["y"])
    result = fix(path, severity="note")
    assert {change.node for change in result.changes} == {"A", "B"}
    target = tmp_path / "fixed.mlpackage"
    result.save(target)
    kinds = _kinds(opened(target))
    assert ("relu", "r1") in kinds
    assert ("add", "y") in kinds
    assert ("resize_bilinear", "A") in kinds
    assert [kind for kind, _ in kinds if kind == "gather"] == ["gather", "gather"]


def test_what_is_expected_is_never_overridden_by_what_is_there(tmp_path: Path) -> None:
    path = _package(tmp_path, [_nearest("B")], ["B"])
    expect = ["mode=nearest-exact"]
    report = check(path, expect=expect)
    assert "nearest-rounding" in {one.rule.name for one in report.findings}
    result = fix(path, expect=expect, severity="note")
    target = tmp_path / "fixed.mlpackage"
    result.save(target)
    (site,) = opened(target).sites
    assert "nearest-exact" in str(site.torch_call)


def test_an_expectation_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    aligned = Op(
        "resize_bilinear",
        {"x": "%x", "target_size_height": 9, "target_size_width": 9,
         "sampling_mode": "STRICT_ALIGN_CORNERS"},
        [("y", *LARGE)],
    )  # fmt: skip
    path = _package(tmp_path, [aligned], ["y"])
    assert not fix(path, expect=["mode=bilinear"]).changes


def test_a_site_in_a_function_is_named_by_its_path(tmp_path: Path) -> None:
    path = _package(tmp_path, [_bilinear("A")], ["A"])
    (site,) = opened(path).sites
    assert site.path == site.name == "A"


BROKEN: dict[str, tuple[Op, str]] = {
    "another declared length": (
        Op(
            "resize_bilinear", {"x": "%x", "target_size_height": 9, "target_size_width": 9},
            [("y", "float32", (1, 2, 77, 9))],
        ),
        "axis 2 is declared 77 long, and would be 9",
    ),
    "a declared length beyond any": (
        Op(
            "upsample_nearest_neighbor", {"x": "%x", "scale_factor_width": 2},
            [("y", "float32", (1, 2, 6, 1 << 62))],
        ),
        "axis 3 is declared 4611686018427387904 long, and would be 12",
    ),
    "another rank": (
        Op(
            "resize_bilinear", {"x": "%x", "target_size_height": 9, "target_size_width": 9},
            [("y", "float32", (2, 9, 9))],
        ),
        "output has rank 3, input 4",
    ),
    "no output": (
        Op("resize_bilinear", {"x": "%x", "target_size_height": 9, "target_size_width": 9}, [],
           "y"),
        "it makes nothing",
    ),
    "a shape that is no list": (
        Op("resize", {"x": "%x", "shape": 9, "resized_dims": np.uint32(1)}, [("y", *LARGE)]),
        "shape is 9, expected a list of whole numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "problem"), BROKEN.values(), ids=BROKEN)
def test_an_impossible_operation_is_a_finding(tmp_path: Path, operation: Op, problem: str) -> None:
    path = _package(tmp_path, [operation], [])
    (found,) = [one for one in check(path).findings if one.rule.name == "illegal-mode"]
    assert problem in found.finding.message
    assert not fix(path, unsafe_fixes=True).changes


def test_a_name_from_a_file_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from halfpixel.cli.main import cli

    path = _package(tmp_path, [_bilinear("evil\x1b[31m\nx: error")], [])
    output = CliRunner().invoke(cli, ["check", "--severity", "note", str(path)]).output
    assert "\x1b[31m" not in output
    assert r"evil\x1b[31m\nx: error" in output


def _layer(name: str, inputs: list[str], outputs: list[str], number: int, body: bytes) -> bytes:
    texts = [(1, name), *((2, one) for one in inputs), *((3, one) for one in outputs)]
    layer = b"".join(bytes_field(field, text.encode()) for field, text in texts)
    return bytes_field(1, layer + bytes_field(number, body))


def _network(tmp_path: Path, layers: bytes, shape: list[int], *, exact: bool = True) -> Path:
    array = b"".join(varint_bytes(1 << 3) + varint_bytes(n) for n in shape)
    kind = bytes_field(5, array + varint_bytes(2 << 3) + varint_bytes(65568))
    inputs = bytes_field(1, bytes_field(1, b"x") + bytes_field(3, kind))
    mapping = varint_bytes(5 << 3) + varint_bytes(1) if exact else b""
    path = tmp_path / "model.mlmodel"
    path.write_bytes(
        varint_bytes(1 << 3) + varint_bytes(4) + bytes_field(2, inputs)
        + bytes_field(500, layers + mapping)
    )  # fmt: skip
    return path


def _upsample(factor: int, *, linear: bool) -> bytes:
    scales = bytes_field(1, varint_bytes(factor) * 2)
    return scales + (varint_bytes(5 << 3) + varint_bytes(1) if linear else b"")


def _unasked(*_given: object) -> object:
    raise AssertionError("a layer that samples is left")


def test_arrays_of_rank_three_keep_their_rank(tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools reads what was written")
    from oracles import network_run

    layers = _layer("u", ["x"], ["y"], 210, _upsample(2, linear=True))
    path = _network(tmp_path, layers, [2, 6, 6])
    assert opened(path).sites[0].input_shape == (2, 6, 6)
    result = fix(path, unsafe_fixes=True)
    target = tmp_path / "fixed.mlmodel"
    result.save(target)
    x = np.random.default_rng(0).standard_normal((2, 6, 6)).astype(np.float32)
    found = network_run(target, {"x": x}, _unasked)["y"]
    half = result.changes[0]
    assert "batchedMatmul" in half.text
    meant = fix(path).report
    assert meant is not None
    wanted = meant.findings[0].finding.fix
    assert wanted is not None
    operator: object = wanted.operator
    expected = getattr(operator, "evaluate")(x, (2, 12, 12))  # noqa: B009
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_one_channel_of_the_old_mapping_is_an_image(tmp_path: Path) -> None:
    layers = _layer("u", ["x"], ["y"], 210, _upsample(2, linear=False))
    (site,) = opened(_network(tmp_path, layers, [7], exact=False)).sites
    assert (site.input_shape, site.operation.problem) == ((1, 7, 1, 1), "")


def test_a_value_that_two_branches_make_has_no_length_of_its_own(tmp_path: Path) -> None:
    networks = [
        bytes_field(field, _layer(f"u{factor}", ["x"], ["t"], 210, _upsample(factor, linear=False)))
        for field, factor in ((1, 2), (2, 4))
    ]
    layers = _layer("b", ["c"], [], 605, b"".join(networks))
    sites = opened(_network(tmp_path, layers, [1, 2, 6, 6])).sites
    calls = [site.torch_call for site in sites]
    assert "scale_factor=2.0" in str(calls[0])
    assert "scale_factor=4.0" in str(calls[1])


def test_names_that_a_network_has_are_not_taken_again(tmp_path: Path) -> None:
    copy = bytes([5 << 3 | 2, 5, 1 << 3 | 5, 0, 0, 0x80, 0x3F])
    layers = _layer("u_halfpixel_0", ["x"], ["u_halfpixel_1"], 130, copy)
    layers += _layer("u", ["x"], ["y"], 210, _upsample(2, linear=True))
    path = _network(tmp_path, layers, [1, 2, 6, 6])
    target = tmp_path / "fixed.mlmodel"
    fix(path, unsafe_fixes=True).save(target)

    with specification(opened(target).package) as spec:
        found = [one.name for one in network_layers(spec, spec.leaves[0])]
    assert len(found) == len(set(found)) == 5


def test_a_file_is_not_written_under_a_packages_name(tmp_path: Path) -> None:
    from halfpixel.errors import ModelFileError

    layers = _layer("u", ["x"], ["y"], 210, _upsample(2, linear=True))
    result = fix(_network(tmp_path, layers, [1, 2, 6, 6]), unsafe_fixes=True)
    with pytest.raises(ModelFileError, match="the name of a package"):
        result.save(tmp_path / "out.mlpackage")


def test_a_package_is_not_written_into_itself(tmp_path: Path) -> None:
    from halfpixel.errors import ModelFileError

    path = _package(tmp_path, [_bilinear("A")], ["A"])
    result = fix(path, severity="note")
    with pytest.raises(ModelFileError, match="lies in the package itself"):
        result.save(path / "inner.mlpackage")
    assert not (path / "inner.mlpackage").exists()
