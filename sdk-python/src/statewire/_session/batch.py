"""The run of one invocation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statewire._session.effects import Effects
from statewire._session.failures import create_failure
from statewire._session.function_plan import FunctionPlan, StateQuestion
from statewire._session.handshake import Limits
from statewire._session.leases import AddressKey
from statewire._session.slots import UNREAD, StateSlot
from statewire._session.type_index import TypeIndex
from statewire.address import Address
from statewire.errors import LimitExceededError
from statewire.v1 import stream_pb2 as pb


class Batch:
    """The inputs of one invocation in order, and what they did so far.

        running(position) --complete_input--> running(position + 1) ... --last--> finished
        running(position) --fail_input------> finished, without the effects of the input at position
        running(position) --abandon---------> given up: there will be no result

    Invariant: effects of the input at `position` can be undone; those of earlier inputs stay.
    """

    __slots__ = (
        "_attempt",
        "_changed",
        "_changed_before",
        "_slots_before",
        "_types",
        "deadline_ms",
        "effects",
        "failure",
        "given_up",
        "inputs",
        "invocation_id",
        "key",
        "limits",
        "payload_bytes",
        "plan",
        "position",
        "questions",
        "received_ms",
        "slots",
        "target",
        "timeout_ms",
        "values",
    )

    def __init__(
        self,
        invocation: pb.Invocation,
        *,
        inputs: Sequence[pb.Input],
        values: Sequence[bytes | None],
        target: Address,
        plan: FunctionPlan,
        slots: list[StateSlot],
        limits: Limits,
        types: TypeIndex,
    ) -> None:
        """The batch takes `slots` over."""
        self.invocation_id = invocation.invocation_id
        self.timeout_ms = invocation.timeout_ms
        self._attempt = invocation.attempt
        self.inputs = inputs
        self.values = values
        self.target = target
        self.plan = plan
        self.slots = slots
        self.limits = limits
        self.effects = Effects(limits, types)
        self._types = types
        self.position = 0
        """How many inputs have succeeded: the index of the one that runs."""
        self.failure: pb.Failure | None = None
        self.given_up = False
        self._changed: set[int] = set()
        # The states before the current input; absent until it writes one.
        self._slots_before: list[StateSlot] | None = None
        self._changed_before: set[int] = set()

        # What the session keeps of a batch in flight.
        self.key: AddressKey = (invocation.type, target.id)
        self.payload_bytes = 0
        """What it counts against the window."""
        self.received_ms = 0.0
        self.deadline_ms = float("inf")
        """From then on the runtime has given it up."""
        self.questions: list[StateQuestion] | None = None
        """StateRequests that await their replies, in order; none for most."""

    @property
    def runs(self) -> bool:
        """Whether an input is still to be handled: neither finished nor given up."""
        return self.failure is None and not self.given_up and self.position < len(self.inputs)

    @property
    def attempt(self) -> int:
        """Failed attempts at the running input; only the first input has any."""
        return self._attempt if self.position == 0 else 0

    def caller_of(self, received: pb.Input) -> Address | None:
        """Who sent an input; None when it came from an ingress."""
        caller_type = received.caller_type
        if caller_type == 0:
            return None
        return Address(self._types.name_of(caller_type), received.caller_id)

    def load_states(self, states: Iterable[pb.StateValue]) -> None:
        """Fills slots that were unread with what the runtime has. A value written meanwhile stays."""
        for state in states:
            index = state.state
            value = state.value if state.HasField("value") else None
            if self.slots[index] is UNREAD:
                self.slots[index] = value
            if self._slots_before is not None and self._slots_before[index] is UNREAD:
                self._slots_before[index] = value

    def write_state(self, index: int, value: bytes | None) -> None:
        """Writes a state, or deletes it. Raises LimitExceededError."""
        if value is not None:
            self._admit_state(index, value)
        if self._slots_before is None:
            self._slots_before = self.slots.copy()
            self._changed_before = self._changed.copy()
        self.slots[index] = value
        self._changed.add(index)

    def complete_input(self) -> None:
        """The running input succeeded: what it did stays."""
        self._slots_before = None
        self.position += 1
        if self.position < len(self.inputs):
            self.effects.save()

    def fail_input(self, error: BaseException) -> None:
        """The running input failed: what it did is discarded, and the batch is finished."""
        self.effects.roll_back()
        if self._slots_before is not None:
            self.slots = self._slots_before
            self._changed = self._changed_before
            self._slots_before = None
        self.failure = create_failure(error, self.position)

    def result(self) -> tuple[pb.Result, int]:
        """What the batch did, and its payload bytes. Call it once, when it is finished."""
        result = self.effects.result
        payload_bytes = self.effects.payload_bytes
        result.invocation_id = self.invocation_id
        for index in sorted(self._changed):
            value = self.slots[index]
            if value is not UNREAD:
                result.state_changes.add(state=index, value=value)
                payload_bytes += 0 if value is None else len(value)
        if self.failure is not None:
            result.failure.CopyFrom(self.failure)
        return result, payload_bytes

    def _admit_state(self, index: int, value: bytes) -> None:
        """Eager states travel in one frame together, and the changed ones in another. [LIMIT-8]"""
        eager_bytes = changed_bytes = len(value)
        lazy_states, changed = self.plan.lazy_states, self._changed
        for other, slot in enumerate(self.slots):
            if other != index and type(slot) is bytes:
                if not lazy_states[other]:
                    eager_bytes += len(slot)
                if other in changed:
                    changed_bytes += len(slot)
        if not lazy_states[index] and eager_bytes > self.limits.frame_bytes_max // 2:
            raise LimitExceededError(
                f"eager states of {eager_bytes} bytes together exceed half of frame_bytes_max "
                f"{self.limits.frame_bytes_max} of the runtime"
            )
        self.effects.admit_states(len(value), len(self.slots), changed_bytes)
