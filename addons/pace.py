"""What a client hears while it waits for its reply: `streaming` and `nonstream-keepalive-interval` of the config.

A stream gets the keep-alive of its dialect; a reply in one piece gets newlines before its JSON, which are white space
there. Either opens the reply early, with status 200: an error that comes later is told inside of it, to a client that
wants no stream as the body, as CLIProxyAPI does it.
"""

from typing import Final

from addons.exchange import Exchange, Headers, Pace, ReplyHead
from addons.reply_headers import JSON
from addons.settings import Settings

NEWLINE: Final = b"\n"
NEVER: Final = float("inf")


def pace_of(exchange: Exchange, settings: Settings) -> Pace | None:
    """None, where the client waits in silence."""
    if not exchange.stream:
        interval_s = settings.nonstream_keepalive_interval
        return Pace(interval_s, interval_s, NEWLINE, _head(exchange, JSON)) if interval_s else None
    interval_s, first_s = settings.streaming.keepalive_seconds, settings.streaming.early_commit_seconds
    if not (interval_s or first_s):
        return None
    client = exchange.client
    reframer = exchange.reframer()
    content_type = client.stream_content_type if reframer is None else reframer.content_type
    head = _head(exchange, (b"content-type", content_type.encode()), (b"cache-control", b"no-cache"))
    return Pace(first_s or interval_s, interval_s or NEVER, client.keep_alive, head)


def _head(exchange: Exchange, *headers: tuple[bytes, bytes]) -> ReplyHead:
    """A head without what nobody knows yet: the x-cliproxy-* headers, which tell who answered, the vendor's own headers
    and request id, and when to come again after an error."""
    told: Headers = ((b"request-id", exchange.id.encode()), (b"x-request-id", exchange.id.encode()))
    return ReplyHead(200, (*headers, *told))
