"""Pillow: every filter, boxes, gaps and means."""

from typing import Any

from conventions.oracles.oracle import Case, Oracle

FILTERS = ("BILINEAR", "HAMMING", "BICUBIC", "LANCZOS", "MKS2013", "MKS2021")


def _names() -> dict[str, Any]:
    from PIL import Image

    return {"Image": Image}


def _version() -> str:
    import PIL

    return f"Pillow {PIL.__version__}"


def _resize(filter_: str, more: str = "") -> str:
    return f"Image.fromarray(x).resize(({{w}}, {{h}}), Image.Resampling.{filter_}{more})"


ORACLE = Oracle(
    "Pillow",
    "PIL",
    _version,
    _names,
    (
        *(Case(_resize(name)) for name in FILTERS),
        Case(
            _resize("BOX"),
            ties=True,
            exceptions={(11, 6): "a window's edge on a pixel's centre falls short in float64"},
        ),
        Case(
            _resize("NEAREST"),
            ties=True,
            exceptions={(32, 33): "its step is added up, and falls short of a tie"},
        ),
        Case("Image.fromarray(x).resize(({w}, {h}))"),
        *(Case(_resize(name, ", reducing_gap=1.5")) for name in ("BILINEAR", "LANCZOS")),
        Case(_resize("BICUBIC", ", reducing_gap=1.0")),
        *(
            Case(
                _resize(name, ", box=(0.5, 1, 4.25, 3)" + gap).format(h=h, w=w),
                planes=(((4, 5), (h, w)), ((7, 6), (h, w))),
            )
            for name in ("NEAREST", "BOX", "BICUBIC")
            for h, w in ((3, 2), (1, 7))
            for gap in ("", ", reducing_gap=1")
        ),
        *(
            Case(
                f"Image.fromarray(x).reduce({factor})",
                planes=(((4, 6), (0, 0)), ((5, 7), (0, 0)), ((3, 2), (0, 0))),
            )
            for factor in ("2", "(3, 1)", "(2, 3)", "2, box=(1, 0, 2, 3)")
        ),
        Case("Image.fromarray(x).resize((2, 3), 4, (0, 0, 5, 4))", planes=(((4, 5), (3, 2)),)),
    ),
)
