"""The types of messages, state, egress records and replies.

`BOOL`, `INT`, `LONG`, `FLOAT`, `DOUBLE` and `STRING` have the names and the bytes of Apache Flink
StateFun's types. `json`, `protobuf` and `raw` make types of your own, and so does
`statewire.Type(typename, encode=..., decode=...)`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar, overload

from google.protobuf.message import Message as ProtobufMessage

from statewire import _built_in_types, _json_type
from statewire.typed_value import Type

__all__ = [
    "BOOL",
    "DOUBLE",
    "FLOAT",
    "INT",
    "LONG",
    "STRING",
    "json",
    "named",
    "protobuf",
    "raw",
]

T = TypeVar("T")
P = TypeVar("P", bound=ProtobufMessage)

BOOL = _built_in_types.BOOL
"""`bool`."""

INT = _built_in_types.INT
"""`int` of 32 bits, signed. A larger one raises `InvalidValueError`."""

LONG = _built_in_types.LONG
"""`int` of 64 bits, signed. A larger one raises `InvalidValueError`."""

FLOAT = _built_in_types.FLOAT
"""`float`, rounded to 32 bits. One that is too large for them raises `InvalidValueError`."""

DOUBLE = _built_in_types.DOUBLE
"""`float`."""

STRING = _built_in_types.STRING
"""`str`."""


@overload
def json(typename: str) -> Type[Any]: ...
@overload
def json(typename: str, form: type[T]) -> Type[T]: ...
@overload
def json(typename: str, form: Any) -> Type[Any]: ...
def json(typename: str, form: Any = None) -> Type[Any]:
    """JSON in UTF-8 under a typename of yours.

    `form` is what the values are: a dataclass, a `TypedDict`, a `NamedTuple`, an attrs class, a
    pydantic model, a msgspec Struct, or an annotation such as `list[str]`. Values are validated when
    they are read and when they are written. Without a form they are any JSON, and unchecked.

        types.json("shop/items", list[str])

    Raises `DeclarationError` when the typename is not "namespace/name".
    """
    if form is None:
        return _json_type.unchecked_json_type(typename)
    return _json_type.json_type(typename, form)


@lru_cache(maxsize=4096)
def protobuf(message: type[P], typename: str | None = None) -> Type[P]:
    """A protobuf message with the class that protoc generated for it.

    The typename is StateFun's convention, "type.googleapis.com/full.name.of.Message", unless you
    name another.

    Raises `DeclarationError` when the typename is not "namespace/name".
    """

    def encode(value: P) -> bytes:
        if not isinstance(value, message):
            raise TypeError(f"expected a {message.__name__}, received {type(value).__name__}")
        return value.SerializeToString()

    full_name: str = message.DESCRIPTOR.full_name
    return Type(
        typename or f"type.googleapis.com/{full_name}", encode=encode, decode=message.FromString
    )


def raw(typename: str) -> Type[bytes]:
    """Bytes as they are.

    Raises `DeclarationError` when the typename is not "namespace/name".
    """
    return Type(typename, encode=_encode_raw, decode=bytes)


def named(typename: str, type: Type[T]) -> Type[T]:
    """The bytes of another type under a typename of their own: `named("bank/deposit", LONG)`.

    Raises `DeclarationError` when the typename is not "namespace/name".
    """
    return Type(typename, encode=type.encode_value, decode=type.decode_bytes)


def _encode_raw(value: bytes) -> bytes:
    if type(value) is bytes:
        return value
    if not isinstance(value, bytearray | memoryview):
        raise TypeError(f"expected bytes, received {type(value).__name__}")
    return bytes(value)
