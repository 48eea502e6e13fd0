"""Conducts an exchange: which credential is tried next, what is sent, and what is said when nobody is left."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import random

from addons.accounts.affinity import Sessions
from addons.accounts.exhausted import AllBusy, CredentialsExhausted, ModelMissing
from addons.accounts.outcome import CANCELLED, OK, Outcome, OutcomeKind
from addons.accounts.pool import Exhausted, Pool
from addons.accounts.rotation import Rotation
from addons.attempt import UpstreamAttempt
from addons.bond import Bond
from addons.continuity import Continuity
from addons.counting import estimate
from addons.exchange import Answer, AttemptRecord, Exchange, Headers, Step, Wait
from addons.outbound import Outbound, Said, pairs
from addons.pace import pace_of
from addons.refusals import InternalError
from addons.reply_headers import RETRY_AFTER
from addons.rounds import Crowd, Rounds, Shares, Turn
from addons.route import Leg, Tier
from addons.routing.turns import RouteTurns
from addons.rules.ruleset import Rules, ruled_text
from addons.settings import Settings
from addons.usage.record import UsageSink, record_of
from addons.waiting import wait_for_turn
from translators import GatewayError
from translators.conversation import Reply
from translators.dialect import Operation

logger = logging.getLogger(__name__)


class Conductors:
    """Makes a conductor for each exchange; holds what they share.

    `before`: the conductors of the config before a change. What they remember (turns, sessions, thoughts) is kept.
    """

    def __init__(
        self,
        pools: Mapping[str, Pool],
        settings: Settings,
        sink: UsageSink,
        clock: Callable[[], float] = time.time,
        *,
        random: Callable[[], float] = random,
        before: "Conductors | None" = None,
    ) -> None:
        self.pools = pools
        self.settings = settings
        self.sink = sink
        self.clock = clock
        self.random = random
        self.rotation = Rotation(settings.routing.strategy)
        self.rules = Rules(settings)
        self.route_turns = RouteTurns()
        self.continuity = Continuity()
        self.sessions: Sessions | None = None
        if settings.routing.session_affinity:
            self.sessions = Sessions(settings.routing.session_affinity_ttl)
        if before is not None:
            self._remember(before)
        self.shares = Shares(pools, settings, self.rotation)

    def conduct(self, exchange: Exchange, tiers: Sequence[Tier]) -> "ExchangeConductor":
        """A conductor for this exchange, which may be answered by these candidates: the first tier that can."""
        return ExchangeConductor(self, exchange, self.route_turns.arranged(tiers, self.clock()))

    def _remember(self, before: "Conductors") -> None:
        new, old = self.settings.routing, before.settings.routing
        self.continuity = before.continuity
        self.route_turns = before.route_turns
        if new.strategy == old.strategy:
            self.rotation = before.rotation
        if self.sessions is not None and new.session_affinity_ttl == old.session_affinity_ttl:
            self.sessions = before.sessions or self.sessions


class ExchangeConductor:
    """See addons.exchange.Conductor."""

    def __init__(self, shared: Conductors, exchange: Exchange, tiers: Sequence[Tier]) -> None:
        self.pace = pace_of(exchange, shared.settings)
        self._shared = shared
        self._exchange = exchange
        self._bond = None if shared.sessions is None else Bond.of(exchange, shared.sessions)
        preferred = None if self._bond is None else self._bond.preferred(tiers, shared.clock())
        counts = exchange.operation is Operation.COUNT_TOKENS
        self._rounds = Rounds(exchange.model, tiers, shared.shares, preferred, stream=exchange.stream, counts=counts)
        self._first_asked = next((tier[0].routed for tier in tiers), "")
        self._unsaid: GatewayError | None = None
        self._last: UpstreamAttempt | None = None
        self._leg_failed: tuple[Leg, Outcome] | None = None
        self._outbound = Outbound(exchange, shared.continuity, shared.rules)

    async def next(self) -> Step:
        """The next attempt, perhaps after some time in line; a wait, where all rest for a moment; or our answer."""
        try:
            step = self._next()
            while isinstance(step, Crowd):
                step = await self._after_the_line(step)
            return step
        except GatewayError as error:
            return self._answer(error)
        except Exception:
            logger.exception("flow=%s could not be conducted", self._exchange.id[:8])
            return self._answer(InternalError(self._exchange.id))

    def finished(self, status: int | None, sent_bytes: int) -> None:
        """The exchange is over: one usage record. What is large is let go at once, not when garbage is collected."""
        if self._last is not None and self._last.outcome is None:
            self._last.cancelled()
        self._leave_leg()
        if status is None and sent_bytes and self._last is not None and self._last.outcome == OK:
            status = 200  # It has heard everything, and did not wait for the end of the body.
        self._last = None
        self._outbound.clear()
        self._exchange.conductor = None
        if self._exchange.ruled:
            logger.info("flow=%s ruled: %s", self._exchange.id[:8], ruled_text(self._exchange.ruled))
        self._shared.sink.take(record_of(self._exchange, status, sent_bytes, self._shared.clock()))

    def _next(self) -> Step | Crowd:
        last = self._last
        if last is not None and last.outcome is not None:
            if last.outcome.another:
                self._rounds.failed(last.outcome)
            elif last.refusal_body is None and (counted := self._estimate()) is not None:
                return counted  # What was refused are our words, not the client's.
            else:
                return self._refusal_of(last)
        return self._look()

    def _look(self) -> Step | Crowd:
        """Whose turn it is now: in this round, or in another one that need not wait."""
        while True:
            now_s = self._shared.clock()
            found = self._rounds.pick(now_s)
            if isinstance(found, Turn):
                if (attempt := self._attempt(found, now_s)) is not None:
                    return attempt
                continue
            if (counted := self._estimate()) is not None:
                return counted
            if found is not None:
                return found
            wait_s = self._rounds.another(now_s, self._shared.random)
            if wait_s is None:
                return self._nobody_left(now_s)
            if wait_s:
                return Wait(wait_s)

    async def _after_the_line(self, crowd: Crowd) -> Step | Crowd:
        shared = self._shared
        timeout_s = shared.settings.routing.queue_timeout_seconds
        found = await wait_for_turn(self._rounds, crowd, shared.pools, timeout_s, shared.clock)
        if isinstance(found, Turn):
            return self._attempt(found, shared.clock()) or self._look()
        if found is None:
            return self._look()
        pools = [candidate.pool for candidate in found.crowd.busy]
        tried = [_sentence(record) for record in self._exchange.attempts]
        return self._answer(AllBusy(self._exchange.model, pools, waited_s=found.waited_s, tried=tried))

    def _estimate(self) -> Answer | None:
        """A count of our own, where nobody is free to count or can: it neither waits nor asks anybody again, and not
        every server of a dialect can."""
        exchange = self._exchange
        if exchange.operation is not Operation.COUNT_TOKENS:
            return None
        return estimate(exchange.client, self._outbound.prompted(self._first_asked).body)

    def _attempt(self, turn: Turn, now_s: float) -> UpstreamAttempt | None:
        """None where this upstream can't be told what the client said; another one may."""
        exchange, candidate, lease = self._exchange, turn.candidate, turn.lease
        credential = lease.credential
        pool = self._shared.pools[candidate.pool]

        def settle(outcome: Outcome) -> None:
            now_s = self._shared.clock()
            pool.give_back(lease, outcome, now_s)
            if candidate.leg is not None and outcome.another and exchange.operation is not Operation.COUNT_TOKENS:
                self._leg_failed = (candidate.leg, outcome)
            if self._bond is not None:
                self._bond.learn(candidate, credential.id, outcome, now_s)

        try:
            said = self._outbound.say(candidate, credential)
        except GatewayError as error:
            settle(CANCELLED)
            self._unsaid = self._unsaid or error
            self._rounds.drop(candidate)
            return None
        except BaseException:
            settle(CANCELLED)
            raise
        self._rounds.begin(turn)
        self._leave_leg(candidate.leg)
        record = AttemptRecord(
            number=len(exchange.attempts) + 1,
            provider=candidate.pool,
            credential=credential.short,
            model=candidate.model,
            started_s=now_s,
        )
        exchange.attempts.append(record)
        exchange.losses, exchange.ruled = said.losses, said.ruled
        self._last = UpstreamAttempt(
            exchange,
            candidate.provider,
            said,
            record,
            settle,
            remember=self._remembering(said),
            rules=credential.rules,
            passthrough=self._shared.settings.passthrough_headers,
        )
        return self._last

    def _leave_leg(self, ahead: Leg | None = None) -> None:
        """A model of a route has failed when it is left for another one, or for good."""
        failed, self._leg_failed = self._leg_failed, None
        if failed is not None and failed[0] != ahead:
            leg, outcome = failed
            self._shared.route_turns.failed(leg, self._shared.clock(), outcome.retry_after_s)

    def _remembering(self, said: Said) -> Callable[[Reply], None] | None:
        """Who keeps what the client can't hold of the reply; nobody, where it speaks the vendor's dialect."""
        exchange = self._exchange
        if said.upstream is exchange.client or exchange.operation is not Operation.GENERATE:
            return None
        return partial(self._shared.continuity.keep, exchange.client_name, exchange.client, said.context)

    # What is said when there is no reply.

    def _nobody_left(self, now_s: float) -> Answer:
        """Everybody has been tried or rests, and no other round is to follow."""
        kinds = {record.outcome for record in self._exchange.attempts}
        if self._last is not None and kinds == {OutcomeKind.REQUEST_FAULT}:
            return self._refusal_of(self._last)  # A rule let it go on, but it is the request all the same.
        exhausted = self._rounds.exhausted(now_s)
        if self._unsaid is not None and not exhausted:
            return self._answer(self._unsaid)
        missing = kinds | {one.kind for pool in exhausted for one in pool.blocked} == {OutcomeKind.MODEL_MISSING}
        nobody = ModelMissing if missing else CredentialsExhausted
        return self._answer(nobody(self._exchange.model, exhausted, now_s, self._unrested(exhausted)))

    def _unrested(self, exhausted: Sequence[Exhausted]) -> list[str]:
        """The attempts of this request after which nobody rests: what was tried, and why in vain."""
        resting = {one.short for pool in exhausted for one in pool.blocked}
        return [_sentence(record) for record in self._exchange.attempts if record.credential not in resting]

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
            exchange.error_frame(error) if body is None or exchange.stream else body,
        )


def _sentence(record: AttemptRecord) -> str:
    """What was tried, and why in vain."""
    status = f" {record.status}" if record.status else ""
    return f"{record.credential} {record.outcome}{status}: {record.message}"
