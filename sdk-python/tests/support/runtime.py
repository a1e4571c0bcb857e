"""The runtime's side of streams, played by tests on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from statewire import FunctionServer
from statewire.v1 import stream_pb2 as pb
from tests.support.frames import hello, invocation, invocations

CONNECT = "/statewire.v1.FunctionServer/Connect"
PATIENCE_SECONDS = 30


class Stream:
    """One stream of a runtime, whoever dialled it."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self._invocations = 0

    async def send(self, frame: bytes) -> None:
        await self.call.write(frame)

    async def receive(self) -> pb.ServerFrame:
        data = await asyncio.wait_for(self.call.read(), PATIENCE_SECONDS)
        assert data is not grpc.aio.EOF, "the stream has ended"
        return pb.ServerFrame.FromString(data)

    async def greet(self) -> pb.Welcome:
        await self.send(hello())
        return (await self.receive()).welcome

    async def invoke(self, id: str, *inputs: pb.Input, **fields: Any) -> int:
        self._invocations += 1
        await self.send(invocations(invocation(self._invocations, id, inputs, **fields)))
        return self._invocations

    async def results(self) -> list[pb.Result]:
        return list((await self.receive()).results.results)

    async def drain(self) -> None:
        await self.send(pb.RuntimeFrame(drain=pb.Drain(reason="test")).SerializeToString())

    async def status(self) -> grpc.StatusCode:
        return await asyncio.wait_for(self.call.code(), PATIENCE_SECONDS)

    async def ended(self) -> None:
        """The other side has ended its half."""
        assert await asyncio.wait_for(self.call.read(), PATIENCE_SECONDS) is grpc.aio.EOF


@asynccontextmanager
async def dial(server: FunctionServer) -> AsyncIterator[Stream]:
    """Opens a stream to a function server."""
    async with grpc.aio.insecure_channel(server.address or "") as channel:
        call: Any = channel.stream_stream(CONNECT)()
        yield Stream(call)
        call.cancel()


class Gateway:
    """A runtime that lets function servers dial in."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[tuple[Stream, asyncio.Event]] = asyncio.Queue()
        self.address = ""
        self._server = grpc.aio.server()

    async def start(self, address: str = "127.0.0.1:0", credentials: Any = None) -> None:
        handler: Any = grpc.stream_stream_rpc_method_handler(self._attach)
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(
                    "statewire.v1.FunctionGateway", {"Attach": handler}
                ),
            )
        )
        if credentials is None:
            port = self._server.add_insecure_port(address)
        else:
            port = self._server.add_secure_port(address, credentials)
        self.address = f"{address.rpartition(':')[0]}:{port}"
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    async def next_stream(self) -> tuple[Stream, asyncio.Event]:
        """The stream, and what ends it with OK when it is set."""
        return await asyncio.wait_for(self.streams.get(), PATIENCE_SECONDS)

    async def _attach(self, _: Any, context: Any) -> None:
        end = asyncio.Event()
        await self.streams.put((Stream(context), end))
        await end.wait()
