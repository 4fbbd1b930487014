"""Whether two commits behave alike: check, fix, verify and convert on many models, by sha256.

    python benchmarks/truth/same_behaviour.py record before.json models FOLDER...
    python benchmarks/truth/same_behaviour.py record after.json models FOLDER...
    python benchmarks/truth/same_behaviour.py compare before.json after.json

Run `record` once with each commit installed (or on PYTHONPATH). Of `check` and `fix` the texts for
people are kept apart from the rest: `compare` counts the files whose verdicts, written bytes or
exit codes differ, and lists each kind of text that does. `--jobs` are processes; `--no-convert`
leaves out the networks, which need PyTorch and coremltools.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import sys
import tempfile
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

TEXTS = {"message", "advice", "declined", "text", "notes", "reason"}
"""Fields of check's and fix's JSON that people read."""

KINDS = ("matmul", "conv", "gridsample", "gather")
NETWORKS = (
    "unet_bilinear",
    "unet_bicubic",
    "fpn_dynamic",
    "pspnet",
    "spatial_transformer",
    "deeplabv3",
)
FORMS = ("dynamo.onnx", "torchscript.onnx", "mlpackage")


def run(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the output of one command, run in this process."""
    from halfpixel.__main__ import main

    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    sys.argv = ["halfpixel", *arguments]
    code: object = 0
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(io.StringIO()):
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        stream.flush()
    return int(str(code or 0)), stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


def sha256(path: Path) -> str:
    """Return the hash of a file, or of every file of a folder but the one that holds an UUID."""
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path] * path.is_file():
        if file.is_file() and file.name != "Manifest.json":
            found.update(file.relative_to(path).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def parted(value: Any, texts: list[str]) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON values without texts for people, which are collected."""
    if isinstance(value, list):
        return [parted(one, texts) for one in value]
    if not isinstance(value, dict):
        return value
    rest: dict[str, Any] = {}
    for key, one in value.items():
        if key in TEXTS and one:
            texts.append(f"{value.get('rule') or value.get('why') or key}: {key}: {one}")
        elif key not in {"output", "diff"}:
            rest[key] = parted(one, texts)
    return rest


def facts_and_texts(code: int, said: str) -> tuple[str, list[str]]:
    """Return a hash of a command's JSON without its texts, and these."""
    texts: list[str] = []
    document = parted(json.loads(said) if said.startswith("{") else said, texts)
    facts = json.dumps([code, document], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest(), texts


def recorded(name: str) -> tuple[str, dict[str, Any]]:
    """Return what every command makes of one model."""
    warnings.simplefilter("ignore")
    suffix = Path(name).suffix
    found: dict[str, Any] = {}
    as_json = ("--output-format", "json")
    code, said = run("check", name, *as_json)
    found["check"] = facts_and_texts(code, said)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        for label, options in (("fix", ()), ("fix unsafe", ("--unsafe-fixes",))):
            output = Path(folder, f"{label.replace(' ', '_')}{suffix}")
            code, said = run("fix", name, "-o", str(output), *as_json, *options)
            found[label] = (*facts_and_texts(code, said), sha256(output))
        if output.exists():
            code, said = run("verify", name, str(output), *as_json, "--no-optimiser")
            found["verify"] = verdict(code, said)
        found["verify sites"] = verdict(*run("verify", name, *as_json, "--no-optimiser"))
        inputs = Path(name).with_suffix(".npz")
        if inputs.exists() and suffix != ".npz":
            code, said = run("verify", name, str(inputs), *as_json, "--no-optimiser")
            found["verify recorded"] = verdict(code, said)
        found |= lowered(name, Path(folder, f"lowered{suffix}"))
    return name, found


def verdict(code: int, said: str) -> list[Any]:
    """Return what verify says without its numbers, which a runtime may round otherwise."""
    document = json.loads(said) if said.startswith("{") else {}
    return [code, _plain(document)]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key not in {"path", "b"}}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | None) else "number or text"


