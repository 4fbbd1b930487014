"""halfpixel serve."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct

from halfpixel.cli.console import say
from halfpixel.cli.options import CLEAN, MaxWork, command
from halfpixel.errors import MissingExtraError, UsageError, system_reason

if TYPE_CHECKING:
    from socket import socket

    from halfpixel.serving.limits import Limits

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
"""What a service that only this machine reaches is called."""

Positive: Final = click.FloatRange(min=0, min_open=True)


class Options(Struct, frozen=True):
    """Where it listens, what it may read, and how much of everything."""

    host: Annotated[
        str,
        click.option(
            "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where."
        ),
    ]
    port: Annotated[
        int,
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=8765,
            show_default=True,
            help="The port; 0 for one that is free.",
        ),
    ]
    root: Annotated[
        tuple[str, ...],
        click.option(
            "--root",
            multiple=True,
            metavar="FOLDER",
            help="Models below it are checked by their path, too; several times.",
        ),
    ]
    allow: Annotated[
        tuple[str, ...],
        click.option(
            "--allow",
            multiple=True,
            metavar="ADDRESS",
            help="Models whose address begins so are checked by it, too, such as "
            "s3://bucket/models; several times.",
        ),
    ]
    allow_private: Annotated[
        bool,
        click.option(
            "--allow-private",
            is_flag=True,
            help="Hosts of --allow http... need not be of the public internet.",
        ),
    ]
    hostname: Annotated[
        tuple[str, ...],
        click.option(
            "--hostname",
            multiple=True,
            metavar="NAME",
            help="What the service is called; several times.  [default: this machine's loopback "
            "names there, anything elsewhere]",
        ),
    ]
    config: Annotated[
        str | None,
        click.option(
            "--config",
            metavar="FILE",
            help="The configuration that every model is checked by; no other is looked for.",
        ),
    ]
    max_size: Annotated[
        str,
        click.option(
            "--max-size", default="1GiB", show_default=True, metavar="SIZE",
            help="Bytes of a model that is sent.",
        ),
    ]  # fmt: skip
    max_seconds: Annotated[
        float,
        click.option(
            "--max-seconds", type=Positive, default=30.0, show_default=True,
            help="Seconds that a check may take.",
        ),
    ]  # fmt: skip
    max_upload_seconds: Annotated[
        float,
        click.option(
            "--max-upload-seconds", type=Positive, default=300.0, show_default=True,
            help="Seconds that sending a model may take.",
        ),
    ]  # fmt: skip
    max_idle_seconds: Annotated[
        float,
        click.option(
            "--max-idle-seconds", type=Positive, default=10.0, show_default=True,
            help="Seconds in which some of it, or the head of a request, has to come.",
        ),
    ]  # fmt: skip
    max_memory: Annotated[
        str,
        click.option(
            "--max-memory", default="2GiB", show_default=True, metavar="SIZE",
            help="Memory that a check may take.",
        ),
    ]  # fmt: skip
    workers: Annotated[
        int | None,
        click.option(
            "--workers", type=click.IntRange(min=1), help="Checks at once.  [default: one a core]"
        ),
    ]
    queue: Annotated[
        int,
        click.option(
            "--queue", type=click.IntRange(min=0), default=64, show_default=True,
            help="Requests that wait besides; others are told to come again.",
        ),
    ]  # fmt: skip
    max_work: MaxWork


@command(__name__, Options)
def serve_command(options: Options) -> None:
    """Check models over HTTP: a gate at upload.

    A model is sent to /check, or named there below --root. The answer is a report as JSON, SARIF
    or HTML, and says whether the model passed. GET / is a page to drop a model on, /openapi.json
    says what can be asked, /metrics and /health what monitoring asks for.
    """
    _need_extra()
    from uvicorn import Config, Server

    from halfpixel.serving.app import application
    from halfpixel.serving.protocol import protocol

    limits = _limits(options)
    listening = _listening(options.host, options.port)
    config = Config(
        application(limits),
        http=protocol(limits.idle_seconds),
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=5,
        limit_concurrency=4 * (limits.workers + limits.queue) + 64,
    )
    port = listening.getsockname()[1]
    shown = f"[{options.host}]" if ":" in options.host else options.host
    say(f"halfpixel: serving on http://{shown}:{port}", err=True)
    signal.signal(signal.SIGTERM, _ended)  # which uvicorn raises again once it has shut down
    with listening:
        Server(config).run(sockets=[listening])


def _ended(_number: int, _frame: object) -> None:
    """End in order: what is kept on the disk is deleted."""
    sys.exit(CLEAN)


def _need_extra() -> None:
    """Refuse to begin without what serves.

    Raises:
        MissingExtraError: a package is not installed.
    """
    from importlib.util import find_spec

    for package in ("starlette", "uvicorn", "multipart", "mimeparse", "jinja2"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "serve")
    if find_spec("prometheus_client") is None:
        raise MissingExtraError("prometheus-client", "serve")


def _limits(options: Options) -> "Limits":
    """Return what the service allows.

    Raises:
        UsageError: a folder, an address or a size that is none, or a configuration that cannot
            be read.
    """
    import os

    from halfpixel.serving.addresses import parse_allowed
    from halfpixel.serving.limits import Limits, parse_size
    from halfpixel.settings.configuration import Configuration
    from halfpixel.settings.settled import Given

    if options.config is not None:
        Configuration(Given(config=options.config)).of(Path("model.onnx"))
    names = options.hostname or (LOOPBACK if _is_loopback(options.host) else ())
    return Limits(
        roots=tuple(map(_root, options.root)),
        allowed=tuple(map(parse_allowed, options.allow)),
        private=options.allow_private,
        names=tuple(name.lower() for name in names),
        config=None if options.config is None else str(Path(options.config).absolute()),
        size=parse_size(options.max_size),
        seconds=options.max_seconds,
        upload_seconds=options.max_upload_seconds,
        idle_seconds=options.max_idle_seconds,
        memory=parse_size(options.max_memory),
        workers=options.workers or os.cpu_count() or 1,
        queue=options.queue,
        work=options.max_work,
    )


def _root(text: str) -> Path:
    path = Path(text)
    if not text or not path.is_dir():
        raise UsageError(f"--root {text!r}: no folder is there")
    return path.resolve()


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> "socket":
    """Return the socket that is listened on.

    Raises:
        UsageError: it cannot be had.
    """
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError, OverflowError) as error:
        why = system_reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"{host}:{port} cannot be listened on: {why}") from error


COMMAND = serve_command
