"""The models of the benchmark of a registry: sound, larger, hostile and broken, all made here."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from hostile.models import KINDS  # noqa: E402 - found by then

DOC_STRING = 6 << 3 | 2
"""Tag of ModelProto.doc_string: of several that a message has, the last one counts."""

SIZE = 30_000
"""Bytes of a hostile model."""

ENDS = b"crash"
"""What nodes are called at which the rule ends its process."""

RULE = '''"""A node is called crash.

## Why it matters
It ends the process, as a defect of a library would.

## Where it comes from
This benchmark.

## What is reported
Nothing.

## Fix safety
None.
"""

import os
import signal
from collections.abc import Iterator

from halfpixel.rule import Finding, Rule
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """End the process."""
    if site.name == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    return
    yield


RULE = Rule(__name__, __doc__, check)
'''


@dataclass
class Registry:
    """A folder of models.

    Attributes:
        folder: where they lie.
        broken: those that are to be told as faults, by their names.
        crashing: those of them at which the process ends.
        names: all of them.
        size: their bytes.
    """

    folder: Path
    broken: set[str] = field(default_factory=set)
    crashing: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    size: int = 0

    def write(self, place: int, kind: str, data: bytes | None) -> None:
        """Write one model; None for a link to nothing."""
        name = f"{place // 500:02}/{place:05}-{kind}.onnx"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.symlink_to("/nowhere/at/all.onnx")
        else:
            path.write_bytes(data)
            self.size += len(data)
        self.names.append(name)


def made(folder: Path, count: int) -> Registry:
    """Make a registry: of 100 models 92 are sound, 4 larger, 2 hostile and 2 broken."""
    registry = Registry(folder)
    chance = random.Random(19)  # noqa: S311 - any will do
    sound = [p.read_bytes() for p in sorted((ROOT / "models").rglob("*.onnx"))]
    larger = [chain(nodes, payload) for nodes, payload in ((500, 0), (2_000, 0), (60, 4), (9, 12))]
    hostile = [KINDS[name](SIZE) for name in sorted(KINDS)]
    for place in range(count):
        kind = place % 100
        base = sound[place % len(sound)]
        note = f"model {place}".encode()
        said = bytes([DOC_STRING, len(note)]) + note
        if kind < 92:
            registry.write(place, "sound", base + said)
        elif kind < 96:
            registry.write(place, "larger", larger[place % 4] + said)
        elif kind < 98:
            registry.write(place, "hostile", hostile[(place // 50) % len(hostile)] + said)
        else:
            registry.write(place, "broken", broken(place, base, chance))
            registry.broken.add(registry.names[-1])
            if (place // 100) % 20 == 7 and kind == 98:
                registry.crashing.add(registry.names[-1])
                path = folder / registry.names[-1]
                path.unlink(missing_ok=True)
                path.write_bytes(chain(1, 0, ENDS.decode()) + said)
    return registry


def broken(place: int, base: bytes, chance: random.Random) -> bytes | None:
    """Return the bytes of a file that is no model; None for a link to nothing."""
    match (place // 2) % 5:
        case 0:
            return base[: chance.randrange(8, len(base) // 2)]
        case 1:
            return chance.randbytes(2_000)
        case 2:
            return b""
        case 3:
            return b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
        case _:
            return None


def chain(nodes: int, megabytes: int, name: str = "up") -> bytes:
    """Return a chain of nodes, each tenth of which is a resize, with weights of so many MB."""
    made_nodes = []
    for place in range(nodes):
        ends = [f"v{place}"], [f"v{place + 1}"]
        if place % 10:
            made_nodes.append(helper.make_node("Relu", *ends))
            continue
        own = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
        called = name if nodes == 1 else f"{name}{place}"
        made_nodes.append(
            helper.make_node("Resize", [*ends[0], "", "scales"], ends[1], name=called, **own)
        )
    weights = [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")]
    if megabytes:
        weights.append(numpy_helper.from_array(np.zeros(megabytes << 18, np.float32), "weights"))
    ends = [
        helper.make_tensor_value_info(one, TensorProto.FLOAT, shape)
        for one, shape in (("v0", [1, 3, "h", "w"]), (f"v{nodes}", [1, 3, "a", "b"]))
    ]
    graph = helper.make_graph(made_nodes, "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version, model.producer_name = 9, "benchmark"
    return model.SerializeToString()


def packages(folder: Path) -> Path:
    """Install the rule that crashes; return the folder that is put on Python's path."""
    package, known = folder / "crashing_rules", folder / "crashing_rules-1.0.dist-info"
    for place in (package, known):
        place.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package / "called_crash.py").write_text(RULE, encoding="utf-8")
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: crashing-rules\nVersion: 1\n")
    (known / "entry_points.txt").write_text("[halfpixel.rules]\ncrashing = crashing_rules\n")
    return folder
