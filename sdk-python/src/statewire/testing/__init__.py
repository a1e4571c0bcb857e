"""Tests of functions without a runtime.

`run_function` shows what one message did. `TestApplication` is a runtime in memory whose time stands
still until the test advances it.
"""

from statewire.testing.application import TestApplication
from statewire.testing.application_failed import ApplicationFailed
from statewire.testing.parked_address import ParkedAddress
from statewire.testing.retry_policy import RetryPolicy
from statewire.testing.run_function import Failed, Outcome, run_function
from statewire.testing.sent_message import SentMessage

__all__ = [
    "ApplicationFailed",
    "Failed",
    "Outcome",
    "ParkedAddress",
    "RetryPolicy",
    "SentMessage",
    "TestApplication",
    "run_function",
]
