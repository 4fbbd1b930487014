"""Servers that hold models: one a module, told what to do anew for each test."""

from collections.abc import Generator

import pytest

from servers import s3, web
from servers.counting import Traffic


@pytest.fixture(scope="module")
def _running() -> Generator[s3.S3]:
    with s3.served() as server:
        yield server


@pytest.fixture
def bucket(_running: s3.S3) -> s3.S3:
    """Return an S3 server that answers as it should."""
    _running.traffic = Traffic()
    return _running


@pytest.fixture
def site() -> Generator[web.Web]:
    """Return a web server that answers as it should."""
    with web.served() as server:
        yield server
