"""Inputs of every target: a case made of a random generator, from a seed that is mutated."""

from collections.abc import Callable, Sequence
from io import BytesIO
from random import Random
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from fuzzing import seeds
from fuzzing.case import Case
from fuzzing.hostile_seeds import recorded_model
from fuzzing.mutation import STRINGS, mutated_bytes, mutated_message, mutated_text
from fuzzing.offsets import mutated_flatbuffer

FORMS: Final = (
    *("text", "text", "concise", "json", "sarif", "github"),
    *("gitlab", "junit", "markdown", "csv", "html"),
)
KINDS: Final = ("matmul", "conv", "gridsample", "gather", "resize")
PYTHON: Final = (
    "None",
    "True",
    "(x)",
    "**kw",
    "*a",
    "lambda: 0",
    "1e999",
    "size=",
    "[",
    ", ",
    "x.y(",
)
TOML: Final = (
    "[",
    "]]",
    "[[row]]",
    "=",
    "{}",
    "true",
    "1979-05-27",
    "inf",
    "'''",
    "when",
    "verdict",
)


def onnx_model(rng: Random) -> Case:
    """Return a mutated ONNX model without a command."""
    return Case({"model.onnx": _mutated(rng, seeds.onnx_models())})


def onnx_checked(rng: Random) -> Case:
    """Return a mutated model that is checked, in one of the forms of a report."""
    more: list[str] = []
    if rng.random() < 0.2:
        more += ["--expect", rng.choice(seeds.POLICIES)]
    if rng.random() < 0.2:
        more += ["--target", rng.choice(_targets())]
    return _asked(rng, onnx_model(rng), "check", FORMS, more)


def onnx_fixed(rng: Random) -> Case:
    """Return a mutated model that is fixed into another folder, unsafe fixes too."""
    more = ["--unsafe-fixes"] if rng.random() < 0.8 else []
    more += ["--diff"] if rng.random() < 0.3 else ["-o", "out/model.onnx"]
    if rng.random() < 0.3:
        more += ["--lower", f"*={rng.choice(KINDS)}"]
    if rng.random() < 0.2:
        more += ["--max-opset", str(rng.choice((7, 9, 10, 11, 13, 18, 21)))]
    if rng.random() < 0.3:
        more += ["--expect", "align_corners=true"]
    return _asked(rng, onnx_model(rng), "fix", ("text", "json"), more)


def onnx_verified(rng: Random) -> Case:
    """Return a mutated model every site of which is run by itself."""
    return _asked(rng, onnx_model(rng), "verify", ("text", "json"), ["--no-optimiser"])


def explained_model(rng: Random) -> Case:
    """Return a mutated model that is explained."""
    return Case(onnx_model(rng).files, ("explain", "model.onnx"))


def explained_call(rng: Random) -> Case:
    """Return the mutated text of a call."""
    text = mutated_text(rng, seeds.calls(), PYTHON).replace("\0", "")
    return Case({}, ("explain", "--", text))


def metadata(rng: Random) -> Case:
    """Return a sound node with a mutated record, source line, name or producer."""
    texts = {key: _record(rng, known) for key, known in seeds.records().items()}
    hostile = rng.choice(STRINGS).decode("utf-8", "replace") if rng.random() < 0.3 else "up"
    model = recorded_model(texts, hostile, rng.random() < 0.5)
    command = rng.choice(("check", "check", "explain"))
    if command == "explain":
        return Case({"model.onnx": model}, ("explain", "model.onnx"))
    return _asked(rng, Case({"model.onnx": model}), command, FORMS, [])


def coreml_file(rng: Random) -> Case:
    """Return a mutated neural network, or an ML Program without its package."""
    data = _mutated(rng, seeds.coreml_files())
    return _coreml(rng, Case({"model.mlmodel": data}), "model.mlmodel")


