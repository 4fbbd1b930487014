"""Whatever the bytes are: a report or one clear line, never a traceback, never a hang."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import example_models as models
import halfpixel

SEEDS = [
    (models.CORPUS / name).read_bytes()
    for name in (
        "bilinear_x2_ac0-t1.8.1-o10.onnx",
        "like_ac0-t1.12.1-o16.onnx",
        "nearest_exact_down-t2.13.0d-o18.onnx",
        "grid_bicubic-t2.13.0d-o20.onnx",
        "deconv_k4s2-t1.8.1-o12.onnx",
        "linear1d_ac0-t2.13.0d-o21.onnx",
    )
] + [(models.MISMATCHES / f"{case}.onnx").read_bytes() for case in ("A1", "A3", "B1")]
RELAXED = settings(
    max_examples=150,
    deadline=10_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def judge(path: Path, data: bytes) -> None:
    """Check a file of these bytes; whatever comes, it is a report."""
    path.write_bytes(data)
    report = halfpixel.check(path)
    (file,) = report.files
    if file.error is not None:
        assert "\n" not in file.error
        assert str(path) in file.error
    assert path.read_bytes() == data
    repair(path, data)


def repair(path: Path, data: bytes) -> None:
    """Fix a file of these bytes; whatever comes, it is a whole model or one line."""
    out = path.with_name("out.onnx")
    result = halfpixel.fix(path, unsafe_fixes=True)
    if result.error is None:
        try:
            result.save(out)
        except halfpixel.HalfpixelError as error:
            assert "\n" not in str(error)  # noqa: PT017 - most results can be written
        else:
            assert result.changed or out.read_bytes() == data
            assert halfpixel.check(out).files[0].error is None
            out.unlink()
    else:
        assert "\n" not in result.error
        assert str(path) in result.error
    assert path.read_bytes() == data
    assert {p.name for p in path.parent.iterdir()} == {path.name}


@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
@RELAXED
def test_changed_bytes(tmp_path: Path, seed: bytes, edits: list[tuple[float, int]]) -> None:
    data = bytearray(seed)
    for place, value in edits:
        data[min(int(place * len(data)), len(data) - 1)] = value
    judge(tmp_path / "m.onnx", bytes(data))


@given(
    seed=st.sampled_from(SEEDS),
    start=st.floats(0, 1),
    end=st.floats(0, 1),
    junk=st.binary(max_size=40),
)
@RELAXED
def test_cut_and_filled(tmp_path: Path, seed: bytes, start: float, end: float, junk: bytes) -> None:
    a, b = sorted((int(start * len(seed)), int(end * len(seed))))
    judge(tmp_path / "m.onnx", seed[:a] + junk + seed[b:])


@given(data=st.binary(max_size=400))
@RELAXED
def test_noise(tmp_path: Path, data: bytes) -> None:
    judge(tmp_path / "m.onnx", data)


@pytest.mark.parametrize("seed", SEEDS, ids=len)
def test_every_byte_set_to_255(tmp_path: Path, seed: bytes) -> None:
    step = max(len(seed) // 60, 1)
    for place in range(0, len(seed), step):
        judge(tmp_path / "m.onnx", seed[:place] + b"\xff" + seed[place + 1 :])
