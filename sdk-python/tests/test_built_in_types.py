"""The six types of StateFun, byte for byte."""

import math

import pytest

from statewire import InvalidValueError, types

# Value and bytes, as StateFun's own SDKs write them.
VECTORS = [
    (types.BOOL, False, ""),
    (types.BOOL, True, "0801"),
    (types.INT, 0, ""),
    (types.INT, 1, "0d01000000"),
    (types.INT, -1, "0dffffffff"),
    (types.INT, -(2**31), "0d00000080"),
    (types.LONG, 0, ""),
    (types.LONG, 1, "090100000000000000"),
    (types.LONG, -1, "09ffffffffffffffff"),
    (types.LONG, 2**63 - 1, "09ffffffffffffff7f"),
    (types.FLOAT, 0.0, ""),
    (types.FLOAT, -0.0, "0d00000080"),
    (types.FLOAT, 1.5, "0d0000c03f"),
    (types.DOUBLE, 0.0, ""),
    (types.DOUBLE, -0.0, "090000000000000080"),
    (types.DOUBLE, 1.5, "09000000000000f83f"),
    (types.STRING, "", ""),
    (types.STRING, "hi", "0a026869"),
    (types.STRING, "é日", "0a05c3a9e697a5"),
    (types.STRING, "x" * 128, "0a8001" + "78" * 128),
]


@pytest.mark.parametrize(("type", "value", "encoded"), VECTORS)
def test_values_are_written_and_read_as_statefun_does(type, value, encoded):
    assert type.encode(value).hex() == encoded
    decoded = type.decode(bytes.fromhex(encoded))
    assert decoded == value
    assert math.copysign(1, decoded) == math.copysign(1, value) if decoded == 0.0 else True


def test_a_nan_is_written_as_statefun_does():
    assert types.DOUBLE.encode(math.nan).hex() == "09000000000000f87f"
    assert math.isnan(types.DOUBLE.decode(bytes.fromhex("09000000000000f87f")))


def test_the_names_are_those_of_statefun():
    named = ["BOOL", "INT", "LONG", "FLOAT", "DOUBLE", "STRING"]
    assert [getattr(types, name).typename for name in named] == [
        f"io.statefun.types/{name.lower()}" for name in named
    ]


@pytest.mark.parametrize(
    ("type", "encoded", "value"),
    [
        (types.INT, "0d00000000", 0),
        (types.BOOL, "0800", False),
        (types.BOOL, "088000", False),
        (types.STRING, "0a00", ""),
        (types.LONG, "1005090100000000000000", 1),
        (types.LONG, "090100000000000000090200000000000000", 2),
        (types.INT, "0d010000001a0161", 1),
    ],
)
def test_defaults_unknown_fields_and_repeated_fields_are_read_as_protobuf_says(
    type, encoded, value
):
    assert type.decode(bytes.fromhex(encoded)) == value


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (types.BOOL, 1),
        (types.INT, 1.5),
        (types.INT, True),
        (types.INT, 2**31),
        (types.LONG, 2**63),
        (types.LONG, "1"),
        (types.FLOAT, "1"),
        (types.FLOAT, 1e300),
        (types.DOUBLE, True),
        (types.STRING, 1),
        (types.STRING, "\ud800"),
    ],
)
def test_values_of_another_kind_are_not_written(type, value):
    with pytest.raises(InvalidValueError, match=type.typename):
        type.encode(value)


@pytest.mark.parametrize(
    ("type", "encoded"),
    [
        (types.LONG, "0901"),
        (types.INT, "0801"),
        (types.STRING, "0a02c328"),
        (types.STRING, "0a0568"),
        (types.BOOL, "0b"),
        (types.BOOL, "08ffffffffffffffffffff01"),
    ],
)
def test_bytes_of_another_kind_are_not_read(type, encoded):
    with pytest.raises(InvalidValueError, match=type.typename):
        type.decode(bytes.fromhex(encoded))
