"""What is logged of failures."""

from __future__ import annotations

from statewire import Address, FunctionFailure
from statewire._log import FailureLog

ADDRESS = Address("shop/cart", "alice")


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_one_traceback_of_a_trouble_in_ten_seconds(caplog):
    clock = Clock()
    log = FailureLog(clock)
    for _ in range(2):
        log.message_failed(ADDRESS, 1, raised(ValueError("x")))
    log.message_failed(ADDRESS, 1, raised(ValueError("y")))
    log.message_failed(ADDRESS, 2, raised(ValueError("z")))
    log.message_failed(ADDRESS, 1, FunctionFailure("no"))
    clock.seconds = 10
    log.message_failed(ADDRESS, 1, raised(ValueError("x")))
    assert [record.exc_info is not None for record in caplog.records] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]
    assert caplog.records[3].getMessage() == (
        "message to shop/cart/alice failed (attempt 2): ValueError: z"
    )
    assert caplog.records[3].__dict__["attempt"] == 2


def test_no_more_than_twenty_in_a_second(caplog):
    clock = Clock()
    log = FailureLog(clock)
    for _ in range(25):
        log.message_failed(ADDRESS, 1, FunctionFailure("no"))
    assert len(caplog.records) == 20
    clock.seconds = 1
    log.message_failed(ADDRESS, 1, FunctionFailure("no"))
    assert caplog.records[20].getMessage() == "5 more failures were not logged"
    assert len(caplog.records) == 22
