"""Runs one stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, Protocol

import grpc.aio

from statewire import _log
from statewire._run import run_batch
from statewire._session.batch import Batch
from statewire._session.handshake import Offer
from statewire._session.session import (
    End,
    GiveUp,
    Opened,
    Output,
    Phase,
    Send,
    Session,
    StateLoaded,
)
from statewire.errors import StreamLostError
from statewire.function import AnyFunction
from statewire.v1 import stream_pb2 as pb

_HANDSHAKE_TIMEOUT_SECONDS = 10.0
"""[HELLO-9]"""

_SWEEP_INTERVAL_SECONDS = 0.1
"""How late a handler without end may be noticed."""


class StreamObserver(Protocol):
    """Who watches streams. Calls are rare: none per message, failures apart."""

    def opened(self, driver: StreamDriver) -> None:
        """The handshake is done."""

    def failed(self, batch: Batch, error: BaseException) -> None:
        """A message failed."""

    def protocol_error(self, driver: StreamDriver, error: pb.ProtocolError, broken_by: str) -> None:
        """One side broke the protocol."""


class StreamDriver:
    """Feeds a session with frames and time, and runs the batches that it gives out.

    The transport brings frames by `receive`, and takes them by `next_frame` when it can write.
    Results wait meanwhile, so those that are ready together leave together.
    """

    def __init__(
        self, peer: str, functions: Sequence[AnyFunction], offer: Offer, observer: StreamObserver
    ) -> None:
        self.peer = peer
        self.error: pb.ProtocolError | None = None
        """What ended the stream, if that was an error."""
        self.was_opened = False
        """Whether the handshake was completed at any time."""
        self._functions = functions
        self._observer = observer
        self._session = Session(offer)
        self._loop = asyncio.get_running_loop()
        self._control: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._tasks: dict[Batch, asyncio.Task[None]] = {}
        self._loads: dict[Batch, deque[asyncio.Future[None]]] = {}
        self._ending = False
        self._half_closed = False
        self._sweep: asyncio.TimerHandle | None = None
        self._handshake = self._loop.call_later(_HANDSHAKE_TIMEOUT_SECONDS, self.end)

    @property
    def is_open(self) -> bool:
        """Whether the handshake is done and the stream has not ended."""
        return self._session.phase is Phase.OPEN

    def receive(self, data: bytes) -> None:
        """A frame arrived."""
        self._perform(self._session.receive(data, self._now_ms()))
        self._wake.set()
        self._schedule_sweep()

    async def next_frame(self) -> bytes | None:
        """The next frame to write; None: the stream ends here."""
        while True:
            if self._control:
                return self._control.popleft()
            frame = self._session.take_results(self._now_ms())
            if frame is not None:
                return frame
            if self._ending or (self._half_closed and self._session.is_done):
                return None
            self._wake.clear()
            await self._wake.wait()

    def drain(self, reason: str) -> None:
        """Tells the runtime that this side wants to go. It closes the stream when all is done."""
        self._perform(self._session.drain(reason))
        self._wake.set()

    def half_closed(self) -> None:
        """The runtime sends no more frames: what is left is sent, then the stream ends."""
        self._half_closed = True
        self._wake.set()

    def end(self) -> None:
        """Ends the stream after what was sent before."""
        self._ending = True
        self._wake.set()

    def lost(self) -> None:
        """The stream is gone. Handlers that still run are cancelled, and nothing they do counts."""
        self.end()
        self._handshake.cancel()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._session.abandon()
        for batch in [*self._loads, *self._tasks]:
            self._release(batch)

    def finished(self, batch: Batch) -> None:
        """See BatchRunner."""
        # What its handler did not wait for is never done.
        self._loads.pop(batch, None)
        self._session.finish(batch)
        self._wake.set()

    def failed(self, batch: Batch, error: BaseException) -> None:
        """See BatchRunner."""
        self._observer.failed(batch, error)

    def spawn(self, batch: Batch, rest: Coroutine[Any, Any, None]) -> None:
        """See BatchRunner."""
        task = self._loop.create_task(rest)
        self._tasks[batch] = task
        task.add_done_callback(lambda _: self._tasks.pop(batch, None))

    def load_state(self, batch: Batch, index: int) -> Awaitable[None]:
        """See BatchHost."""
        loaded: asyncio.Future[None] = self._loop.create_future()
        outputs = self._session.request_state(batch, index)
        if outputs:
            self._loads.setdefault(batch, deque()).append(loaded)
            self._perform(outputs)
            self._wake.set()
        else:
            loaded.set_exception(_lost(batch))
        return loaded

    def _perform(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Batch():
                    run_batch(self._functions[output.plan.index], output, self)
                case Send(frame):
                    self._control.append(frame)
                case Opened():
                    self._handshake.cancel()
                    self.was_opened = True
                    self._observer.opened(self)
                case StateLoaded(batch):
                    loads = self._loads.get(batch)
                    if loads:
                        loaded = loads.popleft()
                        if not loaded.done():
                            loaded.set_result(None)
                case GiveUp(batch):
                    self._release(batch)
                case End(error, broken_by):
                    self.error = error
                    self._observer.protocol_error(self, error, broken_by)
                    self.lost()

    def _schedule_sweep(self) -> None:
        """One timer for all invocations, and only while some are in flight."""
        if self._sweep is None and self._session.in_flight and not self._ending:
            self._sweep = self._loop.call_later(_SWEEP_INTERVAL_SECONDS, self._expire)

    def _expire(self) -> None:
        self._sweep = None
        for batch, error in self._session.expire(self._now_ms()):
            self._observer.failed(batch, error)
            self._release(batch)
        self._wake.set()
        self._schedule_sweep()

    def _release(self, batch: Batch) -> None:
        """Lets go of whatever waits on behalf of a batch that no longer counts."""
        for loaded in self._loads.pop(batch, ()):
            if not loaded.done():
                loaded.set_exception(_lost(batch))
        task = self._tasks.pop(batch, None)
        if task is not None:
            task.cancel()

    def _now_ms(self) -> float:
        return self._loop.time() * 1000


STREAM_LOST = (grpc.RpcError, grpc.aio.BaseError, asyncio.InvalidStateError)
"""What reading and writing raise when there is no stream any more."""


class Reader(Protocol):
    """One end of a stream, as gRPC gives it."""

    async def read(self) -> Any:
        """The next frame, or `grpc.aio.EOF`."""


async def read_frames(driver: StreamDriver, reader: Reader) -> None:
    """Gives every frame that arrives to the driver, until the other side ends its half."""
    while True:
        try:
            data = await reader.read()
        except STREAM_LOST:
            driver.end()
            return
        if data is grpc.aio.EOF:
            driver.half_closed()
            return
        try:
            driver.receive(data)
        except Exception:  # noqa: BLE001
            # A bug of this package. Its stream ends; the process and other streams go on.
            _log.logger.exception("stream to %s failed", driver.peer)
            driver.end()
            return


def _lost(batch: Batch) -> StreamLostError:
    return StreamLostError(f"nobody waits for the invocation of {batch.target} any more")
