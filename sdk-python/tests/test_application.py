"""The runtime in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from statewire import (
    DEAD_LETTER,
    Address,
    Context,
    Egress,
    FunctionFailure,
    LazyState,
    State,
    StatefulFunction,
    States,
    types,
)
from statewire.testing import ApplicationFailed, RetryPolicy, TestApplication
from tests.support.counter import counter

MINUTE = timedelta(minutes=1)


class Kept(States):
    count = State(types.LONG, default=0, expire_after_write=MINUTE)
    seen = State(types.LONG, default=0, expire_after_invocation=MINUTE)
    note = LazyState(types.STRING)


def function(name: str, act: Any, *, replies: Any = None) -> StatefulFunction[Any]:
    made: StatefulFunction[Any] = StatefulFunction(name, Kept)
    made.on(types.LONG, replies=replies)(act) if replies else made.on(types.LONG)(act)
    return made


async def test_messages_of_functions_go_on_until_all_is_settled():
    def pass_on(ctx: Context[Kept], left: int) -> None:
        ctx.state.count += 1
        if left > 0:
            ctx.send(other.at(str(left)), types.LONG(left - 1))

    async def pass_back(ctx: Context[Kept], left: int) -> None:
        await asyncio.sleep(0)
        if left > 0 and ctx.caller is not None:
            ctx.send(ctx.caller, types.LONG(left - 1))

    first, other = function("shop/first", pass_on), function("shop/other", pass_back)
    app = TestApplication([first, other])
    app.send(first.at("a"), types.LONG(9))
    await app.settle()
    assert app.state(first.at("a"))["count"] == 5
    assert len(app.sent) == 9


async def test_messages_that_wait_arrive_as_one_batch():
    def count(ctx: Context[Kept], amount: int) -> None:
        ctx.state.count += amount
        if amount < 0:
            raise FunctionFailure("negative")

    made = function("shop/count", count)
    app = TestApplication([made])
    for amount in (1, 2, -1, 3):
        app.send(made.at("a"), types.LONG(amount))
    with pytest.raises(ApplicationFailed, match="shop/count/a failed: negative") as raised:
        await app.settle()
    assert isinstance(raised.value.__cause__, FunctionFailure)
    assert app.state(made.at("a"))["count"] == 6
    await app.settle()


async def test_calls_get_replies():
    app = TestApplication([counter, function("shop/none", lambda ctx, _: None)])
    app.set_state(counter.at("a"), {"count": 40})
    assert await app.call(counter.at("a"), types.LONG(2)) == 42
    assert await app.call(Address("shop/none", "a"), types.LONG(2)) is None
    with pytest.raises(ApplicationFailed, match="no function for"):
        await app.call(Address("shop/nobody", "a"), types.LONG(2))
    with pytest.raises(ApplicationFailed, match=r"takes io\.statefun"):
        await app.call(counter.at("a"), types.STRING("2"))


async def test_delayed_messages_come_in_the_order_of_their_time():
    def later(ctx: Context[Kept], amount: int) -> None:
        ctx.egress(out, amount)
        if amount == 0:
            ctx.send_after(2 * MINUTE, ctx.self, types.LONG(2))
            ctx.send_after(MINUTE, ctx.self, types.LONG(1))
            ctx.send_after(MINUTE, ctx.self, types.LONG(9), token="never")
        if amount == 1:
            ctx.cancel("never")

    out = Egress("shop/out", types.LONG)
    made = function("shop/later", later)
    app = TestApplication([made])
    app.send(made.at("a"), types.LONG(0))
    await app.settle()
    assert [(due, sent.token) for due, sent in app.delayed] == [
        (MINUTE, None),
        (MINUTE, "never"),
        (2 * MINUTE, None),
    ]
    await app.advance(MINUTE)
    assert app.egress_records(out) == [0, 1, 9]  # It was due as well: a cancellation is too late.
    await app.advance(MINUTE)
    assert app.egress_records(out) == [0, 1, 9, 2]
    assert app.now == 2 * MINUTE


async def test_a_token_is_pending_once():
    def later(ctx: Context[Kept], amount: int) -> None:
        ctx.state.count += 1
        ctx.send_after(MINUTE, ctx.self, types.LONG(0), token="t")

    made = function("shop/later", later)
    app = TestApplication([made])
    app.send(made.at("a"), types.LONG(0))
    app.send(made.at("a"), types.LONG(0))
    with pytest.raises(ApplicationFailed, match="TIMER-4"):
        await app.settle()
    assert app.state(made.at("a"))["count"] == 1


async def test_states_expire_in_virtual_time():
    def touch(ctx: Context[Kept], amount: int) -> None:
        if amount:
            ctx.state.count = ctx.state.seen = amount

    made = function("shop/touch", touch)
    app = TestApplication([made])
    app.send(made.at("a"), types.LONG(5))
    await app.advance(MINUTE / 2)
    app.send(made.at("a"), types.LONG(0))
    await app.advance(MINUTE / 2)
    assert app.state(made.at("a")) == {"count": 0, "seen": 5, "note": None}
    await app.advance(MINUTE / 2)
    assert app.state(made.at("a"))["seen"] == 0


async def test_lazy_states_are_read():
    async def read(ctx: Context[Kept], _: int) -> int:
        return len(await ctx.state.note or "")

    made = function("shop/read", read, replies=types.LONG)
    app = TestApplication([made])
    app.set_state(made.at("a"), {"note": "four"})
    assert await app.call(made.at("a"), types.LONG(0)) == 4


async def test_an_endless_cycle_is_noticed():
    made = function("shop/cycle", lambda ctx, n: ctx.send(ctx.self, types.LONG(n)))
    app = TestApplication([made], invocations_max=50)
    app.send(made.at("a"), types.LONG(0))
    with pytest.raises(ApplicationFailed, match="invocations_max 50"):
        await app.settle()


async def test_functions_of_other_servers_get_what_they_are_sent():
    made = function("shop/send", lambda ctx, n: ctx.send(Address("mail/box", "x"), types.LONG(n)))
    app = TestApplication([made], elsewhere=["mail/*"])
    app.send(made.at("a"), types.LONG(7))
    await app.settle()
    [sent] = app.messages_to(Address("mail/box", "x"))
    assert (sent.decode(types.LONG), sent.caller) == (7, made.at("a"))

    app = TestApplication([made])
    app.send(made.at("a"), types.LONG(7))
    with pytest.raises(ApplicationFailed, match="unknown function type mail/box"):
        await app.settle()


class Flaky:
    """Fails until it is mended."""

    def __init__(self, **failure: Any) -> None:
        self.failure = failure
        self.mended = False
        self.attempts: list[int] = []
        self.function = function("shop/flaky", self.act, replies=types.LONG)

    def act(self, ctx: Context[Kept], amount: int) -> int:
        self.attempts.append(ctx.attempt)
        if not self.mended:
            raise FunctionFailure("not now", **self.failure)
        ctx.state.count += amount
        return amount


async def test_a_message_is_retried_after_growing_times():
    flaky = Flaky()
    app = TestApplication([flaky.function], retry=RetryPolicy())
    app.send(flaky.function.at("a"), types.LONG(5))
    app.send(flaky.function.at("a"), types.LONG(6))
    await app.settle()
    await app.advance(timedelta(milliseconds=299))
    assert flaky.attempts == [0, 1]
    await app.advance(timedelta(milliseconds=1))
    assert flaky.attempts == [0, 1, 2]
    flaky.mended = True
    await app.advance(timedelta(milliseconds=400))
    assert app.state(flaky.function.at("a"))["count"] == 11


async def test_an_address_is_parked_and_retried_or_its_message_dropped():
    flaky = Flaky(retryable=False)
    address = flaky.function.at("a")
    app = TestApplication([flaky.function], retry=RetryPolicy())
    with pytest.raises(ApplicationFailed, match="not now"):
        await app.call(address, types.LONG(5))
    app.send(address, types.LONG(6))
    await app.settle()
    [parked] = app.parked
    assert (parked.address, parked.code, parked.attempts) == (address, "function", 1)
    with pytest.raises(ApplicationFailed, match="is parked"):
        await app.call(address, types.LONG(5))
    app.retry_parked(address)
    await app.settle()
    assert len(app.parked) == 1
    flaky.mended = True
    app.drop_parked(address)
    await app.settle()
    assert app.state(address)["count"] == 6
    assert app.parked == ()
    with pytest.raises(ApplicationFailed, match="is not parked"):
        app.retry_parked(address)


async def test_what_is_given_up_goes_to_the_dead_letter_egress():
    dead = Egress("ops/dead", DEAD_LETTER)
    flaky = Flaky()
    policy = RetryPolicy(attempts_max=2, initial_backoff=MINUTE, dead_letter_egress=dead)
    app = TestApplication([flaky.function], retry=policy)
    app.send(flaky.function.at("a"), types.LONG(5), caller=Address("shop/who", "x"))
    await app.advance(MINUTE)
    assert app.egress_records(dead) == [
        {
            "function": "shop/flaky",
            "id": "a",
            "caller": {"function": "shop/who", "id": "x"},
            "typename": "io.statefun.types/long",
            "base64": "CQUAAAAAAAAA",
            "code": "function",
            "error": "not now",
            "attempts": 2,
            "firstFailedAtMs": 0,
            "lastFailedAtMs": 30_000,
        }
    ]
    assert app.parked == ()


async def test_a_message_for_nobody_parks_its_address():
    app = TestApplication([counter], retry=RetryPolicy())
    nobody = Address("shop/nobody", "a")
    for _ in range(2):
        app.send(nobody, types.LONG(1))
    await app.settle()
    assert [parked.code for parked in app.parked] == ["unknownType"]
    app.retry_parked(nobody)
    app.drop_parked(nobody)
    app.drop_parked(nobody)
    assert app.parked == ()
