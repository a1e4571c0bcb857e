"""The invocations in flight on one stream."""

from __future__ import annotations

from statewire._session.batch import Batch
from statewire._session.function_plan import FunctionPlan, StateQuestion
from statewire._session.handshake import Offer
from statewire._session.leases import AddressKey
from statewire._session.protocol_violation import ProtocolViolation


class Flights:
    """Batches from their receipt until their results are queued or they are given up."""

    __slots__ = ("_asking", "_by_key", "_offer", "_payload_bytes")

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        # Only those that wait for a StateReply, by invocation id.
        self._asking: dict[int, Batch] = {}
        self._by_key: dict[AddressKey, Batch] = {}
        self._payload_bytes = 0

    def __len__(self) -> int:
        return len(self._by_key)

    def all(self) -> list[Batch]:
        """All of them, in order of receipt."""
        return list(self._by_key.values())

    def asking(self, invocation_id: int) -> Batch | None:
        """The batch that a StateReply may be for."""
        return self._asking.get(invocation_id)

    def has(self, invocation_id: int) -> bool:
        """Whether an invocation is in flight. Slow: for what should not happen."""
        return any(batch.invocation_id == invocation_id for batch in self._by_key.values())

    def at(self, key: AddressKey) -> Batch | None:
        """The batch of an address."""
        return self._by_key.get(key)

    def add(self, batch: Batch) -> None:
        """Takes a batch in."""
        self._by_key[batch.key] = batch
        self._payload_bytes += batch.payload_bytes
        batch.plan.in_flight += 1

    def remove(self, batch: Batch) -> bool:
        """Takes a batch out; False when it was not in."""
        key = batch.key
        if self._by_key.get(key) is not batch:
            return False
        del self._by_key[key]
        if batch.questions is not None:
            self._asking.pop(batch.invocation_id, None)
        self._payload_bytes -= batch.payload_bytes
        batch.plan.in_flight -= 1
        return True

    def ask(self, batch: Batch, question: StateQuestion) -> None:
        """Notes a StateRequest of a batch that is in flight."""
        if batch.questions is None:
            batch.questions = []
            self._asking[batch.invocation_id] = batch
        batch.questions.append(question)

    def validate_room(self, plan: FunctionPlan, now_ms: float) -> None:
        """Raises ProtocolViolation CREDIT-3, CREDIT-6 or CREDIT-7 when there is no room for one more.

        A runtime may give an invocation up a moment before this side's clock agrees, so one that has
        used more than half of its time does not count.
        """
        offer = self._offer
        if (
            len(self._by_key) < offer.invocations_max
            and self._payload_bytes < offer.payload_bytes_max
            and (plan.in_flight_max == 0 or plan.in_flight < plan.in_flight_max)
        ):
            return
        certain = [
            batch
            for batch in self._by_key.values()
            if now_ms - batch.received_ms <= (batch.deadline_ms - batch.received_ms) / 2
        ]
        of_plan = sum(batch.plan is plan for batch in certain)
        if plan.in_flight_max != 0 and of_plan >= plan.in_flight_max:
            raise ProtocolViolation(
                "CREDIT-3", f"more than in_flight_max {plan.in_flight_max} in flight"
            )
        if len(certain) >= offer.invocations_max:
            raise ProtocolViolation(
                "CREDIT-6", f"more than {offer.invocations_max} invocations in flight"
            )
        payload_bytes = sum(batch.payload_bytes for batch in certain)
        if payload_bytes >= offer.payload_bytes_max:
            raise ProtocolViolation(
                "CREDIT-7",
                f"invocation while {payload_bytes} bytes are in flight, the window is "
                f"{offer.payload_bytes_max} bytes",
            )
