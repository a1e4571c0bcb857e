"""Addresses that run no more."""

from __future__ import annotations

from dataclasses import dataclass

from statewire.address import Address


@dataclass(frozen=True, slots=True)
class ParkedAddress:
    """An address that runs no more, and why."""

    address: Address
    code: str
    """As a runtime calls it: "function", "badInput", "badResult", "unknownType"..."""
    error: BaseException | None
    """What was raised."""
    attempts: int
    """Failed attempts at the message that it is parked for."""
