"""Keras 3, with TensorFlow or JAX: ops.image.resize and the layers."""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from conventions.oracles.oracle import PLANES, Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    usual = "tensorflow" if find_spec("tensorflow") is not None else "jax"
    os.environ.setdefault("KERAS_BACKEND", usual)
    import_module("keras.layers")
    return {"keras": import_module("keras")}


def _version() -> str:
    return f"Keras {_names()['keras'].__version__}"


def _resize(more: str) -> str:
    return f"keras.ops.image.resize(x[..., None], ({{h}}, {{w}}){more})[..., 0]"


FEWER = tuple((n, m) for n in (1, 2, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
BY_FACTOR: tuple[tuple[Lengths, Lengths], ...] = (((5, 4), (0, 0)), ((4, 7), (0, 0)))
TABLE = 7e-4
"""Half of 1/1024 pixel on the steepest slope of the cubic: TensorFlow's."""

ORACLE = Oracle(
    "Keras 3",
    "keras",
    _version,
    _names,
    (
        Case(_resize(""), pairs=FEWER, bound=1e-5),
        *(
            Case(_resize(f", '{name}', antialias={antialias}"), pairs=FEWER, bound=1e-5)
            for name in ("bilinear", "lanczos3", "lanczos5")
            for antialias in (False, True)
        ),
        Case(_resize(", 'bicubic', antialias=True"), pairs=FEWER, bound=1e-5),
        Case(_resize(", interpolation='bicubic'"), pairs=FEWER, bound=TABLE),
        Case(_resize(", interpolation='nearest'"), pairs=FEWER, ties=True),
        Case(
            "keras.layers.Resizing({h}, {w}, interpolation='bilinear')(x[..., None])[..., 0]",
            pairs=FEWER[:4],
            bound=1e-5,
        ),
        Case(
            "keras.layers.Resizing(3, 7, antialias=True)(x[..., None])[..., 0]",
            planes=PLANES[:1],
            bound=1e-5,
        ),
        *(
            Case(
                f"keras.layers.UpSampling2D({size})(x[None, ..., None])[0, ..., 0]",
                planes=BY_FACTOR,
                bound=bound,
            )
            for size, bound in (
                ("", 1e-6),
                ("(2, 3)", 1e-6),
                ("3, interpolation='bilinear'", 1e-5),
                ("size=(3, 2), interpolation='bicubic'", TABLE),
                ("2, interpolation='lanczos3'", 1e-5),
            )
        ),
    ),
)
