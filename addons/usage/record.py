"""The record that every exchange ends in, and where it goes."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from addons.exchange import AttemptRecord, Exchange
from translators import Usage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One exchange, in numbers and names. No secrets, no content.

    `client_name` is the short id of the client key. `provider`, `credential` and `upstream_model` are those of the last
    attempt, "" without one. `status` is what the client got, None where it went away first. `first_event_s` and
    `duration_s` count from the request's arrival, `received_s` is Unix seconds.
    """

    exchange_id: str
    received_s: float
    client_name: str
    client_dialect: str
    operation: str
    model: str
    stream: bool
    provider: str
    credential: str
    upstream_model: str
    attempts: tuple[AttemptRecord, ...]
    status: int | None
    usage: Usage | None
    losses: int
    first_event_s: float | None
    duration_s: float
    sent_bytes: int
    stop: str
    error: str


class UsageSink(Protocol):
    """Whoever keeps records. take() must not block: it is called where bytes are moved."""

    def take(self, record: UsageRecord) -> None: ...


def record_of(exchange: Exchange, status: int | None, sent_bytes: int, now_s: float) -> UsageRecord:
    """What is known of the exchange at its end."""
    last = exchange.attempts[-1] if exchange.attempts else None
    first = exchange.first_event_s
    return UsageRecord(
        exchange_id=exchange.id,
        received_s=exchange.received_s,
        client_name=exchange.client_name,
        client_dialect=exchange.client.name,
        operation=exchange.operation,
        model=exchange.model,
        stream=exchange.stream,
        provider=last.provider if last else "",
        credential=last.credential if last else "",
        upstream_model=last.model if last else "",
        attempts=tuple(exchange.attempts),
        status=status,
        usage=exchange.usage,
        losses=len(exchange.losses),
        first_event_s=None if first is None else first - exchange.received_s,
        duration_s=now_s - exchange.received_s,
        sent_bytes=sent_bytes,
        stop=exchange.stop,
        error=exchange.error,
    )


class LogSink:
    """One line per exchange."""

    def take(self, record: UsageRecord) -> None:
        """Logs it."""
        logger.info(
            "flow=%s client=%s key=%s model=%s provider=%s credential=%s upstream=%s attempts=%d status=%s %s"
            " losses=%d first_event_s=%s duration_s=%.3f%s",
            record.exchange_id[:8],
            record.client_dialect,
            record.client_name,
            record.model,
            record.provider or "-",
            record.credential or "-",
            record.upstream_model or "-",
            len(record.attempts),
            "gone" if record.status is None else record.status,
            tokens_text(record.usage),
            record.losses,
            "-" if record.first_event_s is None else f"{record.first_event_s:.3f}",
            record.duration_s,
            f" error={record.error!r}" if record.error else "",
        )


class Fanout:
    """Gives each record to every sink; a sink that fails is logged and the others still get it."""

    def __init__(self, sinks: Sequence[UsageSink]) -> None:
        self._sinks = sinks

    def take(self, record: UsageRecord) -> None:
        """To all of them."""
        for sink in self._sinks:
            try:
                sink.take(record)
            except Exception:
                logger.exception("flow=%s usage record not kept by %s", record.exchange_id[:8], type(sink).__name__)


def tokens_text(usage: Usage | None) -> str:
    """`input_tokens=.. cached=.. output_tokens=.. reasoning=..`, or that nobody told."""
    if usage is None:
        return "tokens=unknown"
    return (
        f"input_tokens={usage.input_tokens} cached={usage.cached_tokens}"
        f" output_tokens={usage.output_tokens} reasoning={usage.reasoning_tokens}"
    )
