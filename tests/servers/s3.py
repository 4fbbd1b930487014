"""A real S3 server on loopback: moto's, behind what counts, delays and refuses."""

import logging
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import boto3
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from servers.counting import Asked, Traffic

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

BUCKET = "models"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


class S3:
    """A server, while it runs.

    Attributes:
        traffic: what it sent, and how it answers.
        endpoint: its address.
    """

    def __init__(self) -> None:
        self.traffic = Traffic()
        self._app = DomainDispatcherApplication(create_backend_app)
        handler = type("Handler", (MotoRequestHandler,), {"protocol_version": "HTTP/1.1"})
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=handler
        )
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.client: Any = boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key="secret",  # noqa: S106 - of a test
        )  # fmt: skip
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.client.create_bucket(Bucket=BUCKET)
        self.traffic.clear()

    def put(self, name: str, data: bytes) -> str:
        """Store an object; return its address."""
        traffic, self.traffic = self.traffic, Traffic()
        self.client.put_object(Bucket=BUCKET, Key=name, Body=data)
        self.traffic = traffic
        return f"s3://{BUCKET}/{name}"

    def get(self, name: str) -> bytes:
        """Return an object."""
        return cast("bytes", self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read())

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client has to know."""
        return {**KEYS, "AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": "us-east-1"}

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()

    def _answer(self, environ: dict[str, Any], start: "StartResponse") -> Iterable[bytes]:
        asked = Asked(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_RANGE", "")
        )
        refused = self.traffic.asked(asked)
        if refused is not None:
            start(f"{refused} refused", [("Content-Length", "0")])
            return [b""]
        body = b"".join(self._app(environ, start))
        self.traffic.send(len(body))
        return [body]


@contextmanager
def served() -> Generator[S3]:
    """Run a server, which the environment names."""
    from halfpixel.storage import objects

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = S3()
    objects.forget()
    gone = [name for name in os.environ if name.startswith("AWS_")]
    try:
        with patch.dict(os.environ, server.environment):
            for name in set(gone) - set(server.environment):
                del os.environ[name]
            yield server
    finally:
        server.stop()
        objects.forget()
