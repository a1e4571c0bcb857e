"""The counter of the workload, on the Python SDK: see src/functions/counter-functions.ts."""

from __future__ import annotations

import os

from statewire import Context, FunctionServer, State, StatefulFunction, States, types

PADDING = bytes(30)
"""With the count, as many bytes as a small record has."""


class CounterStates(States):
    """38 bytes: the count in the first eight, least first."""

    total = State(types.raw("bench/counter-state"), default=bytes(38))


counter = StatefulFunction("bench/counter", CounterStates)


@counter.on(types.LONG, replies=types.LONG)
def add(ctx: Context[CounterStates], amount: int) -> int | None:
    """Adds, and replies with the sum to whoever waits for it."""
    count = int.from_bytes(ctx.state.total[:8], "little") + amount
    ctx.state.total = count.to_bytes(8, "little") + PADDING
    return count if ctx.wants_reply else None


if __name__ == "__main__":
    FunctionServer([counter], address=os.environ["BENCH_ADDRESS"]).run()
