"""Durations of the public interface in the milliseconds of the wire."""

from __future__ import annotations

from datetime import timedelta

_MILLISECOND = timedelta(milliseconds=1)


def to_milliseconds(duration: timedelta) -> int:
    """Whole milliseconds, rounded up: nothing happens earlier than it was asked for."""
    return -(-duration // _MILLISECOND)
