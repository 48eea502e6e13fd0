"""Where the gateway listens, and who is there already."""

import errno
import http.client
import socket
import ssl
from typing import Final

PLACEHOLDER_HOST: Final = "gateway.invalid"
"""Stands in mitmproxy's mode for an upstream; nothing is ever sent there (the engine refuses it)."""

OWN_NAME: Final = "cliproxy-mitm gateway"
"""How our own banner begins (GET /)."""

BY_PROXY: Final = f"http://{PLACEHOLDER_HOST}/"
"""Leads to that banner through the HTTPS proxy, from the inside only."""

_PROXY: Final = "regular:"

ASK_TIMEOUT_S: Final = 1.0
BANNER_LIMIT: Final = 65536
CLIPROXYAPI_MARKS: Final = ("cli proxy api", "cliproxyapi", "x-cpa-")
"""What its answers to GET / hold: the banner's message, its warning page, or its header names."""


def gateway_mode(host: str, port: int) -> str:
    """The mitmproxy mode that is our gateway: a reverse proxy that serves HTTP/1.1 and, with TLS, HTTP/2. It would take
    the brackets of an IPv6 address for a part of the name."""
    return f"reverse:http://{PLACEHOLDER_HOST}@{host}:{port}"


def is_gateway_mode(mode: str) -> bool:
    """Whether it is that one."""
    return PLACEHOLDER_HOST in mode


def interception_mode(host: str, port: int) -> str:
    """The mitmproxy mode that is our HTTPS proxy. Its colon, which nobody writes by hand, marks it as ours: one that
    the user has named is theirs, and none of our business."""
    return f"{_PROXY}@{host}:{port}"


def is_interception_mode(mode: str) -> bool:
    """Whether it is that one."""
    return mode.startswith(f"{_PROXY}@")


def in_url(host: str) -> str:
    """The address as URLs write it."""
    return f"[{host}]" if ":" in host else host


def from_here(host: str) -> str:
    """Under what address this machine reaches a listener at `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def port_problem(host: str, port: int, key: str = "port") -> str | None:
    """Why nothing can listen there, in a line with the cure, which names the key; None where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return _taken(host, port, key)
            said = error.strerror or error
            address = key.removesuffix("port") + "host"
            return f"Can't listen on {host}:{port}: {said}. Set `{address}` and `{key}` in config.yaml."
    return None


def _taken(host: str, port: int, key: str) -> str:
    where = f"Port {port} on {host} is taken by"
    otherwise = f"or set another `{key}` in config.yaml."
    for target, secure in (("/", False), ("/", True), (BY_PROXY, False)):
        said = _banner(from_here(host), port, target, secure)
        if OWN_NAME in said:
            return f"{where} another instance of this gateway. Use that one, stop it, {otherwise}"
        if any(mark in said for mark in CLIPROXYAPI_MARKS):
            return f"{where} CLIProxyAPI. Stop it (this gateway takes its place), {otherwise}"
    return f"{where} another program. Stop that program, {otherwise}"


def _banner(host: str, port: int, target: str, secure: bool) -> str:
    """What is answered to GET there, with the header names, in lower case; "" where nothing sensible is."""
    connection = _connection(host, port, secure)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        names = " ".join(name for name, _ in response.getheaders())
        return f"{names}\n{response.read(BANNER_LIMIT).decode(errors='replace')}".lower()
    except (OSError, http.client.HTTPException):  # It speaks something else, or nothing: it stays unknown.
        return ""
    finally:
        connection.close()


def _connection(host: str, port: int, secure: bool) -> http.client.HTTPConnection:
    if not secure:
        return http.client.HTTPConnection(host, port, timeout=ASK_TIMEOUT_S)
    unverified = ssl.create_default_context()  # Nothing secret is sent, and only a name is wanted.
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=ASK_TIMEOUT_S, context=unverified)
