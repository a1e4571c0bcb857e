"""Function servers that dial; the test plays the runtime."""

from __future__ import annotations

import asyncio
import logging

import pytest

from statewire import FunctionServer, types
from statewire._transport.backoff import backoff_seconds
from tests.support.counter import counter
from tests.support.frames import hello, long_input
from tests.support.runtime import Gateway


@pytest.fixture
async def gateway():
    made = Gateway()
    await made.start()
    yield made
    await made.stop()


async def test_a_server_dials_and_runs_and_ends_when_the_runtime_does(gateway):
    async with FunctionServer([counter], attach_to=gateway.address) as server:
        assert (server.port, server.address) == (None, None)
        stream, end = await gateway.next_stream()
        await stream.greet()
        await stream.invoke("alice", long_input(2, wants_reply=True))
        [result] = await stream.results()
        assert types.LONG.decode(result.replies[0].value) == 2
        closing = asyncio.create_task(server.close())
        assert (await stream.receive()).HasField("drain")
        end.set()
        await closing


async def test_a_server_dials_again_when_its_stream_has_ended(gateway, caplog):
    caplog.set_level(logging.DEBUG, "statewire")
    async with FunctionServer([counter], attach_to=[gateway.address]):
        for _ in range(2):
            stream, end = await gateway.next_stream()
            await stream.greet()
            end.set()
        stream, end = await gateway.next_stream()
        await stream.greet()
        end.set()
    events = [record.__dict__["event"] for record in caplog.records if "event" in record.__dict__]
    assert events[:4] == ["connected", "disconnected", "redialling", "connected"]


class Heard(logging.Handler):
    """Tells when something is logged."""

    def __init__(self, event: str) -> None:
        super().__init__()
        self._event = event
        self.heard = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.__dict__.get("event") == self._event:
            self.heard.set()


async def test_a_runtime_that_is_not_there_is_dialled_until_it_is():
    redialling = Heard("redialling")
    logging.getLogger("statewire").addHandler(redialling)
    gone = Gateway()
    await gone.start()
    await gone.stop()
    async with FunctionServer([counter], attach_to=gone.address):
        await redialling.heard.wait()
        back = Gateway()
        await back.start(gone.address)
        stream, end = await back.next_stream()
        await stream.greet()
        end.set()
    await back.stop()
    logging.getLogger("statewire").removeHandler(redialling)


async def test_a_violation_is_said_to_the_runtime(gateway):
    async with FunctionServer([counter], attach_to=gateway.address):
        stream, end = await gateway.next_stream()
        await stream.send(hello(value_bytes_max=4 * 1024 * 1024))
        assert (await stream.receive()).error.clause == "LIMIT-9"
        await stream.ended()
        end.set()


def test_delays_grow_and_vary_and_are_longer_after_a_protocol_error():
    def delay(attempt: int, chance: float = 0.5, error: bool = False) -> float:
        return backoff_seconds(attempt, chance, after_protocol_error=error)

    assert [delay(attempt) for attempt in (0, 1, 2, 30)] == [0.1, 0.2, 0.4, 30]
    assert [round(delay(0, chance), 3) for chance in (0, 1)] == [0.08, 0.12]
    assert [delay(0, 0, True), delay(0, 1, True), delay(30, 0, True)] == [5, 6, 30]
