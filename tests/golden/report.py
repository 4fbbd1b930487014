"""A report whose every text is fixed, and what each format makes of it."""

from collections.abc import Callable
from fractions import Fraction

from msgspec.structs import replace

from halfpixel.checking.result import FileReport, Report, SiteFinding
from halfpixel.origin import Intent, Operator
from halfpixel.report import as_text
from halfpixel.report.layout import plain
from halfpixel.report.machine import as_json, as_sarif
from halfpixel.report.machine.of_check import run_of
from halfpixel.report.machine.write import written
from halfpixel.rule import Finding, Fix, Rule, example_resize, example_site
from halfpixel.sampling import Linear, Sampling
from halfpixel.site import Site

RULE = Rule("rules.shifted_linear", "Samples are shifted.\n\n## Why it matters\nMasks move.\n")
UP: Operator = example_resize(Sampling("asymmetric", Linear(), Fraction(2)))
MEANT = 'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)'


def site(name: str, length: int = 8) -> Site:
    shape = (1, 3, length, length)
    found = example_site(
        "Resize", UP, name=name, opset=13, torch_call=None, input_shape=shape,
        output_shape=(1, 3, 2 * length, 2 * length), intent=Intent("recorded", "a record", MEANT),
    )  # fmt: skip
    return replace(found, source="net.py:70", source_text="return F.interpolate(x)")


def found(at: Site, severity: str = "error", *, fixed: bool = True) -> SiteFinding:
    length = at.input_shape[2] if at.input_shape else 0
    message = f"at length {length} (axis 2) samples are up to 0.25 input px off; {MEANT} was meant"
    finding = Finding(message, severity, "proven", Fix("safe", UP) if fixed else None)  # type: ignore[arg-type]
    return SiteFinding(RULE, at, finding, "set coordinate_transformation_mode=half_pixel")


SITES = (site("up|0"), site("<up>1", 16), site("=up,2"), site("/head/up"))
REPORT = Report(
    (
        FileReport(
            "nets/a b.onnx",
            SITES,
            (found(SITES[0]), found(SITES[1]), found(SITES[2], "warning", fixed=False)),
        ),
        FileReport("good.onnx", SITES[3:], (found(SITES[3], "note", fixed=False),)),
        FileReport("broken.onnx", error="broken.onnx: not an ONNX model"),
    )
)


def text() -> str:
    return "\n".join(map(plain, as_text.lines(REPORT, statistics=True, least="warning")))


FORMS: dict[str, Callable[[], str]] = {
    "check.txt": text,
    "check.json": lambda: as_json.dumps(REPORT, statistics=True),
    "check.sarif": lambda: as_sarif.dumps(REPORT),
    "check.concise": lambda: written(run_of(REPORT, "warning"), "concise"),
    "check.github": lambda: written(run_of(REPORT, "warning"), "github"),
    "check.gitlab.json": lambda: written(run_of(REPORT, "warning"), "gitlab"),
    "check.junit.xml": lambda: written(run_of(REPORT, "warning"), "junit"),
    "check.md": lambda: written(run_of(REPORT, "warning"), "markdown"),
    "check.csv": lambda: written(run_of(REPORT, "warning"), "csv"),
}
"""What each file beside this one holds."""
