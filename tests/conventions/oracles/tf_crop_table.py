"""TensorFlow's crop_and_resize: boxes inside the image, beyond it, and turned round."""

from conventions.oracles.oracle import Case, Lengths, Oracle
from conventions.oracles.tensorflow_table import FEWER, names, version

FLOAT32 = 2e-5
BOXES = ("0.25, 0, 0.75, 1", "-0.5, 0, 1.5, 1", "1, 0, 0, 1", "0, 0, 1, 1")
PLANES: tuple[tuple[Lengths, Lengths], ...] = (
    ((9, 5), (4, 3)),
    ((5, 17), (8, 1)),
    ((5, 9), (1, 3)),
)


def _crop(box: str, more: str, size: str = "{h}, {w}") -> str:
    crop = f"tf.image.crop_and_resize(x[None, ..., None], [[{box}]], [0], ({size}){more})"
    return f"{crop}[0, ..., 0]"


ORACLE = Oracle(
    "TensorFlow crop_and_resize",
    "tensorflow",
    version,
    names,
    (
        *(Case(_crop(box, ""), pairs=FEWER, bound=FLOAT32) for box in BOXES),
        *(Case(_crop(box, ", 'nearest'"), pairs=FEWER, ties=True) for box in BOXES[:3]),
        *(
            Case(
                _crop("0.125, 0.25, 0.875, 1.25", more, f"{size[0]}, {size[1]}"),
                planes=((shape, size),),
                bound=FLOAT32,
                ties=True,
            )
            for more in ("", ", method='nearest'")
            for shape, size in PLANES
        ),
    ),
)
