"""StateFun's six types.

Each is a protobuf message with its value in field 1, so the default value encodes to zero bytes, and
reading zero bytes gives the default value:

    bool     08 01                       string   0A <length varint> <UTF-8>
    int      0D <4 bytes, sfixed32>      float    0D <4 bytes>
    long     09 <8 bytes, sfixed64>      double   09 <8 bytes>

A decoder first looks for exactly that, then falls back to reading any protobuf message.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeVar

from statewire._wrapper_field import encode_varint, find_wrapper_field
from statewire.typed_value import Type

N = TypeVar("N", int, float)

_TAG_STRING = 0x0A
_TAG_FIXED32 = 0x0D
_TAG_FIXED64 = 0x09
_SHORT_STRING_BYTES_MAX = 0x7F


def _encode_bool(value: bool) -> bytes:
    if value is True:
        return b"\x08\x01"
    if value is False:
        return b""
    raise TypeError(f"expected a bool, received {_describe(value)}")


def _decode_bool(data: bytes) -> bool:
    field = find_wrapper_field(data, 0)
    return field is not None and any(byte & 0x7F for byte in data[field[0] : field[1]])


def _fixed_type(typename: str, tag: int, layout: str, check: Callable[[Any], N]) -> Type[N]:
    """A type whose value has a fixed width: the tag, then the value as `struct` lays it out."""
    whole = struct.Struct(f"<B{layout}")
    payload = struct.Struct(f"<{layout}")
    size, pack, unpack = whole.size, whole.pack, whole.unpack
    zero = bytes([tag]) + bytes(payload.size)
    wire_type = tag & 7
    default = check(0)

    def encode(value: N) -> bytes:
        encoded = pack(tag, check(value))
        # Negative zero is not the default value: only the bits of +0 are left out.
        return b"" if encoded == zero else encoded

    def decode(data: bytes) -> N:
        if len(data) == size and data[0] == tag:
            return unpack(data)[1]  # type: ignore[no-any-return]
        field = find_wrapper_field(data, wire_type)
        if field is None:
            return default
        return payload.unpack_from(data, field[0])[0]  # type: ignore[no-any-return]

    return Type(typename, encode=encode, decode=decode)


def _integer(value: Any) -> int:
    if type(value) is int or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"expected an int, received {_describe(value)}")


def _number(value: Any) -> float:
    if type(value) is float or (isinstance(value, int | float) and not isinstance(value, bool)):
        return float(value)
    raise TypeError(f"expected a float, received {_describe(value)}")


def _encode_string(value: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"expected a str, received {_describe(value)}")
    if not value:
        return b""
    text = value.encode()
    if len(text) <= _SHORT_STRING_BYTES_MAX:
        return bytes((_TAG_STRING, len(text))) + text
    return bytes([_TAG_STRING]) + encode_varint(len(text)) + text


def _decode_string(data: bytes) -> str:
    field = find_wrapper_field(data, 2)
    return "" if field is None else data[field[0] : field[1]].decode()


def _describe(value: object) -> str:
    kind = type(value).__name__
    return f"{kind} {value}" if isinstance(value, int | float) else kind


BOOL: Type[bool] = Type("io.statefun.types/bool", encode=_encode_bool, decode=_decode_bool)
INT: Type[int] = _fixed_type("io.statefun.types/int", _TAG_FIXED32, "i", _integer)
LONG: Type[int] = _fixed_type("io.statefun.types/long", _TAG_FIXED64, "q", _integer)
FLOAT: Type[float] = _fixed_type("io.statefun.types/float", _TAG_FIXED32, "f", _number)
DOUBLE: Type[float] = _fixed_type("io.statefun.types/double", _TAG_FIXED64, "d", _number)
STRING: Type[str] = Type("io.statefun.types/string", encode=_encode_string, decode=_decode_string)
