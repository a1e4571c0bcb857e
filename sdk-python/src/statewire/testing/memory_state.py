"""The states of one address of a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from statewire._session.slots import UNREAD, StateSlot
from statewire.state import Declared, States, encode_states
from statewire.v1 import stream_pb2 as pb


class _Stored(NamedTuple):
    value: bytes
    expires_at_ms: float


class MemoryState:
    """States with their expiry in virtual time.

    Expiry is decided when an invocation starts, as the runtime does: a value that expires while it
    runs stays valid for it.
    """

    def __init__(self, states: type[States]) -> None:
        self._states = states
        self._stored: dict[int, _Stored] = {}

    def slots(self, now_ms: float) -> list[StateSlot]:
        """What an invocation that starts now is given: eager states, lazy ones unread."""
        return [
            UNREAD if declared.lazy else self.read(declared.index, now_ms)
            for declared in self._states.declared
        ]

    def read(self, index: int, now_ms: float) -> bytes | None:
        """The bytes, if they have not expired."""
        stored = self._stored.get(index)
        return None if stored is None or stored.expires_at_ms <= now_ms else stored.value

    def apply(self, changes: Iterable[pb.StateValue], now_ms: float) -> None:
        """Applies what an invocation changed, and renews what an invocation renews."""
        for declared in self._states.declared:
            value = self.read(declared.index, now_ms)
            if value is None:
                self._stored.pop(declared.index, None)
            elif declared.expire_after_invocation_ms is not None:
                self._write(declared, value, now_ms)
        for change in changes:
            value = change.value if change.HasField("value") else None
            self._write(self._states.declared[change.state], value, now_ms)

    def seed(self, values: Mapping[str, Any], now_ms: float) -> None:
        """Writes states by the name of their attribute; None deletes."""
        for declared, value in encode_states(self._states, values):
            self._write(declared, value, now_ms)

    def decode(self, now_ms: float) -> dict[str, Any]:
        """All states by the name of their attribute, as a handler would read them."""
        return {
            name: declared.decode(self.read(declared.index, now_ms))
            for name, declared in self._states.by_attribute().items()
        }

    def _write(self, declared: Declared[Any, Any], value: bytes | None, now_ms: float) -> None:
        if value is None:
            self._stored.pop(declared.index, None)
            return
        after = declared.expire_after_write_ms or declared.expire_after_invocation_ms
        expires_at_ms = float("inf") if after is None else now_ms + after
        self._stored[declared.index] = _Stored(value, expires_at_ms)
