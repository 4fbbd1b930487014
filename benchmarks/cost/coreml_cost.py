"""Time and memory of `halfpixel check` and `fix` on Core ML models of 500 MB, as whole processes.

    python models/recipes/coreml_large.py FOLDER
    python benchmarks/cost/coreml_cost.py FOLDER

`check` runs beside ``import coremltools`` (asked: at most 1.5 times its time), and on a neural
network beside coremltools' own load_spec; `fix -o` beside copying the package. Each pair runs in
turns, and the medians of one run are compared. That a check reads none of the weights shows in the
bytes that it reads from files, as the system counts them (Linux).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import side_by_side

IMPORT = "import coremltools"
LOAD_SPEC = "import sys; from coremltools.models.utils import load_spec; load_spec(sys.argv[1])"
COUNTED = """
import contextlib, io, pathlib, sys
from halfpixel.checking.check import check

def read():
    lines = pathlib.Path("/proc/self/io").read_text().splitlines()
    return int(lines[0].split()[1])

check(sys.argv[2])
before = read()
check(sys.argv[1])
print(read() - before)
"""


def main() -> None:
    """Measure both models."""
    folder = Path(sys.argv[1])
    python = sys.executable
    check = [python, "-m", "halfpixel", "check", "--exit-zero", "--output-format", "json"]
    package = next(folder.glob("*.mlpackage"))
    network = next(folder.glob("*.mlmodel"))

    ours, peer = side_by_side([*check, str(package)], [python, "-c", IMPORT])
    size = sum(path.stat().st_size for path in package.rglob("*") if path.is_file()) / 1e6
    print(
        f"{size:.0f} MB package: check {ours[0]:.2f} s, {ours[1]:.0f} MB; import coremltools "
        f"{peer[0]:.2f} s, {peer[1]:.0f} MB: {ours[0] / peer[0]:.2f} times (asked 1.5)"
    )
    counted = subprocess.run(
        [python, "-c", COUNTED, str(package), str(package)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    print(f"bytes read by one more check of it: {int(counted.stdout):,}")

    ours, peer = side_by_side([*check, str(network)], [python, "-c", LOAD_SPEC, str(network)])
    print(
        f"{network.stat().st_size / 1e6:.0f} MB network: check {ours[0]:.2f} s, {ours[1]:.0f} MB; "
        f"load_spec {peer[0]:.2f} s, {peer[1]:.0f} MB: 1/{peer[0] / ours[0]:.0f} of the time, "
        f"1/{peer[1] / ours[1]:.0f} of the memory"
    )
    with tempfile.TemporaryDirectory(dir=folder) as place:
        out = Path(place) / "fixed.mlpackage"
        fix = [python, "-m", "halfpixel", "fix", str(package), "--severity", "note",
               "--unsafe-fixes", "-o", str(out)]  # fmt: skip
        copy = ["cp", "-r", str(package), str(Path(place) / "copy.mlpackage")]
        ours, peer = side_by_side(fix, copy)
        print(f"fix -o: {ours[0]:.2f} s, {ours[1]:.0f} MB; cp -r {peer[0]:.2f} s")
        shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    main()
