"""halfpixel explain."""

from pathlib import Path
from typing import Annotated

import click
from msgspec import Struct

from halfpixel.address import without_secrets
from halfpixel.cli.options import MaxWork, Shape, command, read_shapes
from halfpixel.cli.output import Page, no_model
from halfpixel.errors import UsageError


class Options(Struct, frozen=True):
    """What is explained."""

    subject: Annotated[
        str, click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
    ]
    beside: Annotated[
        str | None,
        click.argument("beside", required=False, metavar='["ANOTHER CALL(...)"]'),
    ]
    picture: Annotated[
        str | None,
        click.option(
            "--picture",
            metavar="FILE",
            help="Draw it, as .svg or .png: where the samples read, beside what was meant.",
        ),
    ]
    image: Annotated[
        str,
        click.option(
            "--image",
            default="",
            help="Draw an image through it too: ramp, checkerboard, zone-plate, edge, a file, or "
            'numbers ("1 2; 3 4").',
        ),
    ]
    html: Annotated[
        str | None,
        click.option(
            "--html",
            metavar="FILE",
            callback=no_model,
            help="Write it as a page, with a playground of every framework's calls.",
        ),
    ]
    shape: Shape
    max_work: MaxWork


@command(__name__, Options)
def explain_command(options: Options) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention.

    Two calls are told side by side, with where they part; where they do, the exit code is 0 too. A
    picture or a page takes the place of the numbers.
    """
    from halfpixel.checking.explain import explain, spelled_out
    from halfpixel.report.layout import paragraphs, prose
    from halfpixel.work import working

    shapes = read_shapes(options.shape)
    if options.image and not options.picture:
        raise UsageError("--image is for --picture FILE")
    brief = options.picture is not None or options.html is not None

    def lines(*, brief: bool) -> list[str]:
        with working(options.max_work):
            if options.beside is None:
                return list(explain(options.subject, shapes, brief=brief))
            from halfpixel.checking.parting import side_by_side

            return list(side_by_side(options.subject, options.beside, brief=brief))

    page = Page()
    told = lines(brief=brief)
    page.tell(map(prose, told if page.width is None else paragraphs(told)))
    subject, beside = spelled_out(options.subject), spelled_out(options.beside or "")
    if options.picture is not None:
        from halfpixel.boundary import boundary
        from halfpixel.report.pictures.file import save
        from halfpixel.report.pictures.subject import picture_of_subject

        with boundary(without_secrets(subject)), working(options.max_work):
            drawn = picture_of_subject(subject, beside, shapes=shapes, image=options.image)
            save(drawn, Path(options.picture))
        page.tell([prose(f"picture: {options.picture}")])
    if options.html is not None:
        from halfpixel.boundary import boundary
        from halfpixel.cli.output import write_report
        from halfpixel.report.html import explain_page

        with boundary(without_secrets(subject)), working(options.max_work):
            made = explain_page.dumps(lines(brief=False), subject, beside, shapes)
        write_report(made, options.html)
        page.tell([prose(f"page: {options.html}")])


COMMAND = explain_command
