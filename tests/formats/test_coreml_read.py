"""Every variant of Core ML's resampling operators is read as what its documents say.

`models/coreml/variants/manifest.csv` says of each operation, by hand and from the documents, which
PyTorch call it is; the arrays beside it are what the documented formula gives.
"""

import csv
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from halfpixel.checking.check import check
from halfpixel.dialect import NEURAL_NETWORK
from halfpixel.errors import GraphError
from halfpixel.formats.coreml.model import CoremlModel, opened
from halfpixel.formats.coreml.read.package import Package
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Site

torch = pytest.importorskip("torch", reason="PyTorch says what the calls compute")

FOLDER = Path(__file__).parents[2] / "models/coreml/variants"
NO_SITES = {"pixel_shuffle", "depth_to_space", "reorganizeData", "convolution"}
"""Operators that rearrange and do not resample; a convolution that is no deconvolution."""

KERNELS = {"conv_transpose", "convolution"}

Row = dict[str, str]
Array = np.ndarray[Any, np.dtype[Any]]


def _rows() -> list[Row]:
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = [row for row in _rows() if row["op"] not in NO_SITES or "isDeconvolution=true" in str(row)]


@cache
def _model(name: str) -> CoremlModel:
    return opened(FOLDER / name)


@lru_cache(maxsize=1)
def _arrays() -> dict[str, Array]:
    with np.load(FOLDER / "variants.npz") as file:
        return {name: file[name] for name in file.files}


def _site(row: Row) -> Site:
    """Return the site that a row is about, by its place."""
    graph, _, name = row["where"].rpartition("/")
    parts = [part for part in graph.split("/") if part and part != "main"]
    model = _model(row["file"])
    names = [leaf.label for leaf in model.contents.leaves]
    found = []
    for place in model.places:
        site, label = place.site, place.leaf.label
        own = site.graph.removeprefix(label).strip("/").replace(".0", ".block0")
        own = own.replace(".1", ".block1")
        where = [f"models[{names.index(label)}]"] * bool(label) + [p for p in own.split("/") if p]
        if site.name == name and where == parts:
            found.append(site)
    assert len(found) == 1, (row["where"], [(p.site.graph, p.site.name) for p in model.places])
    return found[0]


def _id(row: Row) -> str:
    return f"{row['file']}:{row['where']}"


def _tensors(row: Row) -> dict[str, Array]:
    head = f"{_id(row)}:"
    return {name.removeprefix(head): a for name, a in _arrays().items() if name.startswith(head)}


def _called(text: str, tensors: dict[str, Array]) -> Array:
    names = {name: torch.tensor(array) for name, array in tensors.items()}
    grid = names.get("coordinates")
    if grid is not None:
        names["grid"] = grid.to(names["x"])
        names["coordinates"] = names["grid"]
    scope = {"F": torch.nn.functional, "torch": torch, **names}
    result: Array = eval(text, scope).numpy()  # noqa: S307 - the tests' own text
    return result


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_a_variant_is_read_with_its_version_shapes_and_attributes(row: Row) -> None:
    site = _site(row)
    expected = "deconvolution" if row["op"] == "convolution" else row["op"]
    assert (site.op, str(site.opset)) == (expected, row["since"])
    for text, shape in ((row["input_shape"], site.input_shape),):
        if text and set(text) <= set("0123456789x") and shape is not None:
            lengths = tuple(int(n) for n in text.split("x"))
            assert shape[-2:] == lengths[-2:]
    for part in filter(None, row["attributes"].split(";")):
        name, _, value = part.partition("=")
        if name not in site.operation.attributes or not value:
            continue  # left at its default, or a word of the network format that has another place
        found = site.operation.attributes[name]
        shown = ",".join(map(str, found)) if isinstance(found, tuple) else str(found)
        assert _plain(shown) == _plain(value), name


def _plain(text: str) -> list[float] | str:
    low = text.lower()
    try:
        return [float(np.float32(part)) for part in low.split(",")]
    except ValueError:
        return low


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_a_variant_computes_what_its_documents_say(row: Row) -> None:
    tensors, site = _tensors(row), _site(row)
    if "y" not in tensors:
        assert not row["pytorch"]
        return
    meant = tensors.pop("y")
    if not site.operation.constant_lengths:
        with pytest.raises(GraphError, match="output lengths are not known"):
            site.evaluate(*tensors.values())
        return
    if site.operation.dialect == NEURAL_NETWORK and isinstance(site.operator, ConvTranspose):
        found = site.operator.evaluate(*tensors.values())  # the kernel is not read
    else:
        found = site.evaluate(*tensors.values())
    assert found.shape == meant.shape
    np.testing.assert_allclose(found, meant, rtol=0, atol=2e-5)


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_check_names_the_call(row: Row) -> None:
    site, tensors = _site(row), _tensors(row)
    told = site.torch_call
    if told is not None and "size=(height, width)" in told:
        told = told.replace("(height, width)", f"{tensors['y'].shape[-2:]}")
    if not row["pytorch"]:
        assert told is None or "F.pad" in told or "grid_sample" in told or "roi_align" in told
        return
    if "torchvision" in row["pytorch"]:
        assert told is not None or site.op == "cropResize" or "crop_resize" in site.op
        return
    meant = tensors.pop("y")
    if told is None:  # a call around a slice, or an uneven padding: PyTorch has no one call
        assert row["op"] in {"crop_resize", "cropResize", *KERNELS, "resample"}, row["pytorch"]
        return
    if "torchvision" in told:
        return
    if tensors["x"].ndim == 3 and site.operation.dialect == NEURAL_NETWORK:
        tensors["x"], meant = tensors["x"][None], meant[None]  # an image of the rank-5 mapping
        np.testing.assert_allclose(_called(told, tensors), meant, rtol=0, atol=2e-5)
        return
    found = _called(told, tensors)
    np.testing.assert_allclose(found, meant, rtol=0, atol=2e-5)
    np.testing.assert_allclose(found, _called(row["pytorch"], tensors), rtol=0, atol=2e-5)


def test_every_operation_of_the_manifest_is_found_and_no_other() -> None:
    counts: dict[str, int] = {}
    for row in ROWS:
        counts[row["file"]] = counts.get(row["file"], 0) + 1
    assert {name: len(_model(name).sites) for name in counts} == counts


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ml*")), ids=lambda path: path.name)
def test_no_weights_are_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_package: Package, name: str) -> Path:
        raise AssertionError(f"{name} is asked for")

    monkeypatch.setattr(Package, "blob", refuse)
    (file,) = check(path).files
    assert file.error is None
