"""What a runtime did wrong."""

from __future__ import annotations


class ProtocolViolation(Exception):  # noqa: N818 - the protocol's word
    """The runtime broke a clause of PROTOCOL.md; the stream ends."""

    def __init__(self, clause: str, message: str) -> None:
        super().__init__(message)
        self.clause = clause
        self.message = message
