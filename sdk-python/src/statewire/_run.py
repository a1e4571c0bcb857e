"""Runs the inputs of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple, Protocol

from statewire._session.batch import Batch
from statewire.context import BatchHost, Context
from statewire.errors import InvalidValueError
from statewire.function import AnyFunction, Handler


class BatchRunner(BatchHost, Protocol):
    """Who gives batches to `run_batch`."""

    def finished(self, batch: Batch) -> None:
        """The batch has its result. Called once per batch that was not given up meanwhile."""

    def failed(self, batch: Batch, error: BaseException) -> None:
        """A handler raised, or a message did not decode. The batch carries the failure."""

    def spawn(self, batch: Batch, rest: Coroutine[Any, Any, None]) -> None:
        """Runs the rest of the batch as a task, which is cancelled when nobody waits for it."""


def run_batch(function: AnyFunction, batch: Batch, runner: BatchRunner) -> None:
    """Runs the inputs one after the other.

    Handlers that are no coroutines run here and now, so a batch of them is finished when this
    returns. From the first one that is, the rest runs in one task.
    """
    try:
        pending = _call_next(function, batch, runner)
    except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001
        _fail(batch, error, runner)
        return
    if pending is None:
        runner.finished(batch)
    else:
        runner.spawn(batch, _run_rest(function, batch, runner, pending))


async def _run_rest(
    function: AnyFunction, batch: Batch, runner: BatchRunner, pending: _Pending | None
) -> None:
    """As `run_batch`, from an input on whose handler has to be waited for."""
    try:
        while pending is not None:
            returned = await pending.start()
            if not batch.runs:
                # It has timed out, or was given up.
                return
            if returned is not None:
                _take_reply(pending.context, pending.handler, returned)
            batch.complete_input()
            pending = _call_next(function, batch, runner)
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if batch.runs:
            _fail(batch, error, runner)
        elif isinstance(error, asyncio.CancelledError):
            raise
        return
    runner.finished(batch)


class _Pending(NamedTuple):
    """A handler that has to be waited for."""

    context: Context[Any]
    handler: Handler
    start: Callable[[], Awaitable[Any]]
    """Calls an async def; a task that is cancelled at once leaves no coroutine behind."""


def _call_next(function: AnyFunction, batch: Batch, runner: BatchRunner) -> _Pending | None:
    """Runs inputs until one has to be waited for; None when none is left."""
    while batch.position < batch.count:
        position = batch.position
        typename = batch.inputs[position].typename
        handler = function.handler_of(typename)
        message = handler.decode(typename, batch.values[position])
        context: Context[Any] = Context(batch, runner, function.states)
        if handler.is_async:
            return _Pending(context, handler, partial(handler.call, context, message))
        returned = handler.call(context, message)
        if returned is not None:
            if hasattr(returned, "__await__"):
                return _Pending(context, handler, partial(_identity, returned))
            _take_reply(context, handler, returned)
        batch.complete_input()
    return None


def _identity(awaitable: Awaitable[Any]) -> Awaitable[Any]:
    return awaitable


def _take_reply(context: Context[Any], handler: Handler, returned: Any) -> None:
    if handler.replies is None:
        raise InvalidValueError(
            f"handler of {context.self.type_name} returned a {type(returned).__name__}: declare "
            "replies, or return nothing"
        )
    context.reply(handler.replies(returned))


def _fail(batch: Batch, error: BaseException, runner: BatchRunner) -> None:
    batch.fail_input(error)
    runner.failed(batch, error)
    runner.finished(batch)
