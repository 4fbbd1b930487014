"""What a fix writes in other operators is read back as the call that it computes."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

from halfpixel.checking.check import Settings, check
from halfpixel.cli.main import cli
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.format import Change
from halfpixel.formats.litert.edit import RECORD
from halfpixel.formats.litert.model import opened
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from litert_files.built import (
    BILINEAR,
    NEAREST,
    Graph,
    Op,
    Value,
    flags,
    nearest_flags,
    resize,
    tflite,
)
from litert_files.recorded import run

CALLS = (
    'F.interpolate(x, scale_factor=1.7, mode="nearest")',
    'F.interpolate(x, scale_factor=1.7, mode="nearest-exact")',
    'F.interpolate(x, scale_factor=(1.7, 1.0), mode="nearest")',
    'F.interpolate(x, scale_factor=1.7, mode="bilinear", align_corners=False)',
    'F.interpolate(x, scale_factor=0.4, mode="bilinear", align_corners=False)',
    'F.interpolate(x, scale_factor=(1.25, 1.7), mode="bilinear", align_corners=False)',
    'F.interpolate(x, scale_factor=(1.0, 1.75), mode="bilinear", align_corners=False)',
    'F.interpolate(x, size=(3, 5), mode="bilinear", align_corners=False, antialias=True)',
    'F.interpolate(x, size=(11, 17), mode="bicubic", align_corners=False)',
    'F.interpolate(x, size=(11, 17), mode="bicubic", align_corners=True)',
    'F.interpolate(x, size=(3, 5), mode="bicubic", align_corners=False, antialias=True)',
    'F.interpolate(x, scale_factor=1.7, mode="bicubic", align_corners=False)',
    'F.interpolate(x, size=(3, 4), mode="area")',
)


def fixed(tmp_path: Path, operator: Resize, size: tuple[int, int], *, near: bool) -> Path:
    """Return a file whose resize is written as another one."""
    op, given = (NEAREST, nearest_flags()) if near else (BILINEAR, flags(align_corners=True))
    path, out = tmp_path / "model.tflite", tmp_path / "fixed.tflite"
    path.write_bytes(tflite(resize(op, given, size)))
    changed = opened(path).rewrite([Change(0, operator, "a test")], None)
    assert "written as" in changed.outcomes[0].text
    changed.save(out, replace=True)
    return out


@pytest.mark.parametrize("text", CALLS)
def test_a_call_that_was_written_out_is_read_back(tmp_path: Path, text: str) -> None:
    call = parse_call(text)
    lengths = call.output_lengths((7, 10))
    assert lengths is not None
    size = (lengths[0], lengths[1])
    path = fixed(tmp_path, call.resize(4), size, near="nearest" in text)
    (site,) = opened(path).sites
    x = torch.rand(1, 3, 7, 10, generator=torch.Generator().manual_seed(0))
    wanted: torch.Tensor = eval(text, {"F": F, "x": x})  # noqa: S307 - a call of this file
    shapes = (site.input_shape, site.operation.output_shape)
    assert shapes == ((1, 3, 7, 10), (1, 3, *size))
    said = eval(str(site.torch_call), {"F": F, "x": x})  # noqa: S307 - what is claimed of it
    assert torch.equal(said, wanted)
    last = np.ascontiguousarray(x.numpy().transpose(0, 2, 3, 1))
    assert np.abs(site.evaluate(last).transpose(0, 3, 1, 2) - wanted.numpy()).max() < 1e-5
    found = run(path.read_bytes(), last).transpose(0, 3, 1, 2)
    assert np.abs(found - wanted.numpy()).max() < 1e-5
    severities = {one.finding.severity for one in check(path).files[0].findings}
    assert severities == {"note"}


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("given", ["size=(9, 7)", "size=(14, 20)", "scale_factor=1.7"])
def test_products_that_pick_pixels_are_read_back(tmp_path: Path, mode: str, given: str) -> None:
    call = parse_call(f'F.interpolate(x, {given}, mode="{mode}")')
    lengths = call.output_lengths((7, 10))
    assert lengths is not None
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite(resize(NEAREST, nearest_flags(), (lengths[0], lengths[1]))))
    asked = Change(0, call.resize(4), "a test", lowering="matmul")
    changed = opened(path).rewrite([asked], None)
    assert changed.outcomes[0].text == "written as 2 BATCH_MATMUL"
    changed.save(path, replace=True)
    (site,) = opened(path).sites
    said = str(site.torch_call)
    assert site.operation.hidden == "BATCH_MATMUL"
    assert "nearest" in said
    x = torch.rand(1, 3, 7, 10, generator=torch.Generator().manual_seed(0))
    wanted = eval(call.text(), {"F": F, "x": x}).numpy()  # noqa: S307 - a call of this file
    assert np.array_equal(eval(said, {"F": F, "x": x}).numpy(), wanted)  # noqa: S307 - as claimed
    last = np.ascontiguousarray(x.numpy().transpose(0, 2, 3, 1))
    assert np.array_equal(run(path.read_bytes(), last).transpose(0, 3, 1, 2), wanted)


def test_a_lowering_leaves_a_finding_that_it_does_not_mend(tmp_path: Path) -> None:
    path, out = tmp_path / "m.tflite", tmp_path / "out.tflite"
    path.write_bytes(
        tflite(
            resize(NEAREST, nearest_flags(half_pixel_centers=True), (9, 7)),
            metadata={"keep_stablehlo_constant": b""},
        )
    )
    for more, code in ((), 1), (("--unsafe-fixes",), 0):
        asked = ["fix", str(path), "--lower", "*=matmul", "-o", str(out), *more]
        result = CliRunner().invoke(cli, asked)
        assert "1 fixed" in result.output
        assert (result.exit_code, "nearest-rounding: declined" in result.output) == (
            code,
            code == 1,
        )


def only(tmp_path: Path, graph: Graph) -> list[Site]:
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite(graph, metadata={RECORD: b""}))
    return opened(path).sites


def gathers(rows: NDArray[np.int32], columns: NDArray[np.int32], *, kept: bool = False) -> Graph:
    """Return two GATHERs; where `kept`, what is between them is an output too."""
    return Graph(
        [
            Value("image", (1, 7, 10, 3)),
            Value("rows", rows.shape, "INT32", rows),
            Value("tall", (1, len(rows), 10, 3)),
            Value("columns", columns.shape, "INT32", columns),
            Value("large", (1, len(rows), len(columns), 3)),
        ],
        [Op("GATHER", (0, 1), (2,), 23, {0: 1}), Op("GATHER", (2, 3), (4,), 23, {0: 2})],
        (0,),
        (4, 2) if kept else (4,),
    )


TWICE = [np.repeat(np.arange(n, dtype="<i4"), 2) for n in (7, 10)]


def test_gathers_along_both_axes_are_one_resize(tmp_path: Path) -> None:
    (site,) = only(tmp_path, gathers(*TWICE))
    assert site.torch_call == 'F.interpolate(x, size=(14, 20), mode="nearest")'
    x = np.random.default_rng(0).random((1, 7, 10, 3))
    assert site.compute is not None
    assert np.array_equal(site.compute([x]), x[:, TWICE[0]][:, :, TWICE[1]])


def test_gathers_are_two_where_what_is_between_them_is_used(tmp_path: Path) -> None:
    first, last = only(tmp_path, gathers(*TWICE, kept=True))
    x = np.random.default_rng(0).random((1, 7, 10, 3))
    assert first.compute is not None
    assert last.compute is not None
    assert np.array_equal(first.compute([x]), x[:, TWICE[0]])
    assert np.array_equal(last.compute([x[:, TWICE[0]]]), x[:, TWICE[0]][:, :, TWICE[1]])
    assert all("F.interpolate" in str(site.operation.torch_call) for site in (first, last))


def test_gathers_that_crop_or_mirror_are_no_resize(tmp_path: Path) -> None:
    crop = np.arange(2, 6, dtype="<i4")
    assert only(tmp_path, gathers(crop, crop)) == []
    assert only(tmp_path, gathers(*[np.arange(n, dtype="<i4")[::-1].copy() for n in (7, 10)])) == []


@pytest.mark.parametrize("rows", [[0], [6], range(7)], ids=["first", "last", "copy"])
def test_a_gather_of_one_pixel_or_of_all_is_no_resize(tmp_path: Path, rows: Sequence[int]) -> None:
    made = gathers(np.array(rows, "<i4"), np.arange(10, dtype="<i4"))
    assert only(tmp_path, replace(made, ops=made.ops[:1], outputs=made.ops[0].outputs)) == []


def product(weights: NDArray[np.float32], *, turned: bool = False) -> Graph:
    """Return a RESHAPE, a product along the rows, and a RESHAPE."""
    n_out = weights.shape[1]
    lengths = [np.array(one, "<i4") for one in ((1, 7, 30), (1, n_out, 10, 3))]
    return Graph(
        [
            Value("image", (1, 7, 10, 3)),
            Value("flat lengths", (3,), "INT32", lengths[0]),
            Value("flat", (1, 7, 30)),
            Value("weights", weights.shape, data=weights),
            Value("made", (1, n_out, 30)),
            Value("lengths", (4,), "INT32", lengths[1]),
            Value("large", (1, n_out, 10, 3)),
        ],
        [
            Op("RESHAPE", (0, 1), (2,), 17),
            Op("BATCH_MATMUL", (3, 2), (4,), 101, {0: turned}),
            Op("RESHAPE", (4, 5), (6,), 17),
        ],
        (0,),
        (6,),
    )


def test_learnt_products_are_no_resize(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    assert only(tmp_path, product(random.random((1, 11, 7)).astype(np.float32))) == []
    rows = Sampling("half_pixel", Linear(), Fraction(17, 10)).weights(7, 11).matrix()
    assert len(only(tmp_path, product(rows[None].astype(np.float32)))) == 1
    path = tmp_path / "other.tflite"
    path.write_bytes(tflite(product(rows[None].astype(np.float32))))
    assert opened(path).sites == []  # no product is looked at in a file that was not fixed
    rows[5, 3] += 1e-4
    assert only(tmp_path, product(rows[None].astype(np.float32))) == []


def test_a_layer_over_rows_is_never_too_much_work(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    weights = np.random.default_rng(0).random((1, 4096, 7)).astype(np.float32)
    path.write_bytes(tflite(product(weights)))
    report = check(path, Settings(max_work=1000)).files[0]
    assert (report.sites, report.unjudged) == ((), ())


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.filterwarnings("error")
def test_weights_that_are_no_numbers_are_no_resize(tmp_path: Path, value: float) -> None:
    assert only(tmp_path, product(np.full((1, 11, 7), value, np.float32))) == []


def test_pixels_of_no_call_are_a_site_all_the_same(tmp_path: Path) -> None:
    rows = np.array([0, 0, 0, 0, 1, 5, 6, 6, 6], "<i4")
    (site,) = only(tmp_path, gathers(rows, TWICE[1]))
    assert (site.op, site.torch_call) == ("GATHER", None)
    assert check(tmp_path / "model.tflite").files[0].findings == ()


def test_steps_that_are_too_much_work_are_not_judged(tmp_path: Path) -> None:
    rows = np.zeros((1, 1 << 17, 7), np.float32)
    rows[..., 0] = 1
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite(product(rows), metadata={RECORD: b""}))
    report = check(path, Settings(max_work=10_000)).files[0]
    assert "it takes more than" in report.unjudged[0]
