"""Run every configuration on a runtime of its own, and hold its target's rows against that.

`halfpixel conformance` speaks with execution providers that are built into onnxruntime. This asks
two that are not: `python benchmarks/truth/target_runs.py openvino` (pip install openvino) asks
OpenVINO's own front end, and `... qnn` (pip install onnxruntime-qnn) the QNN provider, which on
x86-64 emulates the HTP backend. `--quick` takes a few hundred configurations. What the emulator
cannot prepare ends as "not prepared" and says nothing of a device.
"""

import pickle
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

import halfpixel
from halfpixel.conforming.models import Config, configurations, model_of, ports_of
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.targets.target import load_target
from halfpixel.verifying.measure import TOLERANCES, difference, rounded

CHUNK: Final = 150
"""Configurations a child process: the emulator can take its process with it."""

NEAR: Final = {"openvino": 0.0, "qnn": 1e-2}
"""Errors on unit noise that are arithmetic; 0 for those that `conformance` allows each type."""

TARGETS: Final = {"openvino": "openvino", "qnn": "onnxruntime-qnn"}
Run = Callable[[Any, dict[str, Any]], Any]


def openvino_run() -> Run:
    """Return what runs a model with OpenVINO on the CPU."""
    import openvino

    core = openvino.Core()

    def run(model: Any, feeds: dict[str, Any]) -> Any:  # noqa: ANN401 - the library is untyped
        read = core.read_model(model.SerializeToString(), b"")
        compiled = core.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        named = {next(iter(port.get_names())): port for port in compiled.inputs}
        return compiled({name: feeds[name] for name in named})[compiled.outputs[0]]

    return run


def qnn_run() -> Run:
    """Return what runs a model with onnxruntime's QNN provider, and never on the CPU."""
    import onnxruntime
    import onnxruntime_qnn

    onnxruntime.set_default_logger_severity(4)
    name = "QNNExecutionProvider"
    onnxruntime.register_execution_provider_library(name, onnxruntime_qnn.get_library_path())
    devices = [one for one in onnxruntime.get_ep_devices() if one.ep_name == name]

    def run(model: Any, feeds: dict[str, Any]) -> Any:  # noqa: ANN401 - the library is untyped
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_provider_for_devices(
            devices, {"backend_path": onnxruntime_qnn.get_qnn_htp_path()}
        )
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        return session.run(None, feeds)[0]

    return run


def verdict_of(config: Config, run: Run, near: float) -> str:
    """Return what a runtime makes of one configuration."""
    model = model_of(config)
    feeds = next(make_feeds(ports_of(config), FeedSettings(low=-1.0)))
    (site,) = halfpixel.sites(model)
    try:
        meant = site.evaluate(*feeds.values())
    except (halfpixel.errors.HalfpixelError, ValueError):
        return "not evaluated"
    for length in meant.shape:  # QNN takes models of static shapes alone
        model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = length
    try:
        found = run(model, feeds)
    except Exception as error:  # noqa: BLE001 - whatever a runtime raises is its answer
        words = str(error)
        if "default CPU EP" in words:
            return "fallback"
        return "not prepared" if "MEM_ALLOC" in words else "refused"
    if found.shape != meant.shape:
        return "different"
    if near:
        return "native" if np.abs(found.astype(np.float64) - meant).max() < near else "different"
    apart = difference(found, rounded(meant, found), TOLERANCES)
    return "native" if apart.equal else "different"


def child(kind: str, low: int, out: Path, *, quick: bool) -> None:
    """Run one chunk, and write each verdict as soon as it is known."""
    run = openvino_run() if kind == "openvino" else qnn_run()
    with out.open("ab") as stream:
        for place, config in enumerate(islice(configurations(quick=quick), low, low + CHUNK), low):
            pickle.dump((place, "ends the process"), stream)
            stream.flush()
            pickle.dump((place, verdict_of(config, run, NEAR[kind])), stream)
            stream.flush()


def verdicts(kind: str, total: int, *, quick: bool) -> dict[int, str]:
    """Return every verdict; a process that ends is begun again behind what ended it."""
    found: dict[int, str] = {}
    low = 0
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "verdicts"
        while low < total:
            command = [sys.executable, __file__, kind, "--child", str(low), str(out)]
            subprocess.run([*command, *(["--quick"] if quick else [])], check=False)
            with out.open("rb") as stream:
                while stream.peek(1):
                    place, verdict = pickle.load(stream)  # noqa: S301 - our own child wrote it
                    found[place] = verdict
            low = max(found) + 1
    return found


def main() -> None:
    """Run, compare, and print the counts and what the rows say otherwise."""
    kind, quick = sys.argv[1], "--quick" in sys.argv
    if "--child" in sys.argv:
        child(kind, int(sys.argv[3]), Path(sys.argv[4]), quick=quick)
        return
    every = list(configurations(quick=quick))
    target = replace(load_target(TARGETS[kind]), left_to="")
    counts: Counter[tuple[str, str]] = Counter()
    apart: Counter[str] = Counter()
    for place, verdict in verdicts(kind, len(every), quick=quick).items():
        config = every[place]
        (site,) = halfpixel.sites(model_of(config))
        answer = target.says(site.operation)
        said = "not known" if answer is None else answer.verdict
        ran = "refused" if verdict == "ends the process" else verdict
        counts[said, ran] += 1
        if said not in {ran, "not known"} and not ran.startswith("not "):
            apart[f"{said}, ran: {ran}: {config.op} {dict(config.attributes)} {config.dtype}"] += 1
    for (said, ran), count in counts.most_common():
        print(f"{count:6d}  rows say {said}, it ran: {ran}")
    for text, count in apart.most_common(40):
        print(f"{count:6d}  {text}")


if __name__ == "__main__":
    main()
