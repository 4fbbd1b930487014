"""LiteRT files on the command line: each form of a report, and files inside bundles."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from halfpixel.batch.stamp import digest_of
from halfpixel.cli.main import cli
from halfpixel.formats.litert.model import opened
from litert_files.built import BILINEAR, NEAREST, Value, flags, nearest_flags, resize, tflite
from litert_files.bundled import MODEL, litertlm, task
from litert_files.recorded import FOLDER

WRONG = FOLDER / "torch_nearest_7x10_3x5.tflite"
SOUND = tflite(resize(BILINEAR, flags(align_corners=True), (3, 5)))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_a_text_says_the_operator_the_call_and_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    code, said = run("check", WRONG.name)
    assert code == 1
    assert " ".join(said.split()).startswith(
        "torch_nearest_7x10_3x5.tflite "
        "__main__.M;1 (RESIZE_NEAREST_NEIGHBOR, NHWC, version 3) 1x3x7x10 -> 1x3x3x5 "
        'is F.interpolate(x, size=(3, 5), mode="nearest-exact") '
        'meant F.interpolate(x, size=(3, 5), mode="nearest") '
        "[assumed: a habit of litert-torch's converter] "
        "warning nearest-rounding: the pixels are picked by another rule: at length 7 to 3 (axis 2)"
    )
    assert "fix (unsafe): half_pixel_centers=False" in said


def test_json_and_sarif_say_the_same() -> None:
    code, said = run("check", str(WRONG), "--output-format", "json")
    report = json.loads(said)
    assert code == 1
    assert "nearest-rounding" in said
    assert report
    _, said = run("check", str(WRONG), "--output-format", "sarif")
    (result,) = json.loads(said)["runs"][0]["results"]
    assert result["ruleId"] == "nearest-rounding"


def test_a_nearest_of_tensorflow_is_as_it_was_meant() -> None:
    code, said = run("check", str(FOLDER / "tf2_nearest_7x10_3x5.tflite"))
    assert (code, "0 warnings" in said or "nothing" in said) == (0, True), said


def bundle(path: Path, *members: tuple[str, bytes], packed: bool = False) -> Path:
    path.write_bytes(task(*members, packed=packed))
    return path


def test_a_task_bundle_is_read_where_its_model_lies_as_it_is(tmp_path: Path) -> None:
    path = bundle(tmp_path / "m.task", ("words.txt", b"a\nb\n" * 30), ("net.tflite", SOUND))
    code, said = run("check", str(path))
    assert code == 0
    assert said.startswith("1 site in 1 file")


def test_a_packed_bundle_is_refused_by_its_name(tmp_path: Path) -> None:
    path = bundle(tmp_path / "m.task", ("net.tflite", SOUND), packed=True)
    code, said = run("check", str(path))
    assert code == 2
    assert "'net.tflite' is packed" in " ".join(said.split())


def test_each_model_of_a_bundle_is_read_under_its_name(tmp_path: Path) -> None:
    path = bundle(tmp_path / "m.task", ("a.tflite", SOUND), ("b.tflite", SOUND))
    code, said = run("check", str(path))
    assert code == 0
    assert said.startswith("2 sites in 1 file")
    assert [site.graph for site in opened(path).sites] == ["a.tflite", "b.tflite"]


def test_a_broken_bundle_is_refused(tmp_path: Path) -> None:
    path = bundle(tmp_path / "m.task", ("a.tflite", SOUND))
    whole = path.read_bytes()
    for data in (whole[:-30], whole[:200] + whole[260:], whole[:60]):
        path.write_bytes(data)
        code, said = run("check", str(path))
        assert (code, "Traceback" in said) == (2, False)


def test_a_bundle_without_a_model_is_refused(tmp_path: Path) -> None:
    path = bundle(tmp_path / "m.task", ("words.txt", b"a\n"))
    code, said = run("check", str(path))
    assert code == 2
    assert "that holds no model" in " ".join(said.split())


@pytest.mark.parametrize("count", [1, 2])
def test_sections_of_a_litertlm_file_are_models(tmp_path: Path, count: int) -> None:
    path = tmp_path / "m.litertlm"
    tokenizer = (4, b"\0\0\0\0TFL3")
    path.write_bytes(litertlm(*[(MODEL, SOUND)] * count, tokenizer))
    code, said = run("check", str(path))
    assert code == 0
    assert said.startswith(f"{count} site")
    graphs = [site.graph for site in opened(path).sites]
    assert graphs == ([""] if count == 1 else ["section 0", "section 1"])


SHORT = resize(BILINEAR, flags(align_corners=True), (3, 5))
LONG = replace(SHORT, values=[*SHORT.values, *(Value(f"t{i}", (1,)) for i in range(2000))])
SHARED = {
    "graphs": (tflite(*[LONG] * 1000), ".tflite"),
    "sections": (litertlm((MODEL, tflite(LONG)), times=999), ".litertlm"),
}


@pytest.mark.parametrize("name", SHARED)
def test_models_that_share_what_they_are_made_of_are_refused(tmp_path: Path, name: str) -> None:
    data, ending = SHARED[name]
    path = tmp_path / f"m{ending}"
    path.write_bytes(data)
    code, said = run("check", str(path))
    assert code == 2
    assert "more tensors and operators than it has room for" in " ".join(said.split())


def test_metadata_is_looked_at_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    metadata = {f"entry {i}": bytes(1 << 16) for i in range(20)}
    path.write_bytes(tflite(LONG, metadata=metadata))
    with opened(path).contents() as contents:
        assert sum(map(len, contents.metadata.values())) == 1 << 20
        assert contents.metadata.keys() == metadata.keys()


BROKEN = {
    "no end": (litertlm((MODEL, SOUND), end=0), "header does not end inside the file"),
    "beyond": (litertlm((MODEL, SOUND), end=1 << 40), "header does not end inside the file"),
    "no model": (litertlm((4, SOUND)), "byte 4 does not say TFL3"),
    "another": (litertlm((MODEL, b"a" * 64)), "section 0 should be a model"),
    "many": (litertlm(*[(4, b"")] * 1001), "a bundle of 1001 sections"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_litertlm_file_is_refused(tmp_path: Path, name: str) -> None:
    data, expected = BROKEN[name]
    path = tmp_path / "m.litertlm"
    path.write_bytes(data)
    code, said = run("check", str(path))
    assert (code, expected in " ".join(said.split())) == (2, True), said


def test_a_model_in_a_bundle_is_fixed_where_it_lies_by_itself(tmp_path: Path) -> None:
    wrong = tflite(
        resize(NEAREST, nearest_flags(half_pixel_centers=True), (3, 5)),
        metadata={"keep_stablehlo_constant": b""},
    )
    path = bundle(tmp_path / "m.task", ("net.tflite", wrong))
    before = path.read_bytes()
    code, said = run("fix", str(path), "--unsafe-fixes", "-o", str(tmp_path / "out.task"))
    assert "it lies in a bundle, which is not written" in " ".join(said.split())
    assert code == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        ("align_corners=true", "align_corners=True"),
        ("align_corners=false", "half_pixel_centers=True"),
        ("mode=nearest", "written as 2 GATHER"),
    ],
)
def test_a_policy_holds_for_asymmetric_coordinates(
    tmp_path: Path, expected: str, change: str
) -> None:
    """Two policies that contradict each other do not both hold, and what is promised is done."""
    model = str(FOLDER / "tf1_bilinear_ac0hp0_5x9_9x7.tflite")
    code, said = run("check", model, "--expect", expected)
    assert (code, f"fix (safe): {change}" in said) == (1, True)
    fixed = str(tmp_path / "fixed.tflite")
    code, said = run("fix", model, "--expect", expected, "-o", fixed)
    assert (code, "1 fixed, 0 declined" in said) == (0, True)


def test_a_folder_is_searched(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(SOUND)
    assert run("check", str(tmp_path))[1].startswith("1 site in 1 file")


def test_an_address_is_its_own_trouble(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(SOUND)
    code, said = run("check", "memory://x.tflite", str(tmp_path / "m.tflite"))
    assert code == 2
    assert "error: memory://x.tflite: no such file there" in said
    assert "1 site in 2 files" in said


def test_a_model_is_known_by_its_content(tmp_path: Path) -> None:
    for name in ("m.lite", "m.bin", "model"):
        path = tmp_path / name
        path.write_bytes(SOUND)
        code, said = run("check", str(path))
        assert (code, said.startswith("1 site in 1 file")) == (0, True), said


@pytest.mark.parametrize("ending", [".onnx", ".mlmodel"])
def test_a_name_that_says_another_format_is_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"m{ending}"
    path.write_bytes(SOUND)
    code, said = run("check", str(path))
    assert (code, "by its content it is a LiteRT model" in " ".join(said.split())) == (2, True)


PIPED = {"tflite": ("", SOUND), "task": ("m.task", task(("a.tflite", SOUND)))}


@pytest.mark.parametrize("kind", PIPED)
def test_a_model_comes_by_standard_input(kind: str) -> None:
    name, data = PIPED[kind]
    named = ["--stdin-filename", name] if name else []
    result = CliRunner().invoke(cli, ["check", "-", *named], input=data)
    assert (result.exit_code, result.output.startswith("1 site in 1 file")) == (0, True)


def test_what_is_broken_on_standard_input_is_called_by_its_name() -> None:
    result = CliRunner().invoke(cli, ["check", "-"], input=SOUND[:60])
    assert (result.exit_code, "<stdin>: not a LiteRT model" in result.output) == (2, True)
    assert "halfpixel-" not in result.output


OTHERS = ("out.onnx", "out.mlmodel", "out.mlpackage")


@pytest.mark.parametrize("name", OTHERS)
def test_a_fix_leaves_a_model_of_its_format(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    code, said = run("fix", str(WRONG), "--unsafe-fixes", "-o", str(target))
    assert (code, "a fix leaves a LiteRT model what it is" in " ".join(said.split())) == (
        2,
        True,
    ), said
    kind = "ONNX" if name == "out.onnx" else "Core ML"
    assert f"is a name for {kind} models" in " ".join(said.split())
    assert not target.exists()


def test_an_onnx_model_under_another_name_is_called_what_it_is(tmp_path: Path) -> None:
    onnx = Path(__file__).parents[3] / "models/exporter_mismatches/A3.onnx"
    path = tmp_path / "m.tflite"
    for data, told in (
        (onnx.read_bytes(), "by its content it is an ONNX model"),
        (bytes(64), "byte 4 does not say TFL3"),
    ):
        path.write_bytes(data)
        code, said = run("check", str(path))
        assert (code, f"not a LiteRT model: {told}" in said) == (2, True)


def test_a_summary_names_what_wrote_a_model() -> None:
    wrote = {
        "torch_nearest_7x10_3x5": "litert-torch",
        "tf2_nearest_7x10_3x5": "TensorFlow's converter 2.21.0",
    }
    for name, expected in wrote.items():
        assert opened(FOLDER / f"{name}.tflite").written[0] == expected
    code, said = run("check", str(WRONG), "--summary")
    assert (code, "litert-torch" in said) == (1, True)


def test_a_small_file_is_known_by_its_content(tmp_path: Path) -> None:
    """So that the cache of a run over many files knows a copy; a large one is told by its stamp."""
    found = set[bytes]()
    for name, data in {"a": SOUND, "b": SOUND, "c": SOUND + b"\0", "d": bytes(1 << 21)}.items():
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(data)
        found.add(digest_of(path).digest)
    assert len(found) == 3
    assert b"" in found
