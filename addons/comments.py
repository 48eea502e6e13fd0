"""What stands on a client's flow, for people: who answered, who was tried, and what could not be said to them.

It begins with the flow's short id, as the log's lines and the comments of its attempts do: that is how to find them.
"""

from collections.abc import Iterator
from typing import Final

from mitmproxy import http

from addons import exchange as exchanges
from addons.exchange import AttemptRecord, Exchange
from addons.rules.ruleset import ruled_text

SHOWN_LOSSES: Final = 20


class Comments:
    """Writes the comment once an exchange is over. It may stand anywhere."""

    name = "cliproxy-comments"

    def response(self, flow: http.HTTPFlow) -> None:
        """The client has an answer."""
        write(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """It has none: it went away, or the flow was killed."""
        write(flow)


def write(flow: http.HTTPFlow) -> None:
    """Says it on the flow, if that is an exchange. What a person has written there stays."""
    exchange = exchanges.of(flow)
    if exchange is not None and not flow.comment:
        flow.comment = "\n· ".join(told(exchange))


def told(exchange: Exchange) -> Iterator[str]:
    """The exchange in a line, then a line for each attempt, one for what rules have changed, then for each loss."""
    last = exchange.attempts[-1] if exchange.attempts else None
    how = "nobody was tried" if last is None else f"{outcome(last)}, {last.provider} {last.credential} {last.model}"
    yield f"{exchange.id[:8]} {exchange.client.name} {exchange.model}: {exchange.error or how}"
    for record in exchange.attempts:
        yield tried(record)
    if exchange.ruled:
        yield f"ruled: {ruled_text(exchange.ruled)}"
    for loss in exchange.losses[:SHOWN_LOSSES]:
        yield f"lost {loss.path}: {loss.reason}"
    if len(exchange.losses) > SHOWN_LOSSES:
        yield f"and {len(exchange.losses) - SHOWN_LOSSES} more losses"


def tried(record: AttemptRecord) -> str:
    """One attempt in a line."""
    took = "" if record.ended_s is None else f", {record.ended_s - record.started_s:.1f} s"
    status = "" if record.status is None else f"{record.status} "
    said = f"{status}{outcome(record)} {record.message}".strip()
    return f"#{record.number} {record.provider} {record.credential} {record.model}{took}: {said}"


def outcome(record: AttemptRecord) -> str:
    """How it went; an attempt that a person has killed has no end yet."""
    return record.outcome or "not finished"
