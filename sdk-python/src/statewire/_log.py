"""What a function server logs, by the logger "statewire".

A record's `event` says what happened; its other attributes are in `extra`, for handlers that write
structured logs. None is written per message, failures apart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from statewire._session.failures import describe_error
from statewire.address import Address
from statewire.errors import FunctionFailure, StatewireError

logger = logging.getLogger("statewire")

_RECORDS_PER_SECOND_MAX = 20
_TRACEBACK_INTERVAL_SECONDS = 10.0
"""One traceback of each trouble says it; the same again soon after is a line."""


def connected(peer: str) -> None:
    """A runtime has completed the handshake."""
    logger.info("connected to %s", peer, extra={"event": "connected", "peer": peer})


def disconnected(peer: str, reason: str) -> None:
    """A stream has ended, for whatever reason."""
    extra = {"event": "disconnected", "peer": peer, "reason": reason}
    logger.info("stream to %s ended: %s", peer, reason, extra=extra)


def redialling(peer: str, reason: str, attempt: int, delay_seconds: float) -> None:
    """Dialling failed, or the stream ended. The first of several in a row is worth a warning."""
    extra = {
        "event": "redialling",
        "peer": peer,
        "reason": reason,
        "attempt": attempt,
        "delay_ms": round(delay_seconds * 1000),
    }
    level = logging.WARNING if attempt == 1 else logging.DEBUG
    logger.log(level, "%s is not reached, dialling on: %s", peer, reason, extra=extra)


def protocol_error(peer: str, clause: str, message: str, broken_by: str) -> None:
    """One side broke the protocol; the stream ends. `clause` is one of PROTOCOL.md."""
    extra = {
        "event": "protocol_error",
        "peer": peer,
        "clause": clause,
        "reason": message,
        "broken_by": broken_by,
    }
    logger.error(
        "protocol error with %s, %s broken by the %s: %s",
        peer,
        clause,
        broken_by,
        message,
        extra=extra,
    )


class FailureLog:
    """Messages that failed, with tracebacks where they help.

    Beyond 20 records in a second it only counts: a function that fails for every message must not
    spend its time on saying so.
    """

    def __init__(self, now_seconds: Callable[[], float]) -> None:
        self._now_seconds = now_seconds
        self._second_start = float("-inf")
        self._records = 0
        self._shown_start = float("-inf")
        self._shown: set[str] = set()

    def message_failed(self, address: Address, attempt: int, error: BaseException) -> None:
        """`attempt` counts the failed attempts at the message, this one included."""
        if not self._admit():
            return
        reason = describe_error(error)
        which = f" (attempt {attempt})" if attempt > 1 else ""
        logger.warning(
            "message to %s failed%s: %s",
            address,
            which,
            reason,
            extra={
                "event": "message_failed",
                "address": str(address),
                "attempt": attempt,
                "reason": reason,
            },
            exc_info=error if self._deserves_traceback(address, attempt, error, reason) else None,
        )

    def _admit(self) -> bool:
        now = self._now_seconds()
        if now - self._second_start >= 1:
            omitted = self._records - _RECORDS_PER_SECOND_MAX
            if omitted > 0:
                logger.warning(
                    "%d more failures were not logged",
                    omitted,
                    extra={"event": "failures_omitted", "omitted": omitted},
                )
            self._second_start = now
            self._records = 0
        self._records += 1
        return self._records <= _RECORDS_PER_SECOND_MAX

    def _deserves_traceback(
        self, address: Address, attempt: int, error: BaseException, reason: str
    ) -> bool:
        if isinstance(error, StatewireError | FunctionFailure):
            return False
        now = self._now_seconds()
        if now - self._shown_start >= _TRACEBACK_INTERVAL_SECONDS:
            self._shown_start = now
            self._shown.clear()
        trouble = f"{address.type_name} {reason}"
        if attempt > 1 or trouble in self._shown:
            return False
        self._shown.add(trouble)
        return True
