"""Words of a page: lengths have the names that the text of check gives them."""

from msgspec.structs import replace

from halfpixel.report.html.words import lengths
from halfpixel.rule import example_site


def test_lengths_are_told_by_names_that_can_be_read() -> None:
    site = example_site("Resize", None)
    free = (1, 3, "d2", "d3")
    operation = replace(
        site.operation,
        input_shape=free,
        output_shape=(1, 3, "TruncToInt(0.5*ToFloat(d2))", "(d3//2)"),
        surroundings=replace(site.operation.surroundings, model_shape=free),
    )
    said = "1 x 3 x height x width to 1 x 3 x trunc(0.5*height) x width//2"
    assert lengths(replace(site, operation=operation)) == said
