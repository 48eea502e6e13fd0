"""Keeps a session with one credential (`routing.session-affinity`), so that its vendor's cache is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from addons.accounts.affinity import Sessions
from addons.accounts.outcome import Action, Outcome, OutcomeKind, Scope
from addons.exchange import Exchange
from addons.rounds import Preferred
from addons.route import Candidate, Tier
from addons.session import session_of
from translators.dialect import Operation

_RESTING: Final[frozenset[Action]] = frozenset((Action.STOP_AND_COOL, Action.CONTINUE_AND_COOL))


@dataclass(slots=True)
class Bond:
    """A request's session, and who it is bound to."""

    session: str
    sessions: Sessions
    bound: Preferred | None = None

    @staticmethod
    def of(exchange: Exchange, sessions: Sessions) -> "Bond | None":
        """None for a request without a session, and for one that no cache can help."""
        if exchange.operation is Operation.COUNT_TOKENS:
            return None
        session = session_of(exchange)
        return None if session is None else Bond(session, sessions)

    def preferred(self, tiers: Sequence[Tier], now_s: float) -> Preferred | None:
        """The session's credential, whatever its priority. Of a route only that of the model whose turn it is: which
        one is asked is the route's to say."""
        asked = [tier for tier in tiers if tier[0].leg == tiers[0][0].leg]
        for candidate in (candidate for tier in asked for candidate in tier):
            credential = self.sessions.bound(candidate.pool, self.session, candidate.model, now_s)
            if credential is not None and credential in candidate.credentials:
                self.bound = Preferred(candidate, credential)
                return self.bound
        return None

    def learn(self, candidate: Candidate, credential: str, outcome: Outcome, now_s: float) -> None:
        """A success binds the session, in place of what it was bound to; a failure that rests the credential frees it.
        A fault of the request says nothing of either."""
        if outcome.kind is OutcomeKind.OK:
            before = self.bound
            if before is not None and before.candidate is not candidate:
                self.sessions.unbind(before.candidate.pool, self.session, before.candidate.model, before.credential)
            self.sessions.bind(candidate.pool, self.session, candidate.model, credential, now_s)
        elif _rests(outcome):
            self.sessions.unbind(candidate.pool, self.session, candidate.model, credential)


def _rests(outcome: Outcome) -> bool:
    """Whether it speaks against the credential: the next request had better go to another one."""
    if outcome.action is not None:
        return outcome.action in _RESTING
    return outcome.another and outcome.scope is not Scope.NOTHING
