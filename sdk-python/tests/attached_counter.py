"""A program of test_runtime.py: a counter that dials the runtime of its first argument."""

from __future__ import annotations

import sys

from statewire import FunctionServer
from tests.support.counter import counter

if __name__ == "__main__":
    FunctionServer([counter], attach_to=sys.argv[1]).run(
        on_start=lambda _: print("started", flush=True)
    )