def lowered(name: str, output: Path) -> dict[str, Any]:
    """Return the hashes of a model whose first resize is written in each kind of operators."""
    sites = json.loads(run("check", name, "--output-format", "json")[1] or "{}")
    nodes = [s for f in sites.get("files", ()) for s in f["sites"] if "esize" in str(s["op"])]
    found: dict[str, Any] = {}
    for node in nodes[:1]:
        for kind in KINDS:
            output.unlink() if output.is_file() else None
            code, _ = run("fix", name, "-o", str(output), "--lower", f"{node['node']}={kind}")
            found[f"lower {kind}"] = [code, sha256(output)]
    return found


def converted() -> dict[str, Any]:
    """Return the hashes of the networks as convert writes them, run from a neutral folder."""
    import halfpixel

    warnings.simplefilter("ignore")
    recipes = Path(__file__).resolve().parents[2] / "models" / "recipes"
    sys.path.insert(0, str(recipes))
    import library  # type: ignore[import-not-found]

    found: dict[str, Any] = {}
    for name in NETWORKS:
        about = library.LIBRARY[name]
        for form in FORMS:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, f"{name}.{form}")
                quiet = io.StringIO()
                with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
                    result = halfpixel.convert(
                        library.made(about)[0],
                        path,
                        inputs=[f"1x3x{about.side}x{about.side}"],
                        exporter=form.removesuffix(".onnx") if form.endswith("onnx") else None,
                        dynamic="2,3" if about.dynamic else (),
                        limits=(-2, 2),
                    )
                said = [result.refused, result.findings, result.verified]
                found[f"{name}.{form}"] = {"convert": [said, written(path)]}
    return found


def written(path: Path) -> object:
    """Return the hash of a file, or the sites of a package: coremltools writes no two alike."""
    if path.suffix != ".mlpackage":
        return sha256(path)
    import halfpixel

    return [
        [site.op, site.torch_call, list(site.input_shape or ()), list(site.output_shape or ())]
        for site in halfpixel.sites(path)
    ]


def models(folders: list[str]) -> list[str]:
    """Return every model file under the folders."""
    found: list[str] = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            within = any(part.endswith(".mlpackage") for part in path.parts[:-1])
            if path.suffix in {".onnx", ".mlpackage", ".mlmodel"} and not within:
                found.append(str(path))
    return found


def record(output: str, folders: list[str], jobs: int, *, convert: bool) -> None:
    """Write what every command makes of every model."""
    with ProcessPoolExecutor(jobs) as pool:
        found = dict(pool.map(recorded, models(folders), chunksize=8))
    if convert:
        found |= converted()
    Path(output).write_text(json.dumps(found, indent=0, sort_keys=True), encoding="utf-8")
    print(f"{output}: {len(found)} models recorded")


def compare(before: str, after: str) -> int:
    """Print what differs; return 1 where something beside a text does."""
    old, new = (json.loads(Path(path).read_text(encoding="utf-8")) for path in (before, after))
    jobs: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    texts: Counter[tuple[str, str]] = Counter()
    for name in sorted(old.keys() | new.keys()):
        for job in sorted(old.get(name, {}).keys() | new.get(name, {}).keys()):
            here, there = old.get(name, {}).get(job), new.get(name, {}).get(job)
            jobs[job] += 1
            said = job == "check" or job.startswith("fix")
            if here is not None and there is not None and said:
                texts.update((a, b) for a, b in zip(here[1], there[1], strict=False) if a != b)
                here, there = [here[0], *here[2:]], [there[0], *there[2:]]
            if here != there:
                differing[job] += 1
                print(f"differs: {job}: {name}")
    for job, count in sorted(jobs.items()):
        print(f"{job}: {count} models, {differing[job]} differ")
    for (here, there), count in texts.most_common():
        print(f"text, {count} times:\n  - {here}\n  + {there}")
    return 1 if differing else 0


def main() -> None:
    """Record or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["record", "compare"])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-convert", action="store_true")
    options = parser.parse_args()
    if options.job == "compare":
        sys.exit(compare(*options.paths))
    record(options.paths[0], options.paths[1:], options.jobs, convert=not options.no_convert)


if __name__ == "__main__":
    main()
