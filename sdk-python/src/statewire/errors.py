"""What this package raises."""

from __future__ import annotations

from datetime import timedelta


class StatewireError(Exception):
    """The base of every error of this package, `FunctionFailure` apart."""


class DeclarationError(StatewireError):
    """A function, state, type, address or option is declared wrongly."""


class InvalidValueError(StatewireError):
    """A value is not what its type takes, or a message is none.

    Raised by `Context.send` and its like, and by writing a state.
    """


class BadInputError(StatewireError):
    """The typename or the bytes of a message are not what the function takes. Not retried."""


class BadStateError(StatewireError):
    """The stored bytes of a state are not what its type takes. Not retried."""


class LimitExceededError(StatewireError):
    """A limit of the runtime would be exceeded. The message names the limit and both values."""


class ContextClosedError(StatewireError):
    """A context was used after its handler had finished: something was not awaited."""


class StreamLostError(StatewireError):
    """The stream to the runtime ended while a handler waited for a lazy state."""


class InvocationTimeoutError(StatewireError):
    """The handler did not finish within the time that the runtime waits for it."""


class BindError(StatewireError):
    """The address to serve on cannot be bound."""


class FunctionFailure(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """Raised by a handler to fail one message on purpose.

    What the handler did for that message is discarded; what it did for the messages before it stays.
    Any other exception counts as a failure that may be retried.

    The message is sent to the runtime and shown to its operators: keep secrets out of it.
    """

    retryable: bool
    """Whether the same message may succeed when it is tried again."""

    retry_after: timedelta
    """The runtime waits at least this long before the next attempt."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = True,
        retry_after: timedelta = timedelta(0),
    ) -> None:
        """Without `retry_after` the wait is left to the runtime's back-off.

        Raises `DeclarationError` when `retry_after` is negative.
        """
        super().__init__(message)
        if retry_after < timedelta(0):
            raise DeclarationError(f"retry_after {retry_after} is negative")
        self.retryable = retryable
        self.retry_after = retry_after
