"""All streams of one process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from statewire import _log
from statewire._session.batch import Batch
from statewire._session.handshake import Offer
from statewire._transport.stream_driver import StreamDriver
from statewire.function import AnyFunction
from statewire.v1 import stream_pb2 as pb

_DRAIN_REASON = "shutting down"


class StreamHost:
    """Whoever dialled them: each stream has a session of its own."""

    def __init__(self, functions: Sequence[AnyFunction], offer: Offer) -> None:
        self.offer = offer
        self._functions = functions
        self._streams: set[StreamDriver] = set()
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._failures = _log.FailureLog(asyncio.get_running_loop().time)

    def open(self, peer: str) -> StreamDriver:
        """Starts a session on a stream that has just been opened."""
        driver = StreamDriver(peer, self._functions, self.offer, self)
        self._streams.add(driver)
        self._empty.clear()
        return driver

    def close(self, driver: StreamDriver, reason: str) -> None:
        """The stream is gone."""
        driver.lost()
        self._streams.discard(driver)
        _log.disconnected(driver.peer, reason)
        if not self._streams:
            self._empty.set()

    async def drain(self, timeout_seconds: float) -> None:
        """Asks every runtime to send nothing more, and waits until all streams have ended.

        Those that are still open when the time is up are ended; the runtime runs their invocations
        elsewhere.
        """
        self._draining = True
        for driver in self._streams:
            if driver.is_open:
                driver.drain(_DRAIN_REASON)
            else:
                driver.end()
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_seconds)
        except asyncio.TimeoutError:
            for driver in self._streams:
                driver.end()

    def opened(self, driver: StreamDriver) -> None:
        """See StreamObserver."""
        _log.connected(driver.peer)
        if self._draining:
            driver.drain(_DRAIN_REASON)

    def failed(self, batch: Batch, error: BaseException) -> None:
        """See StreamObserver."""
        self._failures.message_failed(batch.target, batch.attempt + 1, error)

    def protocol_error(self, driver: StreamDriver, error: pb.ProtocolError, broken_by: str) -> None:
        """See StreamObserver."""
        _log.protocol_error(driver.peer, error.clause, error.message, broken_by)
