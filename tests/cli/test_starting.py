"""What the program does without at its start is there for whoever asks."""

import subprocess
import sys

import example_models as models

ASKS = """
import sys
sys.argv = ["halfpixel", "check", sys.argv[1]]
from halfpixel.__main__ import main
try:
    main()
except SystemExit as stop:
    assert stop.code in {0, 1}, stop.code
assert "typing_extensions" not in sys.modules
assert "google.protobuf.text_format" not in sys.modules
import typing_extensions
from google.protobuf import json_format, text_format
from google.protobuf.internal import python_message
import onnx
model = onnx.load(sys.argv[2])
assert text_format.Parse(text_format.MessageToString(model), onnx.ModelProto()) == model
assert "graph" in json_format.MessageToDict(model)
assert python_message.decoder
"""


def test_libraries_are_whole_for_whoever_asks() -> None:
    """One check, then all that was left out."""
    path = str(models.MISMATCHES / "A1.onnx")
    asked = ASKS.replace("sys.argv[2]", repr(path))
    ran = subprocess.run(
        [sys.executable, "-c", asked, path], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "1 site" in ran.stdout
