"""What the service answers: reports as the command writes them, settings as it takes them."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jsonschema
import pytest
from click.testing import CliRunner

import coreml_programs as programs
import example_models as models
from coreml_programs import Op
from halfpixel.cli.main import cli
from halfpixel.serving import worker
from halfpixel.serving.query import UploadQuery, read_query
from installed_packages import shell
from serving.services import Service, external, named, serving, wrong

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "convert/halfpixel/report/machine/report.schema.json").read_text()
)


def said(answer: httpx.Response) -> dict[str, Any]:
    """Return an answer's JSON."""
    got: dict[str, Any] = answer.json()
    return got


@pytest.mark.parametrize(
    ("form", "media"),
    [
        ("json", "application/json"),
        ("sarif", "application/sarif+json"),
        ("html", "text/html; charset=utf-8"),
    ],
)
def test_a_report_is_what_the_command_writes_and_says_whether_it_passed(
    client: httpx.Client, service: Service, tmp_path: Path, form: str, media: str
) -> None:
    (tmp_path / "m.onnx").write_bytes(wrong())
    command = [sys.executable, "-m", "halfpixel", "check", "m.onnx", "--output-format", form]
    printed = shell(*command, folder=tmp_path, PYTHONPATH=service.packs).stdout
    by_address = client.post(f"/check?name=m.onnx&format={form}", content=wrong())
    by_header = client.post("/check?name=m.onnx", content=wrong(), headers={"accept": media})
    for answer in (by_address, by_header):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media
        assert answer.headers["halfpixel-verdict"] == "failed"
        assert answer.text.replace(', "passed": false}', "}").rstrip() == printed.rstrip()
        assert form != "json" or said(answer)["passed"] is False


def test_a_report_is_of_the_documented_schema(client: httpx.Client) -> None:
    answer = said(client.post("/check", content=wrong()))
    jsonschema.validate(answer, SCHEMA)


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("", True),
        ("expect=align_corners=false", True),
        ("expect=align_corners=true", False),
        ("expect=up:align_corners=true", False),
        ("expect=align_corners=true&fail-on=error", False),
        ("expect=align_corners=true&ignore=*", True),
        ("expect=align_corners=true&ignore=a*,d*&ignore=*", True),
        ("severity=error&target=onnxruntime-cpu&max-work=1000&shape=x=1x1x4x4", True),
    ],
)
def test_settings_are_those_of_the_command(
    client: httpx.Client, query: str, *, passed: bool
) -> None:
    answer = client.post(f"/check?{query}", content=named())
    assert answer.status_code == 200, answer.text
    assert said(answer)["passed"] is passed
    assert answer.headers["halfpixel-verdict"] == ("passed" if passed else "failed")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select=no-such-rule", "no rule is called 'no-such-rule'"),
        ("expect=nonsense", "nonsense"),
        ("expect=other:align_corners=true", "no such node; there are: up"),
        ("target=/etc/passwd", "target '/etc/passwd' is none"),
        ("target=no-such", "target 'no-such' is none"),
        ("shape=x=1x1x5x5x5", "has 4 axes"),
        ("shape=nonsense", "expected NAME=1x3x64x64"),
        ("severity=grave", "Invalid enum value 'grave'"),
        ("fail-on=", "Invalid enum value ''"),
        ("max-work=0", "$.max-work"),
        ("max-work=1000000000", "$.max-work"),
        ("format=pdf", "Invalid enum value 'pdf'"),
        ("format=json&format=json", "parameter 'format' comes twice"),
        ("config=/etc/passwd", "unknown field `config`"),
        ("&".join(["expect=mode=linear"] * 65), "length <= 64"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(client: httpx.Client, query: str, why: str) -> None:
    answer = client.post(f"/check?{query}", content=named())
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in said(answer)["detail"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/sarif+json, application/json;q=0.5", "application/sarif+json"),
    ],
)
def test_the_format_is_the_one_that_is_accepted(
    client: httpx.Client, accept: str, media: str
) -> None:
    answer = client.post("/check", content=named(), headers={"accept": accept})
    assert answer.headers["content-type"] == media


