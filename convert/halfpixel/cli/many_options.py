"""Options of a check of many models: how many at once, where, how long each, what is remembered."""

from typing import Annotated

import click

Jobs = Annotated[
    int | None,
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes that judge.  [default: one a core for many models, and none beside this "
        "one for few]",
    ),
]
Timeout = Annotated[
    float | None,
    click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Seconds by the clock that a model may take, where processes judge; 0 for any.  "
        "[default: 300]",
    ),
]
CacheFolder = Annotated[
    str | None,
    click.option(
        "--cache",
        metavar="FOLDER",
        help="Where what was found is remembered, so that a model that is as it was is not judged "
        "again, and a run that was interrupted goes on.  [default: $XDG_CACHE_HOME/halfpixel, for "
        "many models]",
    ),
]
NoCache = Annotated[
    bool,
    click.option("--no-cache", is_flag=True, help="Judge every model, and remember nothing."),
]
EngineName = Annotated[
    str | None,
    click.option(
        "--engine",
        metavar="NAME",
        help="What judges many models: local for this machine, dask for the workers of a Dask "
        "cluster.  [default: local]",
    ),
]
Scheduler = Annotated[
    str | None,
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="With --engine dask: the scheduler, such as tcp://host:8786.",
    ),
]
Summary = Annotated[
    bool,
    click.option(
        "--summary",
        is_flag=True,
        help="Count files and findings by producer, opset and rule, in text, json and markdown.",
    ),
]
FilesFrom = Annotated[
    str | None,
    click.option(
        "--files-from",
        metavar="FILE",
        help="Check what a list names, too: a path a line, or ended by zero bytes; - is standard "
        "input. @FILE among the paths is the same.",
    ),
]
