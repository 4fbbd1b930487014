"""Execution providers that a conversion is to be verified on: whether they are there at all."""

from pathlib import Path

from halfpixel.converting.result import ConvertSettings
from halfpixel.runtime import parse_provider
from halfpixel.runtimes.coreml_ import COREML, SUFFIXES, need_macos
from halfpixel.runtimes.provider import available

REFERENCE = "reference"


def need_providers(settings: ConvertSettings, target: Path | None) -> None:
    """Ask for every provider before any work, since an export takes minutes.

    Raises:
        UsageError: options that are not KEY=VALUE.
        RuntimeFailure: this build of onnxruntime has no such provider, or this is not macOS.
        MissingExtraError: onnxruntime is not installed.
    """
    name = "the model" if target is None else target.name
    for text in settings.providers:
        where, _ = parse_provider(text)
        if where == COREML and name.endswith(SUFFIXES):
            need_macos(f"{name}@{where}")
        elif where != REFERENCE:
            available(where, f"{name}@{where}")
