"""HTTP as uvicorn speaks it, and a limit of the time in which the head of a request has to come.

uvicorn 0.54 waits for a first request, and for the rest of one that has begun, for as long as a
caller likes (`uvicorn/protocols/http/h11_impl.py`: a timer runs only between requests).
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class Protocol(H11Protocol):
    """One connection.

    Attributes:
        seconds: in which the head of a request has to be here.
    """

    seconds = 10.0
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; what began a request has to end its head."""
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Start the timer where a head is awaited, and stop it where it is here."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop()
        elif self._head is None:
            self._head = self.loop.call_later(self.seconds, self._late)

    def _stop(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def protocol(seconds: float) -> type[Protocol]:
    """Return what speaks on connections whose requests have to begin within some seconds."""
    return type("Protocol", (Protocol,), {"seconds": seconds})
