"""MLflow's webhook, verified: what a delivery says, if it is MLflow's and of now.

::

    async def webhook(request):  # a route of Starlette
        body = await request.body()
        try:
            report = await run_in_threadpool(checked, body, request.headers, SECRET)
        except NotFromMlflow as error:
            return PlainTextResponse(str(error), 401)
        except ModelRejected as rejected:
            return PlainTextResponse(str(rejected), 200)  # it was delivered; tag the version

The model is asked for by its name and version, never by the `source` of the payload: whoever may
register a model writes that, and it may be any address.

Source: MLflow documentation, "Webhooks" (mlflow.org/docs/latest/ml/webhooks), and
`mlflow/webhooks/delivery.py`, `constants.py`, `types.py`, release 3.17: the signature is
`v1,` and the base64 of HMAC-SHA256 of `DELIVERY_ID.TIMESTAMP.BODY`.
"""

import hashlib
import hmac
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from halfpixel.checking.result import Report
from halfpixel.errors import HalfpixelError
from halfpixel.plugins.registry import check_registered

SIGNATURE: Final = "x-mlflow-signature"
DELIVERY: Final = "x-mlflow-delivery-id"
TIMESTAMP: Final = "x-mlflow-timestamp"

OLDEST: Final = 300
"""Seconds that a delivery may be old, or ahead of this clock."""

CREATED: Final = ("model_version", "created")
_NAME: Final = re.compile(r"[^/:\x00-\x1f\x7f]{1,500}")
_VERSION: Final = re.compile(r"\d{1,18}")


class NotFromMlflow(HalfpixelError):  # noqa: N818 - what the delivery is
    """A delivery that is not signed, is signed by another secret, is old, or is none."""


class Delivery(Struct, frozen=True):
    """What a webhook delivers.

    Attributes:
        entity: what it is about, such as `model_version`.
        action: what became of it, such as `created`.
        timestamp: when, as ISO 8601.
        data: the payload of the event.
    """

    entity: str
    action: str
    timestamp: str
    data: dict[str, object]

    @property
    def model(self) -> str | None:
        """The URI of the model version that was created; None for another event.

        Raises:
            NotFromMlflow: its name or version is none.
        """
        if (self.entity, self.action) != CREATED:
            return None
        name, version = str(self.data.get("name", "")), str(self.data.get("version", ""))
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            raise NotFromMlflow("the payload names no version of a model")
        return f"models:/{name}/{version}"


def verified(
    body: bytes, headers: Mapping[str, str], secret: str, now: float | None = None
) -> Delivery:
    """Return a delivery whose signature holds.

    Args:
        body: the body of the request, byte for byte.
        headers: its headers, in any case.
        secret: the secret of the webhook.
        now: seconds since 1970; None for this clock.

    Raises:
        NotFromMlflow: the signature, its time or the body is not as it has to be.
    """
    said = {name.lower(): value for name, value in headers.items()}
    given, delivery, stamp = (said.get(name, "") for name in (SIGNATURE, DELIVERY, TIMESTAMP))
    signed = f"{delivery}.{stamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    expected = b"v1," + b64encode(digest)
    if not secret or not hmac.compare_digest(expected, given.encode()):
        raise NotFromMlflow("the signature of the delivery does not hold")
    if not _VERSION.fullmatch(stamp) or abs((now or time.time()) - int(stamp)) > OLDEST:
        raise NotFromMlflow(f"the delivery is not of the last {OLDEST} s")
    try:
        return msgspec.json.decode(body, type=Delivery)
    except msgspec.MsgspecError as error:
        raise NotFromMlflow(f"the body of the delivery is none: {error}") from error


def checked(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    check: Callable[[str], Report] = check_registered,
) -> Report | None:
    """Check the model version that a delivery is about; None where it is about another thing.

    Args:
        body: the body of the request, byte for byte.
        headers: its headers.
        secret: the secret of the webhook.
        check: what checks the model of a URI, and raises where it is rejected.

    Raises:
        NotFromMlflow: as `verified`.
        ModelRejected: as `check_registered`.
    """
    model = verified(body, headers, secret).model
    return None if model is None else check(model)
