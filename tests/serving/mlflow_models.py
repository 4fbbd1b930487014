"""Models as MLflow logs them: a folder whose MLmodel says which file the model is."""

from pathlib import Path

import example_models as models

WRONG = models.MISMATCHES / "A3.onnx"

MLMODEL = """\
artifact_path: model
flavors:
  onnx:
    code: null
    data: {name}
    onnx_session_options: null
    onnx_version: 1.17.0
    providers:
    - CUDAExecutionProvider
    - CPUExecutionProvider
  python_function:
    data: {name}
    loader_module: mlflow.onnx
model_uuid: 0123456789abcdef0123456789abcdef
"""


def logged(folder: Path, data: bytes, name: str = "model.onnx", said: str | None = None) -> Path:
    """Return a folder as MLflow writes it."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    (folder / "MLmodel").write_text(MLMODEL.format(name=said or name), encoding="utf-8")
    return folder
