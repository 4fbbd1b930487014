"""LiteRT's interpreter as a side: its kernels, its values, and what it refuses or crashes on."""

import csv
from pathlib import Path

import numpy as np
import pytest

from halfpixel.errors import RuntimeRefusal, UsageError
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.runtimes.interpreter import process, worker
from halfpixel.runtimes.litert_ import LitertRunning

FILES = Path(__file__).parents[2] / "models/litert"
ROWS = list(csv.DictReader((FILES / "manifest.csv").read_text(encoding="utf-8").splitlines()))
RECORDED = {Path(row["file"]).stem: float(row["max_abs"]) for row in ROWS}
"""How far each file is from what its framework computed."""


def started(name: str, where: str = "", *, optimised: bool = True) -> LitertRunning:
    """Return a file of the folder in the interpreter."""
    side = Side(str(FILES / f"{name}.tflite"), where)
    running = runtime_of(side).started(side, RunSettings(optimised=optimised))
    assert isinstance(running, LitertRunning)
    return running


@pytest.mark.parametrize("where", ["", "builtin", "reference"])
@pytest.mark.parametrize("name", RECORDED)
def test_a_file_gives_what_was_recorded(name: str, where: str) -> None:
    """Every kernel gives the framework's output, or misses it by what was measured."""
    with np.load(FILES / f"{name}.npz") as recorded:
        x, y = recorded["x"], recorded["y"]
    running = started(name, where)
    (found,) = running.run({running.inputs[0].name: x}).values()
    apart = float(np.abs(found - y).max())
    assert apart == pytest.approx(RECORDED[name], abs=2e-6)


def test_values_inside_have_their_channels_first() -> None:
    """What a resize is handed and makes is given as its site is described."""
    running = started("torch_nearest_by2.0")
    (end,), (site,) = running.model.site_values, running.model.sites
    with np.load(FILES / "torch_nearest_by2.0.npz") as recorded:
        feeds = {running.inputs[0].name: recorded["x"]}
    found = running.run(feeds, [end.data, end.output])
    assert {end.data, end.output} <= set(running.values)
    assert found[end.data].shape == site.input_shape
    np.testing.assert_array_equal(found[end.output], site.evaluate(found[end.data]))


def test_other_lengths_are_taken_where_operators_take_them() -> None:
    """An image of another size is resized to the size that the file has."""
    running = started("tf2_bilinear_7x10_3x5")
    (found,) = running.run({"x": np.ones((1, 9, 4, 3), np.float32)}).values()
    assert found.shape == (1, 3, 5, 3)


@pytest.mark.parametrize(
    ("where", "options", "told"),
    [("cuda", {}, "LiteRT has no 'cuda'"), ("xnnpack", {"threads": "2"}, "options (threads)")],
)
def test_what_there_is_not_is_refused(where: str, options: dict[str, str], told: str) -> None:
    """A kernel that there is not, and options, are told with those that there are."""
    side = Side(str(FILES / "torch_nearest_by2.0.tflite"), where, options)
    with pytest.raises(UsageError, match="expected cpu, litert, xnnpack, builtin, reference") as no:
        runtime_of(side).started(side, RunSettings())
    assert told in str(no.value)


def test_what_the_interpreter_refuses_is_told_in_its_words() -> None:
    """An image of another rank is refused by the kernel."""
    running = started("tf2_bilinear_7x10_3x5", "builtin")
    with pytest.raises(RuntimeRefusal, match=r"@builtin: .*Node number 0 .RESIZE_BILINEAR. failed"):
        running.run({"x": np.ones((7, 10, 3), np.float32)})


def test_a_process_that_ended_is_started_anew() -> None:
    """A model is loaded again where the process is another one."""
    running = started("tf2_bilinear_7x10_3x5")
    feeds = {"x": np.ones((1, 7, 10, 3), np.float32)}
    before = running.run(feeds)
    process.HELD[0].process.kill()
    process.HELD[0].process.wait()
    after = running.run(feeds)
    np.testing.assert_array_equal(before["Identity"], after["Identity"])


def test_a_crash_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What ends the process is told with the signal, and the next model runs."""
    dying = tmp_path / "worker.py"
    dying.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(worker, "__file__", str(dying))
        process.HELD[0].end()
        with pytest.raises(RuntimeRefusal, match=r"crashed on it \(SIGSEGV\)"):
            started("tf2_bilinear_7x10_3x5")
    assert started("tf2_bilinear_7x10_3x5").outputs == ("Identity",)


def test_more_models_than_are_kept_run_in_turn() -> None:
    """A model that others pushed out is loaded again."""
    running = [started("tf2_bilinear_7x10_3x5") for _ in range(worker.MOST + 2)]
    feeds = {"x": np.ones((1, 7, 10, 3), np.float32)}
    assert all(one.run(feeds)["Identity"].shape == (1, 3, 5, 3) for one in running)
