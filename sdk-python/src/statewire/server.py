"""Serves functions to runtimes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from types import TracebackType

from typing_extensions import Self

from statewire._session.handshake import Offer
from statewire._transport.attachment import Attachment
from statewire._transport.grpc_server import GrpcServer
from statewire._transport.stream_host import StreamHost
from statewire._version import __version__
from statewire.errors import DeclarationError
from statewire.function import AnyFunction, validate_functions
from statewire.tls import Tls

_MEBIBYTE = 1024 * 1024


class FunctionServer:
    """Serves functions to Statewire runtimes, which dial it or are dialled by it.

        FunctionServer([counter], address="127.0.0.1:7500").run()

    In a program that has an event loop already:

        async with FunctionServer([counter], address="127.0.0.1:0") as server:
            print(server.port)
            await server.wait_closed()

    The port also answers `grpc.health.v1.Health` and `statewire.v1.FunctionServer/Discover`. What
    happens is logged by the logger "statewire".
    """

    def __init__(
        self,
        functions: Iterable[AnyFunction],
        *,
        address: str | None = None,
        attach_to: str | Sequence[str] = (),
        tls: Tls | None = None,
        authorization: str | None = None,
        name: str | None = None,
        in_flight_max: int = 2048,
        in_flight_bytes_max: int = 64 * _MEBIBYTE,
        leased_addresses_max: int = 100_000,
        leased_bytes_max: int = 64 * _MEBIBYTE,
        frame_bytes_max: int = 64 * _MEBIBYTE,
        drain_timeout: timedelta = timedelta(seconds=30),
    ) -> None:
        """At least one of `address` and `attach_to` is given.

        - `address`: where runtimes dial this process, "host:port"; port 0 takes a free one.
        - `attach_to`: the gRPC address of a runtime that this process dials, or several.
        - `tls`: for both. Without it, clear text, for trusted networks.
        - `authorization`: the metadata of that name by which the two sides know each other, for
          example "Bearer " and a secret: runtimes that dial must send it, and it is sent to those
          that are dialled. Use it with `tls`.
        - `name`: names this process in the runtime's logs. Default: "pid@" and the process id.
        - `in_flight_max`: invocations in flight per stream.
        - `in_flight_bytes_max`: their payload bytes; one invocation may exceed it.
        - `leased_addresses_max`: addresses per stream whose state is kept between messages, so that
          it need not be sent again; 0: none.
        - `leased_bytes_max`: memory per stream for that.
        - `frame_bytes_max`: the largest frame that a runtime may ask this process to receive.
        - `drain_timeout`: how long `close` waits for what is in flight.

        Raises `DeclarationError` when the functions or options cannot be served.
        """
        self._functions = list(functions)
        validate_functions(self._functions)
        self._runtimes = [attach_to] if isinstance(attach_to, str) else list(attach_to)
        if address is None and not self._runtimes:
            raise DeclarationError("a FunctionServer needs an address or attach_to")
        self._requested_address = address
        self._tls = tls
        self._authorization = authorization
        self._drain_timeout = drain_timeout
        self._offer = Offer(
            sdk_version=__version__,
            server_name=name or f"pid@{os.getpid()}",
            functions=[function.spec() for function in self._functions],
            invocations_max=in_flight_max,
            payload_bytes_max=in_flight_bytes_max,
            frame_bytes_max=frame_bytes_max,
            leased_addresses_max=leased_addresses_max,
            leased_bytes_max=leased_bytes_max,
        )
        self._port: int | None = None
        self._host: StreamHost | None = None
        self._server: GrpcServer | None = None
        self._attachments: list[Attachment] = []
        self._closing: asyncio.Task[None] | None = None
        self._closed: asyncio.Event | None = None

    @property
    def port(self) -> int | None:
        """The port where runtimes dial; None before the start, and when this process only dials."""
        return self._port

    @property
    def address(self) -> str | None:
        """ "host:port" with the port that was bound; None where `port` is None."""
        if self._port is None or self._requested_address is None:
            return None
        return f"{self._requested_address.rpartition(':')[0]}:{self._port}"

    def run(self, *, on_start: Callable[[FunctionServer], None] | None = None) -> None:
        """Serves until SIGTERM or SIGINT, then drains and returns. Blocks; starts an event loop.

        `on_start` is called when it serves, for example to tell the port.

        Raises `BindError` when the address cannot be bound.
        """
        asyncio.run(self._run(on_start))

    async def start(self) -> None:
        """Starts serving. A runtime that is not there yet is no error: it is dialled until it is.

        Raises `BindError` when the address cannot be bound, and `DeclarationError` when the server
        was started before.
        """
        if self._host is not None:
            raise DeclarationError("a FunctionServer starts once")
        self._host = StreamHost(self._functions, self._offer)
        self._closed = asyncio.Event()
        if self._requested_address is not None:
            self._server = GrpcServer(self._host, self._tls, self._authorization)
            self._port = await self._server.open(self._requested_address)
        self._attachments = [
            Attachment(runtime, self._host, self._tls, self._authorization)
            for runtime in self._runtimes
        ]

    async def close(self) -> None:
        """Drains: asks the runtimes to send nothing more, lets what is in flight finish, and closes.

        What is not finished within `drain_timeout` is run again elsewhere. May be called again.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def wait_closed(self) -> None:
        """Returns when the server has been closed."""
        if self._closed is not None:
            await self._closed.wait()

    async def __aenter__(self) -> Self:
        """Starts serving."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drains and closes."""
        await self.close()

    async def _run(self, on_start: Callable[[FunctionServer], None] | None) -> None:
        await self.start()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # Kept by `close`; a second signal changes nothing.
            self._stopping = asyncio.ensure_future(self.close())

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        if on_start is not None:
            on_start(self)
        await self.wait_closed()

    async def _close(self) -> None:
        host, closed = self._host, self._closed
        if host is None or closed is None:
            return
        if self._server is not None:
            await self._server.stop_accepting()
        for attachment in self._attachments:
            attachment.stop()
        await host.drain(self._drain_timeout.total_seconds())
        if self._server is not None:
            await self._server.close()
        for attachment in self._attachments:
            await attachment.close()
        closed.set()
