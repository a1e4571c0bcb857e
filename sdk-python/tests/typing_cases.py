"""What a type checker makes of functions: mypy checks this file, and nothing runs it.

A line that must not type-check is marked; mypy reports a mark that is not needed.
"""

from __future__ import annotations

from collections.abc import Awaitable

from typing_extensions import assert_type

from statewire import (
    Context,
    Egress,
    LazyState,
    Message,
    State,
    StatefulFunction,
    States,
    TypedValue,
    types,
)


class Kept(States):
    count = State(types.INT, default=0)
    note = State(types.STRING)
    items = State(types.json("shop/items", list[str]))
    document = LazyState(types.raw("office/document"))


class Add(Message, typename="shop/add"):
    item: str
    count: int = 1


function = StatefulFunction("shop/typed", Kept)
out = Egress("shop/out", types.LONG)


@function.on(Add)
def add(ctx: Context[Kept], message: Add) -> None:
    assert_type(ctx.state.count, int)
    assert_type(ctx.state.note, str | None)
    assert_type(ctx.state.items, list[str] | None)
    assert_type(ctx.state.document, Awaitable[bytes | None])
    assert_type(message.count, int)
    ctx.state.count += 1
    ctx.state.note = 5  # type: ignore[assignment]
    ctx.state.absent = 5  # type: ignore[attr-defined]
    ctx.send(function.at("x"), Add("tea"))
    ctx.send(function.at("x"), types.INT(5))
    ctx.send(function.at("x"), 5)  # type: ignore[arg-type]
    ctx.send("x", Add("tea"))  # type: ignore[arg-type]
    ctx.egress(out, 5)
    ctx.egress(out, "5")  # type: ignore[misc]
    Add(5)  # type: ignore[arg-type]
    message.item = "x"  # type: ignore[misc]
    types.INT("5")  # type: ignore[arg-type]


@function.on(types.INT, replies=types.STRING)
async def reply(ctx: Context[Kept], amount: int) -> str | None:
    assert_type(await ctx.state.document, bytes | None)
    ctx.state.document = b""
    ctx.state.document = "x"  # type: ignore[assignment]
    return str(amount) if amount else None


@function.on(types.LONG)  # type: ignore[arg-type]
def wrong_message(ctx: Context[Kept], amount: str) -> None: ...


@function.on(types.BOOL, replies=types.INT)  # type: ignore[arg-type]
def wrong_reply(ctx: Context[Kept], message: bool) -> str:
    return ""


class Other(States):
    pass


@function.on(types.DOUBLE)  # type: ignore[arg-type]
def wrong_states(ctx: Context[Other], message: float) -> None: ...


@function.on_any()
def rest(ctx: Context[Kept], message: TypedValue) -> None:
    assert_type(message.decode(types.LONG), int)
