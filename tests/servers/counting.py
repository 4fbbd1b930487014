"""What a server has sent, and how it is to answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import sleep


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        method: GET, HEAD and so on.
        path: the path of the address, as it was sent.
        range: the header of that name.
    """

    method: str
    path: str
    range: str = ""


@dataclass
class Traffic:
    """Requests, and the bytes that were sent for them.

    Attributes:
        latency: seconds before each answer.
        refuse: the status that a request is refused with; None where it is answered.
        before: told of every request before it is answered, with how many came before it.
    """

    latency: float = 0.0
    refuse: Callable[[Asked], int | None] = lambda _: None
    before: Callable[[int], None] = lambda _: None
    requests: list[Asked] = field(default_factory=list[Asked])
    sent: int = 0
    _lock: Lock = field(default_factory=Lock)

    def asked(self, request: Asked) -> int | None:
        """Count a request, wait, and return the status that it is refused with."""
        with self._lock:
            count = len(self.requests)
            self.requests.append(request)
        self.before(count)
        sleep(self.latency)
        return self.refuse(request)

    def send(self, count: int) -> None:
        """Count bytes."""
        with self._lock:
            self.sent += count

    def clear(self) -> None:
        """Forget what was counted."""
        self.requests.clear()
        self.sent = 0
