"""Conducts an exchange: which credential is tried next, what is sent, and what is said when nobody is left."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from addons.accounts.exhausted import CredentialsExhausted, ModelMissing
from addons.accounts.outcome import CANCELLED, Outcome, OutcomeKind
from addons.accounts.pool import Exhausted, Lease, Pool
from addons.attempt import UpstreamAttempt
from addons.exchange import Answer, AttemptRecord, Exchange, Headers, Step, Wait
from addons.outbound import Outbound, pairs
from addons.refusals import InternalError, NotCounted
from addons.reply_headers import RETRY_AFTER
from addons.route import Candidate, Tier
from addons.settings import Settings
from addons.usage.record import UsageSink, record_of
from translators import GatewayError, tokens
from translators.dialect import Dialect, Operation, Side

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 32
NOBODY: Final[frozenset[str]] = frozenset()


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

    def conduct(self, exchange: Exchange, tiers: Sequence[Tier]) -> "ExchangeConductor":
        """A conductor for this exchange, which may be answered by these candidates, in this order."""
        return ExchangeConductor(self, exchange, tiers)


def able(client: Dialect, operation: Operation, tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Those whose upstream does this in the client's own dialect: into another one only generating is translated."""
    left = [
        tuple(
            candidate
            for candidate in tier
            if candidate.provider.dialect_of(operation) == client.name and operation in candidate.provider.paths
        )
        for tier in tiers
    ]
    return tuple(tier for tier in left if tier)


def estimate(client: Dialect, body: bytes) -> Answer:
    """Our own count of a prompt's tokens, marked as an estimate. Raises BadRequest, and NotCounted."""
    if Side.CLIENT not in client.sides:
        raise NotCounted(client.name)
    count = tokens.estimate(client.decode_request(body))
    said = {"content-type": "application/json", "x-cliproxy-estimate": "true"}
    return Answer(200, pairs(said), client.count_reply(count), b"")


class ExchangeConductor:
    """See addons.exchange.Conductor."""

    def __init__(self, shared: Conductors, exchange: Exchange, tiers: Sequence[Tier]) -> None:
        self._shared = shared
        self._exchange = exchange
        self._candidates = [candidate for tier in tiers for candidate in tier]
        self._tried: dict[tuple[str, str], set[str]] = {}
        self._attempts_in_round = 0
        self._round = 0
        self._last: UpstreamAttempt | None = None
        self._outbound = Outbound(exchange)

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
        """The exchange is over: one usage record. What is large is let go at once, not when garbage is collected."""
        if self._last is not None and self._last.outcome is None:
            self._last.cancelled()
        self._last = None
        self._outbound.clear()
        self._exchange.conductor = None
        self._shared.sink.take(record_of(self._exchange, status, sent_bytes, self._shared.clock()))

    def _next(self) -> Step:
        last = self._last
        if last is not None and last.outcome is not None and not last.outcome.another:
            return self._refusal_of(last)
        now_s = self._shared.clock()
        if self._attempts_in_round < self._attempt_limit() and len(self._exchange.attempts) < MAX_ATTEMPTS:
            for candidate in self._candidates:
                picked = self._pick(candidate, now_s)
                if isinstance(picked, Lease):
                    return self._attempt(candidate, picked, now_s)
        return self._another_round(now_s)

    def _pick(self, candidate: Candidate, now_s: float) -> Lease | Exhausted:
        pool = self._shared.pools[candidate.pool]
        tried = self._tried.get((candidate.pool, candidate.model), NOBODY)
        # Later rounds wait until somebody is free; the first may borrow one that failed only in passing.
        return pool.pick(now_s, candidate.model, tried, candidate.credentials, resting_too=not self._round)

    def _attempt_limit(self) -> int:
        return self._shared.settings.max_retry_credentials or MAX_ATTEMPTS

    def _another_round(self, now_s: float) -> Step:
        """Everybody has been tried or rests: another round if the config wants one and somebody is free soon."""
        settings = self._shared.settings
        exhausted = [self._exhausted(candidate, now_s) for candidate in self._candidates]
        if self._round < settings.request_retry and len(self._exchange.attempts) < MAX_ATTEMPTS:
            free_at_s = min((one.retry_at_s for one in exhausted if one.retry_at_s is not None), default=now_s)
            wait_s = max(0.0, free_at_s - now_s)
            if wait_s <= max(0.0, settings.max_retry_interval):
                self._round += 1
                self._attempts_in_round = 0
                self._tried.clear()
                return Wait(wait_s)
        if self._exchange.operation is Operation.COUNT_TOKENS:  # Not every server of that dialect can count.
            return estimate(self._exchange.client, self._exchange.body)
        nobody = ModelMissing if self._is_missing(exhausted) else CredentialsExhausted
        return self._answer(nobody(self._exchange.model, exhausted, now_s, self._unrested(exhausted)))

    def _is_missing(self, exhausted: Sequence[Exhausted]) -> bool:
        """Whether every upstream has said, now or before, that it has no such model."""
        reasons = {record.outcome for record in self._exchange.attempts}
        reasons |= {one.kind.value for pool in exhausted for one in pool.blocked}
        return reasons == {OutcomeKind.MODEL_MISSING.value}

    def _exhausted(self, candidate: Candidate, now_s: float) -> Exhausted:
        """Who rests, and until when: what is left when all have been tried."""
        pool = self._shared.pools[candidate.pool]
        nobody = pool.pick(now_s, candidate.model, candidate.credentials, candidate.credentials, resting_too=False)
        assert isinstance(nobody, Exhausted)
        return nobody

    def _unrested(self, exhausted: Sequence[Exhausted]) -> list[str]:
        """The attempts of this request after which nobody rests: what was tried, and why in vain."""
        resting = {one.short for pool in exhausted for one in pool.blocked}
        return [
            f"{record.credential} {record.outcome}{f' {record.status}' if record.status else ''}: {record.message}"
            for record in self._exchange.attempts
            if record.credential not in resting
        ]

    # What is sent.

    def _attempt(self, candidate: Candidate, lease: Lease, now_s: float) -> UpstreamAttempt:
        exchange = self._exchange
        credential = lease.credential
        self._tried.setdefault((candidate.pool, candidate.model), set()).add(credential.id)
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
            said = self._outbound.say(candidate, credential)
        except BaseException:
            settle(CANCELLED)
            raise
        exchange.losses = said.losses
        self._last = UpstreamAttempt(
            exchange,
            candidate.provider,
            said,
            record,
            settle,
            rules=credential.rules,
            passthrough=self._shared.settings.passthrough_headers,
        )
        return self._last

    # What is said when there is no reply.

    def _refusal_of(self, attempt: UpstreamAttempt) -> Answer:
        """The vendor's own refusal: another credential would hear the same."""
        if attempt.refusal is None:
            return self._answer(InternalError(self._exchange.id))
        return self._answer(attempt.refusal, attempt.refusal_body, attempt.refusal_headers)

    def _answer(self, error: GatewayError, body: bytes | None = None, vendors: Headers = ()) -> Answer:
        exchange = self._exchange
        exchange.error = str(error)
        headers = {
            "content-type": "application/json",
            "x-cliproxy-attempts": str(len(exchange.attempts)),
        }
        if error.retry_after_s is not None and RETRY_AFTER.encode() not in dict(vendors):
            headers[RETRY_AFTER] = str(math.ceil(error.retry_after_s))
        return Answer(
            error.status,
            pairs(headers) + vendors,
            exchange.client.encode_error(error) if body is None else body,
            exchange.client.error_frame(error),
        )
