"""halfpixel explain."""

from dataclasses import dataclass
from typing import Annotated

import click

from halfpixel.cli.console import say
from halfpixel.cli.options import command


@dataclass(frozen=True, slots=True)
class Options:
    """What is explained."""

    subject: Annotated[
        str, click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
    ]


@command(__name__, Options)
def explain_command(options: Options) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention."""
    from halfpixel.checking.explain import explain

    for line in explain(options.subject):
        say(line)


COMMAND = explain_command
