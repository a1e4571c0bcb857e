"""Ways to the world outside."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, overload

from statewire.address import parse_type_name
from statewire.message import Sendable, to_typed_value
from statewire.typed_value import Type, TypedValue

T = TypeVar("T")


class Egress(Generic[T]):
    """Where records for the world outside go. `T` is what it takes.

        receipts = Egress("shop/receipts", types.json("shop/receipt", list[str]))
        ctx.egress(receipts, ["tea"])

    Without a type it takes messages of any type: `ctx.egress(Egress("shop/log"), types.INT(5))`.
    """

    __slots__ = ("name", "type")

    name: str
    """"namespace/name", as the runtime's module declares it."""

    type: Type[T] | None
    """Encodes the records; None for an egress that takes messages of any type."""

    @overload
    def __init__(self: Egress[Sendable], name: str) -> None: ...
    @overload
    def __init__(self, name: str, type: Type[T]) -> None: ...
    def __init__(self, name: str, type: Type[Any] | None = None) -> None:
        """Raises `DeclarationError` when the name is not "namespace/name"."""
        parse_type_name(name)
        self.name = name
        self.type = type

    def __repr__(self) -> str:
        return f"<Egress {self.name}>"

    def encode(self, record: Any) -> TypedValue:
        """A record as the wire has it. Raises `InvalidValueError`."""
        return to_typed_value(record) if self.type is None else self.type(record)
