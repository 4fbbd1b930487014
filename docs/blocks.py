"""Run what README.md and the pages of docs show: `python docs/blocks.py [PAGE ...]`.

In a block of the language `console`, a line that begins with `$ ` is a command, and what follows it
is what it printed: it is run, and its output written again where it has changed. In a block without
such lines every `halfpixel` command is run too, and has to end as documented. A block of language
`python` is run with those before it on the page; its assertions have to hold. Both run in a folder
of their own, in which `models` is that of the repository. `--check` writes nothing and says which
pages are stale.
"""

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
FENCE: Final = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS: Final = re.compile(r"^# needs: (.+)$", re.MULTILINE)
PROMPT: Final = "$ "
PROMPTED: Final = re.compile(r"^\$ (?:.*\\\n)*.*$", re.MULTILINE)
"""A command with the lines that continue it."""

NOT_RUN: Final = {
    "@cuda": "a GPU",
    "@coreml": "macOS",
    "--provider coreml": "macOS",
    "conformance": "a quarter of an hour",
    "--watch": "it does not end",
    "halfpixel serve": "it does not end",
    "--install-completion": "it writes into a home",
    "rules new": "tests/rules makes such a package",
    "OWNER/": "an address of one's own",
    "model.onnx --to model.tflite": "onnx2tf, in an environment of its own",
}
"""Parts of commands that are not run here, and what they need."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, and where that stands in the page."""

    language: str
    text: str
    start: int
    end: int

    @property
    def lacking(self) -> tuple[str, ...]:
        """Libraries that the block says it needs and that are not installed."""
        named = NEEDS.search(self.text)
        names = named[1].split(", ") if named else []
        return tuple(name for name in names if find_spec(name) is None)

    @property
    def shows(self) -> bool:
        """Whether it shows what its commands print."""
        return self.language == "console" and self.text.startswith(PROMPT)


def pages() -> Iterator[Path]:
    """Yield README.md and every page of docs."""
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").rglob("*.md"))


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page that are run."""
    for found in FENCE.finditer(text):
        if found[1] in {"console", "python"}:
            yield Block(found[1], found[2], found.start(2), found.end(2))


def commands(block: Block) -> Iterator[str]:
    """Yield the `halfpixel` commands of a block, continued lines as one."""
    for line in block.text.replace("\\\n", " ").splitlines():
        bare = line.removeprefix(PROMPT)
        if (line.startswith(PROMPT) or not block.shows) and bare.startswith("halfpixel "):
            yield bare


def reason(command: str) -> str:
    """Return what a command needs that is not here; nothing for one that is run."""
    return next((why for part, why in NOT_RUN.items() if part in command), "")


def run(command: str) -> tuple[int, str]:
    """Run a `halfpixel` command in the working folder; return its exit code and what it printed."""
    from click.testing import CliRunner

    from halfpixel.cli.main import cli

    ended = CliRunner(env={"COLUMNS": "100"}).invoke(cli, shlex.split(command, comments=True)[1:])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.output


def shown(block: Block) -> str:
    """Return a block as it would stand with what its commands print now."""
    out: list[str] = []
    for written in PROMPTED.findall(block.text):
        out += written.splitlines()
        command = written.removeprefix(PROMPT).replace("\\\n", " ")
        if command.startswith("halfpixel ") and not reason(command):
            printed = run(command)[1]
            out += [line.rstrip() for line in printed.rstrip().splitlines()]
    return "\n".join(out) + "\n"


@contextlib.contextmanager
def workspace(folder: Path, text: str = "") -> Generator[Path]:
    """Work in a folder that has the models of the repository, and those that a page speaks of."""
    import shutil

    before, path = Path.cwd(), list(sys.path)
    (folder / "models").symlink_to(ROOT / "models")
    for name, source in GIVEN.items():
        copy = shutil.copytree if (ROOT / "models" / source).is_dir() else shutil.copyfile
        copy(ROOT / "models" / source, folder / name)
    _export(folder, text)
    (folder / "package").mkdir()
    (folder / "package" / "module.py").write_text(MODULE, encoding="utf-8")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield folder
    finally:
        os.chdir(before)
        sys.path[:] = path
        for name in [name for name in sys.modules if name.split(".")[0] == "package"]:
            del sys.modules[name]


GIVEN: Final = {
    "model.onnx": "exporter_mismatches/A3.onnx",
    "original.onnx": "exporter_mismatches/A3.onnx",
    "recorded.npz": "exporter_mismatches/A3.npz",
    "exported.mlpackage": "coreml/interpolate/nearest-6x10-to-9x7-ios15.mlpackage",
}
MODULE: Final = '''"""What a page calls package.module."""

from torch import Tensor, nn
from torch.nn import functional as F


class Up(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def factory() -> nn.Module:
    return Up()
'''


def _export(folder: Path, text: str) -> None:
    """Write the ONNX and .pt2 files of a module that nothing in `models` holds, where named."""
    if "exported.onnx" in text:
        import numpy as np
        import onnx
        from onnx import helper, numpy_helper

        sizes = numpy_helper.from_array(np.array([1, 2, 9, 7]), "sizes")
        words = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
        node = helper.make_node(
            "Resize", ["x", "", "", "sizes"], ["y"], "up", **words, nearest_mode="floor"
        )
        ends = [
            helper.make_tensor_value_info(name, 1, shape)
            for name, shape in (("x", [1, 2, 6, 10]), ("y", [1, 2, 9, 7]))
        ]
        graph = helper.make_graph([node], "up", ends[:1], ends[1:], [sizes])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.save(made, folder / "exported.onnx")
    if "exported.pt2" in text and find_spec("torch"):
        import torch

        namespace: dict[str, object] = {}
        exec(MODULE, namespace)  # noqa: S102 - it is written above
        module = namespace["Up"]()  # type: ignore[operator]
        torch.export.save(
            torch.export.export(module, (torch.rand(1, 3, 8, 8),)), folder / "exported.pt2"
        )


def python(text: str, namespace: dict[str, object], page: str) -> None:
    """Run a block of Python; raises whatever it raises."""
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, page, "exec"), namespace)  # noqa: S102 - the pages are our own


def renewed(page: Path) -> str:
    """Return a page with what its commands print now; its Python is run too."""
    text = page.read_text(encoding="utf-8")
    out, at = [], 0
    namespace: dict[str, object] = {"__name__": page.stem}
    with tempfile.TemporaryDirectory() as folder, workspace(Path(folder), text):
        for block in blocks(text):
            if block.lacking:
                continue
            if block.language == "python":
                python(block.text, namespace, page.name)
            elif block.shows:
                out += [text[at : block.start], shown(block)]
                at = block.end
    return "".join([*out, text[at:]])


def main(arguments: Sequence[str]) -> int:
    """Renew pages, or with --check say which are stale; return the exit code."""
    check = "--check" in arguments
    named = [Path(name).absolute() for name in arguments if name != "--check"]
    stale = 0
    for page in named or pages():
        new = renewed(page)
        if new != page.read_text(encoding="utf-8"):
            stale += 1
            if not check:
                page.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}: {'stale' if check else 'renewed'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
