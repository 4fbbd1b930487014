"""scikit-image: resize with anti_aliasing and without, every mode, and rescale."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import MANY, PLANES, Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    import_module("skimage.transform")
    return {"skimage": import_module("skimage")}


def _version() -> str:
    return f"scikit-image {import_module('skimage').__version__}"


def _resize(more: str) -> str:
    return f"skimage.transform.resize(x, ({{h}}, {{w}}){more})"


FEWER = tuple((n, m) for n in (1, 2, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
LONGER = tuple((n, m) for n in (1, 17, 32) for m in (1, 2, 5, 16, 33))
BY_FACTOR: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 7), (0, 0)), ((3, 3), (0, 0)),
)  # fmt: skip
MODES = ("reflect", "symmetric", "edge", "constant", "wrap")
UNCUT = {"constant": ", clip=False"}
"""The mode that blends with a constant, which is cut off else."""

SHORT = "the prefilter of SciPy's mode reflect does not go through the pixels of a short axis"

ORACLE = Oracle(
    "scikit-image",
    "skimage",
    _version,
    _names,
    (
        Case(_resize("")),
        Case(_resize(", anti_aliasing=False")),
        *(
            Case(
                _resize(f", order=1, mode='{mode}', anti_aliasing={blurred}{UNCUT.get(mode, '')}"),
                pairs=FEWER,
            )
            for mode in MODES
            for blurred in (True, False)
        ),
        *(
            Case(
                _resize(f", order=3, mode='{mode}', anti_aliasing={blurred}, clip=False"),
                pairs=LONGER if mode == "symmetric" else FEWER,
                planes=(((17, 18), (9, 23)),) if mode == "symmetric" else PLANES,
                bound=5e-6,
                exceptions={(4, 7): SHORT} if mode == "symmetric" else {},
            )
            for mode in MODES
            for blurred in (True, False)
        ),
        *(
            Case(_resize(f", order=0, anti_aliasing={blurred}"), pairs=MANY, ties=not blurred)
            for blurred in (True, False)
        ),
        Case(
            "skimage.transform.resize(x, (4, 5), anti_aliasing_sigma=(1.5, 0.5))",
            planes=(((9, 8), (4, 5)), ((5, 16), (4, 5))),
        ),
        *(
            Case(f"skimage.transform.rescale(x, {scale}{more})", planes=BY_FACTOR)
            for scale in ("2", "(0.5, 1.5)", "0.1", "2/3")
            for more in ("", ", anti_aliasing=False", ", order=3, clip=False")
        ),
    ),
)
