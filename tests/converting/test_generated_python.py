"""Python that is written from a model: whatever a name says, it is data, and nothing of it runs."""

import ast
import builtins
import importlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import example_models as models
from convert_nets import run
from halfpixel.checking.check import opened
from halfpixel.converting.torch_calls import script, torch_calls
from halfpixel.quoting import python_comment, python_docstring, python_literal
from halfpixel.site import Site
from hostile.names import NAMES, UGLY

(RIGHT,) = opened(models.CORPUS / "bicubic_x2_ac1-t2.13.0d-o20.onnx").sites
ALLOWED = {"torch", "torch.nn.functional", "torchvision"}
BUILTINS = ("tuple", "AssertionError", "range", "int", "float")


def hostile(site: Site, name: str, other: str) -> Site:
    """Return a site whose every text is a name of another's."""
    operation = replace(site.operation, op=other, input_shape=(1, name, other, 6))
    return replace(site, name=name, graph=other, source=f"{name}:3", operation=operation)


def refused(site: Site, name: str, other: str) -> Site:
    """Return such a site that has no call, for a reason that quotes a name."""
    site = hostile(site, name, other)
    return replace(site, operation=replace(site.operation, torch_call=None, problem=name))


def guarded(
    name: str,
    _globals: Mapping[str, object] | None = None,
    _locals: Mapping[str, object] | None = None,
    fromlist: tuple[str, ...] = (),
    _level: int = 0,
) -> ModuleType:
    """Import what a file of calls needs, and nothing else."""
    assert name in ALLOWED, name
    found = importlib.import_module(name)
    return found if fromlist else sys.modules[name.partition(".")[0]]


def executed(text: str) -> dict[str, object]:
    """Run a file with nothing at hand but the modules that it needs."""
    known = {name: getattr(builtins, name) for name in BUILTINS}
    space: dict[str, object] = {
        "__name__": "__main__",
        "__builtins__": {**known, "__import__": guarded},
    }
    exec(compile(text.encode(), "calls.py", "exec", dont_inherit=True), space)  # noqa: S102 - in a sandbox
    return space


def shape_of(text: str) -> str:
    """Return the code of a file with every text in it left out."""
    tree = ast.parse(text.encode())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@settings(deadline=None)
@given(NAMES, NAMES, NAMES)
def test_names_are_nothing_but_data(name: str, other: str, file: str) -> None:
    made = [hostile(RIGHT, name, other), refused(RIGHT, name, other)]
    text = script(file.replace("\0", "") or "m.onnx", torch_calls(made))
    plain = script("m.onnx", torch_calls([hostile(RIGHT, "a", "b"), refused(RIGHT, "a", "b")]))
    assert text.count("\n") == plain.count("\n")
    assert shape_of(text) == shape_of(plain)


@settings(deadline=None)
@given(NAMES)
def test_a_file_runs_to_its_end(name: str) -> None:
    made = [hostile(RIGHT, name, name), refused(RIGHT, f"{name}'", name)]
    found = executed(script("m.onnx", torch_calls(made)))
    path = f"{name}/{name}" if name else name
    assert found["CALLS"] == {
        path: RIGHT.torch_call,
        (f"{name}/{name}'" if name else f"{name}'"): None,
    }


@pytest.mark.parametrize("word", ["inf", "-inf", "nan", "open('ran', 'w')", "2)\nopen("])
def test_a_call_with_a_word_that_is_not_ours_is_none(word: str) -> None:
    call = f"F.interpolate(x, scale_factor={word})"
    site = replace(RIGHT, operation=replace(RIGHT.operation, torch_call=call))
    (one,) = torch_calls([site])
    assert one.call is None
    assert executed(script("m.onnx", [one]))["CALLS"] == {RIGHT.name: None}


@settings(deadline=None)
@given(NAMES, st.sampled_from(["", "\n", "    "]))
def test_each_way_of_quoting_holds_its_text(name: str, before: str) -> None:
    assert ast.literal_eval(python_literal(name)) == name
    assert ast.parse(f"{before}{python_comment(name)}\n".strip(" ").encode()).body == []
    (stated,) = ast.parse(python_docstring(name).encode()).body
    assert isinstance(stated, ast.Expr)
    assert isinstance(stated.value, ast.Constant)


CODE = 'open("ran", "w")'
PAYLOADS = {
    "a line": f"up\n{CODE}\n#",
    "a return": f"up\r{CODE}\r#",
    "quotes": f'up"""\n{CODE}\n"""',
    "single quotes": f"up'\n{CODE}\n'",
    "a form feed": f"up\x0c\n{CODE}  #",
    "a separator": f"up\u2028{CODE}\x85{CODE}\x1c{CODE}",
    "a backslash": f"up\\\n{CODE}",
    "a coding": f"coding: utf-7\n{CODE}",
    "all": UGLY.replace("boom()", CODE),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_hostile_model_is_written_as_python_that_does_nothing_else(
    payload: str, tmp_path: Path
) -> None:
    import onnx

    node = models.resize(name=payload)
    trace = f'File "net{payload}.py", line 3, in forward\n    F.interpolate(x)  # {payload}'
    entry = node.metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.stack_trace", trace
    wrong = models.resize("y", "z", payload, {"mode": f"linear{payload}"})
    model = models.model([node, wrong], (1, 1, payload, 6))
    model.producer_name = f"pytorch{payload}"
    path = tmp_path / "model'\"\n.onnx"
    onnx.save(model, path)
    result = run(path, "--to", "torch", "-o", tmp_path / "calls.py")
    assert result.exit_code == 1, result.output
    executed((tmp_path / "calls.py").read_text(encoding="utf-8"))
    hook = (
        "import sys, runpy, torch, torch.nn.functional\n"
        "def hook(event, args):\n"
        "    if event == 'open' and args[1] not in ('r', 'rb', None): raise RuntimeError(args)\n"
        "    if event in ('os.system', 'subprocess.Popen', 'socket.connect'): raise RuntimeError\n"
        "sys.addaudithook(hook)\n"
        "runpy.run_path(sys.argv[1], run_name='__main__')\n"
    )
    if payload == PAYLOADS["all"]:  # a process of its own takes seconds
        command = [sys.executable, "-B", "-c", hook, str(tmp_path / "calls.py")]
        subprocess.run(command, check=True, cwd=tmp_path)
    assert not (tmp_path / "ran").exists()
