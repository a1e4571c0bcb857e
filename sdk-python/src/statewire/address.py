"""Names of function instances."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from statewire.errors import DeclarationError

_NAME_PART_BYTES_MAX = 255


class Address(NamedTuple):
    """The name of one function instance, for example `Address("shop/cart", "alice")`.

    Instances are virtual: an address exists by being named. `str(address)` is
    `namespace/type/id`. Whether the parts are well-formed is checked when a message is sent.
    """

    type_name: str
    """The function type: "namespace/type", two parts of 1 to 255 bytes without "/"."""

    id: str
    """The instance; any text, the empty one included."""

    @property
    def namespace(self) -> str:
        """The part of `type_name` before the slash."""
        return self.type_name.partition("/")[0]

    @property
    def type(self) -> str:
        """The part of `type_name` after the slash."""
        return self.type_name.partition("/")[2]

    def __str__(self) -> str:
        return f"{self.type_name}/{self.id}"


@lru_cache(maxsize=4096)
def parse_type_name(type_name: str) -> tuple[str, str]:
    """Splits "namespace/type".

    Raises `DeclarationError` when there is not exactly one "/" between two parts of 1 to 255 bytes.
    """
    if isinstance(type_name, str):
        namespace, slash, name = type_name.partition("/")
        if slash and "/" not in name and is_name_part(namespace) and is_name_part(name):
            return namespace, name
    raise DeclarationError(
        f'function type {type_name!r} is not "namespace/type" with two parts of 1 to 255 bytes'
    )


def is_name_part(part: str) -> bool:
    """Whether text can be the namespace or the type of a function type."""
    return 0 < len(part.encode()) <= _NAME_PART_BYTES_MAX
