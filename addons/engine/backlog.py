"""What a client of HTTP/2 has not made room for. On HTTP/1 its socket makes the upstream wait; here nothing does."""

from typing import Final

from mitmproxy.connection import Connection
from mitmproxy.proxy.layers.http import Http2Server, HttpLayer

MOST_BYTES: Final = 64 << 20
LOOK_BYTES: Final = 4 << 20


class Backlog:
    """Tells whether a client has fallen too far behind. It is looked at once for each LOOK_BYTES that are sent."""

    def __init__(self, layer: HttpLayer, client: Connection) -> None:
        self._layer = layer
        self._client = client
        self._looked_bytes = 0

    def is_too_long(self, sent_bytes: int) -> bool:
        """Whether the streams of this connection wait with more than MOST_BYTES."""
        if sent_bytes - self._looked_bytes < LOOK_BYTES:
            return False
        self._looked_bytes = sent_bytes
        return self._waiting_bytes() > MOST_BYTES

    def _waiting_bytes(self) -> int:
        connection = self._layer.connections[self._client]
        if not isinstance(connection, Http2Server):
            return 0
        return sum(len(piece.data) for waiting in connection.h2_conn.stream_buffers.values() for piece in waiting)
