"""The README's code is that of the folder readme, word for word, and its commands run as they are."""

from __future__ import annotations

import importlib
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

import statewire

PACKAGE = Path(__file__).parent.parent
EXAMPLES = PACKAGE / "readme"
README = (PACKAGE / "README.md").read_text()


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_code_is_that_of_the_examples():
    assert sorted(blocks("python")) == sorted(path.read_text() for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize(
    "name", ["attach", "cart", "counter", "lazy_state", "own_types", "references"]
)
def test_the_examples_can_be_declared(name, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    importlib.import_module(name)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_the_first_section_leads_to_a_running_function(tmp_path):
    """In a folder beside a link to this clone, which has been built; on free ports."""
    section = README.split("## From nothing to a running function")[1].split("\n## ")[0]
    build, install, *commands = blocks("sh", section)
    assert build == "npm ci && npm run build\n"
    ports = {"7410": str(free_port()), "7411": str(free_port()), "7500": str(free_port())}
    folder = tmp_path / "counter"
    folder.mkdir()

    def on_free_ports(text: str) -> str:
        return re.sub("7410|7411|7500", lambda match: ports[match.group()], text)

    (folder / "counter.py").write_text(on_free_ports(blocks("python", section)[0]))
    (folder / "module.yaml").write_text(on_free_ports(blocks("yaml", section)[0]))
    (folder / "statewire.yaml").write_text(
        on_free_ports("grpc: 127.0.0.1:7410\nhttp: 127.0.0.1:7411\n")
    )
    (tmp_path / "statewire").symlink_to(PACKAGE.parent)
    script = "\n".join(
        [
            "trap 'kill $functions $runtime; wait' EXIT",
            install.replace("mkdir", "mkdir -p"),
            *map(on_free_ports, commands),
        ]
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(  # noqa: S603
        ["/bin/bash", "-euc", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers = re.findall(r"^\d+$", ran.stdout, re.MULTILINE)
    assert answers == ["2", "5"], ran.stdout + ran.stderr
    assert f"listening on 127.0.0.1:{ports['7500']}\n" in ran.stdout, ran.stdout
    assert "\ndropped\n" in ran.stdout, ran.stdout + ran.stderr


def test_the_version_is_that_of_the_package():
    declared = re.search(
        r'^version = "(.*)"$', (PACKAGE / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert declared is not None
    assert declared.group(1) == statewire.__version__
