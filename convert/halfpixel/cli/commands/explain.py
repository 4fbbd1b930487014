"""halfpixel explain."""

from typing import Annotated

import click
from msgspec import Struct

from halfpixel.cli.console import say
from halfpixel.cli.options import MaxWork, Shape, command, read_shapes


class Options(Struct, frozen=True):
    """What is explained."""

    subject: Annotated[
        str, click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
    ]
    shape: Shape
    max_work: MaxWork


@command(__name__, Options)
def explain_command(options: Options) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention."""
    from halfpixel.checking.explain import explain
    from halfpixel.work import working

    shapes = read_shapes(options.shape)
    with working(options.max_work):
        for line in explain(options.subject, shapes):
            say(line)


COMMAND = explain_command
