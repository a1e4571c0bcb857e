"""Dials a runtime, for a process without an inbound port."""

from __future__ import annotations

import asyncio
import random

import grpc
import grpc.aio

from statewire import _log
from statewire._transport.authorization import metadata_of
from statewire._transport.backoff import backoff_seconds
from statewire._transport.options import channel_options
from statewire._transport.stream_driver import STREAM_LOST, StreamDriver, read_frames
from statewire._transport.stream_host import StreamHost
from statewire.tls import Tls

_ATTACH = "/statewire.v1.FunctionGateway/Attach"
_STATUS_TIMEOUT_SECONDS = 5.0
"""How long a runtime that was told of an error may take to end the call."""


class Attachment:
    """Dials and keeps dialling: whenever its stream ends, the next attempt follows.

    The delay between attempts grows until a handshake has completed.
    """

    def __init__(
        self, address: str, host: StreamHost, tls: Tls | None, authorization: str | None
    ) -> None:
        self._address = address
        self._host = host
        self._tls = tls
        self._metadata = metadata_of(authorization)
        self._stopping = asyncio.Event()
        self._dialling = asyncio.create_task(self._dial_on())

    def stop(self) -> None:
        """Dials no more. The stream that is open stays so."""
        self._stopping.set()

    async def close(self) -> None:
        """Closes the connection."""
        self.stop()
        self._dialling.cancel()
        await asyncio.gather(self._dialling, return_exceptions=True)

    async def _dial_on(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            driver = self._host.open(self._address)
            reason = "cancelled"
            try:
                reason = await self._stream(driver)
            finally:
                self._host.close(driver, reason)
            if self._stopping.is_set():
                return
            attempt = 0 if driver.was_opened else attempt
            delay = backoff_seconds(
                attempt,
                random.random(),  # noqa: S311
                after_protocol_error=driver.error is not None,
            )
            attempt += 1
            _log.redialling(self._address, reason, attempt, delay)
            try:
                await asyncio.wait_for(self._stopping.wait(), delay)
            except asyncio.TimeoutError:
                continue

    async def _stream(self, driver: StreamDriver) -> str:
        """Runs one stream to its end, and answers why it ended."""
        async with self._channel() as channel:
            call: grpc.aio.StreamStreamCall[bytes, bytes] = channel.stream_stream(_ATTACH)(
                metadata=self._metadata
            )
            reader = asyncio.create_task(read_frames(driver, call))
            try:
                while (frame := await driver.next_frame()) is not None:
                    await call.write(frame)
                await call.done_writing()
                if driver.error is not None:
                    await asyncio.wait_for(call.code(), _STATUS_TIMEOUT_SECONDS)
            except STREAM_LOST:
                pass  # The status says the same.
            except asyncio.TimeoutError:
                pass
            finally:
                reader.cancel()
                # Nobody has to answer a half-closed call: without a reason to go on, it ends here.
                call.cancel()
            code, details = await call.code(), await call.details()
            return f"{code.name} {details}".strip()

    def _channel(self) -> grpc.aio.Channel:
        options = channel_options(self._host.offer.frame_bytes_max)
        if self._tls is None:
            return grpc.aio.insecure_channel(self._address, options=options)
        return grpc.aio.secure_channel(
            self._address, self._tls.channel_credentials(), options=options
        )
