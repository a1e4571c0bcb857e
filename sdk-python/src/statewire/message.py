"""Messages that know their type, and what can be sent."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, TypeAlias, TypeVar

from google.protobuf.message import Message as ProtobufMessage
from typing_extensions import dataclass_transform

from statewire import _json_type, types
from statewire.errors import DeclarationError, InvalidValueError
from statewire.typed_value import Type, TypedValue

M = TypeVar("M")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class Message:
    """The base class of messages that are JSON on the wire.

        class AddItem(Message, typename="shop/add-item"):
            item: str
            count: int = 1

        ctx.send(cart.at("alice"), AddItem("tea"))

    A subclass is a frozen dataclass. Its fields are what JSON can hold: plain values, lists,
    dictionaries, other dataclasses, enums, dates. They are validated when a message is read and when
    it is sent.
    """

    statewire_type: ClassVar[Type[Any]]
    """The type of the class's messages; also for `State(AddItem.statewire_type)`."""

    def __init_subclass__(cls, *, typename: str) -> None:
        """Raises `DeclarationError` when the typename is not "namespace/name"."""
        super().__init_subclass__()
        dataclasses.dataclass(frozen=True)(cls)
        cls.statewire_type = _json_type.json_type(typename, cls)


Sendable: TypeAlias = TypedValue | Message | ProtobufMessage
"""What can be sent: `types.INT(5)`, an instance of a `Message` class, or a protobuf message."""


def to_typed_value(message: Sendable) -> TypedValue:
    """A message as the wire has it. Raises `InvalidValueError` when it is none."""
    kind = type(message)
    if kind is TypedValue:
        return message  # type: ignore[return-value]
    if isinstance(message, Message):
        typed: TypedValue = message.statewire_type(message)
        return typed
    if isinstance(message, ProtobufMessage):
        return types.protobuf(kind)(message)  # type: ignore[arg-type]
    if isinstance(message, TypedValue):
        return message
    raise InvalidValueError(
        f"expected a message such as types.INT(5), received {kind.__name__}; a type makes one "
        "when it is called with a value"
    )


def to_type(accepts: Type[M] | type[M]) -> Type[M]:
    """The type of a message class, or the type as it is. Raises `DeclarationError`."""
    if isinstance(accepts, Type):
        return accepts
    if isinstance(accepts, type) and accepts is not Message:
        if issubclass(accepts, Message):
            return accepts.statewire_type
        if issubclass(accepts, ProtobufMessage):
            return types.protobuf(accepts)  # type: ignore[arg-type]
    raise DeclarationError(
        f"expected a type such as types.INT, a subclass of Message or a protobuf message, "
        f"received {accepts!r}"
    )
