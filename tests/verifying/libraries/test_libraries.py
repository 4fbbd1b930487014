"""Both calls of a comparison, run on the same images by the libraries that are installed."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from msgspec.structs import replace
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - its usual name

from golden.readers import check_json
from halfpixel import compare
from halfpixel.checking.called import reading_of
from halfpixel.cli.main import cli
from halfpixel.errors import RuntimeRefusal
from halfpixel.verifying.libraries.call import run
from halfpixel.verifying.libraries.measure import measured, noise

SMOOTH = "F.interpolate(x, size=(5, 6), mode='bilinear', antialias=True)"
PLAIN = "F.interpolate(x, size=(5, 6), mode='bilinear')"

CALLS = [
    PLAIN,
    "torch.nn.functional.interpolate(images, (5, 6), None, 'bilinear')",
    "interpolate(input=x, size=(5, 6), mode='bilinear')",
    "F.interpolate(x[None, None], size=(5, 6), mode='bilinear')[0, 0]",
    "nn.Upsample(size=(5, 6), mode='bilinear')(x)",
    "nn.Upsample((5, 6), mode='bilinear')",
]


@pytest.mark.parametrize("text", CALLS)
def test_a_call_is_run_as_it_is_written(text: str) -> None:
    side = compare(text, PLAIN).a
    assert side.convention is not None
    image = noise((9, 7), "float32")
    made = run(side.convention, side.text, image)
    x = torch.from_numpy(image)[None, None]
    expected = F.interpolate(x, size=(5, 6), mode="bilinear")[0, 0].numpy()
    np.testing.assert_array_equal(made, expected)


def test_what_is_measured_is_what_the_weights_say() -> None:
    for other in (PLAIN, SMOOTH):
        found = measured(compare(SMOOTH, other, size="12x11"))
        made = found.measurement
        assert made is not None
        assert made.reason == ""
        floats, levels = made.measured
        assert (floats.dtype, levels.dtype) == ("float32", "uint8")
        assert max(one for one in floats.own if one is not None) < 1e-5
        assert (floats.most < 1e-6) is found.equal
        assert levels.own[0] is not None
        assert 0.3 < levels.own[0] < 2, "bytes are rounded, which no weight says"


def test_open_lengths_are_put_in() -> None:
    found = measured(compare("F.interpolate(x, size=size)", "F.interpolate(x, size=(h, w))"))
    assert found.measurement is not None
    assert found.measurement.calls == (
        "F.interpolate(x, size=(9, 9))", "F.interpolate(x, size=(9, 9))",
    )  # fmt: skip


NOT_RUN = [
    ("F.grid_sample(x, g)", "GridSample()", "calls that resize images are run"),
    ("F.interpolate(x, size=(3, 4))", "Resize(mode=nearest, sizes=[3, 4])", "is not installed"),
    ("F.interpolate(x, size=8)", "F.interpolate(x, size=9)", "their output lengths differ"),
]


@pytest.mark.parametrize(("a", "b", "words"), NOT_RUN)
def test_why_they_are_not_run_is_told(a: str, b: str, words: str) -> None:
    result = CliRunner().invoke(cli, ["compare", a, b, "--measure"])
    assert "not measured: " in result.output
    assert words in result.output
    assert result.exit_code == {"equal": 0, "different": 1}[compare(a, b).verdict]


def test_nothing_of_a_text_is_evaluated(tmp_path: Path) -> None:
    file = tmp_path / "written"
    text = f"F.interpolate(x, size=(open({str(file)!r}, 'w').write('1'), 3))"
    convention, _ = reading_of(text)
    with pytest.raises(RuntimeRefusal, match="its lengths are open"):
        run(convention, text, noise((4, 4), "float32"))
    assert not file.exists()


def test_what_is_measured_stands_in_the_reports() -> None:
    arguments = ["compare", SMOOTH, PLAIN, "--size", "12x11", "--measure"]
    told = CliRunner().invoke(cli, arguments)
    assert "measured on noise, width 12 to 6, height 11 to 5, by torch 2." in told.output
    body = CliRunner().invoke(cli, [*arguments, "--output-format", "json"]).stdout
    check_json(body, strict=True)
    assert json.loads(body)["measured"]["images"][0]["most"] > 0.01


ZOOM = "ndimage.zoom(x, (5 / x.shape[0], 6 / x.shape[-1]), order=1, mode='mirror')"


class Transform:
    """A module of a library whose calls name their image, as albumentations does."""

    def __call__(self, *, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the image back."""
        return image


def test_a_module_may_name_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "named_image", SimpleNamespace(Resize=Transform))
    convention, _ = reading_of("A.Resize(4, 3)")
    assert convention.library is not None
    library = replace(convention.library, modules=(("A", "named_image"),))
    image = noise((4, 3), "float32")
    made = run(replace(convention, library=library), "A.Resize()", image)
    np.testing.assert_array_equal(made, image)


def test_a_call_may_ask_for_the_shape_of_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    def zoom(x: NDArray[np.float32], by: tuple[float, ...], **_: object) -> NDArray[np.float32]:
        return np.zeros(np.round(np.multiply(x.shape, by)).astype(int), np.float32)

    monkeypatch.setitem(sys.modules, "zooming", SimpleNamespace(zoom=zoom))
    convention, _ = reading_of(ZOOM)
    assert convention.library is not None
    library = replace(convention.library, modules=(("ndimage", "zooming"),))
    convention = replace(convention, library=library)
    assert run(convention, ZOOM, noise((9, 7), "float32")).shape == (5, 6)


def test_a_library_that_lacks_another_package_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "without_backend.py").write_text("import a_backend_of_none\n")
    monkeypatch.syspath_prepend(tmp_path)
    convention, _ = reading_of(PLAIN)
    assert convention.library is not None
    library = replace(convention.library, modules=(("F", "without_backend"),))
    words = "without_backend cannot be imported: No module named 'a_backend_of_none'"
    with pytest.raises(RuntimeRefusal, match=words):
        run(replace(convention, library=library), PLAIN, noise((4, 4), "float32"))
