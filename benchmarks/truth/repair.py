"""What `halfpixel fix` makes of models whose truth was measured, on onnxruntime's CPU.

    python benchmarks/truth/repair.py FOLDER [FOLDER ...]

A folder holds models, each with an `.npz` of inputs and PyTorch's own outputs under the
model's names (further sizes as `x_1`, `y_1`, ...). Every model is run as it is, after plain
`fix`, and after `fix --unsafe-fixes`, at every size. A model matches where each output is
within 1e-4 of PyTorch's (or that part of its largest value). Printed: how many mismatch
before and after, how many became worse, and the bytes that differ from the old file.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
from folders import measured

from halfpixel.fixing.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[np.generic]]

TOLERANCE = 1e-4
UNREADABLE = float("inf")
FURTHER = re.compile(r".+_\d+")


def sizes(model: Path) -> Iterator[Arrays]:
    """Yield the inputs and expected outputs of every size that was measured."""
    with np.load(model.with_suffix(".npz")) as file:
        arrays = dict(file)
    plain = {name for name in arrays if not FURTHER.fullmatch(name)}
    count = 0
    while count == 0 or any(f"{name}_{count}" in arrays for name in plain):
        tail = f"_{count}" if count else ""
        yield {name: arrays.get(name + tail, arrays[name]) for name in plain}
        count += 1


def error(model: Path, truth: Path) -> float:
    """Return the worst difference from PyTorch over all sizes; infinity where it fails."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    worst = 0.0
    try:
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        for arrays in sizes(truth):
            feeds = {value.name: arrays[value.name] for value in session.get_inputs()}
            names = [value.name for value in session.get_outputs()]
            for name, got in zip(names, session.run(names, feeds), strict=True):
                want = arrays[name].astype(np.float64)
                if got.shape != want.shape:
                    return UNREADABLE
                scale = max(1.0, float(np.abs(want).max(initial=0)))
                far = np.abs(got.astype(np.float64) - want).max(initial=0)
                worst = max(worst, float(far) / scale)
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return UNREADABLE
    return worst


def bytes_changed(before: Path, after: Path) -> int:
    """Return how many bytes of the new file are not a common start or end with the old."""
    old, new = (np.frombuffer(p.read_bytes(), dtype=np.uint8) for p in (before, after))
    count = min(len(old), len(new))
    start = _common(old[:count], new[:count])
    end = _common(old[::-1][: count - start], new[::-1][: count - start])
    return len(new) - start - end


def _common(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> int:
    apart = np.flatnonzero(old != new)
    return int(apart[0]) if len(apart) else len(old)


def repaired(model: Path, folder: Path, *, unsafe: bool) -> tuple[Path, list[str]]:
    """Write the fixed model into a folder; return it and what was declined."""
    target = folder / model.name
    result = fix(model, unsafe_fixes=unsafe)
    if result.error is None:
        result.save(target)
    else:
        shutil.copy(model, target)
    return target, [f"{d.why}: {d.reason}" for d in result.declined]


def measure(folder: Path) -> bool:
    """Print the figures of one folder; return whether nothing is wrong any more."""
    before = plain_left = left = worse = touched = changed = 0
    models = sorted(m for m in folder.glob("*.onnx") if m.with_suffix(".npz").exists())
    with tempfile.TemporaryDirectory() as place:
        safe, bold = Path(place) / "safe", Path(place) / "unsafe"
        safe.mkdir()
        bold.mkdir()
        for model in models:
            was = error(model, model)
            plain, _ = repaired(model, safe, unsafe=False)
            fixed, declined = repaired(model, bold, unsafe=True)
            now_plain, now = error(plain, model), error(fixed, model)
            wrong = was > TOLERANCE
            before += wrong
            plain_left += now_plain > TOLERANCE
            left += now > TOLERANCE
            worse += now_plain > max(was, TOLERANCE) or now > max(was, TOLERANCE)
            different = bytes_changed(model, fixed)
            changed += different
            touched += not wrong and model.read_bytes() != fixed.read_bytes()
            if now > TOLERANCE:
                print(f"  left: {model.name}: {was:.3g} -> {now:.3g}: {'; '.join(declined)}")
            if worse and now_plain > max(was, TOLERANCE):
                print(f"  worse: {model.name}: {was:.3g} -> {now_plain:.3g}")
    print(
        f"{folder}: {len(models)} models, {before} mismatched before, {plain_left} after fix, "
        f"{left} after fix --unsafe-fixes; {worse} worse, {touched} touched that matched, "
        f"{changed} bytes changed"
    )
    return not left and not worse and not touched


if __name__ == "__main__":
    measured(__doc__, measure)
