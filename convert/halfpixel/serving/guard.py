"""What every request has to be before anything is done for it.

A name of the service that is not its own is a site whose name was turned to this address (DNS
rebinding); a browser says whose page asks (Fetch Metadata, `Sec-Fetch-Site`). A body is taken as it
is: a small one that unpacks to a large one is none.
"""

import re
from typing import Final

from starlette.requests import Request

from halfpixel.serving.limits import Limits
from halfpixel.serving.refused import Refused

METHODS: Final = {
    "/check": ("GET", "POST"),
    **dict.fromkeys(("/", "/health/live", "/health/ready", "/metrics", "/openapi.json"), ("GET",)),
}
"""The addresses of the service, and the methods of each; HEAD is there where GET is."""

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?")
_LENGTH: Final = re.compile(r"\d{1,18}")


def check_request(request: Request, limits: Limits) -> None:
    """Refuse a request that is none for this service.

    Raises:
        Refused: 400, 403, 404, 405, 415 or 421.
    """
    headers = request.headers
    host = _HOST.fullmatch(headers.get("host", ""))
    if limits.names and (host is None or host[1].lower() not in limits.names):
        raise Refused(421, "this service is not called so; --hostname NAME lets it be")
    path = str(request.scope["path"])
    allowed = METHODS.get(path)
    if allowed is None:
        raise Refused(404, f"nothing is there; there are: {', '.join(METHODS)}")
    if request.method not in {*allowed, "HEAD"}:
        there = ", ".join(allowed)
        raise Refused(405, f"the method is none of {there}", allow=there)
    if path != "/check":
        return
    if headers.get("sec-fetch-site", "none") == "cross-site":
        raise Refused(403, "a page of another site asks for this")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "the body is compressed, expected the model as it is")
    length = headers.get("content-length")
    if length is not None and _LENGTH.fullmatch(length) is None:
        raise Refused(400, "the Content-Length cannot be read")
