"""The house: no module imports itself through others, no folder is crowded, no file is long."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "convert" / "halfpixel"
FOLDERS = ("convert", "rules", "tests", "fuzzing", "benchmarks")
ONE_FILE_A_RULE = ROOT / "rules" / "halfpixel_rules"  # as many as there are rules
CROWDED = 20
LONG = 300


def python_files() -> list[Path]:
    """Return every Python file of the engine, the rules, the tests, fuzzing and benchmarks."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    """Return the name under which a file of the engine is imported."""
    parts = path.relative_to(ENGINE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, modules: set[str]) -> set[str]:
    """Return the modules that a file imports anywhere: in functions and for types alone too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(name), level=0):
                inner = {f"{name}.{alias.name}" for alias in node.names}
                found |= (inner & modules) or {name}
            case _:
                pass
    return (found & modules) - {module_of(path)}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the sets of modules that reach each other, by Tarjan's algorithm.

    >>> circles({"a": {"b"}, "b": {"a", "c"}, "c": set()})
    [['a', 'b']]
    """
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        numbers[name] = lowest[name] = len(numbers)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in numbers:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], numbers[other])
        if lowest[name] == numbers[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for name in sorted(graph):
        if name not in numbers:
            visit(name)
    return found


def test_no_module_imports_itself_through_others() -> None:
    files = {module_of(path): path for path in sorted(ENGINE.rglob("*.py"))}
    modules = set(files)
    assert circles({name: imports(path, modules) for name, path in files.items()}) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set[str]()}
    assert circles(graph) == [["a", "b", "c"]]


def test_no_folder_is_crowded() -> None:
    files = python_files()
    folders = {p.parent for p in files} - {ONE_FILE_A_RULE}
    counts = {f: sum(p.parent == f for p in files) for f in folders}
    crowded = {str(f.relative_to(ROOT)): n for f, n in counts.items() if n > CROWDED}
    assert crowded == {}


def test_a_long_file_says_why() -> None:
    wrong: dict[str, int] = {}
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        count = text.count("\n")
        if count > LONG:
            said = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0]
            if "because" not in said:
                wrong[str(path.relative_to(ROOT))] = count
    assert wrong == {}


PRINTS = {
    "cli/console.py",  # every line, and what is quoted as a whole
}
TALKS = {"echo", "secho", "print", "add_row", "write_text"}
WRITES = {
    "cli/rule_pack.py",
    "formats/coreml/write/single.py",
    "plugins/olive.py",
}
"""Files that write texts of their own: a skeleton, a manifest by json."""


def talkers(source: str) -> set[str]:
    """Return the calls of a file that print, or write a text.

    >>> sorted(talkers("print(1); click.echo(2); stream.write(3)"))
    ['echo', 'print']
    """
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [f.id for f in calls if isinstance(f, ast.Name)]
    names += [f.attr for f in calls if isinstance(f, ast.Attribute)]
    return {name for name in names if name in TALKS}


def test_names_of_files_are_printed_at_one_place() -> None:
    found = {
        str(path.relative_to(ENGINE)) for path in ENGINE.rglob("*.py")
        if talkers(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert found - WRITES == PRINTS


def test_each_language_is_quoted_at_one_place() -> None:
    libraries = {"html", "shlex", "xml.sax.saxutils", "urllib.parse"}
    found: dict[str, set[str]] = {}
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in libraries:
                found.setdefault(str(path.relative_to(ENGINE)), set()).add(node.module)
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "json.dumps":
                found.setdefault(str(path.relative_to(ENGINE)), set()).add("json")
    assert set(found) == {"quoting.py", "formats/coreml/write/single.py"}
