"""Tables of exporters: every row is met by a node, what was run is so, a broken one is told."""

import csv
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import cast

import pytest

import example_models as models
from halfpixel.checking.check import check
from halfpixel.conditions.facts import facts_of, written_facts
from halfpixel.conditions.words import WORDS
from halfpixel.conventions.torch.interpolate import Interpolate
from halfpixel.dialect import NEURAL_NETWORK, ONNX
from halfpixel.intents.exporter import ASPECTS, BYS, INSTEAD, Aspect, By, Exporter, Row
from halfpixel.intents.exporter_file import FOLDER, exporter_of, load_exporter, names
from halfpixel.intents.exporter_habit import as_written, cannot_be_known, dropped, instead, meant
from halfpixel.intents.kept_names import kept_names
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import (
    Area,
    Coordinate,
    Cubic,
    Kernel,
    Linear,
    Nearest,
    Resize,
    Sampling,
)
from halfpixel.site import Attribute, Operation

EXPORTERS = [load_exporter(FOLDER / f"{name}.toml") for name in names()]
ROWS = [
    pytest.param(exporter, place, id=f"{exporter.name}-{place + 1}")
    for exporter in EXPORTERS
    for place in range(len(exporter.rows))
]
KERNELS: dict[str, Kernel] = {
    "nearest": Nearest("floor"), "linear": Linear(), "cubic": Cubic(Fraction(-1, 2)),
    "area": Area(),
}  # fmt: skip
ATTRIBUTES = ("mode", "coordinate_transformation_mode", "nearest_mode", "linearUpsampleMode")
NUMBERS = ("antialias", "exclude_outside")
MARKS = {"tensorflow": ":", "onnxruntime-extensions": "_ppp"}
NAMES = {
    "aten nearest": "upsample_nearest2d", "aten nearest-exact": "_upsample_nearest_exact2d",
    "aten linear": "_upsample_bilinear2d_aa_1", "aten cubic": "upsample_bicubic2d",
    "": "up",
}  # fmt: skip


def nodes(exporter: Exporter, row: Row) -> Iterator[tuple[Operation, str]]:
    """Yield nodes that the conditions of a row describe, with a name each."""
    when = {key: sorted(map(str, values)) for key, values in row.conditions.when.items()}
    coreml = "converted_from" in when or "upsample" in when.get("op", ())
    chosen = product(
        when.get("op", ["upsample"] if coreml else ["Resize", "Upsample"]),
        [int(n) for n in when.get("opset", ())] or [9, 13],
        *(when.get(key, [""]) for key in ATTRIBUTES),
        (True, False),
        when.get("kernel", ["linear"]),
        when.get("coordinates", ["half_pixel", "align_corners"]),
        when.get("named", [""]),
        when.get("kept", [MARKS.get(exporter.name, "")]),
    )
    for op, opset, *attributes, written, kernel, coordinate, named, kept in chosen:
        pairs = zip(ATTRIBUTES, cast("list[str]", attributes), strict=True)
        given: dict[str, Attribute] = {key: value for key, value in pairs if value}
        given |= {key: int(when[key][0]) for key in NUMBERS if key in when}
        if written:
            given |= {key: (1.5, 1.5) for key in when.get("written", ()) if key not in given}
            given.setdefault("nearest_mode", "floor")
        else:
            given = {key: value for key, value in given.items() if key not in WORDS["written"]}
        n = {"to 1": 1, "down": 2}.get(when.get("lengths", [""])[0], 8)
        kind = KERNELS[str(kernel)]
        if row.instead.get("nearest_mode") == "floor":  # where the opset leaves the rounding open
            kind = Nearest("simple")
        sampling = Sampling(cast("Coordinate", coordinate), kind)
        operation = Operation(
            str(op), cast("int", opset), given, Resize(((2, sampling), (3, sampling))),
            (1, 1, 4, 4), (1, 1, n, n), by="scales", scales=(1.0, 1.0, n / 4, n / 4),
            dialect=NEURAL_NETWORK if coreml else ONNX,
            origin=Origin(
                Producer(
                    exporter.marks["producer"].rstrip("*"),
                    row.oldest or row.newest,
                    "" if exporter.marks["producer"] else exporter.marks["graph"].rstrip("*"),
                ),
                when.get("converted_from", [""])[0],
                kept=_kept(str(kept)),
            ),
        )  # fmt: skip
        yield operation, NAMES[str(named)]


def _kept(word: str) -> str:
    """Return what a converter keeps of the original's names, for a word of a condition."""
    if not word:
        return ""
    name = "ResizeBilinear" if word.endswith("/") else word
    framework = next(row.framework for row in kept_names().rows if row.name == name)
    return f"{framework} {word}{name}" if word.endswith("/") else f"{framework} {word}"


def told(exporter: Exporter, row: Row, operation: Operation, name: str, aspect: Aspect) -> bool:
    """Whether a row is the one that speaks of an aspect of a node."""
    named = frozenset(key for key, value in NAMES.items() if key and value == name)
    facts = {**facts_of(operation), **written_facts(operation), "named": named}
    return exporter.row(aspect, facts, operation.origin.producer.version) is row


