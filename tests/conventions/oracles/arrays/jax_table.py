"""JAX: every method with antialias and without, and images that are scaled and moved."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import Case, Oracle


def _names() -> dict[str, Any]:
    import_module("jax.image")
    return {"jax": import_module("jax"), "jnp": import_module("jax.numpy")}


def _version() -> str:
    return f"JAX {import_module('jax').__version__}"


FEWER = tuple((n, m) for n in (1, 2, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
MOVED = "jax.image.scale_and_translate(x, (5, 3), (0, 1), jnp.array([{}]), jnp.array([{}])"
MOVES = (("0.8, 0.75", "0.25, 0.5"), ("1.25, 0.5", "0.25, 0.25"))

ORACLE = Oracle(
    "JAX",
    "jax",
    _version,
    _names,
    (
        *(
            Case(
                f"jax.image.resize(x, ({{h}}, {{w}}), '{method}'{more})",
                pairs=FEWER,
                bound=1e-5,
            )
            for method in ("linear", "cubic", "bicubic-pytorch", "lanczos3", "lanczos5", "area")
            for more in ("", ", antialias=False")
        ),
        Case("jax.image.resize(x, ({h}, {w}), 'nearest')", pairs=FEWER, ties=True),
        Case(
            "jax.image.resize(x[..., None], ({h}, {w}, 1), method=jax.image.ResizeMethod.LINEAR)"
            "[..., 0]",
            pairs=FEWER[:4],
            bound=1e-5,
        ),
        *(
            Case(
                f"{MOVED.format(scale, move)}, '{method}', antialias={antialias})",
                planes=(((6, 5), (5, 3)),),
                bound=1e-5,
            )
            for scale, move in MOVES
            for method in ("linear", "cubic", "lanczos3", "cubic-pytorch")
            for antialias in (True, False)
        ),
    ),
)
