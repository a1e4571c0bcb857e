"""The delays that PROTOCOL.md asks for between attempts to dial. [CLOSE-5]"""

from __future__ import annotations

_DELAY_MIN_SECONDS = 0.1
_DELAY_MAX_SECONDS = 30.0
_AFTER_PROTOCOL_ERROR_MIN_SECONDS = 5.0
"""The same peer would say the same again."""
_JITTER = 0.2
"""Peers that failed together do not come back together."""


def backoff_seconds(attempt: int, chance: float, *, after_protocol_error: bool) -> float:
    """How long to wait before attempt number `attempt` (from 0). `chance` is between 0 and 1."""
    delay = min(_DELAY_MAX_SECONDS, _DELAY_MIN_SECONDS * 2.0 ** min(attempt, 20))
    if not after_protocol_error:
        return delay * (1 - _JITTER + 2 * _JITTER * chance)
    at_least = max(_AFTER_PROTOCOL_ERROR_MIN_SECONDS, delay)
    return at_least * (1 + _JITTER * chance)