@pytest.mark.parametrize(("exporter", "place"), ROWS)
def test_every_row_is_met_by_a_node(exporter: Exporter, place: int) -> None:
    row = exporter.rows[place]
    aspects: list[Aspect] = [one for one in ASPECTS if row.speaks_of(one)]
    for aspect in aspects:
        met = [one for one in nodes(exporter, row) if told(exporter, row, *one, aspect)]
        assert met, aspect
        operation, name = met[0]
        by: By = next(one for one in BYS if exporter.marks[one])
        producer = operation.origin.producer
        asked = {"producer": producer.name, "graph": producer.graph}.get(by, operation.origin.kept)
        assert exporter_of(asked, by) is exporter
        assert (as_written(operation, aspect) is row) == (aspect in row.as_written)
        assert (cannot_be_known(operation, aspect) is exporter) == (aspect in row.cannot_be_known)
        assert (dropped(operation, aspect) is not None) == bool(row.readings)
        other = instead(operation, aspect)
        assert (other is not None) == (aspect in {INSTEAD[key] for key in row.instead})
        assert other is None or other[0] is row
        intent = meant(operation, name) if aspect == "call" else None
        assert (intent is not None) == (row.call is not None)
        if intent is not None and intent.call is not None and row.call is not None:
            assert intent.how == ("recorded" if row.recorded else "assumed")
            assert "{" not in intent.origin
            if row.call.get("align_corners") in {True, False}:
                assert intent.call.align_corners is row.call["align_corners"]


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
@pytest.mark.parametrize("producer", ["", "onnx-example", "my exporter", "xpytorch", "pytorch2"])
def test_of_an_unknown_producer_nothing_is_said(exporter: Exporter, producer: str) -> None:
    assert exporter_of(producer) is None
    for row in exporter.rows:
        for operation, name in nodes(exporter, row):
            other = Operation(
                operation.op, operation.opset, operation.attributes, operation.operator,
                operation.input_shape, operation.output_shape, by="scales",
                scales=operation.scales,
                origin=Origin(Producer(producer), operation.origin.framework),
                dialect=operation.dialect,
            )  # fmt: skip
            assert meant(other, name) is None
            assert all(as_written(other, aspect) is None for aspect in ASPECTS)
            assert all(cannot_be_known(other, aspect) is None for aspect in ASPECTS)


VERSIONS = [((4, 1), False), ((5, 0), True), ((9, 0), True), (None, True)]


@pytest.mark.parametrize(("version", "known"), VERSIONS)
def test_a_row_is_of_its_versions(version: tuple[int, int] | None, *, known: bool) -> None:
    exporter = exporter_of("coremltools")
    assert exporter is not None
    row = next(one for one in exporter.rows if "mode" in one.cannot_be_known)
    facts = [{**facts_of(one), **written_facts(one)} for one, _ in nodes(exporter, row)]
    assert (row.covers(version) and any(map(row.conditions.hold, facts))) is known


# -- what is said to be measured, against what was run


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


CALLS = {"bilinear": "linear", "linear1d": "linear", "trilinear": "linear", "bicubic": "cubic"}
BLOCKS = {"psp": "linear", "unet": "linear", "like": "linear"}
RUN = [
    row
    for row in _rows(models.CORPUS / "manifest.csv")
    if row["exporter"] == "torchscript" and row["call"].partition("_")[0] not in {"grid", "deconv"}
]


@pytest.mark.parametrize("row", RUN, ids=[row["file"] for row in RUN])
def test_a_model_of_an_old_release_means_the_call_that_was_exported(row: dict[str, str]) -> None:
    kind = row["call"].partition("_")[0]
    family = "nearest" if "nearest" in row["call"] else (CALLS | BLOCKS).get(kind)
    for site in check(models.CORPUS / row["file"]).sites:
        intent = site.intent
        if site.operation.hidden:  # what an adaptive pooling became, which no table tells
            assert 'mode="area"' in str(site.torch_call)
            continue
        assert intent is not None
        assert intent.how == "assumed"
        assert "PyTorch " + ".".join(row["torch"].split(".")[:2]) in intent.origin
        assert intent.call is not None
        assert intent.call.family == family
        corners = None if family == "nearest" else "_ac1" in row["call"]
        assert intent.call.align_corners is corners
        if any(word in row["call"] for word in ("_x2", "_frac")):
            assert intent.call.scale_factor is not None
        if any(word in row["call"] for word in ("_size", "_to1", "_down")):
            assert intent.call.size is not None


COREML = Path(__file__).parents[2] / "models/coreml/interpolate"
CONVERTED = sorted(
    path
    for path in COREML.glob("*.ml*")
    if re.match(r"(bilinear|nearest)", path.name) and "network" not in path.name
)


@pytest.mark.parametrize("path", CONVERTED, ids=lambda path: path.name)
def test_a_converted_model_means_the_call_that_was_converted(path: Path) -> None:
    kind, lengths = path.name.split("-")[:1], path.name
    (site,) = check(path).sites
    assert site.intent is not None
    call = site.intent.call
    assert isinstance(call, Interpolate)
    named = path.stem.endswith("_export")
    assert site.intent.how == ("recorded" if named else "assumed")
    assert call.family == ("nearest" if kind == ["nearest"] else "linear")
    if call.family == "linear":
        assert call.align_corners is ("ac1" in path.name)
    assert call.antialias is (named and "_aa" in path.name)
    if "-by-" in lengths and "recomputed" not in lengths:
        factor = float(lengths.partition("-by-")[2].partition("-")[0])
        assert call.scale_factor is not None
        assert set(call.scale_factor) == {factor}


def test_a_tool_that_rewrote_a_model_is_not_said_to_be_its_exporter() -> None:
    """A quantiser leaves a resize as it was: what is lost is who wrote it."""
    up = models.resize(attributes={"coordinate_transformation_mode": "asymmetric"})
    made = models.model([up], opset=13)
    made.producer_name, made.producer_version = "onnx.quantize", "0.1.0"
    (found,) = check(made, select=["asymmetric-linear"]).findings
    gone = "the exporter's name is gone, onnxruntime.quantization 0.1.0 stands in its place"
    assert gone in found.finding.message
    assert "writes so" not in found.finding.message
