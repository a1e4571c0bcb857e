"""The model of the fraud detection, in Python.

The same address and messages as those of ../src/functions.ts, so a module may name either server.
"""

from __future__ import annotations

import math
import sys

from statewire import Address, Context, FunctionServer, Message, StatefulFunction, States, types

FRAUDS_MAX = 3
"""Above so many known frauds of an account, more of them change nothing."""

SCORE = types.named("fraud/score", types.INT)


class Features(Message, typename="fraud/features"):
    """From a transaction to the model."""

    amount: int
    """In dollars, 1 to 1,000."""
    fraudCount: int  # noqa: N815 - as it is on the wire
    """Confirmed frauds of the account that are not forgotten yet."""
    merchantRisk: int  # noqa: N815
    """0 (trusted) to 99."""


model = StatefulFunction("fraud/model")


@model.on(Features)
def answer(ctx: Context[States], features: Features) -> None:
    """Tells the transaction that asks its score."""
    if ctx.caller is not None:
        ctx.send(Address("fraud/transaction", ctx.caller.id), SCORE(score_of(features)))


def score_of(features: Features) -> int:
    """How likely a transaction is a fraud: 0 to 99."""
    frauds = min(features.fraudCount, FRAUDS_MAX)
    points = 40 * (features.amount / 1000) + 10 * frauds + 0.3 * features.merchantRisk
    return min(99, math.floor(points + 0.5))


if __name__ == "__main__":
    # The address to serve on; port 0: any free one. The first line on standard output is the address
    # that it became.
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7502"
    FunctionServer([model], address=address).run(
        on_start=lambda server: print(server.address, flush=True)  # noqa: T201
    )
