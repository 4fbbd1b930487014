"""Servers that hold models, as fixtures: one a module, told what to do anew for each test.

What they are made of is imported by the first test that asks for one.
"""

from typing import TYPE_CHECKING

import pytest

from servers.counting import Traffic

if TYPE_CHECKING:
    from collections.abc import Generator

    from servers.s3 import S3
    from servers.web import Web


@pytest.fixture(scope="module")
def _running() -> "Generator[S3]":
    from servers.s3 import served

    with served() as server:
        yield server


@pytest.fixture
def bucket(_running: "S3") -> "S3":
    """Return an S3 server that answers as it should."""
    _running.traffic = Traffic()
    return _running


@pytest.fixture
def site() -> "Generator[Web]":
    """Return a web server that answers as it should."""
    from servers.web import served

    with served() as server:
        yield server
