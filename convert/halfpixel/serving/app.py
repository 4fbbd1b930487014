"""The service: its addresses, and how a request becomes a report."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router

from halfpixel.quoting import json_text
from halfpixel.report.html import upload_page
from halfpixel.serving.answers import ReportAnswer
from halfpixel.serving.forms import form_of
from halfpixel.serving.gate import Gate
from halfpixel.serving.limits import Limits
from halfpixel.serving.metrics import Metrics
from halfpixel.serving.openapi import description
from halfpixel.serving.query import Form, ReferenceQuery, Settings, UploadQuery, read_query
from halfpixel.serving.reference import Found, found
from halfpixel.serving.refused import Refused
from halfpixel.serving.upload import named, received
from halfpixel.serving.worker import Job
from halfpixel.serving.workers import Workers

if TYPE_CHECKING:
    from starlette.types import ASGIApp

AGAIN: Final = "2"
"""Seconds after which a caller may come again when too many are here."""

T = TypeVar("T")


class Service:
    """What serves: its limits, its workers, and the folder of what was sent."""

    def __init__(self, limits: Limits) -> None:
        """Keep what is allowed; nothing runs before `running`."""
        self.limits = limits
        self.metrics = Metrics()
        self._here = 0
        self._workers: Workers | None = None
        self._folder: Path | None = None

    @contextlib.asynccontextmanager
    async def running(self, _app: object) -> AsyncGenerator[None]:
        """Have workers and a folder, and give both back."""
        with tempfile.TemporaryDirectory(prefix="halfpixel-serve-") as folder:
            self._folder = Path(folder)
            workers = Workers(self.limits)
            try:
                await workers.begin()
                self._workers = workers
                yield
            finally:
                self._workers = None
                await asyncio.to_thread(workers.close)

    @property
    def ready(self) -> bool:
        """Whether a model that comes now would be checked."""
        workers = self._workers
        return workers is not None and self._here < self.limits.workers + self.limits.queue

    async def upload(self, request: Request) -> Response:
        """Check a model that is sent."""
        query = read_query(request.query_params.multi_items(), UploadQuery)
        form = form_of(query.form, request.headers.get("accept", ""))
        kind = request.headers.get("content-type", "")

        async def model(folder: Path) -> Found:
            length = request.headers.get("content-length")
            await received(request.stream(), kind, length, folder, self.limits)
            name = named(folder, kind, query.name)
            place = folder / name
            return Found(folder, name, name, place.stat().st_size)

        return await self._checked(request, query, form, model)

    async def reference(self, request: Request) -> Response:
        """Check a model that is somewhere already."""
        query = read_query(request.query_params.multi_items(), ReferenceQuery)
        form = form_of(query.form, request.headers.get("accept", ""))

        async def model(_folder: Path) -> Found:
            return await asyncio.to_thread(found, query.model, self.limits)

        return await self._checked(request, query, form, model)

    async def _checked(
        self,
        request: Request,
        query: Settings,
        form: Form,
        model: Callable[[Path], Awaitable[Found]],
    ) -> Response:
        """Return the report of a model, or say why there is none; nothing of it stays."""
        workers = self._workers
        if not self.ready or workers is None or self._folder is None:
            raise Refused(503, "too many models are being checked; try again", retry_after=AGAIN)
        with contextlib.ExitStack() as kept:
            self._here += 1
            self.metrics.busy.inc()
            kept.callback(self._left)
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            kept.callback(shutil.rmtree, folder, ignore_errors=True)
            sent = folder / "model"
            sent.mkdir()
            one = await model(sent)
            answer = folder / "report"
            job = Job(
                one.folder, one.file, one.name, query, form, answer,
                self.limits.config, self.limits.work, one.size,
            )  # fmt: skip
            with self.metrics.seconds.time():
                outcome = await _while_there(request, workers.run(job))
            if outcome.detail:
                raise Refused(outcome.status, outcome.detail)
            self.metrics.judged(outcome)
            return ReportAnswer(answer, form, outcome, kept.pop_all().close)

    def _left(self) -> None:
        self._here -= 1
        self.metrics.busy.dec()


async def _while_there(request: Request, work: Awaitable[T]) -> T:
    """Wait for work while the caller does; raises `ClientDisconnect` where it has gone."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def application(limits: Limits) -> "ASGIApp":
    """Return the service as an ASGI application.

    Args:
        limits: what it allows.
    """
    service = Service(limits)
    described = json_text(description())

    async def page(_request: Request) -> Response:
        policy = {"content-security-policy": upload_page.policy()}
        return HTMLResponse(upload_page.dumps(limits.size), headers=policy)

    async def openapi(_request: Request) -> Response:
        return Response(described, media_type="application/json")

    async def live(_request: Request) -> Response:
        return Response(json_text({"status": "live"}), media_type="application/json")

    async def ready(_request: Request) -> Response:
        if not service.ready:
            raise Refused(503, "too many models are being checked", retry_after=AGAIN)
        return Response(json_text({"status": "ready"}), media_type="application/json")

    async def metrics(request: Request) -> Response:
        body, media = service.metrics.told(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media})

    async def check(request: Request) -> Response:
        return await (service.upload if request.method == "POST" else service.reference)(request)

    routes = [
        Route("/", page, methods=["GET"]),
        Route("/check", check, methods=["GET", "POST"]),
        Route("/health/live", live, methods=["GET"]),
        Route("/health/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
    ]
    inner = Router(routes, redirect_slashes=False, lifespan=service.running)
    return Gate(inner, limits, service.metrics)
