"""The names of a model's ends, as its signature has them."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from halfpixel.checking.check import opened, sites
from halfpixel.formats.litert.write.names import name_by_signature
from halfpixel.runtime import RunSettings, Side, runtime_of
from litert_files.converter import FILES

if TYPE_CHECKING:
    from halfpixel.arrays import Array


def test_ends_are_called_what_the_signature_calls_them(tmp_path: Path) -> None:
    """All else is as it was, and the interpreter runs it as before."""
    before, path = FILES / "torch_bicubic_ac0_5x9_9x7.tflite", tmp_path / "m.tflite"
    shutil.copy(before, path)
    name_by_signature(path)
    model = opened(path)
    (port,) = model.inputs
    old = opened(before).inputs[0]
    assert (old.name, port.name) == ("serving_default_args_0", "args_0")
    assert port.shape == old.shape
    assert [one.torch_call for one in sites(path)] == [one.torch_call for one in sites(before)]
    x: Array = np.random.default_rng(0).random((1, 3, 5, 9), np.float32)
    made: list[tuple[str, Array]] = []
    for file, called in ((path, port.name), (before, old.name)):
        running = runtime_of(Side(str(file))).started(Side(str(file)), RunSettings())
        made.extend(running.run({called: x}).items())
    assert (made[0][0], made[1][0]) == ("output_0", "serving_default_output_0_output")
    assert np.array_equal(made[0][1], made[1][1])
    again = path.read_bytes()
    name_by_signature(path)
    assert path.read_bytes() == again