def coreml_package(rng: Random) -> Case:
    """Return a package with one of its files mutated: manifest, specification or weights."""
    files = dict(rng.choice(seeds.coreml_packages()))
    name = rng.choice([*files, *(one for one in files if one.endswith(".mlmodel"))])
    if name.endswith(".mlmodel"):
        files[name] = _mutated(rng, _specifications())
    elif name.endswith(".json"):
        text = files[name].decode()
        files[name] = mutated_text(rng, [text], PATHS).encode("utf-8", "surrogatepass")
    else:
        files[name] = mutated_bytes(rng, files[name])
    if rng.random() < 0.05:
        del files[rng.choice(list(files))]
    whole = {f"model.mlpackage/{name}": data for name, data in files.items()}
    return _coreml(rng, Case(whole), "model.mlpackage")


def litert_file(rng: Random) -> Case:
    """Return a mutated LiteRT file, once in a while in a bundle."""
    known = seeds.litert_files()
    data = mutated_flatbuffer(rng, rng.choice(known), known)
    name = "model.tflite"
    if rng.random() < 0.1:
        name, data = "model.task", _bundled(rng, data)
    kinds: Sequence[tuple[str, ...]] = (
        ("check", name, "--output-format", rng.choice(FORMS)),
        ("check", name, "--target", rng.choice(_targets())),
        ("explain", name),
        ("fix", name, "--unsafe-fixes", "-o", f"out/{name}"),
        ("fix", name, "--expect", rng.choice(seeds.POLICIES), "-o", f"out/{name}"),
        ("fix", name, "--unsafe-fixes", "--lower", f"*={rng.choice(KINDS)}", "--diff"),
    )
    return Case({name: data}, rng.choice(kinds))


def _bundled(rng: Random, data: bytes) -> bytes:
    """Return a zip archive with a file once or twice, sometimes broken or packed."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED if rng.random() < 0.1 else ZIP_STORED) as archive:
        for name in ("a.tflite", "b.tflite")[: rng.choice((1, 2))]:
            archive.writestr(ZipInfo(name), data)
    return out.getvalue() if rng.random() < 0.5 else mutated_bytes(rng, out.getvalue())


def configuration(rng: Random) -> Case:
    """Return a mutated pyproject.toml, table of a target or expectation."""
    model = {"model.onnx": seeds.onnx_models()[0]}
    match rng.randrange(3):
        case 0:
            text = mutated_text(rng, seeds.PROJECTS, TOML)
            files, more = {"pyproject.toml": _utf8(text)}, []
        case 1:
            text = mutated_text(rng, seeds.tables(), TOML)
            files, more = {"own.toml": _utf8(text)}, ["--target", "own.toml"]
        case _:
            text = mutated_text(rng, seeds.POLICIES, TOML).replace("\0", "")
            files, more = {}, ["--expect", text]
    return _asked(rng, Case(model | files), "check", FORMS, more)


PATHS: Final = (
    "..",
    "/",
    "../../secret.bin",
    "{",
    "null",
    "[]",
    "com.apple.CoreML",
    "1",
    '"',
    "\\u0000",
)


def _mutated(rng: Random, known: Sequence[bytes]) -> bytes:
    return mutated_message(rng, rng.choice(known), known, seeds.words())


def _asked(
    rng: Random, case: Case, command: str, forms: Sequence[str], more: Sequence[str]
) -> Case:
    form = rng.choice(forms)
    said = () if form == "text" else ("--output-format", form)
    return Case(case.files, (command, "model.onnx", *more, *said))


def _coreml(rng: Random, case: Case, name: str) -> Case:
    kinds: Sequence[Callable[[], tuple[str, ...]]] = (
        lambda: ("check", name, "--output-format", rng.choice(FORMS)),
        lambda: ("check", name, "--target", "coreml-ios17"),
        lambda: ("explain", name),
        lambda: ("fix", name, "--unsafe-fixes", "-o", f"out/{name}"),
        lambda: ("fix", name, "--unsafe-fixes", "--diff"),
    )
    return Case(case.files, rng.choice(kinds)())


def _record(rng: Random, known: Sequence[str]) -> str:
    if rng.random() < 0.15:
        return ""
    return mutated_text(rng, known, PYTHON)


def _specifications() -> Sequence[bytes]:
    return [
        data
        for files in seeds.coreml_packages()
        for name, data in files.items()
        if name.endswith(".mlmodel")
    ]


def _targets() -> Sequence[str]:
    from halfpixel.targets.target import names

    return names()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
