"""Many models elsewhere: judged by processes as they are here."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli.main import cli
from servers.web import Web

FILES = sorted(models.MISMATCHES.glob("*.onnx"))[:9]


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments, "--output-format", "json"])


def test_processes_read_what_is_elsewhere(site: Web, tmp_path: Path) -> None:
    addresses = [f"{site.put(path.name, path.read_bytes())}?token=secret" for path in FILES]
    site.files |= {f"{name}?token=secret": data for name, data in site.files.items()}
    addresses.insert(4, f"{site.root}/absent.onnx")
    alone = check(*addresses)
    asked = len(site.traffic.requests)
    together = check(*addresses, "--jobs", "2", "--cache", str(tmp_path))
    assert len(site.traffic.requests) == 2 * asked
    assert (together.exit_code, together.stdout) == (alone.exit_code, alone.stdout)
    files = json.loads(together.stdout)["files"]
    assert [bool(one["error"]) for one in files] == [place == 4 for place in range(10)]
    assert all(one["findings"] for one in files if not one["error"])
    assert "secret" not in together.output


def test_how_images_are_readied_is_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered counts for one content of the file that says it."""
    monkeypatch.chdir(tmp_path)
    paths = [str(path) for path in FILES]
    said = tmp_path / "preprocessor_config.json"
    for size in (224, 384, 224):
        said.write_text(
            json.dumps({"do_resize": True, "size": {"height": size, "width": size}, "resample": 2}),
            encoding="utf-8",
        )
        given = [*paths, "--preprocess", said.name]
        alone = check(*given)
        together = check(*given, "--jobs", "2", "--cache", "cache")
        assert alone.exit_code in {0, 1}
        assert (together.exit_code, together.stdout) == (alone.exit_code, alone.stdout)
