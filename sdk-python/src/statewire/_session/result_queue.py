"""Results that wait to be sent."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from statewire._session.handshake import Limits
from statewire._wrapper_field import encode_varint

_FRAME_BYTES_TARGET_MAX = 65_536
"""Bytes of one frame, unless the runtime takes less, or one result alone is larger."""

_FRAME_OVERHEAD_BYTES = 16
_RESULTS_TAG = b"\x12"  # ServerFrame.results
_RESULT_TAG = b"\x0a"  # ResultBatch.results


QueuedResult: TypeAlias = tuple[bytes, int, float, bool]
"""Encoded; payload bytes; from when on the runtime has given it up; whether it says so."""

# By the length of a result: what precedes it in a frame. Longer ones are computed.
_SHORT_PREFIXES = [_RESULT_TAG + encode_varint(length) for length in range(1024)]


class ResultQueue:
    """Finished results, and the balance of result credit that they wait for.

    A result leaves while the balance is above 0, and may take it below. [CREDIT-4]
    """

    __slots__ = ("_balance_bytes", "_frame_bytes_target", "_queued")

    def __init__(self, limits: Limits) -> None:
        self._queued: deque[QueuedResult] = deque()
        self._frame_bytes_target = min(_FRAME_BYTES_TARGET_MAX, limits.frame_bytes_max)
        self._balance_bytes = limits.result_credit_bytes

    def __len__(self) -> int:
        return len(self._queued)

    def push(self, result: QueuedResult) -> None:
        """Takes a result in."""
        self._queued.append(result)

    def add_credit(self, payload_bytes: int) -> None:
        """Lets so many bytes more leave."""
        self._balance_bytes += payload_bytes

    def take_frame(self, now_ms: float) -> bytes | None:
        """The next frame; None when nothing waits, or no credit is left.

        Results that come too late are dropped, except those that say so. [INVOKE-11]
        """
        parts: list[bytes] = []
        frame_bytes = _FRAME_OVERHEAD_BYTES
        queued = self._queued
        while queued and self._balance_bytes > 0:
            encoded, payload_bytes, deadline_ms, says_timeout = queued[0]
            if now_ms >= deadline_ms and not says_timeout:
                queued.popleft()
                continue
            length = len(encoded)
            prefix = (
                _SHORT_PREFIXES[length]
                if length < len(_SHORT_PREFIXES)
                else _RESULT_TAG + encode_varint(length)
            )
            frame_bytes += len(prefix) + length
            if parts and frame_bytes > self._frame_bytes_target:
                break
            parts += (prefix, encoded)
            self._balance_bytes -= payload_bytes
            queued.popleft()
        if not parts:
            return None
        body = b"".join(parts)
        return _RESULTS_TAG + encode_varint(len(body)) + body
