"""What a runtime sends to a dead letter egress."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

from statewire import types
from statewire.typed_value import Type


class DeadLetterCaller(TypedDict):
    """Who sent a message."""

    function: str
    id: str


class DeadLetter(TypedDict):
    """A message that a runtime gave up: all that it takes to understand why, and to send it again."""

    function: str
    """The function that the message was for, "namespace/type"."""
    id: str
    caller: DeadLetterCaller | None
    """Who sent it; None: an ingress."""
    typename: str
    base64: NotRequired[str]
    """The value's bytes; absent: it has none."""
    traceparent: NotRequired[str]
    code: str
    """As of a failure: "function", "badInput", "badState", "timeout", "badResult", "streamLost"..."""
    error: str
    """For people."""
    attempts: int
    """Failed attempts."""
    firstFailedAtMs: int
    """Milliseconds since the Unix epoch."""
    lastFailedAtMs: int
    """Milliseconds since the Unix epoch."""


DEAD_LETTER: Type[DeadLetter] = types.json("statewire/DeadLetter", DeadLetter)
"""The type of the records of a dead letter egress: `Egress("ops/dead", DEAD_LETTER)`."""
