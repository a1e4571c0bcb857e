"""What a `TestApplication` raises."""

from __future__ import annotations

from statewire.errors import StatewireError


class ApplicationFailed(StatewireError, AssertionError):  # noqa: N818 - as pytest names outcomes
    """A function of the application failed, a call got no reply, or a message goes nowhere.

    What a handler raised is the `__cause__`.
    """
