"""Whatever goes wrong with a file, a rule or halfpixel itself: one line, and the others go on."""

import json
import logging
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
import halfpixel
from halfpixel.boundary import boundary
from halfpixel.checking.explain import explain
from halfpixel.cli.main import cli
from halfpixel.errors import Defect, HalfpixelError
from halfpixel.rule import Finding, Rule, chosen_rules
from halfpixel.site import Site

GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"
BAD = models.MISMATCHES / "A1.onnx"
RAISED = [
    KeyError("lost"),
    TypeError("two\nlines \x1b[31m"),
    AssertionError(),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    OSError(5, "Input/output error"),
]
NAMES = ("Error", "Traceback", "Exception")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def one_line(text: str) -> None:
    """Whether a message is a line of words: no class of an exception, no control character."""
    assert text.isprintable()
    assert not any(name in text for name in NAMES)


def raising(error: BaseException) -> object:
    def fail(*_arguments: object, **_options: object) -> object:
        raise error

    return fail


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Return a sound file, one at which the tests let halfpixel fail, and another sound one."""
    paths = [tmp_path / name for name in ("a.onnx", "odd.onnx", "z.onnx")]
    for path in paths:
        path.write_bytes(BAD.read_bytes())
    return paths


def fails_at(monkeypatch: pytest.MonkeyPatch, place: str, name: str, error: BaseException) -> None:
    """Let a function fail where its first argument is the odd file, or stands for it."""
    module, _, owner = place.partition(":")
    target = import_module(f"halfpixel.{module}")
    target = getattr(target, owner) if owner else target
    before = getattr(target, name)

    def failing(first: object, *rest: object, **options: object) -> object:
        path = getattr(first, "path", first)
        if "odd.onnx" in str(path):
            raise error
        return before(first, *rest, **options)

    monkeypatch.setattr(target, name, failing)


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("place", "name"),
    [("formats.onnx_file", "skeleton"), ("formats.onnx.model:OnnxModel", "words")],
)
def test_a_fault_at_one_file_costs_the_others_nothing(
    three: list[Path], monkeypatch: pytest.MonkeyPatch, place: str, name: str, error: Exception
) -> None:
    fails_at(monkeypatch, place, name, error)
    sarif = three[0].with_name("out.sarif")
    result = run("check", *three, "--sarif", sarif, "--output-format", "json")
    assert result.exit_code == 2
    files = json.loads(result.stdout)["files"]
    assert [bool(file["findings"]) for file in files] == [True, False, True]
    one_line(files[1]["error"])
    assert files[1]["error"].startswith(f"{three[1]}: ")
    ours = not isinstance(error, MemoryError | RecursionError | OSError)
    assert files[1]["defect"] == ours == ("a defect of halfpixel" in files[1]["error"])
    (entry,) = json.loads(sarif.read_text("utf-8"))["runs"]
    (told,) = entry["invocations"][0]["toolExecutionNotifications"]
    assert told["descriptor"]["id"] == ("defect" if ours else "unreadable")
    assert {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in
            entry["results"]} == {path.as_uri() for path in (three[0], three[2])}  # fmt: skip


def test_a_defect_says_what_a_report_needs(
    three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_at(monkeypatch, "formats.onnx_file", "skeleton", KeyError("lost"))
    text = run("check", three[1]).stdout
    for part in (
        "a defect of halfpixel, not of the file: 'lost' (at checking/test_boundary.py:",
        "please report it with the model, halfpixel ",
        "Python 3.",
        "--debug",
    ):
        assert part in text
    debug = run("check", "--debug", three[1])
    assert "Traceback" in debug.stderr
    assert "KeyError: 'lost'" in debug.stderr
    assert "Traceback" not in debug.stdout
    assert not logging.getLogger("halfpixel").handlers
    assert "Traceback" not in run("check", three[1]).output


def test_fix_goes_on_behind_a_fault(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fails_at(monkeypatch, "formats.onnx.model:OnnxModel", "rewrite", IndexError("out of range"))
    result = run("fix", *three, "--unsafe-fixes")
    assert result.exit_code == 2
    assert f"error: {three[1]}: a defect of halfpixel" in result.stdout
    assert {path.name for path in three[0].parent.iterdir()} - {path.name for path in three} == {
        "a.fixed.onnx",
        "z.fixed.onnx",
    }


def test_a_writer_that_fails_leaves_nothing(
    three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("halfpixel.formats.onnx.write.save")
    monkeypatch.setattr(module, "save", raising(KeyError("lost")))
    result = run("fix", three[0], "--unsafe-fixes")
    assert result.exit_code == 2
    assert "a defect of halfpixel" in result.stdout
    assert {path.name for path in three[0].parent.iterdir()} == {path.name for path in three}


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", GOOD),
        ("verify", GOOD, BAD),
        ("explain", GOOD),
        ("convert", GOOD, "--to", "torch"),
    ],
    ids=["sites", "pair", "explain", "torch"],
)
@pytest.mark.parametrize("name", ["skeleton", "OnnxModel"])
def test_every_command_has_the_boundary(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], name: str
) -> None:
    monkeypatch.setattr(import_module("halfpixel.formats.onnx_file"), name, raising(KeyError("k")))
    result = run(*arguments)
    assert result.exit_code == 2
    assert "a defect of halfpixel" in result.output
    assert not any(word in result.output for word in NAMES)
    assert "KeyError" in run(*arguments, "--debug").stderr


def test_a_runtime_that_breaks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("halfpixel.verifying.verify")
    monkeypatch.setattr(module, "runtime_of", raising(ZeroDivisionError("division by zero")))
    result = run("verify", GOOD, GOOD.with_name(GOOD.name))
    assert result.exit_code == 2
    assert "a defect of halfpixel" in result.output
    with pytest.raises(Defect) as caught:
        halfpixel.verify(str(GOOD), f"{GOOD}@reference")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_the_functions_raise_our_errors_with_their_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        import_module("halfpixel.formats.onnx_file"), "skeleton", raising(KeyError("lost"))
    )
    for call in (lambda: halfpixel.sites(GOOD), lambda: list(explain(str(GOOD)))):
        with pytest.raises(Defect) as caught:
            call()
        assert isinstance(caught.value.__cause__, KeyError)
    assert halfpixel.check(GOOD).files[0].defect
    result = halfpixel.fix(GOOD)
    assert isinstance(result.cause, Defect)
    with pytest.raises(HalfpixelError, match="a defect of halfpixel"):
        result.save("nowhere.onnx")


def test_a_fault_outside_of_any_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        import_module("halfpixel.report.machine.as_json"), "pieces", raising(KeyError("k"))
    )
    result = run("check", GOOD, "--output-format", "json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("halfpixel: check: a defect of halfpixel")


def test_an_interrupt_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("halfpixel.formats.onnx_file")
    monkeypatch.setattr(module, "skeleton", raising(KeyboardInterrupt()))
    result = run("check", GOOD)
    assert (result.exit_code, result.output) == (130, "halfpixel: interrupted\n")


def test_a_reader_that_goes_away_is_no_fault() -> None:
    with pytest.raises(BrokenPipeError), boundary("m.onnx"):
        raise BrokenPipeError


def rules_with(monkeypatch: pytest.MonkeyPatch, *added: Rule) -> None:
    """Let some rules be asked before all others."""
    every = (*added, *chosen_rules())

    def chosen(*_patterns: object) -> tuple[Rule, ...]:
        return every

    monkeypatch.setattr(import_module("halfpixel.checking.check"), "chosen_rules", chosen)


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_a_rule_that_fails_is_told_and_the_others_are_asked(
    three: list[Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def check(site: Site) -> Iterator[Finding]:
        if site.op:
            raise error
        yield Finding("", "note", "proven")

    def model(sites: Sequence[Site]) -> Iterator[tuple[Site, Finding]]:
        for site in sites:
            yield from ((site, one) for one in check(site))

    before = [one.rule.name for one in halfpixel.check(three[0]).findings]
    rules_with(
        monkeypatch,
        Rule("our_rules.odd_site", "A rule.", check),
        Rule("our_rules.odd_model", "A rule.", check_model=model),
    )
    (file,) = halfpixel.check(three[0]).files
    assert [one.rule.name for one in file.findings] == before
    node = file.sites[0].name
    assert len(file.faults) == 2
    for fault, where in zip(file.faults, (f" on node {node!r}", ""), strict=True):
        rule = "odd-site" if where else "odd-model"
        assert fault.startswith(f"{three[0]}: rule {rule} failed{where}: ")
        assert "a defect of the rule, which is of our_rules, not of the file" in fault
        one_line(fault)
    for form in ("text", "github", "sarif", "json"):
        result = run("check", *three, "--output-format", form)
        assert result.exit_code == 2
        assert result.output.count("rule odd-site failed on node") == 3
    fixed = run("fix", three[0], "--unsafe-fixes")
    assert fixed.exit_code == 2
    assert "1 fixed" in fixed.output
    assert "rule odd-site failed on node" in fixed.output


def test_a_rule_that_fails_on_many_nodes_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(site: Site) -> Iterator[Finding]:
        yield Finding(str(1 // len(site.graph)), "note", "proven")

    rules_with(monkeypatch, Rule("our_rules.odd_site", "A rule.", check))
    nodes = [models.resize("x", f"y{k}", f"up{k}") for k in range(3)]
    made = models.model(nodes)
    made.graph.output[0].name = "y0"
    (fault,) = halfpixel.check(made).files[0].faults
    assert "failed on node 'up0'" in fault
    assert fault.endswith("; it failed 2 times more")


@pytest.mark.parametrize("error", [*RAISED, SyntaxError("invalid syntax"), ImportError("no json5")])
def test_a_package_of_rules_that_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    module = import_module("halfpixel.rule")
    module.load_rules.cache_clear()
    monkeypatch.setattr(module, "package_rules", raising(error))
    result = run("check", GOOD)
    module.load_rules.cache_clear()
    assert result.exit_code == 2
    assert result.stderr.startswith("halfpixel: the rules of halfpixel_rules cannot be loaded: ")
    assert "a defect of that package" in result.stderr
    one_line(result.stderr.rstrip("\n"))
