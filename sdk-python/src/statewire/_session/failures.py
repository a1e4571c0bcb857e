"""What the runtime is told about an input that failed."""

from __future__ import annotations

from statewire._durations import to_milliseconds
from statewire.errors import (
    BadInputError,
    BadStateError,
    FunctionFailure,
    InvocationTimeoutError,
    LimitExceededError,
    StatewireError,
)
from statewire.v1 import stream_pb2 as pb

_MESSAGE_BYTES_MAX = 4096


def create_failure(error: BaseException, completed_inputs: int) -> pb.Failure:
    """The failure of an input, after `completed_inputs` others that succeeded."""
    code, retryable, retry_after_ms = pb.Failure.CODE_FUNCTION, True, 0
    if isinstance(error, FunctionFailure):
        retryable = error.retryable
        retry_after_ms = to_milliseconds(error.retry_after)
    elif isinstance(error, BadInputError):
        code, retryable = pb.Failure.CODE_BAD_INPUT, False
    elif isinstance(error, BadStateError):
        code, retryable = pb.Failure.CODE_BAD_STATE, False
    elif isinstance(error, InvocationTimeoutError):
        code = pb.Failure.CODE_TIMEOUT
    elif isinstance(error, LimitExceededError):
        # The inputs before this one may have used the limit up: alone it can succeed.
        retryable = completed_inputs > 0
    return pb.Failure(
        code=code,
        message=truncate(describe_error(error)),
        retryable=retryable,
        retry_after_ms=retry_after_ms,
        completed_inputs=completed_inputs,
    )


def describe_error(error: BaseException) -> str:
    """What went wrong, for people: one line."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - whatever was raised has no text
        text = ""
    if isinstance(error, FunctionFailure | StatewireError) and text:
        return text
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def truncate(text: str) -> str:
    """Cuts text to what a failure or a protocol error may say, without splitting a character."""
    data = text.encode(errors="replace")
    return data[:_MESSAGE_BYTES_MAX].decode(errors="ignore")
