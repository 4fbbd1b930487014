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
from halfpixel.conditions.facts import WORDS, facts_of, written_facts
from halfpixel.conventions.torch.interpolate import Interpolate
from halfpixel.dialect import NEURAL_NETWORK, ONNX
from halfpixel.errors import UsageError
from halfpixel.intents.exporter import ASPECTS, BYS, INSTEAD, Aspect, By, Exporter, Row
from halfpixel.intents.exporter_file import FOLDER, exporter_of, load_exporter, names
from halfpixel.intents.exporter_habit import as_written, cannot_be_known, dropped, instead, meant
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
        when.get("coordinates", ["half_pixel"]),
        when.get("named", [""]),
        when.get("kept", [":" if exporter.name == "tensorflow" else ""]),
    )
    for op, opset, *attributes, written, kernel, coordinate, named, kept in chosen:
        pairs = zip(ATTRIBUTES, cast("list[str]", attributes), strict=True)
        given: dict[str, Attribute] = {key: value for key, value in pairs if value}
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
    framework = "paddle" if "_interp" in word else "keras" if "up_" in word else "tensorflow"
    return f"{framework} {word}ResizeBilinear" if word.endswith("/") else f"{framework} {word}"


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


# -- tables that somebody writes

GOOD = """
title = "an exporter"
producer = "exporter*"
origin = "a habit of version {version} at opset {opset}"
how = "read"
[sources]
page = "its manual: page 3"
[[row]]
op = "Resize"
mode = "linear"
call = { mode = "linear", align_corners = true, lengths = "by size" }
source = "page"
"""

BROKEN: tuple[tuple[str, str, str], ...] = (
    ("no toml", "row = [", "Unclosed|Invalid|expected"),
    ("no title", GOOD.replace('title = "an exporter"', ""), "names no title"),
    ("no mark", GOOD.replace('producer = "exporter*"', ""), "names no producer or graph or kept"),
    ("a key", f'colour = "red"\n{GOOD}', "colour is no key"),
    ("no row", GOOD.partition("[[row]]")[0], "has no row"),
    ("row of words", f'row = ["x"]\n{GOOD.partition("[[row]]")[0]}', "row 1: is no table"),
    ("a condition", GOOD.replace("\nmode =", "\nmood ="), "row 1: mood is no condition"),
    ("a word", GOOD.replace('"linear"\n', '"linea"\n'), "row 1: mode is 'linea'"),
    ("a source", GOOD.replace('source = "page"', 'source = "pag"'), "row 1: source is 'pag'"),
    ("how", GOOD.replace('"read"', '"heard"'), "row 1: how is 'heard'"),
    ("versions", f'{GOOD}versions = "new"', "row 1: versions is 'new'"),
    ("two kinds", f'{GOOD}as_written = ["mode"]', "row 1: says call and as_written"),
    ("no kind", GOOD.replace("call =", "#"), "row 1: says nothing"),
    ("an aspect", re.sub("call =.*", 'as_written = ["colour"]', GOOD), "as_written is 'colour'"),
    ("aspects", re.sub("call =.*", "cannot_be_known = 3", GOOD), "cannot_be_known is no list"),
    ("a call", re.sub("call =.*", "call = 3", GOOD), "call is no table"),
    ("an argument", GOOD.replace("align_corners", "corners"), "call: corners is no argument"),
    ("its value", GOOD.replace("= true", "= 1"), "call: align_corners is 1"),
    ("no origin", GOOD.replace("origin =", "#"), "row 1: gives no origin"),
    ("an origin", GOOD.replace("{version}", "{release}"), "row 1: origin is 'a habit of"),
    ("lengths", GOOD.replace(', lengths = "by size"', ""), "call: names no lengths"),
    ("reports", f"{GOOD}reports = 'x'", "row 1: reports is no list"),
    ("pytorch", f'pytorch = "2.0"\n{GOOD}', "pytorch is '2.0'"),
    ("no flag", re.sub("call =.*", 'likely = "corners"', GOOD), "likely is 'corners'"),
    ("readings", re.sub("call =.*", "as_written = []\nreadings = [1]", GOOD), "readings is 1"),
    ("instead", re.sub("call =.*", "instead = 3", GOOD), "instead is no table"),
    ("what", re.sub("call =.*", "instead = { mode = 1 }", GOOD), "instead: mode is unknown"),
    ("a name", re.sub("call =.*", "instead = { nearest_mode = 1 }", GOOD), "nearest_mode is 1"),
    ("no number", re.sub("call =.*", 'instead = { cubic_coeff_a = "a" }', GOOD), "is 'a'"),
)


@pytest.mark.parametrize(("text", "words"), [pytest.param(t, w, id=n) for n, t, w in BROKEN])
def test_a_malformed_table_is_told_with_file_row_and_value(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words) as error:
        load_exporter(path)
    assert str(error.value).startswith(f"{path}: ")


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(GOOD, encoding="utf-8")
    exporter = load_exporter(path)
    (row,) = exporter.rows
    assert (exporter.title, row.source, row.how) == ("an exporter", "its manual: page 3", "read")
