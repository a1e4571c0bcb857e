"""States that a stream keeps between invocations."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

from statewire._session.slots import StateSlot

AddressKey: TypeAlias = tuple[int, str]
"""An address on one stream: type index and id."""

_ENTRY_BYTES = 400
"""What an address without state counts: its key, its entry, its place in the order of use."""


class Leases:
    """Eager states by address, each under the version that the runtime may name.

    They are forgotten from the least recently used on when either limit is passed.
    """

    __slots__ = ("_addresses_max", "_bytes", "_bytes_max", "_held")

    def __init__(self, addresses_max: int, bytes_max: int) -> None:
        self._addresses_max = addresses_max
        self._bytes_max = bytes_max
        self._held: OrderedDict[AddressKey, tuple[int, list[StateSlot], int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def take(self, key: AddressKey, version: int) -> list[StateSlot] | None:
        """The states, if they are of exactly this version. Whatever is held is dropped."""
        held = self._held.pop(key, None)
        if held is None:
            return None
        self._bytes -= held[2]
        return held[1] if held[0] == version else None

    def keep(self, key: AddressKey, version: int, slots: list[StateSlot]) -> None:
        """Holds states that `take` has taken or that came with an invocation."""
        size = _ENTRY_BYTES + len(key[1])
        for slot in slots:
            if type(slot) is bytes:
                size += len(slot)
        self._held[key] = (version, slots, size)
        self._bytes += size
        while len(self._held) > self._addresses_max or self._bytes > self._bytes_max:
            _, (_, _, forgotten) = self._held.popitem(last=False)
            self._bytes -= forgotten
