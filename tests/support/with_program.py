"""scripts/with as a person runs it, who has set up nothing."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.with_environment import ADDING, REPLACING
from tests.support.proxy import FOREIGN_SETTINGS, ROOT, Proxy

WITH: Final = [sys.executable, str(ROOT / "scripts" / "with_program.py")]
VENDOR: Final = "api.anthropic.com"
OWN_KEY: Final = "sk-ant-own-0123456789"
TIMEOUT_S: Final = 60
ROOTS: Final = frozenset(("SSL_CERT_DIR", *ADDING, *REPLACING))

SAYS_HELLO: Final = {"model": "claude-asked", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
CURL: Final = [
    *("curl", "-sS", f"https://{VENDOR}/v1/messages", "-H", f"x-api-key: {OWN_KEY}"),
    *("-H", "content-type: application/json", "-d", json.dumps(SAYS_HELLO)),
]


def environ(**more: str) -> dict[str, str]:
    """That of a person who has set up nothing."""
    plain = {
        name: value for name, value in os.environ.items() if not FOREIGN_SETTINGS.match(name) and name not in ROOTS
    }
    return {**plain, "ANTHROPIC_API_KEY": OWN_KEY, **more}


@dataclass(frozen=True, slots=True)
class Place:
    """A config, and mitmproxy's folder."""

    config: Path
    confdir: Path
    intercept_port: int

    @property
    def command(self) -> list[str]:
        """Before the program."""
        return [*WITH, "--config", str(self.config), "--confdir", str(self.confdir)]

    @property
    def folder(self) -> Path:
        """Of our files."""
        return self.confdir / "mitmproxy-with"

    def run(self, *program: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """To its end."""
        command = [*self.command, *program]
        environment = environ() if env is None else env
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=self.config.parent,
        )

    @contextmanager
    def open(self, *program: str, **how: Any) -> Iterator[subprocess.Popen[str]]:
        """Ended on leaving."""
        process = subprocess.Popen(
            [*self.command, *program],
            env=environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def listens(self) -> bool:
        """Whether somebody does at the proxy's port."""
        try:
            socket.create_connection(("127.0.0.1", self.intercept_port), 5).close()
        except ConnectionRefusedError:
            return False
        return True


def wait_until(true: Callable[[], bool]) -> None:
    """Raises AssertionError at the deadline."""
    deadline_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline_s, true
        time.sleep(0.02)


def place_of(proxy: Proxy) -> Place:
    """Of one that runs already."""
    return Place(proxy.config_path, proxy.ca.parent, proxy.intercept_port)
