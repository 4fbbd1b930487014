"""What is fuzzed: for each target, how an input is made of a number, and how it is run."""

import os
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from fuzzing import command
from fuzzing.case import Case
from fuzzing.command import Failure
from fuzzing.inputs import (
    configuration,
    coreml_file,
    coreml_package,
    explained_call,
    explained_model,
    litert_file,
    metadata,
    onnx_checked,
    onnx_fixed,
    onnx_model,
    onnx_verified,
)
from fuzzing.limits import HANG, MEMORY, RUN_MEMORY, SECONDS
from fuzzing.seeds import coreml_files, onnx_models

SECRET: Final = b"what lies outside of the model's folder"
OUT: Final = "out"
"""The folder that a fix writes into."""


@dataclass(frozen=True, slots=True)
class Target:
    """One way in for what others wrote.

    Attributes:
        name: its name on the command line.
        make: a case of a random generator.
        run: what is done with it in its folder; whether it was read, rather than refused.
        share: its part of the time.
        seconds: of computing that a file of 100 KB, and one of 10 MB, may take.
        memory: bytes that they may, likewise.
        corpus: files that `fuzzing.guided` begins with, where the target is one file; None
            elsewhere.
    """

    name: str
    make: Callable[[Random], Case]
    run: Callable[[Case, Path], bool]
    share: float = 1.0
    seconds: tuple[float, float] = SECONDS
    memory: tuple[float, float] = MEMORY
    corpus: Callable[[], Sequence[bytes]] | None = None

    def case(self, seed: int, number: int) -> Case:
        """Return one input, the same one each time."""
        return self.make(Random(f"{self.name} {seed} {number}"))


def run_in(target: Target, case: Case, folder: Path) -> bool:
    """Lay a case out in an empty folder, run it there, and see that nothing else was touched.

    Returns:
        Whether it was read; False where it was refused.

    Raises:
        Failure: it did what no input may lead to.
        Exception: whatever the product raises, which is a failure too.
    """
    place = folder / "case"
    (place / OUT).mkdir(parents=True)
    (folder / "secret.bin").write_bytes(SECRET)
    (place / "link.bin").symlink_to("../secret.bin")
    os.mkfifo(place / "pipe.bin")
    case.write(place)
    with chdir(place):
        read = target.run(case, place)
    for name, data in case.files.items():
        if (place / name).read_bytes() != data:
            raise Failure(f"{target.name} changes a file that it was given")
    _check_written(place, set(case.files), target.name)
    return read


def _check_written(place: Path, given: set[str], name: str) -> None:
    """Refuse files that no command may write: hidden, unfinished, beside, or a copied secret."""
    for path in place.rglob("*"):
        inside = path.relative_to(place)
        if str(inside) in given or str(inside) in {"link.bin", "pipe.bin"} or path.is_dir():
            continue
        if inside.parts[0] != OUT:
            raise Failure(f"{name} writes a file beside: {inside.suffix}")
        if any(part.startswith(".") for part in inside.parts):
            raise Failure(f"{name} writes a hidden or unfinished file")
        if path.is_symlink() or not path.is_file():
            raise Failure(f"{name} writes something that is no plain file")
        if SECRET in path.read_bytes():
            raise Failure(f"{name} copies a file from outside of the model's folder")


def _command(case: Case, _folder: Path) -> bool:
    given = "".join((*case.command, *(str(data) for data in case.files.values())))
    ended = command.run(case.command)
    command.judge(ended, case.command, given)
    if SECRET in ended.out or SECRET.decode() in ended.err:
        raise Failure(f"{case.command[0]} shows a file from outside of the model's folder")
    return ended.code != 2


def _fixed(case: Case, folder: Path) -> bool:
    """Fix into another file, which is whole: protobuf reads it, and check takes it."""
    read = _command(case, folder)
    for path in (folder / OUT).glob("*.onnx"):
        from halfpixel.formats.onnx.structure import model_class

        model_class().FromString(path.read_bytes())
    return read


def _wire(case: Case, folder: Path) -> bool:
    """Step over a file as a large one is, and hold what is kept to protobuf's own reading."""
    from google.protobuf.message import DecodeError

    from halfpixel.errors import ModelFileError
    from halfpixel.formats.onnx.structure import model_class, parse, skeleton

    path = folder / "model.onnx"
    kind = model_class()
    try:
        whole = kind.FromString(case.files["model.onnx"])
    except DecodeError:
        whole = None
    try:
        kept = parse(skeleton(path, keep=64, small=0).data, path)
    except ModelFileError:
        if whole is not None and whole.ir_version > 0 and whole.graph.node:
            raise Failure("the reader refuses what protobuf reads") from None
        return False
    if whole is not None:
        ours, theirs = ([n.op_type for n in one.graph.node] for one in (kept, whole))
        if ours != theirs:
            raise Failure("the reader has other nodes than protobuf")
    return True


TARGETS: Final = (
    Target("wire", onnx_model, _wire, 0.6, corpus=onnx_models),
    Target("check", onnx_checked, _command, 3.0, corpus=onnx_models),
    Target("fix", onnx_fixed, _fixed, 2.0, (HANG, HANG), corpus=onnx_models),
    Target("explain", explained_call, _command, 0.8),
    Target("explain-model", explained_model, _command, 0.8, corpus=onnx_models),
    Target("metadata", metadata, _command, 1.2),
    Target("coreml", coreml_file, _command, 1.2, corpus=coreml_files),
    Target("package", coreml_package, _command, 1.2),
    Target("litert", litert_file, _command, 1.2),
    Target("configuration", configuration, _command, 0.6),
    Target("verify", onnx_verified, _command, 1.6, (HANG, HANG), RUN_MEMORY, onnx_models),
)
"""Every target, by name."""
