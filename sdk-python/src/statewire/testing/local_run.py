"""Runs messages of one address through the code that a server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from statewire._run import run_batch
from statewire._session.batch import Batch
from statewire._session.function_plan import FunctionPlan
from statewire._session.handshake import Limits
from statewire._session.type_index import TypeIndex
from statewire.address import Address
from statewire.function import AnyFunction
from statewire.testing.memory_state import MemoryState
from statewire.typed_value import TypedValue
from statewire.v1 import stream_pb2 as pb

_LIMITS = Limits(
    frame_bytes_max=4 * 1024 * 1024,
    value_bytes_max=1024 * 1024,
    id_bytes_max=512,
    effects_max=10_000,
    result_credit_bytes=2**53 - 1,
)
"""The runtime's defaults, so that a test meets the limits that production has."""


@dataclass(frozen=True, slots=True)
class LocalMessage:
    """A message in a mailbox of a test."""

    message: TypedValue
    caller: Address | None
    wants_reply: bool


@dataclass(frozen=True, slots=True)
class LocalRun:
    """Messages of one address, and what they find."""

    function: AnyFunction
    target: Address
    messages: Sequence[LocalMessage]
    state: MemoryState
    attempt: int
    now_ms: float


@dataclass(frozen=True, slots=True)
class LocalOutcome:
    """A batch that has run, and what was raised if it failed."""

    result: pb.Result
    types: TypeIndex
    failure: pb.Failure | None
    error: BaseException | None


def run_locally(run: LocalRun, finished: Callable[[LocalOutcome], None]) -> None:
    """Calls back at once when no handler is a coroutine; else later, from a task."""
    types = TypeIndex([])
    inputs = [_to_input(message, types) for message in run.messages]
    invocation = pb.Invocation(
        invocation_id=1, id=run.target.id, inputs=inputs, attempt=run.attempt
    )
    batch = Batch(
        invocation,
        invocation.invocation_id,
        (_index_of(run.target.type_name, types), run.target.id),
        list(invocation.inputs),
        [message.message.value for message in run.messages],
        FunctionPlan(0, run.function.spec()),
        run.state.slots(run.now_ms),
        _LIMITS,
        types,
    )
    run_batch(run.function, batch, _LocalRunner(run, types, finished))


class _LocalRunner:
    def __init__(
        self, run: LocalRun, types: TypeIndex, finished: Callable[[LocalOutcome], None]
    ) -> None:
        self._run = run
        self._types = types
        self._finished = finished
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None

    def finished(self, batch: Batch) -> None:
        result, _ = batch.result()
        self._finished(LocalOutcome(result, self._types, batch.failure, self._error))

    def failed(self, batch: Batch, error: BaseException) -> None:  # noqa: ARG002
        self._error = error

    def spawn(self, batch: Batch, rest: Coroutine[Any, Any, None]) -> None:  # noqa: ARG002
        self._task = asyncio.get_running_loop().create_task(rest)

    def load_state(self, batch: Batch, index: int) -> Awaitable[None]:
        value = self._run.state.read(index, self._run.now_ms)
        batch.load_states([pb.StateValue(state=index, value=value)])
        return asyncio.sleep(0)


def _to_input(message: LocalMessage, types: TypeIndex) -> pb.Input:
    caller = message.caller
    return pb.Input(
        caller_type=0 if caller is None else _index_of(caller.type_name, types),
        caller_id="" if caller is None else caller.id,
        typename=message.message.typename,
        value=message.message.value,
        wants_reply=message.wants_reply,
    )


def _index_of(type_name: str, types: TypeIndex) -> int:
    index = types.index_of(type_name)
    if index == 0:
        types.define(pb.TypeDefinition(index=types.count, type_name=type_name))
        index = types.index_of(type_name)
    return index
