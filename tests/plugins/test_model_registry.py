"""A model of a registry: found in its folder, judged, and rejected or not."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

import example_models as models
from halfpixel.errors import HalfpixelError, ModelFileError, UsageError
from halfpixel.plugins.registry import ModelRejected, check_registered, model_in
from serving.mlflow_models import WRONG, logged


def right() -> bytes:
    return models.model([models.resize()]).SerializeToString()


def test_a_model_that_mlflow_logged_is_found_by_its_mlmodel(tmp_path: Path) -> None:
    folder = logged(tmp_path / "model", right(), "network.onnx")
    (folder / "other.onnx").write_bytes(WRONG.read_bytes())
    assert model_in(folder) == folder / "network.onnx"
    report = check_registered(folder)
    assert [file.path for file in report.files] == [str(folder)]
    assert len(report.sites) == 1


def test_a_model_that_does_not_pass_is_rejected_with_its_report(tmp_path: Path) -> None:
    folder = logged(tmp_path / "model", WRONG.read_bytes())
    with pytest.raises(
        ModelRejected, match=r"rejected, 1 finding: .*error scale-or-size"
    ) as caught:
        check_registered(folder)
    assert [one.rule.name for one in caught.value.report.findings] == ["scale-or-size"]
    assert check_registered(folder, ignore=["scale-or-size"]).findings == ()
    with pytest.raises(ModelRejected, match="align_corners"):
        check_registered(logged(tmp_path / "b", right()), expect=["align_corners=true"])


def test_what_is_mild_passes_where_only_errors_are_grave(tmp_path: Path) -> None:
    settings = {"coordinate_transformation_mode": "asymmetric"}
    data = models.model([models.resize(attributes=settings)]).SerializeToString()
    folder = logged(tmp_path / "model", data)
    with pytest.raises(ModelRejected):
        check_registered(folder)
    report = check_registered(folder, fail_on="error")
    assert {one.finding.severity for one in report.findings} == {"warning"}
    with pytest.raises(UsageError, match="fail_on is 'grave'"):
        check_registered(folder, fail_on="grave")  # type: ignore[arg-type]


def test_what_is_no_model_is_rejected_under_its_own_name(tmp_path: Path) -> None:
    folder = logged(tmp_path / "model", b"hello")
    with pytest.raises(ModelRejected, match=r"rejected, not judged: .*not an ONNX model") as caught:
        check_registered(folder)
    assert str(folder / "model.onnx") not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("../secret.onnx", "leads out of the model's folder"),
        ("/etc/passwd", "is no relative path"),
        ("link.onnx", "leads out of the model's folder"),
        ("''", "names no file"),
        ("[1, 2]", "has no flavor onnx"),
        ("*x", "cannot be read as YAML"),
        ("!!python/object/apply:os.system ['true']", "cannot be read as YAML"),
    ],
)
def test_an_mlmodel_leads_nowhere_else(tmp_path: Path, said: str, why: str) -> None:
    (tmp_path / "secret.onnx").write_bytes(right())
    folder = logged(tmp_path / "model", right(), said=said)
    if os.name != "nt":
        (folder / "link.onnx").symlink_to(tmp_path / "secret.onnx")
    with pytest.raises(ModelFileError, match=why):
        check_registered(folder)


def test_a_folder_without_an_mlmodel_has_one_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="there are: none"):
        check_registered(tmp_path)
    (tmp_path / "a.onnx").write_bytes(right())
    assert model_in(tmp_path).name == "a.onnx"
    (tmp_path / "b.onnx").write_bytes(right())
    with pytest.raises(ModelFileError, match=r"there are: a\.onnx, b\.onnx"):
        check_registered(tmp_path)


def test_a_uri_is_fetched_and_what_was_fetched_is_deleted() -> None:
    kept: list[Path] = []

    def fetch(uri: str, folder: Path) -> Path:
        kept.append(folder)
        assert uri == "models:/segmenter/12"
        return logged(folder / "model", WRONG.read_bytes())

    with pytest.raises(ModelRejected, match=r"^models:/segmenter/12: rejected") as caught:
        check_registered("models:/segmenter/12", fetch=fetch)
    assert caught.value.report.files[0].path == "models:/segmenter/12"
    assert not kept[0].exists()


def test_mlflow_fetches_where_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.artifacts", None)
    with pytest.raises(UsageError, match="mlflow is not installed"):
        check_registered("models:/segmenter/12")
    made = ModuleType("mlflow.artifacts")

    def download_artifacts(
        artifact_uri: str, dst_path: str
    ) -> str:  # mlflow 3.6, artifacts/__init__.py
        assert artifact_uri == "models:/segmenter/12"
        return str(logged(Path(dst_path) / "model", right()))

    made.download_artifacts = download_artifacts  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow.artifacts", made)
    assert len(check_registered("models:/segmenter/12").sites) == 1


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(HalfpixelError, match=r"no-such\.onnx"):
        check_registered("no-such.onnx")
