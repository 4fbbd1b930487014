"""The pytest plugin inside pytest: it loads by its entry point, costs little, and tells all."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import example_models as models

pytest_plugins = ["pytester"]

GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"
RECORDED = GOOD.with_suffix(".npz")
WRONG = models.MISMATCHES / "A3.onnx"
WARNED = models.MISMATCHES / "B1.onnx"
NOTED = models.MISMATCHES / "B4.onnx"

BODIES: dict[str, tuple[str, str]] = {
    "a good model": ("halfpixel_check(GOOD)", ""),
    "a model with an error": ("halfpixel_check(WRONG)", "samples are up to 0.833 input px off"),
    "a model with a warning": ("halfpixel_check(WARNED)", "warning asymmetric-linear"),
    "a warning that is let pass": ("halfpixel_check(WARNED, severity='error')", ""),
    "a note": ("halfpixel_check(NOTED)", ""),
    "a note that is not let pass": ("halfpixel_check(NOTED, severity='note')", "  note "),
    "a rule that is left out": ("halfpixel_check(WRONG, ignore=['scale-or-size'])", ""),
    "what is expected": ("halfpixel_check(GOOD, expect=['align_corners=true'])", "  meant  F."),
    "a text": ("halfpixel_check(str(GOOD))", ""),
    "a model in memory": ("import onnx; halfpixel_check(onnx.load(WRONG))", "<model>"),
    "a file that is no model": ("halfpixel_check(__file__)", "not an ONNX model"),
    "the same file": ("assert_equivalent(GOOD, GOOD)", ""),
    "what was recorded": ("assert_equivalent(GOOD, RECORDED)", ""),
    "another model": (
        "assert_equivalent(GOOD, spoiled, low=-1.0, seed=3)",
        "first divergent site: node_upsample_bilinear2d (Resize)",
    ),
    "a wide tolerance": (
        "assert_equivalent(GOOD, spoiled, tolerances={'float32': Tolerance(9, 9)})",
        "",
    ),
    "an unknown option": ("assert_equivalent(GOOD, GOOD, sead=3)", "argument 'sead'"),
}


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """Return a model that samples elsewhere."""
    import onnx

    model = onnx.load(GOOD)
    (node,) = [node for node in model.graph.node if node.op_type == "Resize"]
    (mode,) = [a for a in node.attribute if a.name == "coordinate_transformation_mode"]
    mode.s = b"asymmetric"
    path = tmp_path / "spoiled.onnx"
    onnx.save(model, path)
    return path


def test_fixtures_pass_and_fail_as_they_should(pytester: pytest.Pytester, spoiled: Path) -> None:
    named = {**globals(), "spoiled": spoiled}
    lines = ["from pathlib import Path", "from halfpixel.verifying.measure import Tolerance"]
    lines += [f"{k} = Path({str(v)!r})" for k, v in named.items() if isinstance(v, Path)]
    for number, (body, _) in enumerate(BODIES.values()):
        lines.append(f"def test_{number}(halfpixel_check, assert_equivalent):\n    {body}")
    pytester.makepyfile("\n".join(lines))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--basetemp=temporary")
    output = result.stdout.str()
    failing = [number for number, (_, message) in enumerate(BODIES.values()) if message]
    result.assert_outcomes(passed=len(BODIES) - len(failing), failed=len(failing))
    for number, (_, message) in enumerate(BODIES.values()):
        if message:
            part = output.split(f" test_{number} ")[1].split("\n____")[0]
            assert message in part, output
    assert "Traceback" not in output
    assert "in run\n" not in output  # the fixture's own lines are hidden


def test_a_failure_shows_the_site_the_numbers_and_a_picture(
    pytester: pytest.Pytester, spoiled: Path
) -> None:
    pytester.makepyfile(f"""
        def test_check(halfpixel_check):
            halfpixel_check({str(WRONG)!r})

        def test_equivalent(assert_equivalent):
            assert_equivalent({str(GOOD)!r}, {str(spoiled)!r})
    """)
    result = pytester.runpytest_subprocess("--basetemp=temporary")
    output = result.stdout.str()
    for words in (
        "  node__upsample_bilinear2d_aa (Resize, opset 20) 1x2x5x7 -> 1x2x2x3",
        "is     F.interpolate(x, size=(2, 3)",
        "meant  F.interpolate(x, scale_factor=0.5",
        "samples are up to 0.833 input px off",
        "max abs",
        "first divergent site: node_upsample_bilinear2d (Resize)",
    ):
        assert words in output
    pictures = re.findall(r"picture of (\S+): (\S+\.svg)", output)
    assert {name for name, _ in pictures} == {
        "node__upsample_bilinear2d_aa",
        "node_upsample_bilinear2d",
    }
    for _, path in pictures:
        assert ET.parse(path).getroot().tag.endswith("svg")  # noqa: S314 - our own


def test_the_plugin_is_loaded_by_its_entry_point() -> None:
    (point,) = entry_points(group="pytest11", name="halfpixel")
    assert point.value == "halfpixel.plugins.pytest"


@pytest.mark.parametrize("off", [False, True])
def test_it_can_be_left_out(pytester: pytest.Pytester, *, off: bool) -> None:
    pytester.makepyfile("def test_it(halfpixel_check, assert_equivalent): pass")
    options = ["-p", "no:halfpixel"] if off else []
    result = pytester.runpytest_subprocess(*options)
    if off:
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*fixture 'halfpixel_check' not found"])
    else:
        result.assert_outcomes(passed=1)
    fixtures = pytester.runpytest_subprocess("--fixtures", *options).stdout.str()
    assert ("halfpixel_check" in fixtures) != off


def test_starting_pytest_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, pytest\n"
        f"code = pytest.main(['-q', '--collect-only', {str(tmp_path)!r}])\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'torch', 'rich', 'click', 'coremltools'}\n"
        "assert 'halfpixel.plugins.pytest' in sys.modules\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))\n"
        "print('ours:', sorted(name for name in sys.modules if name.startswith('halfpixel')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert "heavy: []" in done.stdout
    ours = ["halfpixel", "halfpixel.plugins", "halfpixel.plugins.pytest"]
    assert f"ours: {ours}" in done.stdout
