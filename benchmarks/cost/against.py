"""Time and peak memory of check, fix and verify beside another checkout's, as whole processes.

    python benchmarks/cost/make_models.py FOLDER
    python benchmarks/cost/against.py FOLDER CHECKOUT

Each command runs several times in turns, with this tree's code and with the other's; the medians of
one run are compared. A ratio below 1 says that this tree is faster or takes less.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from processes import Tree, side_by_side

HERE = Path(__file__).resolve().parents[2]
MODELS = HERE / "models"
HALFPIXEL = [sys.executable, "-m", "halfpixel"]


def jobs(folder: Path, output: str) -> dict[str, list[str]]:
    """Return the commands that are measured."""
    segformer = str(MODELS / "architectures" / "segformer-torchscript-o17.onnx")
    wrong = str(MODELS / "exporter_mismatches" / "A1.onnx")
    return {
        **{
            f"check {name}": ["check", "--output-format", "json", str((folder / name).resolve())]
            for name in ("one_megabyte.onnx", "many_nodes.onnx", "many_resizes.onnx", "large.onnx")
        },
        "check segformer": ["check", segformer],
        "check with a finding": ["check", wrong],
        "fix A1.onnx": ["fix", wrong, "-o", output],
        "fix large.onnx": ["fix", str((folder / "large.onnx").resolve()), "-o", output],
        "verify segformer": ["verify", segformer, segformer],
    }


def main() -> None:
    """Measure every job in both trees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty:
        for name, words in jobs(asked.folder, f"{empty}/fixed.onnx").items():
            trees = (HERE, asked.checkout.resolve())
            commands = [Tree(tree, empty, [*HALFPIXEL, *words]) for tree in trees]
            new, old = side_by_side(*commands, runs=asked.runs)
            print(
                f"{name}: {new.seconds:.3f} s, {new.megabytes:.0f} MB; before {old.seconds:.3f} s, "
                f"{old.megabytes:.0f} MB: {new.seconds / old.seconds:.2f} of the time, "
                f"{new.processor / old.processor:.2f} of the processor's, "
                f"{new.megabytes / old.megabytes:.2f} of the memory"
            )


if __name__ == "__main__":
    main()
