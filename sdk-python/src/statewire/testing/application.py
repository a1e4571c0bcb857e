"""A whole application in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from statewire._durations import to_milliseconds
from statewire.address import Address
from statewire.egress import Egress
from statewire.function import AnyFunction, validate_functions
from statewire.message import Sendable, to_typed_value
from statewire.testing.application_failed import ApplicationFailed
from statewire.testing.local_run import LocalMessage, LocalOutcome, LocalRun, run_locally
from statewire.testing.mailbox import Answer, Mailbox, Mailboxes, MailboxMessage
from statewire.testing.parked_address import ParkedAddress
from statewire.testing.retry_policy import RetryPolicy, code_of, to_dead_letter
from statewire.testing.run_function import decode_records, decode_reply
from statewire.testing.sent_message import SentMessage, to_sent, to_value
from statewire.testing.virtual_timers import Timer, VirtualTimers
from statewire.typed_value import TypedValue, describe_cause
from statewire.v1 import stream_pb2 as pb

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _FailedRun:
    """A run that failed, and what was raised."""

    failure: pb.Failure | None
    """None: the result was refused."""
    error: BaseException | None
    is_first: bool
    """The first message of the batch has failed."""


class TestApplication:
    """Functions, their state, and a runtime whose time stands still until the test advances it.

        app = TestApplication([cart, stock])
        app.send(cart.at("alice"), AddItem("tea"))
        await app.settle()
        await app.advance(timedelta(minutes=1))
        assert app.egress_records(receipts) == [["tea"]]

    Messages of one address are handled one after the other, in the order in which they were sent, and
    those that wait together arrive as one batch, as in production.
    """

    __test__ = False  # pytest takes classes of such names for tests.

    def __init__(
        self,
        functions: Iterable[AnyFunction],
        *,
        retry: RetryPolicy | None = None,
        elsewhere: Iterable[str | AnyFunction] = (),
        invocations_max: int = 100_000,
    ) -> None:
        """An application at time 0.

        - `retry`: what happens to a message that fails. Without it `settle`, `advance` and `call`
          raise, and the message is dropped. With `RetryPolicy()` all goes as in a runtime that
          nothing was said to.
        - `elsewhere`: functions of other servers, "namespace/type" or "namespace/*". What is sent to
          them is kept for `messages_to`; what is sent to any other function that the application does
          not have is a failure.
        - `invocations_max`: invocations within one `settle`, against endless cycles.

        Raises `DeclarationError` when the functions cannot be served together.
        """
        served = list(functions)
        validate_functions(served)
        self._retry = retry
        self._elsewhere = {
            other if isinstance(other, str) else other.type_name for other in elsewhere
        }
        self._invocations_max = invocations_max
        self._invocations = 0
        self._mailboxes = Mailboxes(served)
        self._sent: list[SentMessage] = []
        self._undelivered: list[SentMessage] = []
        self._records: list[tuple[str, TypedValue]] = []
        self._parked: dict[Address, ParkedAddress] = {}
        self._timers: VirtualTimers[SentMessage | Mailbox] = VirtualTimers()
        self._now_ms = 0.0
        self._failure: ApplicationFailed | None = None
        self._running = 0
        self._wake: asyncio.Event | None = None

    @property
    def now(self) -> timedelta:
        """The virtual time since the start."""
        return timedelta(milliseconds=self._now_ms)

    @property
    def sent(self) -> Sequence[SentMessage]:
        """Every message that functions sent, in order, delayed ones when they were scheduled."""
        return tuple(self._sent)

    @property
    def delayed(self) -> Sequence[tuple[timedelta, SentMessage]]:
        """Delayed messages that are not due yet, in the order in which they will be, with when."""
        return tuple(
            (timedelta(milliseconds=timer.due_ms), timer.item)
            for timer in self._timers.pending
            if isinstance(timer.item, SentMessage)
        )

    @property
    def parked(self) -> Sequence[ParkedAddress]:
        """Addresses that run no more."""
        return tuple(self._parked.values())

    def send(self, target: Address, message: Sendable, *, caller: Address | None = None) -> None:
        """Puts a message into the target's mailbox, as an ingress does, or as `caller` does.

        It is handled by the next `settle`, `advance` or `call`. Raises `InvalidValueError`.
        """
        self._deliver(SentMessage(target, to_typed_value(message), caller))

    async def call(self, target: Address, message: Sendable) -> Any:
        """Sends a message, handles everything that comes of it, time apart, and gives the reply.

        The reply is what the handler returned, a `TypedValue` when the handler has no `replies`, and
        None when the function succeeded without one.

        Raises `ApplicationFailed` when the function failed, its address is parked, or it has not come
        to this message.
        """
        if target in self._parked:
            raise ApplicationFailed(f"{target} is parked")
        answers: list[Answer] = []
        value = to_typed_value(message)
        mailbox = self._mailbox_of(target)
        mailbox.push(MailboxMessage(value, None, answers.append))
        await self.settle()
        if not answers:
            raise ApplicationFailed(f"{target} has not replied")
        answer = answers[0]
        if answer.failed:
            raise ApplicationFailed(f"{target} failed: {_text_of(answer.error)}") from answer.error
        if answer.reply is None:
            return None
        return decode_reply(mailbox.function, value, answer.reply)

    async def settle(self) -> None:
        """Handles messages until none is left that can be handled now, time apart.

        Raises `ApplicationFailed` for the first handler that raised.
        """
        self._invocations = 0
        self._wake = asyncio.Event()
        while True:
            self._start_ready()
            while self._running > 0:
                await self._wake.wait()
                self._wake.clear()
                self._start_ready()
            if not self._fire_due(self._now_ms):
                break
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def advance(self, duration: timedelta) -> None:
        """Lets virtual time pass: what is delayed happens at its time and in its order.

        Everything that comes of one moment is handled before the next. Raises as `settle`.
        """
        until_ms = self._now_ms + to_milliseconds(duration)
        await self.settle()
        while self._fire_due(until_ms):
            await self.settle()
        self._now_ms = until_ms

    def state(self, target: Address) -> dict[str, Any]:
        """The states of one instance, as a handler would read them; an expired one has no value."""
        return self._mailbox_of(target).state.decode(self._now_ms)

    def set_state(self, target: Address, values: Mapping[str, Any]) -> None:
        """Writes states of one instance, as if it had written them now; None deletes.

        Raises `InvalidValueError`, or `DeclarationError` for a state that is not declared.
        """
        self._mailbox_of(target).state.seed(values, self._now_ms)

    def egress_records(self, egress: Egress[T]) -> list[T]:
        """The records for one egress, in order."""
        return decode_records(egress, self._records)

    def messages_to(self, target: Address) -> list[SentMessage]:
        """Messages for an address that the application has no function for."""
        return [message for message in self._undelivered if message.target == target]

    def retry_parked(self, target: Address) -> None:
        """Lets a parked address try again, as `statewire parked retry` does.

        Raises `ApplicationFailed` when it is not parked.
        """
        self._unpark(target)
        mailbox = self._mailboxes.open(target)
        if mailbox is None:
            # Nobody serves it now either.
            self._fail_unknown(target)
            return
        mailbox.attempt = 0
        mailbox.unblock()

    def drop_parked(self, target: Address) -> None:
        """Drops the message that an address is parked for, as `statewire parked drop` does.

        Those behind it go on. Raises `ApplicationFailed` when it is not parked.
        """
        self._unpark(target)
        mailbox = self._mailboxes.open(target)
        if mailbox is not None:
            mailbox.take_first()
            mailbox.unblock()
            return
        first, *behind = self.messages_to(target)
        self._undelivered.remove(first)
        if behind:
            self._fail_unknown(target)

    def _deliver(self, sent: SentMessage) -> None:
        mailbox = self._mailboxes.open(sent.target)
        if mailbox is not None:
            mailbox.push(MailboxMessage(sent.message, sent.caller))
            return
        self._undelivered.append(sent)
        names = {sent.target.type_name, f"{sent.target.namespace}/*"}
        if not names & self._elsewhere:
            self._fail_unknown(sent.target)

    def _fail_unknown(self, target: Address) -> None:
        """Nobody would learn of a message that goes nowhere. A runtime parks its address."""
        error = ApplicationFailed(
            f"unknown function type {target.type_name}: the application has no function for "
            f"{target}, and elsewhere does not name it"
        )
        if self._retry is None:
            self._failure = self._failure or error
        else:
            self._parked[target] = ParkedAddress(target, "unknownType", error, 0)

    def _mailbox_of(self, target: Address) -> Mailbox:
        mailbox = self._mailboxes.open(target)
        if mailbox is None:
            raise ApplicationFailed(f"the application has no function for {target}")
        return mailbox

    def _unpark(self, target: Address) -> None:
        if self._parked.pop(target, None) is None:
            raise ApplicationFailed(f"{target} is not parked")

    def _fire_due(self, until_ms: float) -> bool:
        """Moves time to what is due next, if that is by then, and lets it happen."""
        due = self._timers.take_next(until_ms)
        if due is None:
            return False
        self._now_ms = max(self._now_ms, due[0])
        for item in due[1]:
            if isinstance(item, SentMessage):
                self._deliver(item)
            else:
                item.unblock()
        return True

    def _start_ready(self) -> None:
        while self._mailboxes.ready:
            mailbox = self._mailboxes.ready.popleft()
            self._invocations += 1
            if self._invocations > self._invocations_max:
                raise ApplicationFailed(
                    f"not settled after invocations_max {self._invocations_max} invocations"
                )
            self._start(mailbox)

    def _start(self, mailbox: Mailbox) -> None:
        messages = mailbox.take_batch()
        local = [
            LocalMessage(message.message, message.caller, message.answered is not None)
            for message in messages
        ]
        run = LocalRun(
            mailbox.function, mailbox.address, local, mailbox.state, mailbox.attempt, self._now_ms
        )

        def finished(outcome: LocalOutcome) -> None:
            self._running -= 1
            self._finish(mailbox, messages, outcome)
            if self._wake is not None:
                self._wake.set()

        self._running += 1
        run_locally(run, finished)

    def _finish(
        self, mailbox: Mailbox, messages: Sequence[MailboxMessage], outcome: LocalOutcome
    ) -> None:
        failure = outcome.failure
        completed = len(messages) if failure is None else failure.completed_inputs
        try:
            self._apply(mailbox, outcome)
        except ApplicationFailed as refused:
            # A refused result has no effects at all, as in production.
            if len(messages) > 1:
                # The fault may be a later message's: the first one goes alone. [RESULT-11]
                mailbox.put_back(messages, mailbox.attempt)
                mailbox.is_single = True
                mailbox.unblock()
                return
            self._fail(mailbox, messages, _FailedRun(None, refused, is_first=True))
            return
        _answer(messages[:completed], outcome)
        if failure is None:
            mailbox.release()
        else:
            failed = _FailedRun(failure, outcome.error, is_first=completed == 0)
            self._fail(mailbox, messages[completed:], failed)

    def _apply(self, mailbox: Mailbox, outcome: LocalOutcome) -> None:
        """All or nothing: timers may refuse, so they go first, on a copy."""
        result, types, address = outcome.result, outcome.types, mailbox.address
        timers = self._timers.copy()
        scheduled: list[SentMessage] = []
        for change in result.timer_changes:
            if change.HasField("cancel"):
                timers.cancel(address.id, change.cancel)
                continue
            message = to_sent(change.schedule.send, types, address, change.schedule)
            due_ms = self._now_ms + change.schedule.delay_ms
            timers.schedule(Timer(due_ms, message, address.id, message.token))
            scheduled.append(message)
        self._timers = timers
        mailbox.state.apply(result.state_changes, self._now_ms)
        for send in result.sends:
            message = to_sent(send, types, address)
            self._sent.append(message)
            self._deliver(message)
        self._sent.extend(scheduled)
        self._records.extend((record.egress, to_value(record)) for record in result.egress_records)

    def _fail(self, mailbox: Mailbox, failed: Sequence[MailboxMessage], run: _FailedRun) -> None:
        retry, failure = self._retry, run.failure
        if retry is None:
            if self._failure is None:
                self._failure = ApplicationFailed(
                    f"{mailbox.address} failed: {_text_of(run.error)}"
                )
                self._failure.__cause__ = run.error
            mailbox.put_back(failed[1:], 0)
            mailbox.release()
            return
        attempt = mailbox.attempt + 1 if run.is_first else 1
        if attempt == 1:
            mailbox.first_failed_at_ms = self._now_ms
        mailbox.put_back(failed, attempt)
        is_exhausted = 0 < retry.attempts_max <= attempt
        if failure is None or not failure.retryable or is_exhausted:
            self._give_up(mailbox, retry, run)
            return
        delay_ms = max(failure.retry_after_ms, retry.delay_ms(attempt))
        self._timers.schedule(Timer(self._now_ms + delay_ms, mailbox))

    def _give_up(self, mailbox: Mailbox, retry: RetryPolicy, run: _FailedRun) -> None:
        """Parks the address, or sends the message to the dead letter egress and goes on."""
        code, attempts = code_of(run.failure), mailbox.attempt
        egress = retry.dead_letter_egress
        message = mailbox.first if egress is None else mailbox.take_first()
        if message is not None and message.answered is not None:
            message.answered(Answer(failed=True, error=run.error))
        if egress is None:
            parked = ParkedAddress(mailbox.address, code, run.error, attempts)
            self._parked[mailbox.address] = parked
            return
        if message is not None:
            letter = to_dead_letter(
                mailbox.address,
                message,
                code=code,
                error=_text_of(run.error) if run.failure is None else run.failure.message,
                attempts=attempts,
                times_ms=(mailbox.first_failed_at_ms, self._now_ms),
            )
            self._records.append((egress.name, egress.encode(letter)))
        mailbox.release()


def _answer(completed: Sequence[MailboxMessage], outcome: LocalOutcome) -> None:
    """Tells whoever waits for messages that were handled."""
    replies = {reply.input: to_value(reply) for reply in outcome.result.replies}
    for position, message in enumerate(completed):
        if message.answered is not None:
            message.answered(Answer(reply=replies.get(position)))


def _text_of(error: BaseException | None) -> str:
    return "" if error is None else describe_cause(error)
