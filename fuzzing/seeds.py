"""Seeds: small files of `models/`, by their names, and small hostile ones that are built here."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from fuzzing import wire

ROOT: Final = Path(__file__).resolve().parents[1]
MODELS: Final = ROOT / "models"
TARGETS: Final = ROOT / "convert" / "halfpixel" / "targets"

LARGEST: Final = 3_000
"""Bytes of a model that is a seed: a small one is mutated and judged in milliseconds."""

METADATA: Final = (b"pkg.torch.onnx.fx_node", b"pkg.torch.onnx.stack_trace")


@lru_cache
def onnx_models() -> tuple[bytes, ...]:
    """Return the small ONNX models, the hostile ones, and those that only move data."""
    from fuzzing.hostile_seeds import hostile_models
    from fuzzing.moving_seeds import moving_models

    found = [path for path in sorted(MODELS.rglob("*.onnx")) if path.stat().st_size <= LARGEST]
    moving = (model.SerializeToString() for model in moving_models())
    return (*(path.read_bytes() for path in found), *hostile_models(), *moving)


@lru_cache
def coreml_files() -> tuple[bytes, ...]:
    """Return the specifications of small Core ML models: neural networks, and ML Programs alone."""
    found = [path for path in sorted(MODELS.rglob("*.mlmodel")) if path.stat().st_size <= LARGEST]
    return tuple(path.read_bytes() for path in found)


@lru_cache
def litert_files() -> tuple[bytes, ...]:
    """Return small LiteRT files, with what converters write a resize in."""
    found = sorted((MODELS / "litert").rglob("*.tflite"))
    return tuple(path.read_bytes() for path in found if path.stat().st_size <= 6 * LARGEST)


@lru_cache
def coreml_packages() -> tuple[dict[str, bytes], ...]:
    """Return the files of small packages, by their paths inside; those with weights first."""
    packages = [
        {str(one.relative_to(path).as_posix()): one.read_bytes() for one in _files(path)}
        for path in sorted(MODELS.rglob("*.mlpackage"))
        if sum(one.stat().st_size for one in _files(path)) <= 3 * LARGEST
    ]
    return tuple(sorted(packages, key=len, reverse=True))


@lru_cache
def words() -> tuple[bytes, ...]:
    """Return the texts in the seeds: types, names, attributes and modes that mean something."""
    found: set[bytes] = set()
    for data in (*onnx_models(), *coreml_files()):
        found |= set(wire.words(wire.parsed(data) or []))
    return tuple(sorted(found))


@lru_cache
def records() -> dict[bytes, tuple[str, ...]]:
    """Return what PyTorch's exporter kept of its calls in `models/`, by the metadata's key."""
    found: dict[bytes, set[str]] = {key: set() for key in METADATA}
    for path in sorted(MODELS.rglob("*.onnx")):
        data = path.read_bytes() if path.stat().st_size < 100_000 else b""
        for fields, place in wire.places(wire.parsed(data) or []):
            value = fields[place].value
            if isinstance(value, bytes) and value in found and place + 1 < len(fields):
                text = wire.flat(fields[place + 1]).decode("utf-8", "replace")
                found[value] |= {text} if len(text) < 1000 else set()
    return {key: tuple(sorted(texts)) for key, texts in found.items()}


@lru_cache
def calls() -> tuple[str, ...]:
    """Return calls that `explain` reads: the examples of every convention, and a few more."""
    from halfpixel.convention import load_conventions

    examples = [text for one in load_conventions() for text, _ in one.examples]
    return (*examples, *CALLS)


@lru_cache
def tables() -> tuple[str, ...]:
    """Return the tables of targets that the product brings."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(TARGETS.glob("*.toml")))


CALLS: Final[Sequence[str]] = (
    "Upsample(0.5)",
    "Upsample(scale_factor=2.0, mode='bilinear', align_corners=True)",
    "F.interpolate(x, size=(7, 9), mode='bicubic', antialias=True)",
    "F.interpolate(x, None, [2.0, 1e-300], 'linear', None, recompute_scale_factor=True)",
    "F.adaptive_avg_pool2d(x, 7)",
    "cv2.resize(x, None, fx=0.3, fy=1e300, interpolation=cv2.INTER_AREA)",
    "tf.image.resize(x, [3, 4], method='lanczos3', antialias=True)",
    "Resize(x, roi, scales=[1, 1, 2, 2], mode='cubic', cubic_coeff_a=-0.5, exclude_outside=1)",
)

POLICIES: Final[Sequence[str]] = (
    *("align_corners=false", "up*:mode=bicubic", "antialias=true", "*:size=7,9", "x:scale=2.0"),
)

PROJECTS: Final[Sequence[str]] = (
    "[tool.halfpixel]\nselect = ['asymmetric-*', 'nearest-*']\nseverity = 'warning'\n",
    "[tool.halfpixel]\nignore = ['*-intent']\n[tool.halfpixel.expect]\n'*' = 'mode=bicubic'\n",
    "[tool.halfpixel.expect]\nup = ['align_corners=true', 'antialias=0']\n'b/*' = 'mode=area'\n",
)


def _files(package: Path) -> list[Path]:
    return [path for path in sorted(package.rglob("*")) if path.is_file()]
