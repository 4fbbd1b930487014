"""SARIF and GitHub's annotations: what the formats ask for, and what stays over runs."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import onnx
import pytest
from click.testing import CliRunner

import example_models as models
import halfpixel
from golden.report import SITES
from golden.report import found as finding_at
from halfpixel.checking.result import IN_NODE, FileReport, Report, Suppressed, Suppression
from halfpixel.cli.main import cli
from halfpixel.report.machine import as_github, as_sarif
from halfpixel.report.machine.of_check import run_of
from halfpixel.rule import load_rules

SCHEMA = Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json"
WORDS_ALONE = "resize-up-linear-default-ios17.mlpackage"
ERROR, WARNED, NOTED = (str(models.MISMATCHES / f"{name}.onnx") for name in ("A3", "B1", "B4"))


def sarif(*arguments: str, code: int = 1) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["check", "--output-format", "sarif", *arguments])
    assert result.exit_code == code, result.output
    document: dict[str, Any] = json.loads(result.output)
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert isinstance(run, dict)
    return run


def broken(folder: Path) -> str:
    path = folder / "broken.onnx"
    path.write_bytes(b"no model")
    return str(path)


def test_a_file_is_written_beside_another_format(tmp_path: Path) -> None:
    for paths, code in (([ERROR], 1), ([broken(tmp_path), ERROR], 2)):
        out = tmp_path / "found.sarif"
        arguments = ["check", "--output-format", "github", "--sarif", str(out), *paths]
        result = CliRunner().invoke(cli, arguments)
        assert (result.exit_code, "::error file=" in result.output) == (code, True)
        assert json.loads(out.read_text(encoding="utf-8"))["runs"] == [sarif(*paths, code=code)]
    nowhere = str(tmp_path / "absent" / "found.sarif")
    assert CliRunner().invoke(cli, ["check", "--sarif", nowhere, ERROR]).exit_code == 2


def test_the_official_schema_takes_it(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    folders = (models.MISMATCHES, models.ARCHITECTURES)
    paths = [str(path) for folder in folders for path in sorted(folder.glob("*.onnx"))]
    document: dict[str, Any] = as_sarif.document(halfpixel.check(broken(tmp_path)))
    for found in (document, {**document, "runs": [sarif(*paths)]}):
        assert [error.message for error in validator.iter_errors(found)] == []
    del document["version"]
    assert list(validator.iter_errors(document))


def test_a_result_says_what_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(models.MODELS)
    run = sarif("exporter_mismatches/A3.onnx", WARNED, NOTED)
    first, second, third, *_ = run["results"]
    assert [one["level"] for one in (first, second, third)] == ["error", "warning", "note"]
    assert first["ruleId"] == "scale-or-size"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "scale-or-size"
    assert "samples are up to 0.833 input px off" in first["message"]["text"]
    (location,) = first["locations"]
    place = location["physicalLocation"]
    wanted = {"uri": "exporter_mismatches/A3.onnx", "uriBaseId": "%SRCROOT%"}
    assert place["artifactLocation"] == wanted
    assert place["region"]["startLine"] == 1
    (node,) = location["logicalLocations"]
    assert (node["name"], node["kind"]) == ("node__upsample_bilinear2d_aa", "node")
    held = run["logicalLocations"][node["index"]]
    assert run["logicalLocations"][held["parentIndex"]]["name"] == "main graph"
    (related,) = first["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == 70
    assert first["properties"]["fix"] == "set scales 1, 1, 0.5, 0.5"
    assert first["properties"]["fixSafety"] == "safe"
    assert second["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "exporter_mismatches/B1.onnx", "uriBaseId": "%SRCROOT%",
    }  # fmt: skip


def test_every_rule_is_described() -> None:
    driver = sarif(ERROR)["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.name for rule in load_rules()]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].endswith(".")
        assert len(rule["fullDescription"]["text"]) > len("A sentence or two.")
        assert "## Fix safety" in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_an_unreadable_file_is_a_notification(tmp_path: Path) -> None:
    run = sarif(broken(tmp_path), ERROR, code=2)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    assert "not an ONNX model" in told["message"]["text"]
    assert (told["level"], len(run["results"])) == ("error", 1)
    assert sarif(ERROR)["invocations"] == [
        {"executionSuccessful": True, "toolExecutionNotifications": []}
    ]


def test_fingerprints_stay_while_the_node_does(tmp_path: Path) -> None:
    """Another size of the input changes the message, and not the fingerprint."""
    path = tmp_path / "m.onnx"
    shutil.copy(ERROR, path)
    (before,) = as_sarif.document(halfpixel.check(path), tmp_path)["runs"][0]["results"]  # type: ignore[index]
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 5
    onnx.save(model, path)
    (after,) = as_sarif.document(halfpixel.check(path), tmp_path)["runs"][0]["results"]  # type: ignore[index]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    path.rename(tmp_path / "n.onnx")
    report = halfpixel.check(tmp_path / "n.onnx")
    (moved,) = as_sarif.document(report, tmp_path)["runs"][0]["results"]  # type: ignore[index]
    assert moved["partialFingerprints"] != before["partialFingerprints"]


def test_fingerprints_are_unique() -> None:
    paths = [str(path) for path in sorted(models.ARCHITECTURES.glob("*.onnx"))]
    results = sarif(*paths, code=1)["results"]
    found = [one["partialFingerprints"]["primaryLocationLineHash"] for one in results]
    assert len(found) > 10
    assert len(set(found)) == len(found)


def test_annotations_cannot_be_broken_out_of() -> None:
    report = Report((FileReport("a,b:c.onnx", error="100%\n::error::no"),))
    assert list(as_github.lines(run_of(report))) == [
        "::error file=a%2Cb%3Ac.onnx,title=halfpixel::100%25\\n::error::no"
    ]


def test_annotations_name_the_severity() -> None:
    result = CliRunner().invoke(cli, ["check", "--output-format", "github", ERROR, WARNED, NOTED])
    lines = result.output.splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert "title=halfpixel scale-or-size::node__upsample_bilinear2d_aa (Resize): " in lines[0]


def mended(path: Path, fix: dict[str, Any]) -> bytes:
    """Return a file after what a fix replaces in it."""
    data = path.read_bytes()
    for replacement in reversed(fix["artifactChanges"][0]["replacements"]):
        region = replacement["deletedRegion"]
        start, stop = region["byteOffset"], region["byteOffset"] + region["byteLength"]
        new = base64.b64decode(replacement.get("insertedContent", {}).get("binary", ""))
        data = data[:start] + new + data[stop:]
    return data


@pytest.mark.parametrize("name", ["A1", "A3", "B1"])
def test_a_fix_replaces_bytes_that_mend_what_was_found(name: str, tmp_path: Path) -> None:
    path = models.MISMATCHES / f"{name}.onnx"
    results = [one for one in sarif(str(path))["results"] if "fixes" in one]
    assert results
    for one in results:
        (fix,) = one["fixes"]
        (change,) = fix["artifactChanges"]
        place = one["locations"][0]["physicalLocation"]["artifactLocation"]
        assert change["artifactLocation"] == place
        fixed = tmp_path / "fixed.onnx"
        fixed.write_bytes(mended(path, fix))
        found = halfpixel.check(fixed)
        assert not found.failed
        assert one["ruleId"] not in {left.rule.name for left in found.findings}


def test_nodes_of_one_name_have_each_its_own_fix(tmp_path: Path) -> None:
    coordinates = {"coordinate_transformation_mode": "asymmetric"}
    nodes = [models.resize("x", "a", "up", coordinates), models.resize("a", "y", "up", coordinates)]
    made = models.model(nodes, (1, 1, 4, 4))
    made.producer_name, made.producer_version = "pytorch", "2.1.0"
    path = tmp_path / "m.onnx"
    onnx.save(made, path)
    results = sarif(str(path))["results"]
    told = [one["fixes"] for one in results if one["ruleId"] == "asymmetric-linear"]
    assert len(told) == 2
    for place, (fix,) in enumerate(told):
        changed = onnx.load_from_string(mended(path, fix))
        words = [node.attribute[1].s for node in changed.graph.node]
        assert [word == b"half_pixel" for word in words] == [place == 0, place == 1]


def test_a_package_has_its_fixes_in_words() -> None:
    (first, *_) = sarif(str(models.MODELS / "coreml" / "variants" / WORDS_ALONE))["results"]
    assert "fixes" not in first
    assert first["properties"]["fix"]


@pytest.mark.parametrize(("where", "kind"), [(IN_NODE, "inSource"), ("halfpixel.toml", "external")])
def test_what_is_suppressed_is_a_suppressed_result(where: str, kind: str) -> None:
    known = Suppressed(finding_at(SITES[0]), Suppression(("*",), "it was trained so", where))
    document: dict[str, Any] = as_sarif.document(Report((FileReport("m", suppressed=(known,)),)))
    (result,) = document["runs"][0]["results"]
    assert result["suppressions"] == [
        {"kind": kind, "justification": f"{where}: it was trained so"}
    ]
    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert list(validator.iter_errors(document)) == []
