"""What stands around every request: it is refused or served, and every failure is one line."""

import logging
from asyncio import CancelledError
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from halfpixel.boundary import log
from halfpixel.printable import printable_line
from halfpixel.serving.answers import Hearing, Problem, secured
from halfpixel.serving.forms import wants_page
from halfpixel.serving.guard import check_request
from halfpixel.serving.limits import Limits
from halfpixel.serving.metrics import Metrics
from halfpixel.serving.refused import Refused

LOG: Final = logging.getLogger("halfpixel")
DEFECT: Final = 500


class Gate:
    """An application whose requests are looked at first, and whose answers are counted."""

    def __init__(self, inner: ASGIApp, limits: Limits, metrics: Metrics) -> None:
        """Stand around an application.

        Args:
            inner: the application.
            limits: what it allows.
            metrics: where its answers are counted.
        """
        self._inner, self._limits, self._metrics = inner, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        begun = False

        async def counted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._metrics.requests.labels(str(message["status"])).inc()
            await send(message)

        answering, hearing = secured(counted), Hearing(receive)
        request = Request(scope)
        try:
            check_request(request, self._limits)
            await self._inner(scope, hearing, answering)
        except ClientDisconnect:
            pass
        except CancelledError:  # the service ends before the answer is there
            if not begun:
                await Problem(Refused(503, "the service ends", retry_after="10"))(
                    scope, _nothing, answering
                )
        except Exception as error:
            if begun:  # half of an answer was sent: the connection is closed
                raise
            page = wants_page(request.headers.get("accept", ""))
            why = _why(error)
            if why.status == DEFECT:
                LOG.log(logging.ERROR, "%s", printable_line(f"{scope['path']}: {error}"))
            await Problem(why, page=page)(scope, hearing.rest, answering)


async def _nothing() -> Message:
    """Receive nothing more of a request."""
    return {"type": "http.disconnect"}


def _why(error: Exception) -> Refused:
    """Return what a caller is told of a failure."""
    if isinstance(error, Refused):
        return error
    log("serve", error)
    return Refused(DEFECT, "a defect of halfpixel, not of the model")
