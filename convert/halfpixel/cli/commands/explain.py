"""halfpixel explain."""

from typing import Annotated

import click
from msgspec import Struct

from halfpixel.cli.options import MaxWork, Shape, command, read_shapes
from halfpixel.cli.output import Page


class Options(Struct, frozen=True):
    """What is explained."""

    subject: Annotated[
        str, click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
    ]
    beside: Annotated[
        str | None,
        click.argument("beside", required=False, metavar='["ANOTHER CALL(...)"]'),
    ]
    shape: Shape
    max_work: MaxWork


@command(__name__, Options)
def explain_command(options: Options) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention.

    Two calls are told side by side, with where they part.
    """
    from halfpixel.checking.explain import explain
    from halfpixel.report.layout import paragraphs, prose
    from halfpixel.work import working

    shapes = read_shapes(options.shape)
    with working(options.max_work):
        if options.beside is None:
            lines = explain(options.subject, shapes)
        else:
            from halfpixel.checking.parting import side_by_side

            lines = side_by_side(options.subject, options.beside)
        page = Page()
        page.tell(map(prose, lines if page.width is None else paragraphs(lines)))


COMMAND = explain_command
