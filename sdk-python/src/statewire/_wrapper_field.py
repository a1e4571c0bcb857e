"""Reads the protobuf messages with one field that StateFun's six types are."""

from __future__ import annotations

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES_MAX = 10


def find_wrapper_field(data: bytes, wire_type: int) -> tuple[int, int] | None:
    """Finds field 1: the byte range of its last occurrence, or None when it is not there.

    Other fields are skipped, as protobuf asks.

        tag (varint: field << 3 | wire type)   payload (by wire type)   ...repeated

    Raises `ValueError` when the bytes are not a message, or field 1 has another wire type.
    """
    found = None
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        start, end = _payload_range(data, position, tag & 7)
        if end > len(data):
            raise ValueError(f"field ends at byte {end} of {len(data)}")
        if tag >> 3 == 1:
            if tag & 7 != wire_type:
                raise ValueError(f"field 1 has wire type {tag & 7}, not {wire_type}")
            found = (start, end)
        position = end
    return found


def _payload_range(data: bytes, position: int, wire_type: int) -> tuple[int, int]:
    if wire_type == _VARINT:
        return position, _read_varint(data, position)[1]
    if wire_type == _FIXED64:
        return position, position + 8
    if wire_type == _BYTES:
        length, start = _read_varint(data, position)
        return start, start + length
    if wire_type == _FIXED32:
        return position, position + 4
    raise ValueError(f"wire type {wire_type} is unknown")


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + _VARINT_BYTES_MAX]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004
            return value, position + index + 1
    raise ValueError(f"varint at byte {position} does not end")


def encode_varint(value: int) -> bytes:
    """A number of 0 or more as a protobuf varint."""
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        encoded.append((value & 0x7F) | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
