"""One entry of the function table, as one stream runs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from statewire._session.protocol_violation import ProtocolViolation
from statewire._session.slots import UNREAD, StateSlot
from statewire.v1 import stream_pb2 as pb

StateQuestion: TypeAlias = tuple[int, ...] | Literal["eager"]
"""What a StateRequest asked for: state indexes, or all eager states of a missing lease."""


class FunctionPlan:
    """How an entry's invocations are checked, and their states laid out."""

    __slots__ = (
        "_eager",
        "_empty",
        "batch_max",
        "in_flight",
        "in_flight_max",
        "index",
        "lazy_states",
    )

    def __init__(self, index: int, spec: pb.FunctionSpec) -> None:
        self.index = index
        """Position of the function in the table, from 0."""
        self.in_flight_max = spec.in_flight_max
        self.batch_max = spec.batch_max
        self.in_flight = 0
        """Invocations of the entry in flight."""
        self.lazy_states: Sequence[bool] = [state.lazy for state in spec.states]
        """By state index, as the table announced it."""
        self._eager = [index for index, lazy in enumerate(self.lazy_states) if not lazy]
        self._empty: list[StateSlot] = [UNREAD if lazy else None for lazy in self.lazy_states]

    @property
    def has_eager_states(self) -> bool:
        """Whether a lease of the entry's addresses holds anything."""
        return bool(self._eager)

    def listed_slots(
        self, states: Sequence[pb.StateValue], value_bytes_max: int
    ) -> tuple[list[StateSlot], int]:
        """The slots of an invocation that lists its states, and their payload bytes.

        Raises ProtocolViolation STATE-1 for an unknown, lazy or repeated state, or LIMIT-2.
        """
        slots = self._empty.copy()
        payload_bytes = 0
        listed: set[int] | None = None
        for state in states:
            index, value = state.state, state.value
            if index not in self._eager or (listed is not None and index in listed):
                raise ProtocolViolation(
                    "STATE-1",
                    f"state index {index} is listed, expected each eager state at most once",
                )
            if len(states) > 1:
                listed = listed or set()
                listed.add(index)
            if len(value) > value_bytes_max:
                raise too_large(value, value_bytes_max)
            payload_bytes += len(value)
            slots[index] = value if value or state.HasField("value") else None
        return slots, payload_bytes

    def leased_slots(self, held: list[StateSlot]) -> list[StateSlot]:
        """Held eager states, with the lazy ones to be read anew. The slots are given away."""
        if len(self._eager) < len(self._empty):
            for index, lazy in enumerate(self.lazy_states):
                if lazy:
                    held[index] = UNREAD
        return held

    def unread_slots(self) -> list[StateSlot]:
        """Slots of which nothing is known yet."""
        return [UNREAD] * len(self._empty)

    def validate_reply(self, asked: StateQuestion, reply: Iterable[pb.StateValue]) -> None:
        """Raises ProtocolViolation LAZY-3 unless the reply holds exactly what was asked for."""
        expected = self._eager if asked == "eager" else list(asked)
        received = [state.state for state in reply]
        if sorted(received) != sorted(expected):
            raise ProtocolViolation(
                "LAZY-3", f"state reply holds states {received}, expected each of {expected} once"
            )


def too_large(value: bytes, value_bytes_max: int) -> ProtocolViolation:
    """The violation of a value that is too large."""
    return ProtocolViolation(
        "LIMIT-2", f"value of {len(value)} bytes exceeds value_bytes_max {value_bytes_max}"
    )
