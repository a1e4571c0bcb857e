"""What one message did."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from statewire.address import Address
from statewire.egress import Egress
from statewire.errors import BadInputError
from statewire.function import AnyFunction
from statewire.message import Sendable, to_typed_value
from statewire.testing.local_run import LocalMessage, LocalOutcome, LocalRun, run_locally
from statewire.testing.memory_state import MemoryState
from statewire.testing.retry_policy import code_of
from statewire.testing.sent_message import SentMessage, to_sent, to_value
from statewire.typed_value import TypedValue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failed:
    """What the runtime would be told of a failure."""

    code: str
    """As a runtime calls it: "function", "badInput", "badState"..."""
    message: str
    retryable: bool
    retry_after: timedelta
    error: BaseException | None
    """What was raised."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function did for one message. When it failed it did nothing."""

    state: Mapping[str, Any]
    """All states afterwards, by the name of their attribute, as a handler would read them."""
    changed_states: Sequence[str]
    """The states that the function wrote or deleted."""
    sends: Sequence[SentMessage]
    """Messages, in order; delayed ones are in `delayed_sends`."""
    delayed_sends: Sequence[SentMessage]
    cancellations: Sequence[str]
    """Cancellation tokens."""
    reply: Any
    """As the handler returned it; a `TypedValue` without `replies`; None when there was none."""
    failure: Failed | None
    """None when the function succeeded."""
    records: Sequence[tuple[str, TypedValue]]
    """Records by the name of their egress, in order."""

    def egress_records(self, egress: Egress[T]) -> list[T]:
        """The records for one egress, in order. Raises `BadInputError` for one of another type."""
        return decode_records(egress, self.records)


async def run_function(
    function: AnyFunction,
    message: Sendable,
    *,
    id: str = "test",
    type: str = "test",
    caller: Address | None = None,
    state: Mapping[str, Any] | None = None,
    attempt: int = 0,
    wants_reply: bool = True,
) -> Outcome:
    """Runs one function for one message, without a server.

        outcome = await run_function(counter, types.INT(2), state={"count": 40})
        assert outcome.reply == 42

    `id` is the instance, and `type` the type's part of the name that a wildcard function runs under.
    `caller` is who sent the message; None: an ingress. `state` has the states before, by the name of
    their attribute. `attempt` is the number of failed attempts before this one.

    A handler that raises makes an outcome with a `failure`; nothing is raised for it here.

    Raises `InvalidValueError` when the message or a state is not one of its type, and
    `DeclarationError` for a state that is not declared.
    """
    target = function.at(type, id) if function.type_name.endswith("/*") else function.at(id)
    memory = MemoryState(function.states)
    memory.seed(state or {}, 0)
    sent = to_typed_value(message)
    run = LocalRun(function, target, [LocalMessage(sent, caller, wants_reply)], memory, attempt, 0)
    done: asyncio.Future[LocalOutcome] = asyncio.get_running_loop().create_future()
    run_locally(run, done.set_result)
    outcome = await done
    memory.apply(outcome.result.state_changes, 0)
    return _describe(run, sent, outcome)


def _describe(run: LocalRun, sent: TypedValue, outcome: LocalOutcome) -> Outcome:
    result, types, target = outcome.result, outcome.types, run.target
    attributes = list(run.function.states.by_attribute())
    timers = result.timer_changes
    replies = [decode_reply(run.function, sent, to_value(reply)) for reply in result.replies]
    return Outcome(
        state=run.state.decode(0),
        changed_states=[attributes[change.state] for change in result.state_changes],
        sends=[to_sent(send, types, target) for send in result.sends],
        delayed_sends=[
            to_sent(change.schedule.send, types, target, change.schedule)
            for change in timers
            if change.HasField("schedule")
        ],
        cancellations=[change.cancel for change in timers if change.HasField("cancel")],
        reply=replies[0] if replies else None,
        failure=_describe_failure(outcome),
        records=[(record.egress, to_value(record)) for record in result.egress_records],
    )


def _describe_failure(outcome: LocalOutcome) -> Failed | None:
    failure = outcome.failure
    if failure is None:
        return None
    return Failed(
        code=code_of(failure),
        message=failure.message,
        retryable=failure.retryable,
        retry_after=timedelta(milliseconds=failure.retry_after_ms),
        error=outcome.error,
    )


def decode_reply(function: AnyFunction, message: TypedValue, reply: TypedValue) -> Any:
    """A reply as the handler of the message returned it."""
    try:
        replies = function.handler_of(message.typename).replies
    except BadInputError:
        return reply
    return reply if replies is None else reply.decode(replies)


def decode_records(egress: Egress[T], records: Sequence[tuple[str, TypedValue]]) -> list[T]:
    """The records for an egress, as it declares them. Raises `BadInputError`."""
    of_egress = [record for name, record in records if name == egress.name]
    if egress.type is None:
        # It is an Egress of typed values.
        return of_egress  # type: ignore[return-value]
    return [record.decode(egress.type) for record in of_egress]
