"""The HTTPS proxy as programs are to find it: asks who listens there, and starts it."""

import enum
import fcntl
import http.client
import json
import os
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from addons.listen import BY_PROXY, OWN_NAME, in_url

OPTION: Final = "cliproxy_until_unused"
"""Of the addon in with_until.py, which needs mitmproxy; programs are not to wait for that."""

ASK_TIMEOUT_S: Final = 5.0
START_TIMEOUT_S: Final = 60.0
PAUSE_S: Final = 0.03
BANNER_LIMIT: Final = 65536
HTTPS_PORT: Final = 443
LOCK_NUMBER: Final = 100
"""Shell scripts use the low numbers for themselves, and would close it by that."""

SCRIPTS: Final = Path(__file__).resolve().parent


class NotToBeHad(Exception):
    """There is no proxy to go through. str(): a line that says why, with the cure."""


class Listener(enum.Enum):
    """Who listens where the proxy should."""

    NOBODY = enum.auto()
    OURS = enum.auto()
    ANOTHER_OF_OURS = enum.auto()
    WITH_ANOTHER_CA = enum.auto()
    A_STRANGER = enum.auto()


@dataclass(frozen=True, slots=True)
class Address:
    """Where the config says that something listens, as this machine reaches it."""

    host: str
    port: int
    tls: bool = False

    @property
    def url(self) -> str:
        """Without a path."""
        return f"{'https' if self.tls else 'http'}://{in_url(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """What is to be found. `opened`: a host whose TLS it opens, None where it opens none; `ca`: the root it has."""

    at: Address
    gateway: Address
    opened: str | None
    ca: Path


def listener(proxy: Proxy) -> Listener:
    """Asks whoever listens there for the gateway's banner, by a name that leads to it from the inside only, and the
    gateway for the same; then has a tunnel opened, which shows whether it has the key of the root that is trusted."""
    try:
        socket.create_connection((proxy.at.host, proxy.at.port), ASK_TIMEOUT_S).close()
    except OSError:
        return Listener.NOBODY
    instance = _instance(proxy.at, BY_PROXY)
    if instance is None:
        return Listener.A_STRANGER
    if proxy.gateway.port and instance != _instance(proxy.gateway, "/"):
        return Listener.ANOTHER_OF_OURS
    return Listener.OURS if _opens_tunnels(proxy) else Listener.WITH_ANOTHER_CA


def gateway_runs(gateway: Address) -> bool:
    """Whether it answers, with or without the proxy."""
    return bool(gateway.port) and _instance(gateway, "/") is not None


def _instance(at: Address, path: str) -> str | None:
    """Which process of ours answers there; None where another program does."""
    connection = _connection(at)
    try:
        connection.request("GET", path)
        said = json.loads(connection.getresponse().read(BANNER_LIMIT))
        return str(said["instance"]) if said["message"] == OWN_NAME else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):  # It speaks something else.
        return None
    finally:
        connection.close()


def _connection(at: Address) -> http.client.HTTPConnection:
    if not at.tls:
        return http.client.HTTPConnection(at.host, at.port, timeout=ASK_TIMEOUT_S)
    unverified = ssl.create_default_context()  # Nothing secret is sent, and only a name is wanted.
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(at.host, at.port, timeout=ASK_TIMEOUT_S, context=unverified)


def _opens_tunnels(proxy: Proxy) -> bool:
    """Whether a tunnel to a vendor shows a certificate that our root has signed. Nothing is asked in it."""
    if proxy.opened is None:
        return proxy.ca.is_file()
    try:
        trusting = ssl.create_default_context(cafile=proxy.ca)
    except OSError:  # It is not there, or no certificate.
        return False
    trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT  # A root that an older mitmproxy has made lacks some extensions.
    connection = http.client.HTTPSConnection(proxy.at.host, proxy.at.port, timeout=ASK_TIMEOUT_S, context=trusting)
    connection.set_tunnel(proxy.opened, HTTPS_PORT)
    try:
        connection.connect()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def start(proxy: Proxy, config: Path, folder: Path, users: Path) -> Path:
    """Starts it without the console, and returns once it answers. Gives its log. Raises NotToBeHad.

    It ends when nobody has a lock on `users` any more. It has a session of its own, so what is typed at the terminal
    does not reach it, and is nobody's child: a program that waits for all of its children would wait for ever.
    """
    log = folder / f"proxy-{proxy.at.port}.log"
    command = [
        *(sys.executable, "-O", str(SCRIPTS / "start.py"), "--headless", "--config", str(config)),
        *("--set", f"confdir={proxy.ca.parent}"),
        *("-s", str(SCRIPTS / "with_until.py"), "--set", f"{OPTION}={users}"),
    ]
    alive, held = os.pipe()
    try:
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            orphaned = ["/bin/sh", "-c", '"$@" &', "sh", *command]
            subprocess.run(
                orphaned,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(held,),
                check=True,
            )
        os.close(held)
        _wait(proxy, alive, log)
    finally:
        os.close(alive)
    return log


def _wait(proxy: Proxy, alive: int, log: Path) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        ended, _, _ = select.select([alive], [], [], PAUSE_S)  # Readable once nobody can write to it any more.
        match listener(proxy):
            case Listener.OURS:
                return
            case Listener.NOBODY | Listener.ANOTHER_OF_OURS:  # The latter: its gateway does not listen yet.
                if ended:
                    raise NotToBeHad(f"the gateway did not start: {_last_line(log)}")
            case Listener.WITH_ANOTHER_CA | Listener.A_STRANGER:
                raise NotToBeHad(f"the gateway started, and is not what answers at {proxy.at.url}: see {log}")
    raise NotToBeHad(f"the gateway did not answer within {START_TIMEOUT_S:.0f} s: see {log}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One process at a time is within."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def use(file: Path) -> None:
    """A lock that this process and all that come from it hold until they end, through exec too; first waits for a proxy
    that is about to end."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    fcntl.fcntl(descriptor, fcntl.F_DUPFD, LOCK_NUMBER)  # Unlike the first, exec leaves it open.
    os.close(descriptor)
