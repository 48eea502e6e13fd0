"""Where the gateway listens."""

import errno
import socket
from typing import Final

PLACEHOLDER_HOST: Final = "gateway.invalid"
"""Stands in mitmproxy's mode for an upstream; nothing is ever sent there (the engine refuses it)."""


def gateway_mode(host: str, port: int) -> str:
    """The mitmproxy mode that is our gateway: a reverse proxy that serves HTTP/1.1 and, with TLS, HTTP/2."""
    written = f"[{host}]" if ":" in host else host
    return f"reverse:http://{PLACEHOLDER_HOST}@{written}:{port}"


def port_problem(host: str, port: int) -> str | None:
    """Why nothing can listen there, in a line with the cure; None where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {port} on {host} is taken by another program."
                    " Stop that program, or set another `port` in config.yaml."
                )
            return f"Can't listen on {host}:{port}: {error.strerror}. Set `host` and `port` in config.yaml."
    return None
