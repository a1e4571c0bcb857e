"""Function servers on real sockets; the test plays the runtime."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from statewire import (
    BindError,
    Context,
    DeclarationError,
    FunctionServer,
    LazyState,
    StatefulFunction,
    States,
    StreamLostError,
    types,
)
from statewire.v1 import stream_pb2 as pb
from tests.support.counter import counter
from tests.support.frames import long_input
from tests.support.runtime import Stream, dial

DISCOVER = "/statewire.v1.FunctionServer/Discover"


class Gate:
    """A function that waits until the test lets it go on."""

    class Kept(States):
        note = LazyState(types.STRING)

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.function: StatefulFunction[Gate.Kept] = StatefulFunction("shop/gate", Gate.Kept)
        self.function.on(types.LONG)(self.wait)

    async def wait(self, ctx: Context[Gate.Kept], amount: int) -> None:
        self.entered.set()
        try:
            if amount < 0:
                await ctx.state.note
            await self.open.wait()
            self.outcome.set_result("went through")
        except asyncio.CancelledError:
            self.outcome.set_result("cancelled")
            raise
        except StreamLostError:
            self.outcome.set_result("stream lost")
            raise


@asynccontextmanager
async def serving(*functions: Any, **options: Any) -> AsyncIterator[tuple[FunctionServer, Stream]]:
    server = FunctionServer(functions, address="127.0.0.1:0", **options)
    async with server, dial(server) as stream:
        yield server, stream
        stream.call.cancel()


async def test_messages_are_counted_the_second_time_under_a_lease():
    async with serving(counter, name="left") as (_, stream):
        welcome = await stream.greet()
        assert (welcome.sdk_name, welcome.server_name) == ("statewire-sdk-python", "left")
        first = await stream.invoke("alice", long_input(2, wants_reply=True))
        [result] = await stream.results()
        assert types.LONG.decode(result.replies[0].value) == 2
        await stream.invoke("alice", long_input(3, wants_reply=True), lease=first)
        [result] = await stream.results()
        assert types.LONG.decode(result.replies[0].value) == 5


async def test_a_handler_that_waits_holds_up_no_other_address():
    gate = Gate()
    async with serving(gate.function, counter) as (_, stream):
        await stream.greet()
        slow = await stream.invoke("a", long_input(1))
        quick = await stream.invoke("a", long_input(1), type=2)
        assert [result.invocation_id for result in await stream.results()] == [quick]
        gate.open.set()
        assert [result.invocation_id for result in await stream.results()] == [slow]


async def test_a_handler_is_cancelled_when_its_time_is_up(caplog):
    gate = Gate()
    async with serving(gate.function) as (_, stream):
        await stream.greet()
        await stream.invoke("a", long_input(1), timeout_ms=50)
        [result] = await stream.results()
        assert result.failure.code == pb.Failure.CODE_TIMEOUT
        assert await gate.outcome == "cancelled"
    assert "no result within the 50 ms" in caplog.text


@pytest.mark.parametrize(("amount", "outcome"), [(1, "cancelled"), (-1, "stream lost")])
async def test_a_handler_is_told_when_its_stream_is_lost(amount, outcome):
    gate = Gate()
    async with serving(gate.function) as (_, stream):
        await stream.greet()
        await stream.invoke("a", long_input(amount))
        await gate.entered.wait()
        stream.call.cancel()
        assert await asyncio.wait_for(gate.outcome, 30) in {outcome, "cancelled"}


async def test_a_stream_that_is_cut_while_results_leave_is_no_error(caplog):
    large: StatefulFunction[States] = StatefulFunction("shop/large")
    large.on(types.LONG)(lambda ctx, _: ctx.send(ctx.self, types.STRING("x" * 200_000)))
    async with FunctionServer([large], address="127.0.0.1:0") as server:
        for _ in range(5):
            async with dial(server) as stream:
                await stream.greet()
                for number in range(40):
                    await stream.invoke(str(number), long_input(1))
                stream.call.cancel()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_close_finishes_what_is_in_flight_and_waits_for_the_runtime_to_end():
    gate = Gate()
    async with serving(gate.function) as (server, stream):
        await stream.greet()
        await stream.invoke("a", long_input(1))
        await gate.entered.wait()
        closing = asyncio.create_task(server.close())
        assert (await stream.receive()).drain.reason == "shutting down"
        gate.open.set()
        assert len(await stream.results()) == 1
        assert not closing.done()
        await stream.call.done_writing()
        await stream.ended()
        assert await stream.status() is grpc.StatusCode.OK
        await closing
        await server.wait_closed()


async def test_close_does_not_wait_longer_than_it_may():
    gate = Gate()
    async with serving(gate.function, drain_timeout=timedelta(milliseconds=50)) as (server, stream):
        await stream.greet()
        await stream.invoke("a", long_input(1))
        await gate.entered.wait()
        await server.close()
        assert await gate.outcome == "cancelled"
        assert (await stream.receive()).HasField("drain")
        assert await stream.status() is not None


async def test_a_protocol_error_is_said_and_logged(caplog):
    async with serving(counter) as (_, stream):
        await stream.greet()
        await stream.send(b"")
        assert (await stream.receive()).error.clause == "FRAME-1"
        assert await stream.status() is grpc.StatusCode.INVALID_ARGUMENT
        assert "FRAME-1" in await stream.call.details()
    [record] = [item for item in caplog.records if item.levelno == logging.ERROR]
    assert record.__dict__["event"] == "protocol_error"
    assert record.__dict__["broken_by"] == "runtime"


async def test_a_failure_is_logged_with_its_traceback(caplog):
    broken: StatefulFunction[States] = StatefulFunction("shop/broken")

    @broken.on(types.LONG)
    def act(ctx: Context[States], amount: int) -> None:
        raise ValueError("bad day")

    async with serving(broken) as (_, stream):
        await stream.greet()
        await stream.invoke("a", long_input(1))
        [result] = await stream.results()
        assert result.failure.message == "ValueError: bad day"
    [record] = [item for item in caplog.records if item.levelno == logging.WARNING]
    assert record.getMessage() == "message to shop/broken/a failed: ValueError: bad day"
    assert record.exc_info is not None


async def test_discover_answers_what_welcome_says():
    async with serving(counter) as (server, stream):
        welcome = await stream.greet()
        async with grpc.aio.insecure_channel(server.address or "") as channel:
            discover = channel.unary_unary(
                DISCOVER,
                request_serializer=pb.DiscoverRequest.SerializeToString,
                response_deserializer=pb.Welcome.FromString,
            )
            assert await discover(pb.DiscoverRequest(versions=[1])) == welcome
            with pytest.raises(grpc.aio.AioRpcError, match=r"versions \[2\], this server speaks 1"):
                await discover(pb.DiscoverRequest(versions=[2]))


async def test_health_says_serving_until_the_server_drains():
    async with serving(counter) as (server, stream):
        await stream.greet()
        async with grpc.aio.insecure_channel(server.address or "") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            watched = health.Watch(
                health_pb2.HealthCheckRequest(service="statewire.v1.FunctionServer")
            )
            assert (await watched.read()).status == health_pb2.HealthCheckResponse.SERVING
            closing = asyncio.create_task(server.close())
            assert (await watched.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            late = Stream(channel.stream_stream("/statewire.v1.FunctionServer/Connect")())
            assert await late.status() is grpc.StatusCode.UNAVAILABLE
            assert (await stream.receive()).HasField("drain")
            await stream.call.done_writing()
            await closing


async def test_a_port_that_is_taken_is_an_error_that_names_it():
    async with serving(counter) as (server, stream):
        await stream.greet()
        with pytest.raises(BindError, match=f"cannot listen on {server.address}"):
            await FunctionServer([counter], address=server.address).start()
        with pytest.raises(DeclarationError, match="starts once"):
            await server.start()