def test_a_format_that_there_is_not_is_refused(client: httpx.Client) -> None:
    answer = client.post("/check", content=named(), headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert client.post("/check", content=named(), headers={"accept": "x"}).status_code == 400


def test_what_is_no_model_has_a_report_that_says_so(client: httpx.Client) -> None:
    for form in ("json", "sarif", "html"):
        answer = client.post(f"/check?format={form}&name=m.onnx", content=b"hello")
        assert answer.status_code == 422
        assert "m.onnx: not an ONNX model, or truncated" in answer.text
        assert answer.headers["halfpixel-verdict"] == "failed"


def test_data_files_come_beside_their_model(client: httpx.Client) -> None:
    whole = external("data/w.bin").SerializeToString()
    files = [("a", ("m.onnx", whole)), ("b", ("data/w.bin", bytes(64)))]
    assert said(client.post("/check", files=files))["passed"] is True


def test_a_package_is_its_files_under_their_paths(client: httpx.Client, tmp_path: Path) -> None:
    ops = [Op("resize_bilinear", {"x": "%x", "target_size_height": 9, "target_size_width": 11,
                                  "sampling_mode": "DEFAULT"},
              [("y", "float32", (1, 3, 9, 11))], "up")]  # fmt: skip
    made = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", (1, 3, 5, 6))}, ops, ["y"])
    files = [
        ("files", (path.relative_to(tmp_path).as_posix(), path.read_bytes()))
        for path in sorted(made.rglob("*")) if path.is_file()
    ]  # fmt: skip
    answer = client.post("/check", files=files)
    assert answer.status_code == 200, answer.text
    (one,) = said(answer)["files"]
    assert one["path"] == "m.mlpackage"
    assert [site["node"] for site in one["sites"]] == ["up"]


def test_of_several_models_one_is_named(client: httpx.Client) -> None:
    files = [("files", (name, named(name[0]))) for name in ("a.onnx", "b.onnx")]
    answer = client.post("/check", files=files)
    assert answer.status_code == 400
    assert "several models" in said(answer)["detail"]
    answer = client.post("/check?name=b.onnx", files=files)
    assert said(answer)["files"][0]["path"] == "b.onnx"
    assert client.post("/check?name=c.onnx", files=files).status_code == 400


def test_a_model_below_the_root_is_checked_where_it_lies(
    client: httpx.Client, service: Service
) -> None:
    place = service.root / "team" / "m.onnx"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(wrong())
    answer = client.get("/check?model=team/m.onnx")
    assert said(answer)["files"][0]["path"] == "team/m.onnx"
    assert answer.headers["halfpixel-verdict"] == "failed"
    (service.root / "team" / "broken.onnx").write_bytes(b"hello")
    answer = client.get("/check?model=team/broken.onnx")
    assert answer.status_code == 422
    assert said(answer)["files"][0]["error"].startswith("team/broken.onnx: not an ONNX model")
    assert client.get("/check?model=team/none.onnx").status_code == 404
    assert client.head("/check?model=team/m.onnx").headers["halfpixel-verdict"] == "failed"


def test_a_node_that_is_not_judged_does_not_pass(client: httpx.Client) -> None:
    answer = client.post("/check?max-work=1", content=wrong())
    assert answer.status_code == 200
    assert said(answer)["files"][0]["unjudged"]
    assert said(answer)["passed"] is False


def test_health_and_metrics_are_told(client: httpx.Client) -> None:
    assert said(client.get("/health/live")) == {"status": "live"}
    assert said(client.get("/health/ready")) == {"status": "ready"}
    client.post("/check", content=wrong())
    text = client.get("/metrics").text
    counted = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines() if not line.startswith("#")
    }  # fmt: skip
    assert counted['halfpixel_models_total{verdict="failed"}'] >= 1
    assert counted['halfpixel_findings_total{severity="error"}'] >= 1
    assert counted['halfpixel_requests_total{status="200"}'] >= 3
    assert counted["halfpixel_check_seconds_count"] >= 1
    assert counted["halfpixel_requests_in_progress"] == 0
    assert counted["process_resident_memory_bytes"] > 0


def test_nothing_of_a_request_is_kept(client: httpx.Client, service: Service) -> None:
    client.post("/check", content=wrong())
    client.post("/check", content=b"hello")
    assert service.kept() == []


def test_every_model_that_the_repository_keeps_is_judged_as_by_the_command(
    client: httpx.Client,
) -> None:
    for path in sorted(models.MISMATCHES.glob("*.onnx"))[:8]:
        printed = CliRunner().invoke(cli, ["check", str(path), "--output-format", "json"])
        answer = said(client.post(f"/check?name={path.name}", content=path.read_bytes()))
        assert answer["files"][0]["findings"] == json.loads(printed.stdout)["files"][0]["findings"]
        assert answer["passed"] is (printed.exit_code == 0)


def test_it_ends_in_order_though_a_check_hangs(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as other, ExitStack() as kept:
        with serving(tmp_path, "--max-seconds", "600") as service:
            client = kept.enter_context(service.client())
            hanging = other.submit(client.post, "/check", content=named("hang"))
            while service.kept_now() == []:
                time.sleep(0.02)
        assert hanging.result().status_code == 503
        assert service.process.returncode == 0


def test_a_temporary_folder_may_have_a_long_name(tmp_path: Path) -> None:
    """A fork server's socket would have no name that fits there."""
    place = tmp_path / ("long" * 25)
    place.mkdir()
    with serving(place) as service, service.client() as client:
        assert client.post("/check", content=wrong()).status_code == 200


@pytest.mark.parametrize(
    ("asked", "passed"), [("", False), ("fail-on=error", True), ("expect=up:mode=linear", False)]
)
def test_a_configuration_settles_what_a_request_leaves_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, *, passed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "_allowed", [1 << 32, 100])
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "m.onnx").write_bytes(named(coordinate_transformation_mode="asymmetric"))
    (tmp_path / "sent" / "halfpixel.toml").write_text('ignore = ["*"]\n')
    (tmp_path / "gate.toml").write_text('fail-on = "warning"\n')
    query = read_query(parse_qsl(asked), UploadQuery)
    job = worker.Job(
        tmp_path / "sent", "m.onnx", "m.onnx", query, "json", tmp_path / "report",
        config=str(tmp_path / "gate.toml"),
    )  # fmt: skip
    assert worker.judge(job).passed is passed
