"""What check says of LiteRT models in public repositories, and whether it read them right.

    python benchmarks/truth/published_litert.py FOLDER

Fetches the repositories at the commits that were judged into FOLDER, takes out the models of less
than 4 MiB, one of each content, and prints what check says of them. Where ai-edge-litert is
installed each model runs on its reference kernels, on noise, and every resize is held against
what check says that it computes. `docs/in-the-wild.md` judges what is loud; nothing of the
repositories is kept here.
"""

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from halfpixel.checking.check import Settings, check_paths
from halfpixel.conventions.litert.resize import BILINEAR, NEAREST
from halfpixel.formats.litert.model import LitertModel
from halfpixel.formats.litert.read.resampling import FIRST, LAST
from halfpixel.sampling import Resize
from halfpixel.site import Site

REPOSITORIES: Final[Mapping[str, str]] = {
    "anilsathyan7/Portrait-Segmentation": "dbf69b043cf70d3362bc500ee620f20807e622d2",
    "google-ai-edge/LiteRT": "f67457790c9c2ab67347d6fe53270e8d3df20868",
    "google-ai-edge/mediapipe": "85c0cdc7d70653888903c88df45962b764296342",
    "google-coral/test_data": "104342d2d3480b3e66203073dac24f4e2dbb4c41",
    "hugocornellier/face_detection_tflite": "43fad2fe2489b3576910e984f9337e83691ccc1d",
    "mattn/go-tflite": "fe526f34cf8a3396e83a4a51fff513c7103488fa",
    "NobuoTsukamoto/tflite-cv-example": "bf95954a41a1d84ce8789099dbf418a3086f6d4c",
    "NXP/eiq-onnx2tflite": "91efaa321f2cc6a42ee94aa441b3d93e7632216c",
    "tensorflow/examples": "608f7db8c511e3dcc420afc564496e4516ceb800",
    "tensorflow/flutter-tflite": "85fb92ecea445b1949da35b35b92b0792c29ddba",
    "tensorflow/tflite-micro": "90b983c2b3f1480642e040bbd2ddb37b998f3424",
    "tensorflow/tflite-support": "dd3362ea685bb7ab1f7268c81ec567d3b720ae57",
    "terryky/tflite_gles_app": "bfc2015a6d1234deebc9574798b175a6d1b2afc2",
    "tucan9389/PoseEstimation-TFLiteSwift": "58b529a15187b5870f8050e236468ba8ce7619af",
    "zhenhuaw-me/tflite2onnx": "32d4d5731be506d5797c648fa73a91b36a80222b",
}
"""Repositories that carry models, at the commits that were judged."""

SUFFIXES: Final = (".tflite", ".litertlm", ".task")
MOST: Final = 4 << 20
POINTER: Final = b"version https://git-lfs"
LEAST: Final = 200
"""Bytes of a file: what is smaller is a pointer or a placeholder, and no model."""

BOUND: Final = 2e-5
"""Error of float32 in parts of the largest value."""


def fetched(name: str, commit: str, folder: Path) -> Path:
    """Return a repository of which one commit is there, fetched unless it is."""
    place = folder / name.replace("/", "+")
    if not place.is_dir():
        _git(place, "init", "--bare", "--quiet", str(place))
    if _git(place, "cat-file", "-e", commit, check=False) is None:
        address = f"https://github.com/{name}"
        _git(place, "fetch", "--quiet", "--depth", "1", address, commit)
    return place


def _git(place: Path, *arguments: str, check: bool = True) -> bytes | None:
    """Return what git prints; None where it fails and that is no error."""
    where = [] if arguments[0] == "init" else ["-C", str(place)]
    git = shutil.which("git") or "git"
    done = subprocess.run([git, *where, *arguments], check=check, capture_output=True)
    return None if done.returncode else done.stdout


