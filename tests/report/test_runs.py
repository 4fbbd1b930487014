"""What each command says, as the entries that every format is written from."""

from itertools import islice

import pytest
from msgspec.structs import replace

from golden.readers import CHECKS, check_json
from golden.report import REPORT, SITES
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.coreml import CoremlResult
from halfpixel.conforming.coreml import configurations as of_coreml
from halfpixel.conforming.models import configurations
from halfpixel.converting.result import CallSite, Conversion
from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.report import conformance_coreml_report, conformance_report, convert_report
from halfpixel.report.machine import of_conformance, of_convert, of_fix, of_verify
from halfpixel.report.machine.entry import Run
from halfpixel.report.machine.write import written
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import Case, Output, Verification
from halfpixel.verifying.site_check import SiteResult

APART = Difference(equal=False, max_abs=0.5, beyond=3, size=8)
SAME = Difference(equal=True, size=8)
CHANGED = Outcome("up", "", "Resize", "scale-or-size", text="set scales 1, 1, 2, 2")
DECLINED = replace(CHANGED, text="", reason="nothing says it")
CONFIG, OTHER, THIRD = islice(configurations(quick=True), 3)
CASE = next(of_coreml())
VERIFIED = Verification(
    ("net:make@torch", "out/m.onnx@cpu"),
    (Case({"x": (1, 2)}, (Output("y", "y", "float32", APART),), equal=False),),
)

CONVERTED = Conversion(
    "net:make", "m.onnx", "dynamo", 20, (CallSite(None, SITES[0]),), (CHANGED,),
    remaining=REPORT.files[0].findings[:1], narrower=("x: 3 to 9",), notes=("slow",),
    verifications=(VERIFIED,),
)  # fmt: skip
REFUSED = Conversion("net:make", refused="no such exporter")

RUNS: dict[str, tuple[Run, list[tuple[str, str, str, str]]]] = {
    "fix": (
        of_fix.run_of(
            [
                (FixResult("m.onnx", (CHANGED,), (DECLINED,), report=REPORT.files[0]), "out"),
                (FixResult("n.onnx", error="n.onnx: not an ONNX model"), ""),
            ]
        ),
        [
            ("m.onnx", "up|0", "error", "shifted-linear"),
            ("m.onnx", "<up>1", "error", "shifted-linear"),
            ("m.onnx", "=up,2", "warning", "shifted-linear"),
            ("m.onnx", "up", "note", "scale-or-size"),
            ("n.onnx", "", "error", "unreadable"),
        ],
    ),
    "verify": (of_verify.run_of(VERIFIED), [("out/m.onnx", "y", "error", "output-differs")]),
    "verify nothing": (
        of_verify.run_of(Verification(("a", "b"), (Case({}, refused="x: no"),))),
        [("b", "", "error", "nothing-compared")],
    ),
    "verify sites": (
        of_verify.run_of_sites(
            "m.onnx@cpu",
            SiteVerification(
                (
                    SiteResult(SITES[0], "cpu", (1, 2), SAME),
                    SiteResult(SITES[1], "cpu", (1, 2), APART),
                    SiteResult(SITES[2], "cpu", (1, 2), refused="not implemented"),
                    SiteResult(SITES[3], "", (1, 2), refused="it cannot stand alone"),
                ),
                ("Relu is dropped",),
            ),
        ),
        [
            ("m.onnx", "<up>1 on cpu, 1x2", "error", "site-differs"),
            ("m.onnx", "=up,2 on cpu, 1x2", "error", "not-run"),
            ("m.onnx", "/head/up on , 1x2", "note", "not-run"),
            ("m.onnx", "", "note", "optimiser"),
        ],
    ),
    "convert": (
        of_convert.run_of(CONVERTED),
        [
            ("m.onnx", "up|0", "error", "shifted-linear"),
            ("m.onnx", "", "warning", "narrower"),
            ("m.onnx", "y", "error", "output-differs"),
            ("m.onnx", "up", "note", "scale-or-size"),
            ("m.onnx", "", "note", "note"),
        ],
    ),
    "convert refused": (
        of_convert.run_of(REFUSED),
        [("net:make", "", "error", "refused")],
    ),
    "conformance": (
        of_conformance.run_of(
            [
                Result(CONFIG, "equal"),
                Result(OTHER, "refused", words="not implemented"),
                Result(THIRD, "fallback"),
            ],
            "onnxruntime 1",
            "CPU",
        ),
        [
            ("onnxruntime 1, CPU", of_conformance.name_of(OTHER), "note", "refused"),
            ("onnxruntime 1, CPU", of_conformance.name_of(THIRD), "note", "fallback"),
        ],
    ),
    "conformance of Core ML": (
        of_conformance.run_of_coreml(
            [CoremlResult(CASE, "cpu_only", "different", "", APART)], "macOS 15"
        ),
        [("macOS 15", of_conformance.coreml_name(CASE, "cpu_only"), "error", "different")],
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_says_what_the_command_saw(name: str) -> None:
    run, wanted = RUNS[name]
    assert [(one.file, one.node, one.severity, one.rule) for one in run.entries] == wanted
    assert run.closing
    assert "@" not in "".join(file for file, _ in run.looked)


@pytest.mark.parametrize("form", sorted({*CHECKS} - {"json", "text", "html"}))
@pytest.mark.parametrize("name", RUNS)
def test_every_format_of_a_run_is_read(name: str, form: str) -> None:
    CHECKS[form](written(RUNS[name][0], form))


def test_what_programs_read_of_a_conversion_and_a_conformance_run() -> None:
    refused, made = (convert_report.dumps(one) for one in (REFUSED, CONVERTED))
    results = [Result(CONFIG, "equal"), Result(OTHER, "refused", words="not implemented")]
    table = conformance_report.dumps(results, "onnxruntime 1", "CPU")
    coreml = [CoremlResult(CASE, "cpu_only", "different", "", APART)]
    for text in (refused, made):
        check_json(text, strict=True)
    for text in (table, conformance_coreml_report.dumps(coreml, "macOS 15")):
        check_json(text)
