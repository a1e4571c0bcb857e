"""A function server that dials a real runtime, killed and stopped. Needs `npm run build`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
STATEWIRE = ["node", str(PACKAGE.parent / "server" / "bin" / "statewire.js")]
PATIENCE_SECONDS = 60

MODULE = """\
kind: statewire.endpoints.v1/grpc
spec: { functions: shop/*, dialIn: true }
"""


@contextmanager
def running(command: list[str], directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the first line that it prints."""
    process = subprocess.Popen(  # noqa: S603
        command, cwd=directory, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        process.stdout.close()


def add(grpc: str, amount: int) -> int:
    """Calls the counter, and waits until somebody serves it."""
    ran = subprocess.run(  # noqa: S603
        [*STATEWIRE, "call", "shop/counter/alice", "--long", str(amount), "--grpc", grpc],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    return int(ran.stdout)


def test_an_attached_server_counts_on_after_kill_and_after_a_drain(tmp_path):
    (tmp_path / "module.yaml").write_text(MODULE)
    any_port = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    command = [*STATEWIRE, "run", "module.yaml", "--json", "--log-level", "error", *any_port]
    with running(command, tmp_path) as (_, line):
        addresses: dict[str, Any] = json.loads(line)
        grpc = addresses["grpcAddress"]
        functions = [sys.executable, "-m", "tests.attached_counter", grpc]
        with running(functions, PACKAGE) as (process, started):
            assert started == "started\n"
            assert add(grpc, 2) == 2
            process.send_signal(signal.SIGKILL)
        with running(functions, PACKAGE) as (process, _):
            assert add(grpc, 3) == 5
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        with running(functions, PACKAGE):
            assert add(grpc, 4) == 9
