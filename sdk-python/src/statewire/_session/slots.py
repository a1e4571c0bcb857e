"""States on their way: bytes, none, or not known yet."""

from __future__ import annotations

import enum
from typing import Final, Literal, TypeAlias


class Unread(enum.Enum):
    """The type of `UNREAD`."""

    UNREAD = 0


UNREAD: Final = Unread.UNREAD
"""The value of a lazy state that has not been asked for yet."""

StateSlot: TypeAlias = bytes | Literal[Unread.UNREAD] | None
"""A state's bytes, that it has none, or that nobody has asked yet."""
