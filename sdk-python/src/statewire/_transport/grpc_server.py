"""The port on which runtimes dial this process."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from statewire._session.handshake import PROTOCOL_VERSION, create_welcome, features_of
from statewire._transport.authorization import is_authorized
from statewire._transport.options import server_options
from statewire._transport.stream_driver import STREAM_LOST, read_frames
from statewire._transport.stream_host import StreamHost
from statewire.errors import BindError
from statewire.tls import Tls
from statewire.v1 import stream_pb2 as pb

_SERVICE = "statewire.v1.FunctionServer"
_STATUS_DETAILS_MAX = 1000
"""Characters: a status travels as a header."""


class GrpcServer:
    """Serves FunctionServer and grpc.health.v1.Health."""

    def __init__(self, host: StreamHost, tls: Tls | None, authorization: str | None) -> None:
        self._host = host
        self._tls = tls
        self._authorization = authorization
        self._accepting = True
        self._health = health_aio.HealthServicer()
        self._server = grpc.aio.server(options=server_options(host.offer.frame_bytes_max))

    async def open(self, address: str) -> int:
        """Listens, and answers the port. Raises `BindError` when the address cannot be bound."""
        server = self._server
        handlers = {
            # Frames are bytes here; the session decodes them.
            "Connect": grpc.stream_stream_rpc_method_handler(self._connect),
            "Discover": grpc.unary_unary_rpc_method_handler(
                self._discover,
                request_deserializer=pb.DiscoverRequest.FromString,
                response_serializer=pb.Welcome.SerializeToString,
            ),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        try:
            if self._tls is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, self._tls.server_credentials())
        except RuntimeError:
            # It says no more than that; the system's error is in the line that gRPC has logged.
            raise BindError(
                f"cannot listen on {address}: is the port in use, perhaps by another function "
                "server? Port 0 takes any free one; gRPC has logged the system's error"
            ) from None
        await server.start()
        await self._say_health(health_pb2.HealthCheckResponse.SERVING)
        return port

    async def stop_accepting(self) -> None:
        """Health says NOT_SERVING from here on, and new streams are refused."""
        self._accepting = False
        await self._say_health(health_pb2.HealthCheckResponse.NOT_SERVING)

    async def close(self) -> None:
        """Closes the port. What has not ended is cut off."""
        await self._server.stop(grace=None)

    async def _say_health(self, status: Any) -> None:
        for service in ("", _SERVICE):
            await self._health.set(service, status)

    async def _connect(self, _: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await self._authorize(context)
        if not self._accepting:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the function server drains")
        driver = self._host.open(context.peer())
        reader = asyncio.create_task(read_frames(driver, context))
        reason = "lost"
        try:
            while (frame := await driver.next_frame()) is not None:
                await context.write(frame)
            reason = "ended"
        except STREAM_LOST:
            # The stream is gone, which is no fault of this side: the library would log a traceback.
            return
        finally:
            reader.cancel()
            self._host.close(driver, reason)
        if driver.error is not None:
            details = f"{driver.error.clause}: {driver.error.message}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, details[:_STATUS_DETAILS_MAX])

    async def _authorize(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Ends the call of a peer that is not known."""
        if not is_authorized(context.invocation_metadata(), self._authorization):
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED,
                "the authorization is missing, or another one than this server expects",
            )

    async def _discover(
        self, request: pb.DiscoverRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.Welcome:
        await self._authorize(context)
        if PROTOCOL_VERSION not in request.versions:
            await context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the caller speaks versions {list(request.versions)}, this server speaks "
                f"{PROTOCOL_VERSION}",
            )
        offer = self._host.offer
        return create_welcome(offer, features_of(offer))
