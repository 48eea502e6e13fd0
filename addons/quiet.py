"""mitmproxy's own log lines, as far as a person at the gateway has no use for them."""

import logging
import re
import traceback
from typing import Final

from addons.listen import PLACEHOLDER_HOST

LOGGERS: Final = ("mitmproxy.proxy.server", "mitmproxy.proxy.mode_servers", "mitmproxy.master")

_COMING_AND_GOING: Final = re.compile(
    r"(?:client|server) (?:connect|disconnect)\b|error establishing server connection\b"
    r"|Streaming (?:request to|response from)\b"
)
_OURS: Final = (
    (re.compile(rf"reverse proxy to \S*{re.escape(PLACEHOLDER_HOST)}\S*"), "the gateway is"),
    (re.compile(rf"the proxy's certificate for {re.escape(PLACEHOLDER_HOST)}:\d+"), "the gateway's certificate"),
)
"""What mitmproxy calls our parts, and what they are."""
_UNHANDLED: Final = "Unhandled error in task."
_STREAMS: Final = frozenset(("asyncio", "uvloop", "mitmproxy"))


class Quiet(logging.Filter):
    """Keeps connections that come, go or fail out of the log: an exchange tells of them. Calls our parts what they are.

    `on` False: their lines are let through, as for `debug: true`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on = True

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is kept."""
        if not isinstance(record.msg, str):
            return True
        for theirs, ours in _OURS:
            record.msg = theirs.sub(ours, record.msg)
        return not (self.on and (_COMING_AND_GOING.match(record.msg) or _is_broken_connection(record)))

    def install(self) -> None:
        """From now on, until remove()."""
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)

    def remove(self) -> None:
        """As before."""
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self)


def _is_broken_connection(record: logging.LogRecord) -> bool:
    """Whether asyncio tells what mitmproxy has heard already: its streams keep an error for whoever waits for their
    end, which nobody does, and say so when they are thrown away in an order that they did not expect."""
    error = record.exc_info[1] if record.msg == _UNHANDLED and record.exc_info else None
    if not isinstance(error, ConnectionError | TimeoutError):
        return False
    through = {frame.f_globals["__name__"].partition(".")[0] for frame, _ in traceback.walk_tb(error.__traceback__)}
    return through <= _STREAMS
