"""What happens to a message that fails."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from statewire.address import Address
from statewire.dead_letter import DeadLetter
from statewire.egress import Egress
from statewire.v1 import stream_pb2 as pb

if TYPE_CHECKING:
    from statewire.testing.mailbox import MailboxMessage


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """As `retry` of an endpoint in module.yaml, with the runtime's defaults.

    The runtime's waits vary a little, those of a test do not.
    """

    attempts_max: int = 70
    """Failed attempts before the message is given up; 0: no limit."""
    initial_backoff: timedelta = timedelta(milliseconds=100)
    """The wait after the first failed attempt."""
    max_backoff: timedelta = timedelta(seconds=30)
    """No wait is longer."""
    factor: float = 2.0
    """Each wait is so many times the one before."""
    dead_letter_egress: Egress[DeadLetter] | None = None
    """Where a message goes that is given up. Without one its address is parked."""

    def delay_ms(self, attempt: int) -> float:
        """How long a failed address waits after failed attempt number `attempt` (from 1)."""
        try:
            growth = self.factor ** (attempt - 1)
        except OverflowError:
            return self.max_backoff.total_seconds() * 1000
        initial, longest = self.initial_backoff, self.max_backoff
        return min(longest.total_seconds(), initial.total_seconds() * growth) * 1000


_CODES = {
    pb.Failure.CODE_BAD_INPUT: "badInput",
    pb.Failure.CODE_BAD_STATE: "badState",
    pb.Failure.CODE_TIMEOUT: "timeout",
}


def code_of(failure: pb.Failure | None) -> str:
    """The runtime's name for what went wrong. None: the result was refused."""
    return "badResult" if failure is None else _CODES.get(failure.code, "function")


def to_dead_letter(
    address: Address,
    failed: MailboxMessage,
    *,
    code: str,
    error: str,
    attempts: int,
    times_ms: tuple[float, float],
) -> DeadLetter:
    """`times_ms`: of the first and of the last failed attempt."""
    caller, (typename, value) = failed.caller, failed.message
    letter = DeadLetter(
        function=address.type_name,
        id=address.id,
        caller=None if caller is None else {"function": caller.type_name, "id": caller.id},
        typename=typename,
        code=code,
        error=error,
        attempts=attempts,
        firstFailedAtMs=round(times_ms[0]),
        lastFailedAtMs=round(times_ms[1]),
    )
    if value is not None:
        letter["base64"] = base64.b64encode(value).decode()
    return letter
