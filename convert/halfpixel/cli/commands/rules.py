"""halfpixel rules: what is looked for, and the skeleton of a package of one's own."""

from pathlib import Path

import click

from halfpixel.cli.console import say, write_document
from halfpixel.cli.options import debug_option
from halfpixel.cli.output import Page, format_option
from halfpixel.quoting import json_text, shell_word


@click.group("rules", invoke_without_command=True)
@format_option(("text", "json"))
@debug_option
@click.pass_context
def rules_command(context: click.Context, output_format: str) -> None:
    """List every rule with what it finds."""
    if context.invoked_subcommand is not None:
        return
    from halfpixel.rule import load_rules

    rules = load_rules()
    if output_format == "json":
        rows = [{"rule": r.name, "summary": r.summary, "fixable": r.fixable} for r in rules]
        write_document(json_text(rows, indent=2))
        return
    from halfpixel.report.layout import Line

    width = max((len(rule.name) for rule in rules), default=0)
    Page().tell(
        Line(
            f"{rule.name:{width}}",
            f"  {'fix' if rule.fixable else '   '}  {rule.summary}",
            "name",
            width + 7,
        )
        for rule in rules
    )


@rules_command.command("new")
@click.argument("name")
@click.option("--into", default=".", metavar="FOLDER", help="Where its folder is made.")
@debug_option
def new_command(name: str, into: str) -> None:
    """Write the skeleton of a package of rules, found by halfpixel once it is installed."""
    from halfpixel.cli.rule_pack import new_pack

    written = new_pack(name, Path(into))
    for path in written:
        say(path)
    say(f"next: pip install -e {shell_word(str(Path(into, name)))}; halfpixel rules")


COMMAND = rules_command
