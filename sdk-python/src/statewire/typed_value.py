"""Types, and values that carry the name of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from statewire.errors import BadInputError, DeclarationError, InvalidValueError

T = TypeVar("T")

_TYPENAME_BYTES_MAX = 255


class TypedValue(NamedTuple):
    """Bytes with the name of their type: what messages, state and records are on the wire."""

    typename: str
    """"namespace/name", for example "io.statefun.types/long"."""

    value: bytes | None
    """Absent and empty differ: `None` is no value, `b""` is a value of zero bytes."""

    def is_a(self, type: Type[T]) -> bool:
        """Whether the value carries the name of this type."""
        return self.typename == type.typename

    def decode(self, type: Type[T]) -> T:
        """The value as one of the type.

        Raises `BadInputError` when the typename is another one, the value is absent, or its bytes do
        not decode.
        """
        return decode_received(type, self.typename, self.value)


class Type(Generic[T]):
    """How values of `T` become bytes and back, under a name that every language shares.

    Calling a type makes a message of a value: `ctx.send(target, types.INT(5))`. See
    `statewire.types` for those that exist; this constructor is for a type of your own:

        TEXT = Type("shop/text", encode=str.encode, decode=bytes.decode)
    """

    __slots__ = ("decode_bytes", "encode_value", "typename")

    typename: str
    """"namespace/name"."""

    def __init__(
        self, typename: str, *, encode: Callable[[T], bytes], decode: Callable[[bytes], T]
    ) -> None:
        """Both functions raise any exception for what they do not take.

        Raises `DeclarationError` when the typename is not "namespace/name" of at most 255 bytes.
        """
        self.typename = validate_typename(typename)
        # As they were given: the SDK says itself whose mistake an error of theirs is.
        self.encode_value = encode
        self.decode_bytes = decode

    def __call__(self, value: T) -> TypedValue:
        """The value as a message. Raises `InvalidValueError` when it is not one of the type."""
        return TypedValue(self.typename, self.encode(value))

    def __repr__(self) -> str:
        return f"<Type {self.typename}>"

    def encode(self, value: T) -> bytes:
        """The bytes of a value. Raises `InvalidValueError` when it is not one of the type."""
        try:
            encoded = self.encode_value(value)
        except Exception as cause:
            raise InvalidValueError(
                f"value cannot be encoded as {self.typename}: {describe_cause(cause)}"
            ) from cause
        return encoded if type(encoded) is bytes else bytes(encoded)

    def decode(self, data: bytes) -> T:
        """The value of the bytes. Raises `InvalidValueError` when they are not one of the type."""
        try:
            return self.decode_bytes(data)
        except Exception as cause:
            raise InvalidValueError(
                f"bytes are not {self.typename}: {describe_cause(cause)}"
            ) from cause


def validate_typename(typename: str) -> str:
    """Checks a typename and returns it."""
    namespace, _, name = typename.rpartition("/")
    if not namespace or not name or len(typename.encode()) > _TYPENAME_BYTES_MAX:
        raise DeclarationError(
            f'typename {typename!r} is not "namespace/name" of at most {_TYPENAME_BYTES_MAX} bytes'
        )
    return typename


def decode_received(type: Type[T], typename: str, value: bytes | None) -> T:
    """Decodes what came from the runtime. Raises `BadInputError`."""
    if typename != type.typename:
        raise BadInputError(f"expected a value of {type.typename}, received {typename}")
    if value is None:
        raise BadInputError(f"received {typename} without a value")
    try:
        return type.decode_bytes(value)
    except Exception as cause:
        raise BadInputError(
            f"received bytes that are not {typename}: {describe_cause(cause)}"
        ) from cause


def describe_cause(cause: BaseException) -> str:
    """What an exception says, or its name when it says nothing."""
    return str(cause) or type(cause).__name__
