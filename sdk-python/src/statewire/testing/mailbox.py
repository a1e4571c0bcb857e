"""Addresses of a test, and the messages that wait for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from statewire.address import Address
from statewire.function import AnyFunction
from statewire.testing.memory_state import MemoryState
from statewire.typed_value import TypedValue


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message: it was handled, perhaps with a reply; or it was given up."""

    reply: TypedValue | None = None
    failed: bool = False
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class MailboxMessage:
    """A message that waits for its address."""

    message: TypedValue
    caller: Address | None
    answered: Callable[[Answer], None] | None = None
    """Told what became of the message; only somebody who waits for a reply has it."""


class Mailbox:
    """One address of a test: its state, the messages that wait, and whether it can run.

    idle --push--> ready --take_batch--> running --release--> idle or ready
                                         running --(failed)--> blocked --unblock--> ready
    """

    def __init__(self, address: Address, function: AnyFunction, ready: deque[Mailbox]) -> None:
        self.address = address
        self.function = function
        self.state = MemoryState(function.states)
        self.attempt = 0
        """Failed attempts at the first message."""
        self.first_failed_at_ms = 0.0
        self.is_single = False
        """The first message goes alone: a later one may be at fault. [RESULT-11]"""
        self._is_running = False
        self._waiting: deque[MailboxMessage] = deque()
        self._ready = ready

    @property
    def first(self) -> MailboxMessage | None:
        """The message that is next."""
        return self._waiting[0] if self._waiting else None

    def push(self, message: MailboxMessage) -> None:
        """Puts a message to the end."""
        self._waiting.append(message)
        if not self._is_running and len(self._waiting) == 1:
            self._ready.append(self)

    def take_batch(self) -> list[MailboxMessage]:
        """What waits, within the function's batch_max; a message that failed comes alone."""
        self._is_running = True
        is_alone = self.attempt > 0 or self.is_single
        count = 1 if is_alone else self.function.batch_max or len(self._waiting)
        return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def take_first(self) -> MailboxMessage | None:
        """Removes the first message, and its failed attempts."""
        self.attempt = 0
        return self._waiting.popleft() if self._waiting else None

    def put_back(self, messages: Sequence[MailboxMessage], attempt: int) -> None:
        """Messages come back to the front, the first of them with its failed attempts."""
        self._waiting.extendleft(reversed(messages))
        self.attempt = attempt

    def release(self) -> None:
        """The batch succeeded: the mailbox waits for messages, or is ready for the next ones."""
        self.attempt = 0
        self.is_single = False
        self.unblock()

    def unblock(self) -> None:
        """The mailbox may run again."""
        self._is_running = False
        if self._waiting:
            self._ready.append(self)


class Mailboxes:
    """All addresses of a test, and those that can run, in the order in which they could."""

    def __init__(self, functions: Sequence[AnyFunction]) -> None:
        self._functions = {function.type_name: function for function in functions}
        self._by_address: dict[Address, Mailbox] = {}
        self.ready: deque[Mailbox] = deque()

    def open(self, address: Address) -> Mailbox | None:
        """The mailbox of an address; None when no function serves it."""
        existing = self._by_address.get(address)
        if existing is not None:
            return existing
        function = self._functions.get(address.type_name) or self._functions.get(
            f"{address.namespace}/*"
        )
        if function is None:
            return None
        mailbox = Mailbox(address, function, self.ready)
        self._by_address[address] = mailbox
        return mailbox
