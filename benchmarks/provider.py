"""Everything that halfpixel can say of an execution provider, in one call.

    python benchmarks/provider.py cuda benchmarks/results/cuda
    python benchmarks/provider.py cuda OUT ../other/models

Written to OUT: `conformance.json` and `conformance.md` (every combination against the exact
weights), `models.txt` (every model of `models/` and of further folders with recorded outputs,
on the provider against PyTorch's outputs and against the CPU provider, with the placement of
its nodes), and `timings.txt` (Resize, GridSample and the lowerings on the provider, beside the
CPU, in one run). A provider that is missing or cannot be loaded ends it with one line and
exit code 2. For a GPU build of onnxruntime: `pip install 'onnxruntime-gpu[cuda,cudnn]'`.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

import numpy as np
import onnxruntime as ort
from cost.lowering_time import CASES, resize

import halfpixel
from halfpixel.conforming.conformance import Conformance
from halfpixel.errors import HalfpixelError
from halfpixel.report import conformance_report
from halfpixel.runtimes.provider import available
from halfpixel.sampling.lowering import LOWERINGS
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx

ROOT = Path(__file__).parent.parent
ROUNDS = 50


def models(folders: list[Path]) -> Iterator[Path]:
    """Yield the models that have recorded outputs."""
    for folder in folders:
        yield from (p for p in sorted(folder.glob("*.onnx")) if p.with_suffix(".npz").exists())


def verified(provider: str, path: Path) -> str:
    """Return one line on one model."""
    settings = VerifySettings(fallback=True)
    truth = verify(f"{path}@{provider}", str(path.with_suffix(".npz")), settings)
    cpu = verify(f"{path}@{provider}", f"{path}@cpu", settings)
    placed = Counter(truth.placement[0].values())
    worst = max((o.difference.max_abs for o in cpu.outputs), default=float("nan"))
    named = "" if cpu.first is None else f"; first divergent: {cpu.first.node} ({cpu.first.op})"
    told = "".join(f"; {line}" for line in (*truth.optimiser, *cpu.optimiser))
    return (
        f"{path.parent.name}/{path.name}: PyTorch {'equal' if truth.equal else 'different'}, "
        f"CPU {'equal' if cpu.equal else 'different'} (max abs {worst:.3g}); "
        f"{', '.join(f'{n} on {p}' for p, n in placed.items())}{named}{told}"
    )


def seconds(model: onnx.ModelProto, name: str, x: np.ndarray) -> float:
    """Return the median time of a run, the data already where the provider wants it."""
    session = ort.InferenceSession(model.SerializeToString(), providers=[name])
    binding = session.io_binding()
    device = "cpu" if name == "CPUExecutionProvider" else "cuda"
    binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(x, device, 0))
    binding.bind_output("y", device)
    found = []
    for turn in range(ROUNDS + 5):
        binding.synchronize_inputs()
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        if turn >= 5:
            found.append(time.perf_counter() - start)
    return median(found)


def timings(name: str) -> Iterator[str]:
    """Yield one line a resize and lowering: its time relative to Resize on the same provider."""
    yield f"onnxruntime {ort.__version__}, {name} beside the CPU, median of {ROUNDS} runs"
    random = np.random.default_rng(0)
    for case, shape, lengths, attributes in CASES:
        plain = resize(shape, lengths, attributes)
        x = random.standard_normal(shape, np.float32)
        here, cpu = seconds(plain, name, x), seconds(plain, "CPUExecutionProvider", x)
        yield f"{case:<17}{'Resize':<12}{here * 1e6:>9.1f} us  CPU / provider {cpu / here:>7.2f}"
        for kind in LOWERINGS:
            result = halfpixel.fix(plain, lower={"up": kind})
            if result.changes:
                lowered = seconds(cast("onnx.ModelProto", result.model), name, x)
                row = f"{case:<17}{kind:<12}{lowered * 1e6:>9.1f} us"
                yield f"{row}  of Resize {lowered / here:>7.2f}"


def main() -> None:
    """Measure everything."""
    provider, out = sys.argv[1], Path(sys.argv[2])
    try:
        name = available(provider, provider)
        results = list(Conformance(provider).results())
    except HalfpixelError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    out.mkdir(parents=True, exist_ok=True)
    runtime = f"onnxruntime {ort.__version__}"
    (out / "conformance.json").write_text(conformance_report.dumps(results, runtime, name))
    page = "\n".join(conformance_report.markdown(results, runtime, name)) + "\n"
    (out / "conformance.md").write_text(page)
    print("\n".join(conformance_report.summary(results, runtime, name)))
    own = [ROOT / "models" / n for n in ("corpus", "exporter_mismatches", "architectures")]
    lines = [verified(provider, p) for p in models([*own, *map(Path, sys.argv[3:])])]
    (out / "models.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} models: {sum('CPU equal' in one for one in lines)} equal to the CPU's")
    told = list(timings(name))
    (out / "timings.txt").write_text("\n".join(told) + "\n")
    print("\n".join(told))


if __name__ == "__main__":
    main()
