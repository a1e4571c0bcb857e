"""JSON under a typename."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from statewire.typed_value import Type


def json_type(typename: str, form: Any) -> Type[Any]:
    """JSON that is checked against `form`, which may be defined later than this is called."""
    if hasattr(form, "model_validate_json") and hasattr(form, "model_dump_json"):
        return _pydantic_type(typename, form)
    read = _Decoder(form)

    def encode(value: Any) -> bytes:
        encoded = msgspec.json.encode(value)
        # What is written is what can be read: the annotations of a dataclass alone check nothing.
        read(encoded)
        return encoded

    return Type(typename, encode=encode, decode=read)


def unchecked_json_type(typename: str) -> Type[Any]:
    """Any JSON, as dictionaries, lists and plain values."""
    return Type(typename, encode=msgspec.json.encode, decode=msgspec.json.decode)


class _Decoder:
    """Made when the first value comes: annotations may name classes that do not exist before."""

    __slots__ = ("_decode", "_form")

    def __init__(self, form: Any) -> None:
        self._form = form
        self._decode: Callable[[bytes], Any] | None = None

    def __call__(self, data: bytes) -> Any:
        if self._decode is None:
            self._decode = msgspec.json.Decoder(self._form).decode
        return self._decode(data)


def _pydantic_type(typename: str, model: Any) -> Type[Any]:
    def encode(value: Any) -> bytes:
        if not isinstance(value, model):
            raise TypeError(f"expected a {model.__name__}, received {type(value).__name__}")
        encoded: bytes = value.model_dump_json(by_alias=True).encode()
        model.model_validate_json(encoded)
        return encoded

    return Type(typename, encode=encode, decode=model.model_validate_json)
