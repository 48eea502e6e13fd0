"""How long a credential rests after a failure. Pure: the clock is passed in.

| outcome | rest | about |
| --- | --- | --- |
| unauthorized, forbidden | 1 min, doubling to 30 min | what the provider says: a model or the credential |
| model missing | 10 min, doubling to 1 h | that model of that credential |
| rate limited, with a hint | the hint, at most 1 h for a model and 6 h for a credential | what the provider says |
| rate limited, without one | 1 s, doubling to 30 min | what the provider says |
| transient | the configured 60 s, or a hint of at most 30 min | what the provider says |
| ok, cancelled, a fault of the request | none | |
| a fault of the request that the user lets rest | like a transient one | that model |

CLIProxyAPI rests 30 minutes after a 401 or 403, 12 hours after a 404 and without bound after a hint; its users
complain of healthy accounts that look dead until a restart. Here the first rest is short, the hint is bounded, and
what the vendor said is kept to be shown: a credential whose window is days away is probed every six hours, so one that
recovers early (an upgrade, a reset) comes back by itself at the cost of one refused attempt.

A rule of the user (`request-scoped-errors`) has the last word. `…-and-cooldown` rests the credential even where cooling
is disabled, where transient errors rest nothing (then it is a minute), and after a fault of the request; `stop` and
`continue` alone rest nothing. Such a rest after a fault of the request is the user's own word, so nobody borrows it
as one that failed only in passing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from addons.accounts.outcome import Action, Outcome, OutcomeKind, Scope

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
FORGET_S: Final = HOUR_S
"""So long after its end a rest no longer makes the next one longer."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """The user's settings. `transient_s` None: no rest after a fault that passes."""

    enabled: bool = True
    transient_s: float | None = MINUTE_S


DEFAULT_COOLING: Final = Cooling()


@dataclass(frozen=True, slots=True)
class Rest:
    """Why something rests, and until when it is not picked.

    `hinted_s`: the end that the vendor named, where that is later. `level`: how many rests of this kind came before.
    """

    kind: OutcomeKind
    since_s: float
    until_s: float
    level: int = 0
    hinted_s: float | None = None
    status: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Ladder:
    first_s: float
    last_s: float


_LADDERS: Final[Mapping[OutcomeKind, _Ladder]] = {
    OutcomeKind.UNAUTHORIZED: _Ladder(MINUTE_S, 30 * MINUTE_S),
    OutcomeKind.FORBIDDEN: _Ladder(MINUTE_S, 30 * MINUTE_S),
    OutcomeKind.MODEL_MISSING: _Ladder(10 * MINUTE_S, HOUR_S),
    OutcomeKind.RATE_LIMITED: _Ladder(1.0, 30 * MINUTE_S),
}
_FORCING: Final = (Action.STOP_AND_COOL, Action.CONTINUE_AND_COOL)
_LONGEST_HINT_S: Final[Mapping[tuple[OutcomeKind, Scope], float]] = {
    (OutcomeKind.RATE_LIMITED, Scope.MODEL): HOUR_S,
    (OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL): 6 * HOUR_S,
    (OutcomeKind.TRANSIENT, Scope.MODEL): 30 * MINUTE_S,
    (OutcomeKind.TRANSIENT, Scope.CREDENTIAL): 30 * MINUTE_S,
}


def rest_after(outcome: Outcome, last: Rest | None, now_s: float, cooling: Cooling) -> Rest | None:
    """The rest that stands after this outcome; None where nothing rests because of it.

    `last` is the latest rest of the same thing. A rest that has not ended is never shortened, and failures inside it
    (a burst) do not make the next one longer. A model that is missing rests even when cooling is disabled: asking
    again would not bring it.
    """
    forced = outcome.action in _FORCING and outcome.kind not in (OutcomeKind.OK, OutcomeKind.CANCELLED)
    if not forced and not _rests_by_itself(outcome, cooling):
        return None
    level = _level(outcome.kind, last, now_s)
    length_s, hint_s = _length(outcome, level, cooling.transient_s or MINUTE_S)
    until_s = now_s + length_s
    hinted_s = now_s + hint_s if hint_s is not None and hint_s > length_s else None
    burst = last is not None and last.kind is outcome.kind and hint_s is None
    if last is not None and last.until_s > now_s and (burst or last.until_s >= until_s):
        return last
    return Rest(outcome.kind, now_s, until_s, level, hinted_s, outcome.status, outcome.message)


def _rests_by_itself(outcome: Outcome, cooling: Cooling) -> bool:
    """Whether it rests something where no rule of the user demands it."""
    if outcome.action is not None or outcome.scope is Scope.NOTHING or not outcome.another:
        return False
    if outcome.kind is OutcomeKind.TRANSIENT and cooling.transient_s is None:
        return False
    return cooling.enabled or outcome.kind is OutcomeKind.MODEL_MISSING


def _level(kind: OutcomeKind, last: Rest | None, now_s: float) -> int:
    if last is None or last.kind is not kind or now_s > last.until_s + FORGET_S:
        return 0
    return last.level if last.until_s > now_s else last.level + 1


def _length(outcome: Outcome, level: int, transient_s: float) -> tuple[float, float | None]:
    """How long, and how long the vendor asked for."""
    scope = Scope.MODEL if outcome.scope is Scope.NOTHING else outcome.scope
    longest_s = _LONGEST_HINT_S.get((outcome.kind, scope))
    hint_s = outcome.retry_after_s
    if longest_s is not None and hint_s is not None and hint_s > 0:
        return min(hint_s, longest_s), hint_s
    ladder = _LADDERS.get(outcome.kind)
    if ladder is None:  # A fault that passes, or one of the request that the user lets rest.
        return transient_s, None
    return min(ladder.first_s * 2.0 ** min(level, 32), ladder.last_s), None
