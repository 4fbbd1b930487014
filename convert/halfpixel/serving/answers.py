"""What a caller gets: a report from the disk, or a problem; then whatever was kept is given back.

Every answer says that nothing of it is to be kept, framed, guessed or run: a report is a page of a
stranger's model, and stands in a sandbox of its own (Content Security Policy level 3, `sandbox`).
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from halfpixel.printable import printable_line
from halfpixel.quoting import json_text
from halfpixel.report.html import upload_page
from halfpixel.serving.forms import MEDIA, PROBLEM
from halfpixel.serving.query import Form
from halfpixel.serving.refused import REASONS, Refused
from halfpixel.serving.worker import Outcome

VERDICT: Final = "halfpixel-verdict"
"""Header that says `passed` or `failed` of a report in any format."""

LOCKED: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
SANDBOX: Final = (
    "sandbox allow-scripts; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A report: its own policy, in the page, says which scripts those are."""

COOP: Final = "cross-origin-opener-policy"
SECURITY: Final = {
    "cache-control": "no-store",
    "content-security-policy": LOCKED,
    COOP: "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Headers of every answer that says nothing else."""

LINGER: Final = 2.0
"""Seconds in which what a caller still sends is passed over, so that it can read the answer."""

LINGERING: Final = 16 << 20
"""Bytes of it."""

SLOWEST: Final = 60.0
"""Seconds that a caller may take to read an answer."""


class ReportAnswer(FileResponse):
    """A report, which is deleted with all that it was made from once it is sent."""

    def __init__(self, path: Path, form: Form, outcome: Outcome, done: Callable[[], None]) -> None:
        """Describe the report.

        Args:
            path: its file.
            form: its format.
            outcome: what came of the check.
            done: what gives back whatever was kept for it.
        """
        verdict = "passed" if outcome.passed else "failed"
        headers = {VERDICT: verdict, "vary": "accept"}
        if form == "html":  # whose sandbox no opener may be shared with (HTML, COOP)
            headers |= {"content-security-policy": SANDBOX, COOP: "unsafe-none"}
        super().__init__(path, outcome.status, headers, MEDIA[form])
        del self.headers["accept-ranges"]
        self._done = done

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        """Say how long it is, and nothing by which it could be asked for again."""
        self.headers.setdefault("content-length", str(stat_result.st_size))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a caller that does not read is left."""
        plain: Scope = {**scope, "headers": []}  # no parts, no conditions: it is read once
        try:
            async with asyncio.timeout(SLOWEST):
                await super().__call__(plain, receive, send)
        finally:
            self._done()


class Problem(Response):
    """A request that was not served: as RFC 9457 has it, or a page for a browser."""

    def __init__(self, why: Refused, *, page: bool = False) -> None:
        """Say why.

        Args:
            why: the status, and one line.
            page: as a page.
        """
        title, detail = REASONS[why.status], printable_line(str(why))
        headers = {"connection": "close", **why.headers}
        if page:
            headers["content-security-policy"] = upload_page.policy()
            text, media = upload_page.refused(title, detail), MEDIA["html"]
        else:
            fields = {"type": "about:blank", "title": title, "status": why.status, "detail": detail}
            text, media = json_text(fields), PROBLEM
        super().__init__(text, why.status, headers, media)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        """Send it, and hear the caller out for a while: one that is cut off reads no answer."""
        await send({"type": "http.response.start", "status": self.status_code,
                    "headers": self.raw_headers})  # fmt: skip
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await _passed_over(receive)
        await send({"type": "http.response.body", "body": b""})


class Hearing:
    """What a caller sends, and whether it has sent all of it.

    Attributes:
        ended: nothing more of the body will come.
    """

    def __init__(self, receive: Receive) -> None:
        """Hear what is received."""
        self._receive = receive
        self.ended = False

    async def __call__(self) -> Message:
        """Return what comes next."""
        message = await self._receive()
        self.ended |= message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def rest(self) -> Message:
        """Return what is left of the body, and the end at once where nothing is."""
        return {"type": "http.disconnect"} if self.ended else await self()


async def _passed_over(receive: Receive) -> None:
    """Read what a caller still sends, as far as that is worth it."""
    read = 0
    while read < LINGERING:
        message = await receive()
        read += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def secured(send: Send) -> Send:
    """Return what sends an answer with the headers that every answer has."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            known = {bytes(name).lower() for name, _ in headers}
            headers += [
                (name.encode(), value.encode())
                for name, value in SECURITY.items()
                if name.encode() not in known
            ]
            message = {**message, "headers": headers}
        await send(message)

    return sent
