"""Things that happen at a time."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import Generic, TypeVar

from typing_extensions import Self

from statewire.testing.application_failed import ApplicationFailed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timer(Generic[T]):
    """Something that happens at a time."""

    due_ms: float
    item: T
    scope: str = ""
    """Whose token space it is in: tokens belong to the sender's id, whatever its type."""
    token: str | None = None
    """None: cannot be cancelled."""


class VirtualTimers(Generic[T]):
    """In order of their due time, and of their scheduling where that is the same."""

    def __init__(self) -> None:
        self.pending: list[Timer[T]] = []
        """In the order in which they fire."""

    def schedule(self, timer: Timer[T]) -> None:
        """Raises `ApplicationFailed` when the token is pending in its scope. [TIMER-4]"""
        if timer.token is not None and self._find(timer.scope, timer.token) is not None:
            raise ApplicationFailed(
                f"cancellation token {timer.token!r} is pending already for id {timer.scope!r} "
                "[TIMER-4]"
            )
        insort(self.pending, timer, key=lambda pending: pending.due_ms)

    def cancel(self, scope: str, token: str) -> None:
        """A token that is not pending is ignored."""
        found = self._find(scope, token)
        if found is not None:
            self.pending.remove(found)

    def take_next(self, until_ms: float) -> tuple[float, list[T]] | None:
        """Takes out all that are due first, if they are due by then."""
        if not self.pending or self.pending[0].due_ms > until_ms:
            return None
        due_ms = self.pending[0].due_ms
        due = [timer.item for timer in self.pending if timer.due_ms == due_ms]
        self.pending = self.pending[len(due) :]
        return due_ms, due

    def copy(self) -> Self:
        """The same timers, which go their own way from here."""
        copy = type(self)()
        copy.pending = self.pending.copy()
        return copy

    def _find(self, scope: str, token: str) -> Timer[T] | None:
        for timer in self.pending:
            if timer.scope == scope and timer.token == token:
                return timer
        return None