def models(place: Path, commit: str, folder: Path, seen: set[str]) -> Iterator[Path]:
    """Take the models of a commit out, one of each content; yield where each lies now."""
    listed = _git(place, "ls-tree", "-r", "-z", commit) or b""
    for entry in listed.decode().split("\0")[:-1]:
        told, name = entry.split("\t", 1)
        _mode, kind, blob = told.split()
        if kind != "blob" or not name.endswith(SUFFIXES):
            continue
        data = _git(place, "cat-file", "blob", blob, check=False) or b""
        digest = hashlib.sha256(data).hexdigest()
        if not LEAST <= len(data) < MOST or data.startswith(POINTER) or digest in seen:
            continue
        seen.add(digest)
        target = folder / "models" / place.name / name.replace("/", "__")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        yield target


def as_run(path: Path, sites: list[Site]) -> Iterator[tuple[Site, str]]:
    """Run a model on noise; yield each resize with what came of it: right, or how it is not."""
    litert = import_module("ai_edge_litert.interpreter")
    try:
        running = litert.Interpreter(
            str(path),
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        running.allocate_tensors()
        for port in running.get_input_details():
            running.set_tensor(port["index"], _noise(port))
        running.invoke()
    except (RuntimeError, ValueError) as error:
        yield from ((site, f"not run: {str(error).splitlines()[0][:70]}") for site in sites)
        return
    places = {one["name"]: one["index"] for one in running.get_tensor_details()}
    for place in LitertModel(path).places:
        if place.site.op in {BILINEAR, NEAREST} and not place.graph:
            x, y = (running.get_tensor(places[name]) for name in (place.data, place.output))
            yield place.site, _held(place.site, x, y)


def _noise(port: Mapping[str, Any]) -> object:
    random, dtype = np.random.default_rng(0), np.dtype(port["dtype"])
    if dtype.kind == "f":
        return random.uniform(-1, 1, port["shape"]).astype(dtype)
    if dtype.kind in "iu":
        low, high = (0, 2) if dtype.itemsize > 1 else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        return random.integers(low, high, port["shape"]).astype(dtype)
    return np.zeros(port["shape"], dtype)


def _held(site: Site, x: Any, y: Any) -> str:  # noqa: ANN401 - arrays of any type
    operator = site.operator
    if not isinstance(operator, Resize):
        return "not described"
    meant = operator.evaluate(x.transpose(FIRST), tuple(y.shape[axis] for axis in FIRST))
    meant = meant.transpose(LAST)
    worst = np.abs(meant - y.astype(np.float64)).max()
    if y.dtype.kind == "f":
        return "right" if worst <= BOUND * max(1.0, np.abs(x).max()) else f"WRONG: {worst:.3g}"
    return "right" if worst <= 0.51 else f"off by {worst:.3g} whole numbers"


def main(folder: Path) -> int:
    """Print what is said of every model; return 1 where one was read wrong, or not at all."""
    failed, seen, run = False, set[str](), find_spec("ai_edge_litert") is not None
    for name, commit in REPOSITORIES.items():
        counts: Counter[str] = Counter()
        for path in models(fetched(name, commit, folder), commit, folder, seen):
            (file,) = check_paths([path], Settings()).files
            loud = [one for one in file.findings if one.finding.severity != "note"]
            counts.update(files=1, nodes=len(file.sites), loud=len(loud))
            counts.update(resampling=bool(file.sites), notes=len(file.findings) - len(loud))
            for kind, text in file.failures:
                counts.update(refused=1)
                print(f"  {path.name} {kind}: {text}")
            for one in loud:
                print(f"  {path.name} {one}\n    is {one.site.operation.claim}")
            resizes = [site for site in file.sites if site.op in {BILINEAR, NEAREST}]
            for site, words in as_run(path, resizes) if run and resizes else ():
                counts[f"run: {words.partition(':')[0].partition(' by')[0]}"] += 1
                failed |= words.startswith("WRONG")
                if words != "right":
                    print(f"  {path.name} {site.name}: {words}")
        print(f"{name} {commit[:10]}: " + ", ".join(f"{n} {key}" for key, n in counts.items()))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
