"""Types of one's own, and messages."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field
from typing import NamedTuple

import pydantic
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from typing_extensions import TypedDict

from statewire import (
    BadInputError,
    DeclarationError,
    InvalidValueError,
    Message,
    Type,
    TypedValue,
    types,
)
from statewire.message import to_type, to_typed_value


@dataclass
class Point:
    x: int
    y: int = 0


class Named(NamedTuple):
    x: int


class Loose(TypedDict):
    x: int


class Model(pydantic.BaseModel):
    x: int


class AddItem(Message, typename="shop/add-item"):
    item: str
    parts: list[Part] = field(default_factory=list)


@dataclass
class Part:
    name: str


@pytest.mark.parametrize(
    ("form", "value", "encoded"),
    [
        (Point, Point(1), b'{"x":1,"y":0}'),
        (Named, Named(1), b"[1]"),
        (Loose, {"x": 1}, b'{"x":1}'),
        (Model, Model(x=1), b'{"x":1}'),
        (list[str], ["é"], '["é"]'.encode()),
    ],
)
def test_json_is_checked_both_ways(form, value, encoded):
    checked = types.json("shop/x", form)
    assert checked.encode(value) == encoded
    assert checked.decode(encoded) == value
    with pytest.raises(InvalidValueError):
        checked.decode(b'{"x":"one"}')
    with pytest.raises(InvalidValueError):
        checked.encode(object())


def test_a_dataclass_whose_field_is_not_what_it_says_is_not_written():
    with pytest.raises(InvalidValueError, match="Expected `int`, got `str`"):
        types.json("shop/x", Point).encode(Point("one"))  # type: ignore[arg-type]


def test_json_without_a_form_is_unchecked():
    assert types.json("shop/x").decode(b'{"a":[1,null]}') == {"a": [1, None]}
    with pytest.raises(InvalidValueError):
        types.json("shop/x").decode(b"{")
    with pytest.raises(InvalidValueError):
        types.json("shop/x").decode(b'"\xc3\x28"')


def test_a_message_class_is_a_frozen_dataclass_that_knows_its_type():
    message = AddItem("tea", [Part("leaf")])
    assert message == AddItem(item="tea", parts=[Part("leaf")])
    with pytest.raises(FrozenInstanceError):
        message.item = "milk"  # type: ignore[misc]
    sent = to_typed_value(message)
    assert tuple(sent) == ("shop/add-item", b'{"item":"tea","parts":[{"name":"leaf"}]}')
    assert sent.decode(to_type(AddItem)) == message
    match message:
        case AddItem(item=item):
            assert item == "tea"


def test_a_message_class_needs_a_typename():
    with pytest.raises(TypeError, match="typename"):

        class _Nameless(Message):  # type: ignore[call-arg]
            pass

    with pytest.raises(DeclarationError, match='"namespace/name"'):

        class _Misnamed(Message, typename="nothing"):
            pass


def test_protobuf_messages_have_the_name_of_statefuns_convention():
    sent = to_typed_value(Timestamp(seconds=5))
    assert tuple(sent) == ("type.googleapis.com/google.protobuf.Timestamp", b"\x08\x05")
    assert sent.decode(types.protobuf(Timestamp)) == Timestamp(seconds=5)
    assert types.protobuf(Timestamp, "shop/time")(Timestamp()).typename == "shop/time"
    with pytest.raises(InvalidValueError):
        types.protobuf(Timestamp).encode(types.INT(1))
    with pytest.raises(InvalidValueError):
        types.protobuf(Timestamp).decode(b"\xff")


def test_raw_bytes_named_types_and_types_of_ones_own():
    assert types.raw("shop/x").encode(bytearray(b"ab")) == b"ab"  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        types.raw("shop/x").encode("ab")  # type: ignore[arg-type]
    deposit = types.named("bank/deposit", types.LONG)
    assert deposit(1) == ("bank/deposit", bytes.fromhex("090100000000000000"))
    text = Type("shop/text", encode=str.encode, decode=bytes.decode)
    assert text.decode(text.encode("é")) == "é"


def test_a_typed_value_decodes_as_its_own_type_only():
    value = types.INT(5)
    assert value.is_a(types.INT)
    assert value.decode(types.INT) == 5
    with pytest.raises(BadInputError, match=r"expected a value of io\.statefun\.types/long"):
        value.decode(types.LONG)
    with pytest.raises(BadInputError, match="without a value"):
        TypedValue("io.statefun.types/int", None).decode(types.INT)
    with pytest.raises(BadInputError, match="bytes that are not"):
        TypedValue("io.statefun.types/int", b"\xff").decode(types.INT)


@pytest.mark.parametrize("typename", ["", "int", "/int", "shop/", "shop/" + "x" * 255])
def test_a_typename_has_a_namespace_and_a_name(typename):
    with pytest.raises(DeclarationError):
        types.raw(typename)


@pytest.mark.parametrize("message", [5, "tea", {"item": "tea"}, Point(1), None])
def test_what_does_not_know_its_type_is_no_message(message):
    with pytest.raises(InvalidValueError, match="expected a message"):
        to_typed_value(message)
    with pytest.raises(DeclarationError):
        to_type(message)
