"""The kind of machine and the versions that stand beside what was measured."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OWN = ("numpy", "onnx", "onnxruntime", "torch", "onnxscript", "msgspec")


def machine(folder: Path) -> dict[str, str]:
    """Return the kind of this machine, and of the file system that models are on."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.+)$", info, re.MULTILINE)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": model[1].strip() if model else platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"Linux {'.'.join(platform.release().split('.')[:2])}, {file_system(folder)}",
        "load": f"{os.getloadavg()[0]:.1f} before the run",
    }


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder is on."""
    found = ("", "unknown")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if folder.resolve().is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def versions() -> dict[str, str]:
    """Return the versions of Python and of what halfpixel runs on here."""
    found = {"Python": platform.python_version()}
    for name in OWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
