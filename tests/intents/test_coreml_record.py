"""What was meant by a resize of a Core ML model, from what its converter left in the file."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from halfpixel.checking.check import check
from halfpixel.dialect import ML_PROGRAM
from halfpixel.intents.exporter_habit import meant
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Attribute, Operation

MODELS = Path(__file__).parents[2] / "models/coreml"


def _both(sampling: Sampling) -> Resize:
    return Resize(((2, sampling), (3, sampling)))


HALF = _both(Sampling("half_pixel", Linear()))
CORNERS = _both(Sampling("align_corners", Linear()))
FIRST = _both(Sampling("asymmetric", Linear()))
NEAREST = _both(Sampling("asymmetric", Nearest()))
NUDGED = 1.5000166893005371


def _operation(
    op: str, operator: Resize, scale: float = NUDGED, **attributes: Attribute
) -> Operation:
    return Operation(
        op,
        6,
        attributes,
        operator,
        input_shape=(1, 2, 6, 6),
        output_shape=(1, 2, int(6 * scale), int(6 * scale)),
        scales=(1.0, 1.0, scale, scale),
        by="scales",
        origin=Origin(Producer("coremltools", (9, 0)), "torch==2.13.0"),
        dialect=ML_PROGRAM,
    )


BILINEAR = _operation("upsample_bilinear", HALF)
CASES: dict[str, tuple[Operation, str, str | None, str]] = {
    "a habit": (
        BILINEAR, "op_7", "assumed",
        'F.interpolate(x, size=(9, 9), mode="bilinear", align_corners=False)',
    ),
    "aligned corners": (
        _operation("upsample_bilinear", CORNERS), "op_7", "assumed",
        'F.interpolate(x, size=(9, 9), mode="bilinear", align_corners=True)',
    ),
    "a factor that reads like a user's": (
        _operation("upsample_nearest_neighbor", NEAREST, 1.5), "op_7", "assumed",
        'F.interpolate(x, scale_factor=1.5, mode="nearest")',
    ),
    "the name of an antialiased call": (
        BILINEAR, "_upsample_bilinear2d_aa_1_cast_fp16", "recorded",
        'F.interpolate(x, size=(9, 9), mode="bilinear", align_corners=False, antialias=True)',
    ),
    "the name of a nearest call": (
        _operation("upsample", CORNERS), "upsample_nearest2d", "recorded",
        'F.interpolate(x, size=(9, 9), mode="nearest")',
    ),
    "a linear Upsample from onnx": (
        replace(
            _operation("upsample", FIRST, 2.0, mode="BILINEAR", linearUpsampleMode="DEFAULT"),
            origin=Origin(Producer("coremltools", (9, 0)), "onnx==1.6.0"),
        ),
        "up", "assumed",
        'F.interpolate(x, size=(12, 12), mode="bilinear", align_corners=False)',
    ),
    "tensorflow": (
        replace(BILINEAR, origin=Origin(Producer("coremltools", (9, 0)), "tensorflow==2.12.0")),
        "up", None, "",
    ),
    "no record": (replace(BILINEAR, origin=Origin()), "op_7", None, ""),
    "an operator that PyTorch never becomes": (
        _operation("resize_bilinear", HALF), "op_7", None, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "name", "how", "text"), CASES.values(), ids=CASES)
def test_what_was_meant(operation: Operation, name: str, how: str | None, text: str) -> None:
    intent = meant(operation, name)
    if how is None:
        assert intent is None
        return
    assert intent is not None
    assert (intent.how, intent.text) == (how, text)


FOUND = {
    "interpolate/nearest-6x10-to-9x7-ios15.mlpackage": {"device-dependent": "note"},
    "interpolate/nearest-6x10-to-9x7-network.mlmodel": {"nearest-as-bilinear": "note"},
    "interpolate/nearest-100x20-by-0.29-ios15.mlpackage": {"output-length-rounding": "warning"},
    "variants/legacy-onnx_coreml-v4.mlmodel": {"coreml-default-mode": "warning"},
    "variants/upsample_bilinear-2x2-corners1-centres1-ios16.mlpackage": {
        "conflicting-corners": "error"
    },
    "variants/structure-branch-v4.mlmodel": {"later-mode": "warning"},
    "variants/resize_bilinear-same-offset_corners-ios15.mlpackage": {
        "offset-same-length": "warning"
    },
    "variants/resize-up-nearest-ios17.mlpackage": {"device-dependent": "note"},
}


@pytest.mark.parametrize(("name", "expected"), FOUND.items(), ids=FOUND)
def test_a_trap_is_found_in_a_real_file(name: str, expected: dict[str, str]) -> None:
    found = {one.rule.name: one.finding.severity for one in check(MODELS / name).findings}
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    "path", sorted((MODELS / "interpolate").glob("*.ml*")), ids=lambda path: path.name
)
def test_what_coremltools_converts_is_read_without_an_error(path: Path) -> None:
    (file,) = check(path).files
    assert file.error is None
    assert all(site.operation.problem == "" for site in file.sites)
