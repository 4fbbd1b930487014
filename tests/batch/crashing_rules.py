"""A package of rules that end their process, keep it waiting or fill it, by the name of a node.

It stands in for what nobody has found: a model that crashes halfpixel, or a library below it.
"""

import os
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RULE = '''"""Something happens.

## Why it matters
It does not.

## Where it comes from
A test.

## What is reported
Nothing.

## Fix safety
None.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from halfpixel.rule import Finding, Rule
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """Do what the node is called."""
    what, _, where = site.name.partition(":")
    match what:
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(7)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(3600)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "fill":
            bytearray(1 << 40)
        case "chatty":
            os.write(1, b"not an answer")
            print("not an answer either")
        case "once":
            if not Path(where).exists():
                Path(where).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "count":
            with Path(where).open("a", encoding="utf-8") as file:
                file.write("judged\\\\n")
    return
    yield


RULE = Rule(__name__, __doc__, check)
'''.replace("\\\\n", "\\n")


def installed(folder: Path) -> Path:
    """Install the package into a folder, as pip leaves one; return the folder."""
    package = folder / "crashing_rules"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "something_happens.py").write_text(RULE, encoding="utf-8")
    known = folder / "crashing_rules-1.0.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: crashing-rules\nVersion: 1.0\n")
    (known / "entry_points.txt").write_text("[halfpixel.rules]\ncrashing = crashing_rules\n")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that has the package in a folder."""
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(folder / "cache")}


def model(path: Path, node: str = "up", scale: float = 2.0) -> Path:
    """Write a model of one resize, whose node is called so; return its path."""
    up = helper.make_node(
        "Resize",
        ["x", "", "scales"],
        ["y"],
        name=node,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    scales = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1, "h", "w"]) for n in "xy"]
    graph = helper.make_graph([up], "g", ends[:1], ends[1:], [scales])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    made.ir_version, made.producer_name = 9, "tests"
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(made, path)
    return path
