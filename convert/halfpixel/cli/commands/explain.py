"""halfpixel explain."""

from typing import Annotated

import click
from msgspec import Struct

from halfpixel.cli.console import say
from halfpixel.cli.options import MaxWork, command


class Options(Struct, frozen=True):
    """What is explained."""

    subject: Annotated[
        str, click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
    ]
    max_work: MaxWork


@command(__name__, Options)
def explain_command(options: Options) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention."""
    from halfpixel.checking.explain import explain
    from halfpixel.work import working

    with working(options.max_work):
        for line in explain(options.subject):
            say(line)


COMMAND = explain_command
