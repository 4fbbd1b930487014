"""What is declared is no reason to allocate, and a scale that is an input is chosen."""

import pytest
from onnx import TensorProto, helper

import example_models as models
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.verifying.site_check import SiteCheck

LENGTHS = [(1, 3, 150_000, 150_000), (1, 1, 5_000_000_000)]


@pytest.mark.parametrize("shape", LENGTHS)
def test_no_input_is_made_because_it_is_declared(shape: tuple[int, ...]) -> None:
    """A line says how many values it would be."""
    with pytest.raises(UsageError, match="it is not made"):
        next(iter(make_feeds([Port("x", "float32", shape)], FeedSettings())))


@pytest.mark.parametrize("shape", LENGTHS)
def test_a_site_of_enormous_lengths_does_not_run(shape: tuple[int, ...]) -> None:
    """The reason stands in the place of its figures."""
    scales = models.scales(*[1.0] * (len(shape) - 1), 2.0)
    (result,) = SiteCheck(models.model([models.resize()], shape, [scales])).results()
    assert "it is not made" in result.refused


def test_a_site_whose_scales_are_an_input_runs_by_itself() -> None:
    """Scales that lead to the output lengths are given."""
    made = models.model([models.resize()], (1, 1, 40))
    del made.graph.initializer[:]
    made.graph.input.append(helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]))
    (result,) = SiteCheck(made).results()
    assert (result.refused, result.agrees) == ("", True)
