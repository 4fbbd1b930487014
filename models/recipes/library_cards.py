"""A card of a few lines for each network of the library: what it resamples, and how.

Its words come from the tables of networks, its calls from what an eager run made, which stands in
the `architectures.csv` and `tensorflow.csv` beside the models.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from library import LIBRARY, Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

HEAD = """# The library of models

Small networks whose resizing is that of well-known ones. `recipes/library.py` makes them, and this
page. Weights are random; beside each model lies an `.npz` with its input and the framework's own
outputs.
"""
TENSORFLOW = {
    "keras_unet": "U-Net of Keras: UpSampling2D, bilinear, and Resizing by nearest, both on pixel "
    "centres. tf2onnx writes the second as tf_half_pixel_for_nn, which opset 13 took out: "
    "`halfpixel fix` says it in words that are left.",
    "deeplab_tf1": "DeepLab in the words of TensorFlow 1: resize_bilinear with align_corners, and "
    "a resize_nearest_neighbor with neither flag, which starts on the corner.",
}
_CALL = re.compile(r"(?P<name>\w+)\((?:\w+=)(?P<shape>[\dx]+)(?P<rest>.*)\)")
_DULL = (" bias=", " output_padding=(0, 0)", " groups=1", " dilation=(1, 1)")


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def phrase(call: str) -> str:
    """Return a call without what every such call says.

    >>> phrase("interpolate(input=1x8x8x8, scale_factor=2.0, mode='nearest')")
    "`interpolate(1x8x8x8, scale_factor=2.0, mode='nearest')`"
    """
    told = _CALL.fullmatch(call)
    if told is None:
        return f"`{call}`"
    words = re.split(r",(?![^(]*\))", told["rest"])
    kept = ",".join(word for word in words if not word.startswith(_DULL))
    return f"`{told['name']}({told['shape']}{kept})`"


def phrases(text: str) -> str:
    """Return the calls of a row as a list of Markdown, equal ones once, with their number."""
    calls = [phrase(call) for call in text.split(" | ")]
    return "\n".join(
        f"- {call}{f', {calls.count(call)} times' if calls.count(call) > 1 else ''}"
        for call in dict.fromkeys(calls)
    )


def exports(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the exporters and opsets of a network's files.

    >>> exports([{"exporter": "dynamo", "opset": "18"}, {"exporter": "dynamo", "opset": "20"}])
    'dynamo 18, 20'
    """
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["exporter"], []).append(row["opset"])
    return "; ".join(f"{name} {', '.join(opsets)}" for name, opsets in found.items())


def coreml(rows: Sequence[Mapping[str, str]]) -> str:
    """Return what coremltools made of a network, or why nothing came of it."""
    names = {"fp32": "float32", "fp16": "float16", "network": "neural network"}
    done = {row["target"] for row in rows if row["status"] == "converted"}
    made = [text for target, text in names.items() if target in done]
    refused = [row["status"].rstrip(".") for row in rows if row["status"] != "converted"]
    return ", ".join(made) or (f"refused: {refused[0]}" if refused else "")


def cards(root: Path) -> Iterator[str]:
    """Yield the card of each network."""
    onnx = table(root / "architectures" / "architectures.csv")
    apple = table(root / "coreml" / "architectures" / "architectures.csv")
    for name, about in LIBRARY.items():
        mine = [row for row in onnx if row["file"].partition("-")[0] == name]
        converted = [row for row in apple if re.split("[-.]", row["file"])[0] == name]
        yield card(name, about, mine, converted)
    rows = table(root / "tensorflow" / "tensorflow.csv")
    for name, text in TENSORFLOW.items():
        mine = [row for row in rows if row["file"].partition("-")[0] == name]
        opsets = ", ".join(row["opset"] for row in mine)
        yield f"## {name}\n\n{text}\n\n{phrases(mine[0]['calls'])}\n\nONNX: tf2onnx {opsets}."


def card(
    name: str,
    about: Network,
    onnx: Sequence[Mapping[str, str]],
    apple: Sequence[Mapping[str, str]],
) -> str:
    """Return one card."""
    free = ", height and width free" if about.dynamic else ""
    made = coreml(apple)
    ends = f"ONNX: {exports(onnx)}{free}." + (f" Core ML: {made}." if made else "")
    needs = f" Made with {about.needs}." if about.needs else ""
    calls = phrases(next(row["calls"] for row in onnx))
    return f"## {name}\n\n{about.about}\n\n{calls}\n\n{ends}{needs}"


def page(root: Path) -> str:
    """Return the page of all cards."""
    return "\n\n".join([HEAD.rstrip(), *cards(root)]) + "\n"


def build(root: Path, names: Sequence[str]) -> None:
    """Write the page, which tells of all networks whatever was built."""
    del names
    (root / "CARDS.md").write_text(page(root), encoding="utf-8")
