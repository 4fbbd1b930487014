"""What the playground knows before anybody chooses: the calls of every convention, and a file's."""

from fractions import Fraction
from typing import Any, cast

import example_models as models
from halfpixel.checking.check import sites
from halfpixel.convention import load_conventions
from halfpixel.report.html.playground import Given, has_rule, knowledge, operators_of
from halfpixel.sampling import Linear, Sampling
from halfpixel.sampling.compare import compare


def test_the_axis_that_parts_most_is_the_first() -> None:
    given = list(operators_of(sites(models.MISMATCHES / "A3.onnx")))
    assert [(one.n_in, one.n_out, one.beside) for one in given] == [
        (7, 3, False), (7, 3, True), (5, 2, False), (5, 2, True),
    ]  # fmt: skip


def test_every_convention_is_there_with_every_call() -> None:
    frameworks = cast("list[dict[str, Any]]", knowledge()["frameworks"])
    known = {one["name"]: {call["text"] for call in one["calls"]} for one in frameworks}
    assert known.keys() == {one.name for one in load_conventions()}
    for one in load_conventions():
        shown = [(text, s) for text, s in one.examples if s.scale is None and has_rule(s)]
        texts = [text for text, _ in shown]
        fixed = [text for text in texts if "{s}" not in text and "2" not in text]
        assert set(fixed) <= known[one.name]
    counts = {name: len(calls) for name, calls in known.items()}
    assert counts["ONNX Resize-19"] > 150
    assert counts["PyTorch F.interpolate"] >= 22


def test_what_a_file_says_is_shown_and_bounded() -> None:
    """A factor of a millionth has millions of taps where antialias is on."""
    linear = Linear(antialias=True)
    given = [
        Given("up\u202e", "\x1b", Sampling("half_pixel", linear, Fraction(1, 64))),
        Given("far", "call", Sampling("half_pixel", linear, Fraction(1, 10**6))),
    ]
    (one,) = cast("list[dict[str, Any]]", knowledge(given)["given"])
    assert (one["name"], one["text"]) == ("up\\u202e", "\\x1b")


def test_what_is_said_to_be_equal_at_every_length_is() -> None:
    forms: dict[int, list[Any]] = {}
    for one in load_conventions():
        for text, sampling in one.examples:
            for framework in cast("list[dict[str, Any]]", knowledge()["frameworks"]):
                for call in framework["calls"]:
                    if framework["name"] == one.name and call["text"] == text:
                        forms.setdefault(call["form"], []).append(sampling)
    several = [alike for alike in forms.values() if len(alike) > 1]
    assert len(several) >= 6
    for alike in several:
        for other in alike[1:]:
            assert compare(alike[0], other).equal, (alike[0], other)
