"""Messages that functions sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from statewire._session.type_index import TypeIndex
from statewire.address import Address
from statewire.message import to_type
from statewire.typed_value import Type, TypedValue
from statewire.v1 import stream_pb2 as pb

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that a function, or the test, sent."""

    target: Address
    message: TypedValue
    caller: Address | None = None
    """The function instance that sent it; None when the test did."""
    delay: timedelta | None = None
    """How long it was to wait; None for one that was sent at once."""
    token: str | None = None
    """Its cancellation token, if it has one."""

    def decode(self, type: Type[T] | type[T]) -> T:
        """The message as a value of a type or a message class.

        Raises `BadInputError` when it is of another type or does not decode.
        """
        return self.message.decode(to_type(type))


def to_sent(
    send: pb.Send, types: TypeIndex, caller: Address, scheduled: pb.DelayedSend | None = None
) -> SentMessage:
    """What a Send of the wire says."""
    name = types.name_of(send.type) if send.type else send.type_name
    value = send.value if send.HasField("value") else None
    return SentMessage(
        target=Address(name, send.id),
        message=TypedValue(send.typename, value),
        caller=caller,
        delay=None if scheduled is None else timedelta(milliseconds=scheduled.delay_ms),
        token=None if scheduled is None else scheduled.cancellation_token or None,
    )


def to_value(message: pb.EgressRecord | pb.Reply) -> TypedValue:
    """What a record or a reply of the wire holds."""
    return TypedValue(message.typename, message.value if message.HasField("value") else None)
