"""A gate for a registry of models: one function for a webhook, a stage transition or a nightly job.

::

    from halfpixel.plugins.registry import ModelRejected, check_registered

    try:
        report = check_registered("models:/segmenter/12", expect=["align_corners=false"])
    except ModelRejected as rejected:
        print(rejected)

A model is a file, a folder that MLflow wrote (its `MLmodel` says which file is the ONNX model), a
folder that holds one model, or a URI of MLflow's, which is fetched by MLflow into a folder that is
deleted again. The name of the file in an `MLmodel` leads nowhere out of its folder.

Source: MLflow `mlflow/onnx/__init__.py` (flavor `onnx`, key `data`), `mlflow/models/model.py`
(`MLmodel`), `mlflow.artifacts.download_artifacts`, release 3.17.
"""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from msgspec.structs import replace

from halfpixel.boundary import boundary
from halfpixel.checking.check import check, settings_of
from halfpixel.checking.result import Report
from halfpixel.errors import HalfpixelError, MissingExtraError, ModelFileError, UsageError
from halfpixel.formats.data_folder import DataFolder, Unsafe, quoted
from halfpixel.printable import many, printable_lines
from halfpixel.rule import SEVERITIES, Severity

MLMODEL: Final = "MLmodel"
LARGEST: Final = 1 << 20
"""Bytes of an MLmodel file that is read."""

FLAVORS: Final = ("onnx",)
ENDINGS: Final = (".onnx", ".mlmodel", ".mlpackage", ".tflite", ".lite", ".litertlm", ".task")
_URI: Final = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)

Fetch = Callable[[str, Path], Path]
"""What brings a URI's model into a folder, and returns where it lies."""


class ModelRejected(HalfpixelError):  # noqa: N818 - what becomes of the model
    """A model that does not pass.

    Attributes:
        report: what was found in it.
    """

    def __init__(self, source: str, report: Report, grave: int) -> None:
        """Compose the line from the model and what was found.

        Args:
            source: the model, as it was named.
            report: what was found.
            grave: how many findings it fails by.
        """
        self.report = report
        failures = [text for file in report.files for _, text in file.failures]
        told = [*failures, *(str(one) for one in report.findings)]
        count = many(grave, "finding") if grave else "not judged"
        super().__init__(f"{source}: rejected, {count}: {'; '.join(told[:3])}")


def check_registered(  # noqa: PLR0913 - one keyword an option of the command
    source: str | Path,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    expect: Sequence[str] = (),
    severity: Severity = "warning",
    fail_on: Severity = "warning",
    fetch: Fetch | None = None,
) -> Report:
    """Return what is found in a model of a registry that passes.

    Args:
        source: a file, a folder, or a URI such as `models:/NAME/VERSION`.
        select: rules to ask; all where empty.
        ignore: rules to leave out.
        expect: what is meant, as `--expect` takes it.
        severity: the mildest severity that is reported.
        fail_on: the mildest severity that a model is rejected by.
        fetch: what brings the model of a URI; MLflow's own where None.

    Returns:
        The report, in which the model is called as its registry calls it.

    Raises:
        ModelRejected: something as grave was found, or not everything could be judged.
        ModelFileError: no model is there.
        UsageError: a setting that is none.
        MissingExtraError: a URI, and MLflow is not installed.
    """
    if fail_on not in SEVERITIES:
        raise UsageError(f"fail_on is {fail_on!r}, expected one of {', '.join(SEVERITIES)}")
    settings = settings_of(select, ignore, expect, severity)
    name = str(source)
    with ExitStack() as kept, boundary(name):
        place = Path(source)
        if isinstance(source, str) and _URI.match(source) and not place.exists():
            folder = Path(kept.enter_context(tempfile.TemporaryDirectory()))
            place = (fetch or _by_mlflow)(source, folder)
        path = model_in(place)
        found = check(path, settings)
    told = str(path)
    files = tuple(
        replace(one, path=name, error=one.error and one.error.replace(told, name))
        for one in found.files
    )
    report = Report(files)
    rank = SEVERITIES.index
    grave = sum(rank(one.finding.severity) <= rank(fail_on) for one in report.findings)
    if grave or report.failed:
        raise ModelRejected(name, report, grave)
    return report


def model_in(place: Path) -> Path:
    """Return the file of a model: the place itself, or the one in a folder.

    Args:
        place: a file, a package, a folder with an MLmodel, or a folder with one model.

    Raises:
        ModelFileError: no model is there, or several are.
    """
    if not place.is_dir() or place.name.endswith(ENDINGS):
        return place
    if (place / MLMODEL).is_file():
        return _named(place)
    found = sorted(one for ending in ENDINGS for one in place.glob(f"*{ending}"))
    if len(found) != 1:
        told = printable_lines(one.name for one in found[:5]).replace("\n", ", ") or "none"
        raise ModelFileError(place, f"expected one model in it, there are: {told}")
    return found[0]


def _named(folder: Path) -> Path:
    """Return the file that an MLmodel names."""
    path = folder / MLMODEL
    if path.stat().st_size > LARGEST:
        raise ModelFileError(path, f"is larger than {LARGEST} bytes")
    flavors = _mapping(_mapping(_yaml(path)).get("flavors"))
    for flavor in FLAVORS:
        name = _mapping(flavors.get(flavor)).get("data")
        if isinstance(name, str):
            try:
                return DataFolder(folder, None).real(name)
            except Unsafe as error:
                raise ModelFileError(path, f"data {quoted(name)} {error}") from error
    known = ", ".join(map(str, flavors)) or "none"
    raise ModelFileError(path, f"has no flavor {' or '.join(FLAVORS)}; there are: {known}")


def _yaml(path: Path) -> object:
    try:
        from yaml import YAMLError, safe_load
    except ImportError as error:
        raise MissingExtraError("PyYAML", "serve") from error
    try:
        return cast("object", safe_load(path.read_text(encoding="utf-8")))
    except (YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ModelFileError(path, "cannot be read as YAML") from error


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _by_mlflow(uri: str, folder: Path) -> Path:
    """Fetch a model by MLflow, from where its tracking URI says."""
    try:
        artifacts = import_module("mlflow.artifacts")
    except ImportError as error:
        raise UsageError(f"{uri}: mlflow is not installed, and nothing else fetches it") from error
    fetch = cast("Callable[..., str]", artifacts.download_artifacts)
    return Path(fetch(artifact_uri=uri, dst_path=str(folder)))
