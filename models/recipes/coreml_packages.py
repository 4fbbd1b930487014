"""Write Core ML models so that a second run gives the same bytes.

coremltools draws new identifiers for each package, writes the day of the conversion into it
and leaves the order of maps open. A package also lists a folder of weights when it has none,
which version control does not keep and without which coremltools refuses the package.
"""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coremltools.models import MLModel

if TYPE_CHECKING:
    from coremltools.proto import Model_pb2

DATE = "com.github.apple.coremltools.conversion_date"
DAY = "2026-01-01"  # for every model
AUTHOR = "com.apple.CoreML"


def open_model(spec: Model_pb2.Model, weights: str | None = None) -> MLModel:
    """Return coremltools' object for a specification, without loading it into Core ML."""
    return MLModel(spec, weights_dir=weights, skip_model_load=True)


def neutral(spec: Model_pb2.Model) -> bytes:
    """Return the bytes of a specification, the same whenever and wherever it was made."""
    if DATE in spec.description.metadata.userDefined:
        spec.description.metadata.userDefined[DATE] = DAY
    text: bytes = spec.SerializeToString(deterministic=True)
    return text


def save(model: MLModel, path: Path) -> None:
    """Write a model as a package or, where the name ends in .mlmodel, as one file."""
    text = neutral(model.get_spec())
    if path.suffix == ".mlmodel":
        path.write_bytes(text)
        return
    weights = Path(model.weights_dir) if model.weights_dir else None
    write_package(path, text, sorted(weights.iterdir()) if weights and weights.is_dir() else [])


def write_package(path: Path, text: bytes, weights: list[Path]) -> None:
    """Write a package of a root model and its files of weights."""
    shutil.rmtree(path, ignore_errors=True)
    folder = path / "Data" / AUTHOR
    folder.mkdir(parents=True)
    (folder / "model.mlmodel").write_bytes(text)
    items = {"model.mlmodel": "CoreML Model Specification"}
    if weights:
        (folder / "weights").mkdir()
        for file in weights:
            shutil.copyfile(file, folder / "weights" / file.name)
        items["weights"] = "CoreML Model Weights"
    (path / "Manifest.json").write_text(
        json.dumps(manifest(path.name, items), indent=4, sort_keys=True) + "\n"
    )


def manifest(package: str, items: dict[str, str]) -> dict[str, Any]:
    """Return a package's table of contents; its identifiers follow from the names."""
    keys = {name: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{package}/{name}")) for name in items}
    return {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {
            keys[name]: {
                "author": AUTHOR,
                "description": about,
                "name": name,
                "path": f"{AUTHOR}/{name}",
            }
            for name, about in items.items()
        },
        "rootModelIdentifier": keys["model.mlmodel"],
    }
