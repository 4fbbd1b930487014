"""Preprocessing that is written down, against the libraries, and against three usual deployments.

`python benchmarks/truth/preprocessing.py --python PYTHON` reads every configuration of
models/preprocessing. PYTHON is an interpreter that has Pillow, OpenCV, PyTorch, torchvision, timm,
transformers, Keras and Ultralytics. There

- the library's own pipeline runs on a fixed image of bytes at several sizes, and so do the steps
  that were read: resize, crop and pad, by Pillow, OpenCV and PyTorch. How many levels of 255 they
  are apart at most: `steps`;
- the weights of training's resize and a deployment's are read back by impulses along the width, and
  their largest difference stands beside the one that is computed exactly;
- both resize the fixed image, in bytes: levels apart, at most and in the mean.

`--rows` holds the rows of transformers.toml against their classes instead: the steps alone.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "models" / "preprocessing"
SIZES: Final = ((720, 1280), (333, 500), (1001, 700))
"""Heights and widths of the images that pipelines run on; the first is that of the deployments."""

DEPLOYMENTS: Final = {
    "OpenCV": "cv2.resize(x, ({width}, {height}), interpolation=cv2.INTER_LINEAR)",
    "torch tensor": 'F.interpolate(x, size=({height}, {width}), mode="bilinear", '
    "align_corners=False)",
    "Pillow": "Image.resize(({width}, {height}), Image.BILINEAR)",
}
"""What a deployment is usually written with, by whose words it is in."""

Job = Mapping[str, Any]


def image_of(height: int, width: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Return the fixed image: waves of growing frequency under noise, of three channels."""
    rows, columns = np.mgrid[:height, :width] / 480
    waves = [np.sin(40 * rows * rows + k) + np.cos(30 * columns * columns - k) for k in range(3)]
    noise = np.random.default_rng(0).normal(0, 12, (height, width, 3))
    return (np.stack(waves, -1) * 55 + 128 + noise).clip(0, 255).astype(np.uint8)


