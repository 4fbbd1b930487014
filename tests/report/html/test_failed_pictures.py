"""A picture that cannot be drawn costs its page nothing else, and the page says so."""

import pytest

import example_models as models
from halfpixel.checking.check import Settings, check_paths
from halfpixel.errors import ConventionError
from halfpixel.report.html import check_page, gallery


@pytest.mark.parametrize("error", [ConventionError("<b>not</b> judged"), KeyError("spacing")])
def test_a_picture_that_cannot_be_drawn_is_said_not_to_be(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(gallery, "picture_of_finding", fails)
    text = check_page.dumps(check_paths([models.MISMATCHES / "A1.onnx"], Settings()))
    assert "No picture could be drawn: " in text
    assert ("a defect of halfpixel" in text) == isinstance(error, KeyError)
    assert "<b>not</b>" not in text
