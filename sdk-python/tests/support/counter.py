"""A counter, and functions that misbehave."""

from __future__ import annotations

from statewire import Context, State, StatefulFunction, States, types


class Counter(States):
    count = State(types.LONG, default=0)


counter = StatefulFunction("shop/counter", Counter)


@counter.on(types.LONG, replies=types.LONG)
def add(ctx: Context[Counter], amount: int) -> int:
    ctx.state.count += amount
    return ctx.state.count
