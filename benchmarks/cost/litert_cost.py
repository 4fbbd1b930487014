"""Time and memory of `halfpixel check` on LiteRT files, as whole processes.

    python benchmarks/cost/litert_cost.py FOLDER

A file of one resize is put behind new tables that lead to a buffer of 1 GB of weights; it is
written into FOLDER and stays there. Asked: 0.2 s and 60 MB for it, and the small file within 0.05 s
of an ONNX one. Each pair runs in turns, and the medians are compared.
"""

from __future__ import annotations

import sys
from pathlib import Path
from struct import pack

from processes import side_by_side

from halfpixel.formats.flatbuffer_block import New, Number, Old, Refs, Thing, block
from halfpixel.formats.flatbuffer_tables import number, root
from halfpixel.formats.litert.schema import IDENTIFIER, VERSION, Buffer, Model

ROOT = Path(__file__).resolve().parents[2] / "models"
SMALL = ROOT / "litert" / "torch_nearest_7x10_3x5.tflite"
ONNX = ROOT / "exporter_mismatches"
GIGABYTE = 1 << 30


def large(path: Path) -> None:
    """Write the small file with a buffer of 1 GB."""
    seed = SMALL.read_bytes()
    seed += bytes(-len(seed) % 16 + 12)  # the weights behind their count are aligned
    table = root(seed)
    fields: dict[int, Thing] = {Model.VERSION: Number("I", VERSION)}
    for field in (Model.CODES, Model.SUBGRAPHS, Model.METADATA, Model.SIGNATURES):
        at = table.place(field)
        if at:
            fields[field] = Old(at + number(seed, at, "I"))
    old = [Old(one.at) for one in table.vector(Model.BUFFERS).tables()]
    fields[Model.BUFFERS] = Refs([*old, New({Buffer.DATA: Old(len(seed))})])
    with path.open("wb") as file:
        file.write(block(New(fields), IDENTIFIER) + seed + pack("<I", GIGABYTE))
        piece = bytes(range(256)) * 4096
        for _ in range(GIGABYTE // len(piece)):
            file.write(piece)


def main() -> None:
    """Measure both files."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "large.tflite"
    if not path.exists():
        large(path)
    check = [sys.executable, "-m", "halfpixel", "check", "--exit-zero"]
    onnx = min(ONNX.rglob("*.onnx"), key=lambda one: abs(one.stat().st_size - SMALL.stat().st_size))
    ours, peer = side_by_side([*check, str(SMALL)], [*check, str(onnx)])
    print(
        f"{SMALL.name}: {ours[0]:.3f} s, {ours[1]:.0f} MB; {onnx.name}: {peer[0]:.3f} s, "
        f"{peer[1]:.0f} MB: {ours[0] - peer[0]:+.3f} s (asked 0.05)"
    )
    big, small = side_by_side([*check, str(path)], [*check, str(SMALL)])
    print(
        f"{path.stat().st_size / 1e9:.2f} GB: {big[0]:.3f} s, {big[1]:.0f} MB; small: "
        f"{small[0]:.3f} s, {small[1]:.0f} MB (asked 0.2 s, 60 MB)"
    )


if __name__ == "__main__":
    main()
