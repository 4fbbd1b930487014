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
    scales = models.scales(1.0, 1.0, *[2.0] * (len(shape) - 2))
    (result,) = SiteCheck(models.model([models.resize()], shape, [scales])).results()
    assert "it is not made" in result.refused


@pytest.mark.parametrize("sized", [False, True])
def test_of_many_images_and_channels_some_run(*, sized: bool) -> None:
    """Each is resized by itself: a share of them shows what all of them do."""
    shape = (9, 70_000, 7, 9)
    node, given = models.resize(), models.scales()
    if sized:
        node.input[2:] = ["", "sizes"]
        given = helper.make_tensor("sizes", TensorProto.INT64, [4], [9, 70_000, 14, 18])
    (result,) = SiteCheck(models.model([node], shape, [given])).results()
    assert (result.refused, result.agrees) == ("", True)
    assert result.shape[0] == 1
    assert 1000 < result.shape[1] < 5000
    assert result.shape[2:] == (7, 9)


def test_a_site_of_many_values_is_left_until_more_work_is_asked_for() -> None:
    """Two axes of thousands of pixels are much to evaluate exactly, three times over."""
    made = models.model([models.resize()], (1, 1, 2_000, 2_000), [models.scales(1, 1, 2, 2)])
    (result,) = SiteCheck(made).results()
    assert "--max-work" in result.refused
    (result,) = SiteCheck(made, max_work=1_000_000).results()
    assert (result.refused, result.agrees) == ("", True)


def test_a_grid_for_less_than_an_image_does_not_stand_alone() -> None:
    """The lengths that its grid would have do not follow from its input's."""
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], name="up")
    made = models.model([node], (4, 4))
    made.graph.input.append(helper.make_tensor_value_info("grid", TensorProto.FLOAT, [4, 2]))
    (result,) = SiteCheck(made).results()
    assert result.exact is None


@pytest.mark.parametrize("length", [40, 400_000])
def test_a_site_whose_scales_are_an_input_runs_by_itself(length: int) -> None:
    """Scales that lead to the output lengths are given; images and channels keep their number."""
    made = models.model([models.resize()], (1, 1, length))
    del made.graph.initializer[:]
    made.graph.input.append(helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]))
    (result,) = SiteCheck(made).results()
    assert (result.refused, result.agrees, result.shape) == ("", True, (1, 1, length))
