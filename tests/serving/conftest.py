"""One service for all tests of a worker."""

from collections.abc import Iterator

import httpx
import pytest

from serving.services import Service, serving


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service that runs."""
    with serving(tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """Return who asks it."""
    with service.client() as made:
        yield made