def resized(image: Any, call: str, size: Sequence[int]) -> Any:  # noqa: ANN401 - any array
    """Return an image (rows, columns, channels) as the library resizes it that a call names."""
    height, width = size
    if call.startswith("Image."):
        from PIL import Image

        chosen = getattr(Image.Resampling, call.rpartition(".")[2].rstrip(")"))
        if image.dtype == np.uint8:
            return np.asarray(Image.fromarray(image).resize((width, height), chosen))
        planes = [Image.fromarray(plane).resize((width, height), chosen) for plane in image.T]
        return np.stack([np.asarray(plane).T for plane in planes], 0).T if planes else image
    if call.startswith("cv2."):
        import cv2

        chosen = getattr(cv2, call.rpartition("cv2.")[2].rstrip(")"))
        found = cv2.resize(image, (width, height), interpolation=chosen)
        return found if found.ndim == image.ndim else found[..., None]
    import torch

    tensor = torch.tensor(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float()
    mode = call.partition('mode="')[2].partition('"')[0]
    aligned = {} if mode.startswith("nearest") else {"align_corners": False}
    made = torch.nn.functional.interpolate(
        tensor, (height, width), mode=mode, antialias="antialias=True" in call, **aligned
    )
    out = made[0].numpy().transpose(1, 2, 0)
    return out.round().clip(0, 255).astype(np.uint8) if image.dtype == np.uint8 else out


def by_steps(image: Any, steps: Sequence[Job]) -> Any:  # noqa: ANN401 - any array
    """Return an image after the steps that were read."""
    for step in steps:
        if step["kind"] == "resize":
            image = resized(image, step["call"], step["size"])
            continue
        (top, left), (height, width) = step["start"], step["size"]
        out = np.full((height, width, image.shape[2]), step["value"], image.dtype)
        there = image[max(top, 0) :, max(left, 0) :][: height + min(top, 0), : width + min(left, 0)]
        down, right = max(-top, 0), max(-left, 0)
        out[down : down + there.shape[0], right : right + there.shape[1]] = there
        image = out
    return image


def by_library(image: Any, job: Job) -> Any:  # noqa: ANN401 - any array
    """Return an image of bytes as the library's own pipeline makes it, values left alone."""
    from PIL import Image

    package, said = str(job["package"]).partition(" ")[0], job["text"]
    if package == "transformers":
        import transformers

        values = json.loads(said)
        made = getattr(transformers, values.pop("image_processor_type"))(**values)
        for name in (
            "do_rescale",
            "do_normalize",
            "do_flip_channel_order",
            "include_top",
            "apply_ocr",
        ):
            if getattr(made, name, None):
                setattr(made, name, False)
        answer = made(Image.fromarray(image), return_tensors="np")
        found = np.asarray(answer["pixel_values"] if hasattr(answer, "keys") else answer)
        if job["name"] == "LayoutLMv2ImageProcessor":  # it always turns the channels
            found = found[:, ::-1]
        return found.reshape(-1, *found.shape[-3:])[0].transpose(1, 2, 0)
    if package == "timm":
        from timm.data.transforms_factory import create_transform

        config = json.loads(said)["pretrained_cfg"]
        chosen = {key: config[key] for key in ("input_size", "interpolation", "crop_pct")}
        made = create_transform(**chosen, crop_mode=config["crop_mode"], normalize=False)
        return np.asarray(made(Image.fromarray(image))).transpose(1, 2, 0)
    if package == "torchvision":
        import torch
        from torchvision.transforms import InterpolationMode, _presets

        text = ", ".join(line.strip() for line in said.splitlines()[1:-1])
        names = {"InterpolationMode": InterpolationMode, "dict": dict}
        values = eval(f"dict({text})", names)  # noqa: S307 - a file of this repository
        kind = said.partition("(")[0]
        values |= {"mean": (0,) * 3, "std": (1,) * 3}
        if kind == "ImageClassification":
            values |= {"resize_size": values["resize_size"][0], "crop_size": values["crop_size"][0]}
            out = getattr(_presets, kind)(**values)(Image.fromarray(image))
        else:
            video = torch.tensor(image.transpose(2, 0, 1))[None]
            out = getattr(_presets, kind)(**values)(video)[:, 0]
        return (out.numpy().transpose(1, 2, 0) * 255).round().astype(np.uint8)
    if package == "Ultralytics":
        from ultralytics.data.augment import LetterBox

        return LetterBox()(image=image)
    from keras.utils import load_img

    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        Image.fromarray(image).save(file.name)
        return np.asarray(load_img(file.name, target_size=(224, 224)))


def child() -> None:
    """Run what is asked on standard input, and answer on standard output."""
    answers: list[Job] = []
    for job in json.load(sys.stdin):
        answer: dict[str, Any] = {"steps": []}
        for size, steps in zip(SIZES, job["steps"], strict=True):
            image = image_of(*size)
            try:
                theirs = by_library(image, job)
            except Exception as error:  # noqa: BLE001 - a library's own, told as it is
                sys.stderr.write(f"{job['name']}: {error}\n")
                theirs = None
            apart = None if theirs is None else _apart(by_steps(image, steps), theirs)[0]
            answer["steps"].append(apart)
        image, lengths = image_of(*SIZES[0]), job.get("lengths")
        for name, call in (job.get("deployments") or {}).items():
            (_, n_in), size = lengths
            impulses = np.eye(n_in, dtype=np.float32)[..., None]
            one, other = (resized(impulses, text, (n_in, size[1])) for text in (job["call"], call))
            worst = float(np.abs(one.astype(float) - other).max())
            bytes_apart = _apart(resized(image, job["call"], size), resized(image, call, size))
            answer[name] = [worst, *bytes_apart]
        answers.append(answer)
    print(json.dumps(answers))


def _apart(one: Any, other: Any) -> tuple[float, float]:  # noqa: ANN401 - any array
    if one.shape != other.shape:
        return float("inf"), float("inf")
    apart = np.abs(one.astype(float) - other)
    return float(apart.max()), float(apart.mean())


def jobs(paths: Sequence[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
    """Yield what is to be run of each configuration: name, text and package."""
    from halfpixel.pipeline.steps import Cropping, Padding, RatioCrop, Resizing
    from halfpixel.preprocessor import read_pipeline

    for name, text, package in paths:
        pipeline = read_pipeline(text)
        found: list[list[dict[str, Any]]] = []
        for size in SIZES:
            steps: list[dict[str, Any]] = []
            for step, before, behind in pipeline.at(size):
                match step:
                    case Resizing():
                        call = step.text(before)
                        steps.append({"kind": "resize", "call": call, "size": behind})
                    case Cropping() | Padding() | RatioCrop():
                        top, left = step.start(before)
                        start = (-top, -left) if isinstance(step, Padding) else (top, left)
                        value = 0 if isinstance(step, RatioCrop) else step.value
                        cut = {"kind": "crop", "start": start, "size": behind, "value": value}
                        steps.append(cut)
                    case _:
                        pass
            found.append(steps)
        job: dict[str, Any] = {"name": name, "text": text, "package": package, "steps": found}
        resizing = pipeline.resizing
        if resizing is not None and resizing.call:
            height, width = resizing.rule.of(SIZES[0])
            job["call"] = resizing.text(SIZES[0])
            job["lengths"] = [SIZES[0], (height, width)]
            job["deployments"] = {
                one: call.format(height=height, width=width) for one, call in DEPLOYMENTS.items()
            }
        yield job


def claimed(job: Job, deployment: str) -> tuple[str, float]:
    """Return whether two resizes are equal along the width, and by how much weights differ."""
    from halfpixel.checking.called import reading_of
    from halfpixel.sampling import compare

    (_, n_in), (_, n_out) = job["lengths"]
    texts = job["call"], job["deployments"][deployment]
    sides = [reading_of(text)[1].samplings[1] for text in texts]
    one, other = (side for side in sides if side is not None)
    verdict = compare(one, other, n_in, n_out)
    return verdict.words, float(verdict.weight_difference)


def run(python: str, asked: Sequence[Job]) -> list[Job]:
    """Return what the libraries of another interpreter answer."""
    done = subprocess.run(
        [python, __file__, "--child"],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        input=json.dumps(list(asked)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers: list[Job] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _levels(answer: Job) -> str:
    return " ".join("-" if one is None else f"{one:g}" for one in answer["steps"])


def rows(python: str) -> None:
    """Hold the rows of transformers.toml against their classes."""
    from halfpixel.preprocessors.hugging_face import rows as known

    named = [name for name, row in known().items() if row["form"] != "own"]
    texts = (json.dumps({"image_processor_type": name}) for name in named)
    packages = ["transformers"] * len(named)
    asked = list(jobs(list(zip(named, texts, packages, strict=True))))
    for job, answer in zip(asked, run(python, asked), strict=True):
        print(f"{job['name']}: steps {_levels(answer)}")


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--child", action="store_true")
    parser.add_argument("--rows", action="store_true")
    options = parser.parse_args()
    if options.child:
        child()
    elif options.rows:
        rows(options.python)
    else:
        configurations(options.python)


def configurations(python: str) -> None:
    """Print a line for each configuration, and one for each deployment."""
    table = list(csv.DictReader((FOLDER / "manifest.csv").read_text().splitlines()))
    paths = [(row["file"], (FOLDER / row["file"]).read_text(), row["package"]) for row in table]
    asked = list(jobs(paths))
    for job, answer in zip(asked, run(python, asked), strict=True):
        print(f"{job['name']}: {job['call']}; steps {_levels(answer)}")
        for name in DEPLOYMENTS:
            words, worst = claimed(job, name)
            measured, most, mean = answer[name]
            print(
                f"  {name}: {words}, weights {worst:.6f} claimed, {measured:.6f} measured; "
                f"levels {most:g} at most, {mean:.2f} in the mean"
            )


if __name__ == "__main__":
    main()
