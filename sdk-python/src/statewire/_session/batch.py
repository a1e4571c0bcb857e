"""The run of one invocation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statewire._session.effects import EFFECT_OVERHEAD_BYTES, Effects
from statewire._session.failures import create_failure
from statewire._session.function_plan import FunctionPlan, StateQuestion
from statewire._session.handshake import Limits
from statewire._session.leases import AddressKey
from statewire._session.slots import UNREAD, StateSlot
from statewire._session.type_index import TypeIndex
from statewire.address import Address
from statewire.errors import LimitExceededError
from statewire.v1 import stream_pb2 as pb

NO_DEADLINE = float("inf")


class Batch:
    """The inputs of one invocation in order, and what they did so far.

        running(position) --complete_input--> running(position + 1) ... --last--> finished
        running(position) --fail_input------> finished, without the effects of the input at position
        running(position) --give_up---------> finished: there will be no result

    Invariant: effects of the input at `position` can be undone; those of earlier inputs stay. A batch
    that is finished has the number of its inputs as its position.
    """

    __slots__ = (
        "_changed",
        "_changed_before",
        "_invocation",
        "_slots_before",
        "_types",
        "count",
        "deadline_ms",
        "effects",
        "failure",
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
        "timeout_ms",
        "values",
    )

    # Positional, because names cost time, once per invocation.
    def __init__(  # noqa: PLR0917
        self,
        invocation: pb.Invocation,
        invocation_id: int,
        key: AddressKey,
        inputs: Sequence[pb.Input],
        values: Sequence[bytes | None],
        plan: FunctionPlan,
        slots: list[StateSlot],
        limits: Limits,
        types: TypeIndex,
    ) -> None:
        """The batch takes `slots` over."""
        self._invocation = invocation
        self.invocation_id = invocation_id
        self.key = key
        self.inputs = inputs
        self.values = values
        self.plan = plan
        self.slots = slots
        self.limits = limits
        self.effects = Effects(limits, types)
        self.count = len(inputs)
        self.position = 0
        """How many inputs have succeeded: the index of the one that runs."""
        self.failure: pb.Failure | None = None
        self._types = types
        # By state index, as bits.
        self._changed = 0
        # The states before the current input; absent until it writes one.
        self._slots_before: list[StateSlot] | None = None
        self._changed_before = 0

        # What the session keeps of a batch in flight.
        self.payload_bytes = 0
        """What it counts against the window."""
        self.received_ms = 0.0
        self.timeout_ms = 0
        self.deadline_ms = NO_DEADLINE
        """From then on the runtime has given it up."""
        self.questions: list[StateQuestion] | None = None
        """StateRequests that await their replies, in order; none for most."""

    @property
    def target(self) -> Address:
        """The address that runs."""
        return Address(self._types.name_of(self.key[0]), self.key[1])

    @property
    def runs(self) -> bool:
        """Whether an input is still to be handled."""
        return self.position < self.count

    @property
    def leaves_lease(self) -> bool:
        """Whether a later invocation may name this one as its lease."""
        return not self._invocation.no_lease

    @property
    def attempt(self) -> int:
        """Failed attempts at the running input; only the first input has any."""
        return self._invocation.attempt if self.position == 0 else 0

    def caller_of(self, received: pb.Input) -> Address | None:
        """Who sent an input; None when it came from an ingress."""
        caller_type = received.caller_type
        if caller_type == 0:
            return None
        return Address(self._types.name_of(caller_type), received.caller_id)

    def load_states(self, states: Iterable[pb.StateValue]) -> None:
        """Fills slots that were unread with what the runtime has.

        A value written meanwhile stays.
        """
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
            self._changed_before = self._changed
        self.slots[index] = value
        self._changed |= 1 << index

    def complete_input(self) -> None:
        """The running input succeeded: what it did stays."""
        self._slots_before = None
        self.position += 1
        if self.position < self.count:
            self.effects.save()

    def fail_input(self, error: BaseException) -> None:
        """The running input failed: what it did is discarded, and the batch is finished."""
        self.effects.roll_back()
        if self._slots_before is not None:
            self.slots = self._slots_before
            self._changed = self._changed_before
            self._slots_before = None
        self.failure = create_failure(error, self.position)
        self.position = self.count

    def give_up(self) -> None:
        """Nobody waits for a result any more."""
        self.position = self.count

    def result(self) -> tuple[pb.Result, int]:
        """What the batch did, and its payload bytes. Call it once, when it is finished."""
        result = self.effects.result
        payload_bytes = self.effects.payload_bytes
        result.invocation_id = self.invocation_id
        changed = self._changed
        if changed:
            changes = result.state_changes
            for index, value in enumerate(self.slots):
                if changed >> index & 1 and value is not UNREAD:
                    changes.add(state=index, value=value)
                    payload_bytes += 0 if value is None else len(value)
        if self.failure is not None:
            result.failure.CopyFrom(self.failure)
        return result, payload_bytes

    def _admit_state(self, index: int, value: bytes) -> None:
        """Eager states travel in one frame together, and the changed ones in another. [LIMIT-8]"""
        size = eager_bytes = changed_bytes = len(value)
        slots = self.slots
        if len(slots) > 1:
            lazy_states, changed = self.plan.lazy_states, self._changed
            for other, slot in enumerate(slots):
                if other != index and type(slot) is bytes:
                    if not lazy_states[other]:
                        eager_bytes += len(slot)
                    if changed & (1 << other):
                        changed_bytes += len(slot)
        frame_bytes_max = self.limits.frame_bytes_max
        if eager_bytes > frame_bytes_max // 2 and not self.plan.lazy_states[index]:
            raise LimitExceededError(
                f"eager states of {eager_bytes} bytes together exceed half of frame_bytes_max "
                f"{frame_bytes_max} of the runtime"
            )
        self.effects.admit_states(size, changed_bytes + len(slots) * EFFECT_OVERHEAD_BYTES)
