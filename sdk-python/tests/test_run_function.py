"""What handlers can see and do, seen through `run_function`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from statewire import (
    Address,
    BadInputError,
    Context,
    ContextClosedError,
    DeclarationError,
    Egress,
    FunctionFailure,
    InvalidValueError,
    LazyState,
    LimitExceededError,
    Message,
    Sendable,
    State,
    StatefulFunction,
    States,
    TypedValue,
    types,
)
from statewire.testing import run_function
from tests.support.counter import counter

ITEMS = types.json("shop/items", list[str])


class Kept(States):
    items = State(ITEMS, default=[])
    note = State(types.STRING)
    document = LazyState(types.STRING)


class Do(Message, typename="test/do"):
    what: str


def function(act, *, replies=None, states: type[States] = Kept) -> StatefulFunction[Any]:
    made: StatefulFunction[Any] = StatefulFunction("shop/test", states)
    made.on(Do, replies=replies)(act) if replies else made.on(Do)(act)
    return made


async def run(act, **options):
    return await run_function(function(act), Do("it"), **options)


async def test_a_counter_counts_and_replies():
    outcome = await run_function(counter, types.LONG(2), state={"count": 40})
    assert outcome.reply == 42
    assert outcome.state == {"count": 42}
    assert outcome.changed_states == ["count"]
    assert outcome.failure is None


async def test_states_are_read_written_and_deleted_as_attributes():
    def act(ctx: Context[Kept], _: Do) -> None:
        assert ctx.state.items == []
        ctx.state.items.append("lost")
        assert ctx.state.items == []
        ctx.state.items = ["tea"]
        assert ctx.state.items == ["tea"]
        assert ctx.state.note == "before"
        del ctx.state.note
        assert ctx.state.note is None

    outcome = await run(act, state={"note": "before"})
    assert outcome.failure is None
    assert outcome.state == {"items": ["tea"], "note": None, "document": None}
    assert outcome.changed_states == ["items", "note"]


async def test_a_lazy_state_is_awaited():
    async def act(ctx: Context[Kept], _: Do) -> None:
        document = await ctx.state.document
        assert document == "long"
        ctx.state.document = "longer"
        assert await ctx.state.document == "longer"

    outcome = await run(act, state={"document": "long"})
    assert outcome.failure is None
    assert outcome.state["document"] == "longer"


async def test_messages_go_out_in_order():
    class Item(Message, typename="shop/item"):
        name: str

    def act(ctx: Context[Kept], _: Do) -> None:
        ctx.send(ctx.self, types.INT(1))
        ctx.send(Address("other/place", "x"), Item("tea"))
        ctx.send(Address("other/place", "x"), TypedValue("other/none", None))
        ctx.send_after(timedelta(seconds=1.5), ctx.self, types.INT(2), token="later")
        ctx.send_after(timedelta(microseconds=1), ctx.self, types.INT(3))
        ctx.cancel("later")

    outcome = await run(act)
    assert outcome.failure is None
    assert [str(sent.target) for sent in outcome.sends] == [
        "shop/test/test",
        "other/place/x",
        "other/place/x",
    ]
    assert outcome.sends[0].decode(types.INT) == 1
    assert outcome.sends[1].decode(Item) == Item("tea")
    assert outcome.sends[2].message.value is None
    assert [(sent.delay, sent.token) for sent in outcome.delayed_sends] == [
        (timedelta(seconds=1.5), "later"),
        (timedelta(milliseconds=1), None),
    ]
    assert outcome.cancellations == ["later"]


async def test_records_go_out_by_egress():
    receipts = Egress("shop/receipts", ITEMS)
    log: Egress[Sendable] = Egress("shop/log")

    def act(ctx: Context[Kept], _: Do) -> None:
        ctx.egress(receipts, ["tea"])
        ctx.egress(log, types.INT(1))

    outcome = await run(act)
    assert outcome.egress_records(receipts) == [["tea"]]
    assert outcome.egress_records(log) == [types.INT(1)]


async def test_the_context_says_who_where_and_how_often():
    seen = []

    def act(ctx: Context[Kept], _: Do) -> None:
        seen.append((ctx.self, ctx.caller, ctx.attempt, ctx.wants_reply, ctx.traceparent))

    caller = Address("other/place", "x")
    await run(act, id="a", caller=caller, attempt=2, wants_reply=False)
    await run(act)
    assert seen == [
        (Address("shop/test", "a"), caller, 2, False, None),
        (Address("shop/test", "test"), None, 0, True, None),
    ]


async def test_a_failure_says_whether_and_when_to_try_again():
    def act(ctx: Context[Kept], _: Do) -> None:
        ctx.state.note = "gone"
        ctx.send(ctx.self, types.INT(1))
        raise FunctionFailure("no", retryable=False, retry_after=timedelta(seconds=5))

    outcome = await run(act)
    assert outcome.failure is not None
    assert outcome.failure.code == "function"
    assert outcome.failure.message == "no"
    assert outcome.failure.retryable is False
    assert outcome.failure.retry_after == timedelta(seconds=5)
    assert outcome.state["note"] is None
    assert outcome.sends == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("bad day"), "ValueError: bad day"),
        (KeyError("x"), "KeyError: 'x'"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError(), "CancelledError"),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
async def test_whatever_a_handler_raises_is_a_failure_that_may_be_retried(error, message, is_async):
    def act(ctx: Context[Kept], _: Do) -> None:
        raise error

    async def act_later(ctx: Context[Kept], _: Do) -> None:
        await asyncio.sleep(0)
        raise error

    outcome = await run(act_later if is_async else act)
    assert outcome.failure is not None
    assert (outcome.failure.message, outcome.failure.retryable) == (message, True)
    assert outcome.failure.error is error


async def test_a_message_of_another_type_is_bad_input():
    outcome = await run_function(counter, types.STRING("2"))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.retryable) == ("badInput", False)
    assert isinstance(outcome.failure.error, BadInputError)
    assert "takes io.statefun.types/long" in outcome.failure.message


async def test_a_handler_of_any_message_gets_typed_values():
    jobs: StatefulFunction[States] = StatefulFunction("jobs/*")

    @jobs.on(types.INT)
    def number(ctx: Context[States], value: int) -> None:
        ctx.send(jobs.at("number", str(value)), types.INT(value))

    @jobs.on_any()
    async def any_other(ctx: Context[States], message: TypedValue) -> None:
        await asyncio.sleep(0)
        ctx.send(ctx.self, message)

    outcome = await run_function(jobs, types.STRING("x"), type="archive", id="1")
    assert outcome.sends[0].target == Address("jobs/archive", "1")
    assert outcome.sends[0].decode(types.STRING) == "x"
    outcome = await run_function(jobs, types.INT(5))
    assert outcome.sends[0].target == Address("jobs/number", "5")
    with pytest.raises(DeclarationError, match="two handlers"):
        jobs.on_any()


async def test_replies_are_returned_or_sent_once():
    def twice(ctx: Context[Kept], _: Do) -> None:
        ctx.reply(types.INT(1))
        ctx.reply(types.INT(2))

    def undeclared(ctx: Context[Kept], _: Do) -> int:
        return 5

    def wrong(ctx: Context[Kept], _: Do) -> Any:
        return "five"

    def none(ctx: Context[Kept], _: Do) -> None:
        return None

    assert (await run(lambda ctx, _: ctx.reply(types.INT(1)))).reply == types.INT(1)
    for act, reason in [(twice, "replied to already"), (undeclared, "declare replies")]:
        outcome = await run(act)
        assert outcome.failure is not None
        assert reason in outcome.failure.message
    outcome = await run_function(function(wrong, replies=types.INT), Do("it"))
    assert isinstance(outcome.failure.error, InvalidValueError)  # type: ignore[union-attr]
    outcome = await run_function(function(none, replies=types.INT), Do("it"))
    assert (outcome.failure, outcome.reply) == (None, None)
    assert (await run(twice, wants_reply=False)).failure is None


async def test_a_context_is_closed_when_its_handler_has_finished():
    kept: list[Context[Kept]] = []

    def act(ctx: Context[Kept], _: Do) -> None:
        kept.append(ctx)

    await run(act)
    ctx = kept[0]
    for use in [
        lambda: ctx.send(ctx.self, types.INT(1)),
        lambda: ctx.state.note,
        lambda: setattr(ctx.state, "note", "x"),
        lambda: ctx.cancel("x"),
        lambda: ctx.reply(types.INT(1)),
    ]:
        with pytest.raises(ContextClosedError, match="await what it does"):
            use()


@pytest.mark.parametrize(
    ("act", "error", "reason"),
    [
        (lambda ctx: ctx.send(ctx.self, 5), InvalidValueError, "types.INT"),
        (
            lambda ctx: ctx.send(Address("x", "y"), types.INT(5)),
            InvalidValueError,
            "namespace/type",
        ),
        (lambda ctx: ctx.send(Address("x/*", "y"), types.INT(5)), InvalidValueError, "no type"),
        (lambda ctx: ctx.send(ctx.self, TypedValue("", b"")), InvalidValueError, "typename"),
        (
            lambda ctx: ctx.send(Address("x/y", "z" * 513), types.INT(5)),
            LimitExceededError,
            "513",
        ),
        (
            lambda ctx: ctx.send(ctx.self, types.STRING("x" * 1_048_577)),
            LimitExceededError,
            "1048576",
        ),
        (lambda ctx: ctx.cancel(""), InvalidValueError, "0 bytes"),
        (lambda ctx: ctx.cancel("é" * 128), InvalidValueError, "256 bytes"),
        (
            lambda ctx: ctx.send_after(timedelta(-1), ctx.self, types.INT(1)),
            InvalidValueError,
            "ms",
        ),
        (lambda ctx: setattr(ctx.state, "note", 5), InvalidValueError, "expected a str"),
        (lambda ctx: setattr(ctx.state, "note", "x" * 1_048_577), LimitExceededError, "state note"),
        (lambda ctx: [ctx.cancel("x") for _ in range(10_001)], LimitExceededError, "effects_max"),
        (
            lambda ctx: [ctx.send(ctx.self, types.STRING("x" * 1_000_000)) for _ in range(5)],
            LimitExceededError,
            "frame_bytes_max",
        ),
    ],
)
async def test_what_cannot_be_sent_or_stored_is_refused_where_it_is_tried(act, error, reason):
    def caught(ctx: Context[Kept], _: Do) -> None:
        with pytest.raises(error, match=reason):
            act(ctx)

    assert (await run(caught)).failure is None
    outcome = await run(lambda ctx, _: act(ctx) and None)
    assert outcome.failure is not None
    assert outcome.failure.retryable is (error is not LimitExceededError)


async def test_seeds_are_checked():
    with pytest.raises(DeclarationError, match="not declared"):
        await run_function(counter, types.LONG(1), state={"cuont": 1})
    with pytest.raises(InvalidValueError):
        await run_function(counter, types.LONG(1), state={"count": "1"})


async def test_a_plain_function_may_return_something_to_wait_for():
    async def later(ctx: Context[Kept]) -> None:
        await asyncio.sleep(0)
        ctx.state.note = "later"

    assert (await run(lambda ctx, _: later(ctx))).state["note"] == "later"
