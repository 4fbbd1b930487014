"""halfpixel explain."""

from pathlib import Path
from typing import Annotated

import click
from msgspec import Struct

from halfpixel.address import without_secrets
from halfpixel.cli.options import CLEAN, MaxWork, Shape, command, read_shapes
from halfpixel.cli.output import Page, no_model
from halfpixel.errors import UsageError


def _list(context: click.Context, _option: click.Parameter, asked: bool) -> bool:  # noqa: FBT001 - as click calls it
    """Print the calls that are read, a library a line, and leave, where that is asked."""
    if asked:
        from halfpixel.checking.example_calls import calls_known
        from halfpixel.report.layout import prose

        named = calls_known().items()
        Page().tell([prose(f"{name}: {', '.join(operators)}") for name, operators in named])
        context.exit(CLEAN)
    return asked


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
    size: Annotated[
        str | None,
        click.option(
            "--size",
            metavar="640x480",
            help="Width and height of the image, of a configuration that readies images.",
        ),
    ]
    listed: Annotated[
        bool,
        click.option(
            "--list",
            "listed",
            is_flag=True,
            is_eager=True,
            callback=_list,
            help="Name every call that is read, and leave.",
        ),
    ]
    max_work: MaxWork


@command(__name__, Options)
def explain_command(options: Options) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention.

    So are files that say how images are readied (preprocessor_config.json, timm's config.json), and
    the calls that do so (LetterBox, transforms.Compose): step by step, for an image of --size.

    Two calls are told side by side, with where they part; where they do, the exit code is 0 too. A
    picture or a page takes the place of the numbers.
    """
    from halfpixel.checking.explain import explain, spelled_out
    from halfpixel.report.layout import paragraphs, prose
    from halfpixel.work import working

    shapes = read_shapes(options.shape)
    if options.image and not options.picture:
        raise UsageError("--image is for --picture FILE")
    if options.html is not None:
        from halfpixel.cli.output import check_html

        check_html()
    brief = options.picture is not None or options.html is not None
    written = _written(options)
    subject = spelled_out(options.subject) if written is None else written.call
    beside = spelled_out(options.beside or "")

    def lines(*, brief: bool) -> list[str]:
        with working(options.max_work):
            if written is not None and options.beside is None:
                from halfpixel.checking.explain_pipeline import pipeline_lines

                return list(pipeline_lines(options.subject, written.size, brief=brief))
            if options.beside is None:
                return list(explain(options.subject, shapes, brief=brief))
        from halfpixel.checking.comparing.compare import compare
        from halfpixel.checking.comparing.words import told as told_of

        first = subject if written is None else options.subject
        found = compare(first, beside, size=options.size, max_work=options.max_work)
        return list(told_of(found, brief=brief))

    page = Page()
    told = lines(brief=brief)
    page.tell(map(prose, told if page.width is None else paragraphs(told)))
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


class _Written(Struct, frozen=True):
    """How images are readied: the size of one, and the call of the first resize."""

    size: tuple[int, int] | None
    call: str


def _written(options: Options) -> _Written | None:
    """Return what a subject says of how images are readied; None where it is another.

    Raises:
        UsageError: it cannot be read; or --size, --shape or a picture is asked of what has none.
    """
    from halfpixel.preprocessor import is_written

    if not is_written(options.subject):
        if options.size is not None:
            raise UsageError("--size is for a file or a call that readies images")
        return None
    from halfpixel.boundary import boundary
    from halfpixel.checking.comparing.lengths import parse_image
    from halfpixel.preprocessor import pipeline_of

    if options.shape:
        raise UsageError(f"--shape is for a model, and {options.subject!r} is none")
    size = None if options.size is None else parse_image(options.size)
    with boundary(options.subject):
        resizing = pipeline_of(options.subject).resizing
    if resizing is None or not resizing.call:
        if options.picture is not None or options.html is not None or options.beside is not None:
            raise UsageError(f"{options.subject}: it says of no resize what it computes")
        return _Written(size, "")
    return _Written(size, resizing.text(size))


COMMAND = explain_command
