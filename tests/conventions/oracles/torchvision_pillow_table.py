"""torchvision on images of Pillow: v1 and v2, every interpolation, the shorter side."""

from conventions.oracles.oracle import Case, Oracle
from conventions.oracles.torchvision_table import FEWER, SHORTER, names, version

X = "Image.fromarray(x)"
MODES = ("NEAREST_EXACT", "BILINEAR", "BICUBIC", "BOX", "HAMMING", "LANCZOS")

ORACLE = Oracle(
    "torchvision (images of Pillow)",
    "torchvision",
    version,
    names,
    (
        *(
            Case(
                f"transforms.{v}functional.resize({X}, [{{h}}, {{w}}], InterpolationMode.{mode})",
                pairs=FEWER,
                ties=mode in {"NEAREST_EXACT", "BOX"},
            )
            for v in ("", "v2.")
            for mode in MODES
        ),
        Case(f"transforms.functional.resize({X}, 4, InterpolationMode.BICUBIC)", planes=SHORTER),
        Case(f"transforms.v2.functional.resize({X}, 3, max_size=5)", planes=SHORTER[:3]),
    ),
)
