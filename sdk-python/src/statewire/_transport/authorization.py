"""The `authorization` metadata, by which peers know each other. [TLS-2]"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any

AUTHORIZATION = "authorization"
"""The key, as HTTP/2 has it."""


def is_authorized(metadata: Iterable[Any] | None, expected: str | None) -> bool:
    """Whether a call carries the authorization that is asked for, if any is."""
    if expected is None:
        return True
    sent = [value for key, value in metadata or () if key == AUTHORIZATION]
    return len(sent) == 1 and hmac.compare_digest(_bytes(sent[0]), expected.encode())


def metadata_of(authorization: str | None) -> list[tuple[str, str]]:
    """The metadata of a call that this side makes."""
    return [] if authorization is None else [(AUTHORIZATION, authorization)]


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
