"""The page of preprocessing: what is read, and configurations against three usual deployments."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from halfpixel.preprocessor import load_preprocessors
from halfpixel.preprocessors.hugging_face import rows

ROOT: Final = Path(__file__).parents[2]
MODELS: Final = ROOT / "models" / "preprocessing"
RESULTS: Final = ROOT / "benchmarks" / "results" / "preprocessing.txt"

HEAD: Final = """# Preprocessing

Made by `docs/build.py` from `convert/halfpixel/preprocessors` and
`benchmarks/results/preprocessing.txt`.

A network is trained on images that some library resized, and deployed behind another. What training
did is often written down; `halfpixel` reads it:

```console
halfpixel explain models/preprocessing/clip_preprocessor.json --size 640x480
halfpixel check model.onnx --preprocess models/preprocessing/clip_preprocessor.json
halfpixel compare models/preprocessing/clip_preprocessor.json "cv2.resize(x, (298, 224))" \\
    --size 640x480
halfpixel explain "LetterBox(new_shape=(640, 640))"
```

`explain` tells every step for an image of that size: what the resize computes, in every library's
words, what is cut or padded and where, and what is done to the values. `check --preprocess` holds
a model to it. A model that takes the whole image and resizes it itself is asked whether its first
resize computes what training's did: a finding, with the numbers and a fix, where it does not. Of
one that resizes nothing itself it tells whether it takes the size that is made; another size
makes the exit code 1. A fix never writes another size. `compare` proves its first resize equal to
a call of any library, or shows where they part, and names what is no sampling beside it. A project
says it once, for some models or all, by the key `preprocess` of its
[configuration](configuration.md).

## What is read

"""

ROWS: Final = """
What a file of Hugging Face leaves out is what its class does: {count} classes of transformers have
a row (`preprocessors/transformers.toml`), of which {own} resize in ways of their own that are not
described. Every other row was run against its class, at three sizes of image:
`benchmarks/truth/preprocessing.py --rows`. Of a class that is not named, or has no row, it is told
what is taken in its place.

A file may be of another program, be broken, or hold what no program wrote: one line says so, and
the exit code is 2.
"""

TABLE: Final = """
## Trained so, deployed so

Each row is a configuration as its package ships it (`models/preprocessing`), for an image of
1280x720, against what a deployment is usually written with: `cv2.resize` with INTER_LINEAR, a torch
tensor through `F.interpolate(mode="bilinear")`, and Pillow's `Image.resize` with BILINEAR, all to
the size that training resized to. *w* is the largest difference of two weights along the width, as
it is computed exactly; the libraries' own weights, read back by impulses, differ by the same
(`python benchmarks/truth/preprocessing.py`). *levels* is the mean difference of the two images, in
levels of 255, on a fixed image of bytes; of two resizes that are equal it is rounding.

| trained | resized by | OpenCV | torch tensor | Pillow |
| --- | --- | --- | --- | --- |
"""

_LINE: Final = re.compile(r"(?P<file>[\w.]+): (?P<call>.+); steps (?P<steps>[-\d. ]+)")
_ANSWER: Final = re.compile(
    r"  (?P<name>[\w ]+): (?P<words>[\w ]+), weights (?P<claimed>[\d.]+) claimed, "
    r"(?P<measured>[\d.]+) measured; levels (?P<most>[\d.]+) at most, (?P<mean>[\d.]+) in the mean"
)


def page() -> str:
    """Return the page."""
    known = rows()
    own = sum(row["form"] == "own" for row in known.values())
    lines = [
        HEAD + "| written by | for example | how it is known |",
        "| --- | --- | --- |",
        *_read(),
    ]
    text = "\n".join(lines) + "\n" + ROWS.format(count=len(known), own=own) + TABLE
    return text + "\n".join(_table()) + "\n"


def _read() -> Iterator[str]:
    for one in load_preprocessors():
        text = " ".join(one.examples[0][0].split())
        yield f"| {one.name} | `{text.replace('|', '')}` | {one.how} |"


def _table() -> Iterator[str]:
    text = (MODELS / "manifest.csv").read_text(encoding="utf-8")
    table = csv.DictReader(text.splitlines())
    models = {row["file"]: f"{row['model']} ({row['package']})" for row in table}
    cells: list[str] = []
    for line in RESULTS.read_text(encoding="utf-8").splitlines():
        if (head := _LINE.fullmatch(line)) is not None:
            if cells:
                yield _row(cells)
            cells = [models[head["file"]], f"`{head['call']}`"]
        elif (answer := _ANSWER.fullmatch(line)) is not None:
            cells.append(_cell(answer))
    if cells:
        yield _row(cells)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(answer: re.Match[str]) -> str:
    levels = f"{float(answer['mean']):.2g} levels"
    if answer["words"] == "equal":
        return f"equal, {levels}"
    return f"w {float(answer['claimed']):.2g}, {levels}"
