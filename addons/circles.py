"""Requests that come back to the door they came in by: each round would make the next, until no connection is left.

mitmproxy refuses to dial its own listeners by the names that it knows for them. This machine has more: its own name, a
name server's for 127.0.0.1, `0`. A web page may use them too: the proxy would ask itself for what it is asked for.
"""

import logging
from typing import Any, Final, Protocol

from mitmproxy import connection, http

from addons.opening import hide_keys, read

logger = logging.getLogger(__name__)

LOOP_DETECTED: Final = 508
SAID: Final = b"This address leads to the proxy itself: the request would go round in a circle.\n"
_MAPPED: Final = "::ffff:"

type End = tuple[str, int]


class Dialled(Protocol):
    """What mitmproxy's hooks on upstream connections are given: who is dialled, and for whom."""

    server: connection.Server
    client: connection.Client


class Circles:
    """Ends them after one round. It must stand before the addons that answer requests."""

    name = "cliproxy-circles"

    def __init__(self) -> None:
        self._own: set[End] = set()  # From where we have dialled the listener that had asked for it.

    def server_connected(self, data: Dialled) -> None:
        """Nothing has been sent on it yet."""
        server = data.server
        if server.peername and server.sockname and _end(server.peername) == _end(data.client.sockname):
            self._own.add(_end(server.sockname))

    def server_disconnected(self, data: Dialled) -> None:
        """Somebody else may come from there now."""
        if self._own and data.server.sockname:
            self._own.discard(_end(data.server.sockname))

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """What we ask of ourselves goes no further."""
        if self._own and _end(flow.client_conn.peername) in self._own:
            hide_keys(flow, read(flow))
            flow.response = http.Response.make(LOOP_DETECTED, SAID, {"content-type": "text/plain"})
            logger.warning("flow=%s refused: %s leads to this proxy itself", flow.id[:8], flow.request.pretty_host[:80])


def _end(name: tuple[Any, ...]) -> End:
    """Of a socket: address and port. IPv6 has another way to write addresses of IPv4."""
    return str(name[0]).removeprefix(_MAPPED), int(name[1])
