"""Conducts an exchange: which credential is tried next, what is sent, and what is said when nobody is left."""

import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from addons.accounts.credential import Credential
from addons.accounts.exhausted import CredentialsExhausted
from addons.accounts.outcome import CANCELLED, Outcome, OutcomeKind
from addons.accounts.pool import Exhausted, Lease, Pool
from addons.attempt import UpstreamAttempt
from addons.exchange import Answer, AttemptRecord, Exchange, Headers, Step, UpstreamRequest, Wait
from addons.providers.headers import extra_headers
from addons.refusals import InternalError
from addons.route import Candidate
from addons.settings import Settings
from addons.usage.record import UsageSink, record_of
from translators import (
    Context,
    GatewayError,
    Target,
    TranslatedRequest,
    encode_conversation,
    registry,
    translate_request,
)
from translators.conversation import Conversation
from translators.dialect import Dialect

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 32
SECRETS: Final = frozenset({b"authorization", b"x-api-key", b"x-goog-api-key"})


class Conductors:
    """Makes a conductor for each exchange; holds what they share."""

    def __init__(
        self,
        pools: Mapping[str, Pool],
        settings: Settings,
        sink: UsageSink,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.pools = pools
        self.settings = settings
        self.sink = sink
        self.clock = clock

    def conduct(self, exchange: Exchange, candidates: Sequence[Candidate]) -> "ExchangeConductor":
        """A conductor for this exchange, which may be answered by these candidates, in this order."""
        return ExchangeConductor(self, exchange, candidates)

    def can_count(self, exchange: Exchange, candidates: Sequence[Candidate]) -> bool:
        """Whether the upstream itself can count this request's tokens."""
        first = candidates[0]
        return first.provider.dialect == exchange.client.name and exchange.operation in first.provider.paths


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A request for one candidate; the same for all of its credentials at one kind of API."""

    body: bytes
    context: Context


class ExchangeConductor:
    """See addons.exchange.Conductor."""

    def __init__(self, shared: Conductors, exchange: Exchange, candidates: Sequence[Candidate]) -> None:
        self._shared = shared
        self._exchange = exchange
        self._candidates = candidates
        self._tried: set[str] = set()
        self._attempts_in_round = 0
        self._round = 0
        self._last: UpstreamAttempt | None = None
        self._exhausted: list[Exhausted] = []
        self._conversation: Conversation | None = None
        self._encoded: dict[tuple[str, str, bool, bool], _Encoded] = {}

    async def next(self) -> Step:
        """The next attempt; a wait, where all rest for a moment; or our answer."""
        try:
            return self._next()
        except GatewayError as error:  # The conversation can't be said in the upstream's dialect.
            return self._answer(error)
        except Exception:
            logger.exception("flow=%s could not be conducted", self._exchange.id[:8])
            return self._answer(InternalError(self._exchange.id))

    def finished(self, status: int | None, sent_bytes: int) -> None:
        """The exchange is over: one usage record."""
        if self._last is not None and self._last.outcome is None:
            self._last.cancelled()
        self._shared.sink.take(record_of(self._exchange, status, sent_bytes, self._shared.clock()))

    def _next(self) -> Step:
        last = self._last
        if last is not None and last.outcome is not None and not last.outcome.another:
            return self._refusal_of(last)
        now_s = self._shared.clock()
        if self._attempts_in_round < self._attempt_limit() and len(self._exchange.attempts) < MAX_ATTEMPTS:
            self._exhausted = []
            for candidate in self._candidates:
                picked = self._pick(candidate, now_s)
                if isinstance(picked, Lease):
                    return self._attempt(candidate, picked, now_s)
                self._exhausted.append(picked)
        return self._another_round(now_s)

    def _pick(self, candidate: Candidate, now_s: float) -> Lease | Exhausted:
        pool = self._shared.pools[candidate.pool]
        return pool.pick(now_s, candidate.model, self._tried, candidate.credentials)

    def _attempt_limit(self) -> int:
        return self._shared.settings.max_retry_credentials or MAX_ATTEMPTS

    def _another_round(self, now_s: float) -> Step:
        """Everybody has been tried or rests: another round if the config wants one and somebody is free soon."""
        settings = self._shared.settings
        if self._round < settings.request_retry and len(self._exchange.attempts) < MAX_ATTEMPTS:
            wait_s = max(0.0, self._free_at_s(now_s) - now_s)
            if wait_s <= settings.max_retry_interval:
                self._round += 1
                self._attempts_in_round = 0
                self._tried.clear()
                return Wait(wait_s)
        error = CredentialsExhausted(self._exchange.model, self._exhausted, now_s, self._unrested())
        if self._only_transient():  # The pool lends such a credential at once to the next request.
            error.retry_after_s = 1.0
        return self._answer(error)

    def _free_at_s(self, now_s: float) -> float:
        """When the first credential of all candidates is free again."""
        return min((one.retry_at_s for one in self._exhausted if one.retry_at_s is not None), default=now_s)

    def _only_transient(self) -> bool:
        blocked = [one for exhausted in self._exhausted for one in exhausted.blocked]
        return bool(blocked) and any(one.kind is OutcomeKind.TRANSIENT for one in blocked)

    def _unrested(self) -> list[str]:
        """The attempts of this request after which nobody rests: what was tried, and why in vain."""
        resting = {one.short for exhausted in self._exhausted for one in exhausted.blocked}
        return [
            f"{record.credential} {record.outcome}{f' {record.status}' if record.status else ''}: {record.message}"
            for record in self._exchange.attempts
            if record.credential not in resting
        ]

    # What is sent.

    def _attempt(self, candidate: Candidate, lease: Lease, now_s: float) -> UpstreamAttempt:
        exchange = self._exchange
        credential = lease.credential
        self._tried.add(credential.id)
        self._attempts_in_round += 1
        record = AttemptRecord(
            number=len(exchange.attempts) + 1,
            provider=candidate.pool,
            credential=credential.short,
            model=candidate.model,
            started_s=now_s,
        )
        exchange.attempts.append(record)
        pool = self._shared.pools[candidate.pool]

        def settle(outcome: Outcome) -> None:
            pool.give_back(lease, outcome, self._shared.clock())

        try:
            upstream = registry.dialect(candidate.provider.dialect)
            encoded = self._encode(candidate, upstream, genuine=candidate.provider.genuine(credential.base_url))
            request = self._request(candidate, credential, encoded.body)
        except BaseException:
            settle(CANCELLED)
            raise
        self._last = UpstreamAttempt(exchange, candidate.provider, upstream, request, encoded.context, record, settle)
        return self._last

    def _encode(self, candidate: Candidate, upstream: Dialect, *, genuine: bool) -> _Encoded:
        """The request as this candidate hears it, from the client's own body."""
        key = (candidate.pool, candidate.model, candidate.keeps_thinking, genuine)
        known = self._encoded.get(key)
        if known is not None:
            return known
        exchange = self._exchange
        target = Target(
            model=candidate.model,
            stream=exchange.stream,
            genuine=genuine,
            keeps_thinking=candidate.keeps_thinking,
        )
        translated: TranslatedRequest
        if upstream is exchange.client:
            translated = translate_request(exchange.body, exchange.client.name, upstream.name, target=target)
        else:
            if self._conversation is None:
                self._conversation = exchange.client.decode_request(exchange.body)
            translated = encode_conversation(self._conversation, upstream.name, target)
        exchange.losses = translated.losses
        context = translated.context
        if upstream is not exchange.client:
            context = Context(
                model=context.model,
                names=context.names,
                json_tool=context.json_tool,
                include_usage=context.include_usage,
                reply_id=secrets.token_hex(12),
                created_s=int(exchange.received_s),
            )
        encoded = self._encoded[key] = _Encoded(translated.body, context)
        return encoded

    def _request(self, candidate: Candidate, credential: Credential, body: bytes) -> UpstreamRequest:
        exchange = self._exchange
        provider = candidate.provider
        same = provider.dialect == exchange.client.name
        base = _base(credential.base_url)
        headers = {
            "host": base.authority,
            "accept": "text/event-stream" if exchange.stream else "application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            **provider.headers(exchange.headers if same else {}),
            **extra_headers(credential, exchange.headers),
            **provider.auth(credential),
            "content-length": str(len(body)),
        }
        path = base.path + provider.paths[exchange.operation]
        if same and exchange.query:
            path = f"{path}?{exchange.query}"
        secrets_ = SECRETS | {name.lower().encode() for name, _ in credential.headers}
        return UpstreamRequest("POST", base.scheme, base.host, base.port, path, _pairs(headers), body, secrets_)

    # What is said when there is no reply.

    def _refusal_of(self, attempt: UpstreamAttempt) -> Answer:
        """The vendor's own refusal: another credential would hear the same."""
        if attempt.refusal is None:
            return self._answer(InternalError(self._exchange.id))
        return self._answer(attempt.refusal, attempt.refusal_body)

    def _answer(self, error: GatewayError, body: bytes | None = None) -> Answer:
        exchange = self._exchange
        exchange.error = str(error)
        headers = {
            "content-type": "application/json",
            "x-cliproxy-attempts": str(len(exchange.attempts)),
        }
        if error.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after_s))
        return Answer(
            error.status,
            _pairs(headers),
            exchange.client.encode_error(error) if body is None else body,
            exchange.client.error_frame(error),
        )


@dataclass(frozen=True, slots=True)
class _Base:
    scheme: str
    host: str
    port: int
    path: str
    authority: str


@lru_cache(maxsize=1024)
def _base(url: str) -> _Base:
    """A base URL, taken apart."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return _Base(parts.scheme, host, port, parts.path.rstrip("/"), parts.netloc.rpartition("@")[2])


def _pairs(headers: Mapping[str, str]) -> Headers:
    return tuple(
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers.items()
    )
