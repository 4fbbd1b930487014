"""Models of one resize: they are read as they were written."""

from pathlib import Path

import pytest

from halfpixel.checking.check import Settings, check_paths, opened
from halfpixel.conforming.litert.conformance import DTYPES, FLAGS
from halfpixel.conventions.litert.resize import BILINEAR, MEANINGS, NEAREST, Flags
from halfpixel.formats.litert.write.single import written_single
from halfpixel.sampling import Resize

BOTH = Flags(align_corners=True, half_pixel_centers=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("op", [BILINEAR, NEAREST])
def test_a_resize_is_read_as_it_was_written(
    op: str, flags: Flags, dtype: str, tmp_path: Path
) -> None:
    path = tmp_path / "one.tflite"
    path.write_bytes(written_single(op, flags, (1, 5, 7, 3), (9, 4), dtype, version=2))
    (site,) = opened(path).sites
    operation = site.operation
    assert (operation.op, operation.opset, operation.dtype) == (op, 2, dtype)
    assert operation.lengths == ((1, 3, 5, 7), (1, 3, 9, 4))
    assert operation.attributes == {
        "align_corners": int(flags.align_corners),
        "half_pixel_centers": int(flags.half_pixel_centers),
    }
    known = MEANINGS.get((op, flags))
    assert operation.operator == (None if known is None else Resize(((2, known), (3, known))))


@pytest.mark.parametrize(
    ("op", "words"),
    [(BILINEAR, "XNNPACK takes for align_corners alone"), (NEAREST, "no framework")],
)
def test_both_flags_are_an_error(op: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "one.tflite"
    path.write_bytes(written_single(op, BOTH, (1, 8, 8, 1), (16, 16)))
    (file,) = check_paths([path], Settings()).files
    (found,) = file.findings
    assert (found.rule.name, found.finding.severity) == ("conflicting-corners", "error")
    assert words in found.finding.message
