"""Every call that check prints of the repository's models is read by explain, and runs as it is."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

import example_models as models
from halfpixel.checking.check import Settings, check_paths
from halfpixel.checking.explain import explain
from halfpixel.conventions.expression import call_in
from halfpixel.sampling import Resize
from halfpixel.site import Site

SUFFIXES = (".onnx", ".mlmodel", ".mlpackage")


@pytest.fixture(scope="module")
def sites() -> list[tuple[str, Site, bool]]:
    """Return every site, with its file's name and whether another length was meant."""
    paths = sorted(path for path in models.MODELS.rglob("*") if path.suffix in SUFFIXES)
    report = check_paths(paths, Settings(select=("output-length-rounding",)))
    told = {id(one.site.operation) for one in report.findings}
    return [
        (Path(file.path).name, site, id(site.operation) in told)
        for file in report.files
        for site in file.sites
    ]


def printed(site: Site, *, other: bool = False) -> list[str]:
    """Return the printed calls of a site: what it is, and unless `other` what was meant."""
    texts = [site.torch_call, None if site.intent is None or other else site.intent.text]
    return [text for text in texts if text and "(" in text]


def test_every_printed_call_is_explained(sites: Sequence[tuple[str, Site, bool]]) -> None:
    calls = {text for _, site, _ in sites for text in printed(site)}
    assert len(calls) > 150
    for call in calls:
        assert any("in the words of" in line for line in explain(call))


def known(shape: Sequence[int | str | None] | None) -> tuple[int, ...] | None:
    """Return a shape of known lengths; None where one is not."""
    numbers = tuple(n for n in shape or () if isinstance(n, int))
    return numbers if shape and len(numbers) == len(shape) else None


def test_every_printed_resize_runs_to_its_size(sites: Sequence[tuple[str, Site, bool]]) -> None:
    """PyTorch takes the call as it is printed, and what comes out is as long as the file says."""
    tried: set[tuple[str, object, object]] = set()
    for name, site, other in sites:
        ins, outs = known(site.input_shape), known(site.output_shape)
        if ins is None or outs is None or not isinstance(site.operator, Resize):
            continue
        if np.prod(ins) > 1 << 22 or np.prod(outs) > 1 << 22:
            continue
        for text in printed(site, other=other):
            if (text, ins, outs) in tried or not call_in(text).startswith(("F.", "torch.ops.")):
                continue
            tried.add((text, ins, outs))
            scope = {"F": torch.nn.functional, "torch": torch, "x": torch.zeros(ins)}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = eval(text, scope)  # noqa: S307 - our own text
            assert (name, text, tuple(made.shape)) == (name, text, outs)
    assert len(tried) > 150


def test_a_recorded_call_that_f_interpolate_cannot_run_is_one_that_runs() -> None:
    """A size, and factors that do not give it: ATen takes both."""
    path = next((models.MODELS / "reports").glob("recorded-antialias-3x3-*.onnx"))
    (site,) = (one for file in check_paths([path], Settings()).files for one in file.sites)
    assert site.intent is not None
    text = "torch.ops.aten._upsample_bilinear2d_aa(x, [3, 3], False, 1.7, 0.9)"
    assert site.intent.text == text
    x = torch.rand(known(site.input_shape) or (), dtype=torch.float64)
    made = eval(text, {"torch": torch, "x": x}).numpy()  # noqa: S307 - our own text
    call = site.intent.call
    assert call is not None
    exact = call.resize(4).evaluate(x.numpy(), made.shape)
    np.testing.assert_allclose(made, exact, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("F.grid_sample(x, grid)", ["-0.5 0.5 1.5 2.5 3.5", "GridSample(mode=linear"]),
        ("F.grid_sample(x, grid, align_corners=True)", ["read: 0 0.75 1.5 2.25 3", "(n - 1)"]),
        ("F.affine_grid(theta, (1, 1, 4, 4))", ["-0.75 -0.25 0.25 0.75", "AffineGrid("]),
        (
            "F.grid_sample(x - 1.5, F.affine_grid(theta, (*x.shape[:2], 3, 5))) + 1.5",
            ["the call in it: F.grid_sample(x - 1.5", "its coordinates: F.affine_grid(theta"],
        ),
        (
            "torchvision.ops.roi_align(x, rois, (7, 7), 0.25, aligned=True)",
            ["box from x1 * 0.25 - 1/2", "coordinate_transformation_mode=half_pixel"],
        ),
        ("F.conv_transpose2d(x, w, stride=2, padding=1)", ["y[2 * i + k - 1]", "strides=[2, 2]"]),
        (
            "torch.ops.aten._upsample_bilinear2d_aa(x, [3, 3], False, 1.7, 0.9)",
            ["r = 1 / 1.7", "at length 4 to 3", "r = 1 / 0.9"],
        ),
        (
            "F.pixel_shuffle(x, 2)",
            ["4 * c + 2 * i + j", "F.conv_transpose2d(x, weight", "mode=CRD"],
        ),
        ("F.grid_sample(x, grid.to(x), mode='nearest')", ["nearest, half to even"]),
        ("torch.ops.aten.grid_sampler(x, grid, 1, 0, True)", ["nearest, half to even"]),
        ("F.interpolate(x.mT, size=(4, 3)).mT", ["the call in it", "at length 4 to 3"]),
    ],
)
def test_samplers_are_explained(call: str, words: Sequence[str]) -> None:
    text = "\n".join(explain(call))
    for word in words:
        assert word in text


def test_the_places_of_a_grid_are_those_of_pytorch() -> None:
    """What is said of grid values, run: an image of its own indices is read there."""
    x = torch.arange(4.0)[None, None, None].expand(1, 1, 2, 4)
    values = torch.tensor([-0.5, 0.0, 0.5])
    grid = torch.stack([values, torch.zeros(3)], -1)[None, None]
    for corners in (False, True):
        call = f"F.grid_sample(x, grid, align_corners={corners})"
        scope = {"F": torch.nn.functional, "x": x, "grid": grid}
        found = eval(call, scope).ravel().tolist()  # noqa: S307 - our own text
        (line,) = (line for line in explain(call) if "grid values" in line)
        assert [float(word) for word in line.rpartition(": ")[2].split()[1:4]] == found
