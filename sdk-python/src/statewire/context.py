"""What a handler can see and do."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from statewire._durations import to_milliseconds
from statewire._session.batch import Batch
from statewire._session.slots import StateSlot
from statewire.address import Address
from statewire.egress import Egress
from statewire.errors import ContextClosedError, InvalidValueError
from statewire.message import Sendable, to_typed_value
from statewire.state import States
from statewire.typed_value import TypedValue

S = TypeVar("S", bound=States)
T = TypeVar("T")

_TOKEN_BYTES_MAX = 255
_DELAY_MS_MAX = 2**53 - 1
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class BatchHost(Protocol):
    """Who runs a batch, as its contexts see it."""

    def load_state(self, batch: Batch, index: int) -> Awaitable[None]:
        """Done when the batch holds the state. Raises StreamLostError when it never will."""


class Context(Generic[S]):
    """What a handler can see and do while it handles one message.

    Everything it does takes effect together, exactly once, after the handler has finished; when the
    handler raises, nothing does.

    A context belongs to its message: using it after the handler has finished raises
    `ContextClosedError`.
    """

    __slots__ = ("_batch", "_host", "_position", "_state", "_states")

    def __init__(self, batch: Batch, host: BatchHost, states: type[S]) -> None:
        """Called by the SDK."""
        self._batch = batch
        self._host = host
        self._states = states
        self._position = batch.position
        self._state: S | None = None

    @property
    def state(self) -> S:
        """The states of this instance."""
        state = self._state
        if state is None:
            state = self._state = self._states(self)
        return state

    @property
    def self(self) -> Address:
        """The instance that runs. Send to it to continue later."""
        return self._batch.target

    @property
    def caller(self) -> Address | None:
        """The function instance that sent the message; None when it came from an ingress."""
        return self._batch.caller_of(self._batch.inputs[self._position])

    @property
    def attempt(self) -> int:
        """Failed attempts at this message so far."""
        return self._batch.attempt

    @property
    def wants_reply(self) -> bool:
        """Whether somebody waits for a reply."""
        return self._batch.inputs[self._position].wants_reply

    @property
    def traceparent(self) -> str | None:
        """The W3C traceparent that came with the message. It is passed on with what is sent."""
        return self._traceparent() or None

    def send(self, target: Address, message: Sendable) -> None:
        """Sends a message to a function.

        Raises `InvalidValueError` or `LimitExceededError`.
        """
        self._assert_open()
        self._batch.effects.send(target, to_typed_value(message), self._traceparent())

    def send_after(
        self, delay: timedelta, target: Address, message: Sendable, *, token: str | None = None
    ) -> None:
        """Sends a message no earlier than `delay` after this handler's effects.

        The delay is 0 or more, in whole milliseconds. A `token` of 1 to 255 bytes names the message,
        so that `cancel` can take it back; one that is pending already makes the whole result fail.

        Raises `InvalidValueError` or `LimitExceededError`.
        """
        self._assert_open()
        if token is not None:
            _validate_token(token)
        milliseconds = to_milliseconds(delay)
        if not 0 <= milliseconds <= _DELAY_MS_MAX:
            raise InvalidValueError(f"delay of {milliseconds} ms, expected 0 to {_DELAY_MS_MAX}")
        self._batch.effects.schedule(
            target, to_typed_value(message), self._traceparent(), milliseconds, token or ""
        )

    def cancel(self, token: str) -> None:
        """Takes back a delayed message that an instance with the same id sent.

        A token that is unknown or whose message is due already is ignored.

        Raises `InvalidValueError` for a token that is not 1 to 255 bytes, or `LimitExceededError`.
        """
        self._assert_open()
        _validate_token(token)
        self._batch.effects.cancel(token)

    def egress(self, egress: Egress[T], record: T) -> None:
        """Sends a record to the world outside.

        Raises `InvalidValueError` or `LimitExceededError`.
        """
        self._assert_open()
        self._batch.effects.egress(egress.name, egress.encode(record))

    def reply(self, message: Sendable) -> None:
        """Answers the caller at the ingress, once per message.

        Without anyone waiting it does nothing, so one handler serves calls and messages alike. A
        handler that is declared with `replies` returns its reply instead.

        Raises `InvalidValueError` when it is the second reply, or `LimitExceededError`.
        """
        self._assert_open()
        self._reply(to_typed_value(message))

    def _reply(self, message: TypedValue) -> None:
        if self.wants_reply:
            self._batch.effects.reply(self._position, message)

    def _traceparent(self) -> str:
        traceparent = self._batch.inputs[self._position].traceparent
        if traceparent and _TRACEPARENT.fullmatch(traceparent) is None:
            return ""
        return traceparent

    def _assert_open(self) -> None:
        if self._batch.position != self._position:
            raise self._closed()

    def _closed(self) -> ContextClosedError:
        return ContextClosedError(
            f"context of {self._batch.target.type_name} used after its handler had finished; await "
            "what it does"
        )

    def read_slot(self, index: int) -> StateSlot:
        """For `States`."""
        batch = self._batch
        if batch.position != self._position:
            raise self._closed()
        return batch.slots[index]

    def write_slot(self, index: int, value: bytes | None) -> None:
        """For `States`."""
        batch = self._batch
        if batch.position != self._position:
            raise self._closed()
        batch.write_state(index, value)

    def load_slot(self, index: int) -> Awaitable[None]:
        """For `States`."""
        return self._host.load_state(self._batch, index)


AnyContext = Context[Any]


def _validate_token(token: str) -> None:
    size = len(token.encode())
    if not 0 < size <= _TOKEN_BYTES_MAX:
        raise InvalidValueError(
            f"cancellation token of {size} bytes, expected 1 to {_TOKEN_BYTES_MAX}"
        )
