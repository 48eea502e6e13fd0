"""What a client is told when nobody can answer: who was tried and why in vain, who rests, and until when."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from typing import Final

from addons.accounts.lease import Blocked, Exhausted
from addons.accounts.outcome import OutcomeKind
from translators import ErrorKind, GatewayError

SHOWN: Final = 5
SOON_S: Final = 1.0
BUSY_S: Final = 5.0
"""When to come back where everybody is busy: nobody knows how long the requests before will take."""


class CredentialsExhausted(GatewayError):
    """Every credential that could answer was tried in vain or rests. 429, whatever for: clients hammer a 5xx.

    `tried`: a sentence for each attempt of this request whose credential does not rest. No secrets.
    """

    kind = ErrorKind.RATE_LIMIT
    status = 429
    code = "model_cooldown"

    def __init__(self, model: str, exhausted: Sequence[Exhausted], now_s: float, tried: Sequence[str] = ()) -> None:
        times = [one.retry_at_s for one in exhausted if one.retry_at_s is not None]
        self.retry_after_s = max(SOON_S, float(math.ceil(min(times, default=now_s) - now_s)))
        rests = _rests(exhausted)
        if any(one.kind is OutcomeKind.TRANSIENT for one in rests):
            self.retry_after_s = SOON_S  # The pool lends such a one to the next request.
            when = "; one that failed only in passing may be asked again at once"
        elif rests:
            when = f"; the first is back in {_span(self.retry_after_s)}"
        else:
            when = ""
        head = f"every credential for {model!r} ({_pools(exhausted)}) {_fate(rests, tried)}{when}"
        super().__init__(_story(head, rests, now_s, tried))


class ModelMissing(GatewayError):
    """Every credential that could answer was tried, and each upstream says that it has no such model.

    404, because it will not go away by asking again.
    """

    kind = ErrorKind.NOT_FOUND
    status = 404
    code = "model_not_found"
    param = "model"

    def __init__(self, model: str, exhausted: Sequence[Exhausted], now_s: float, tried: Sequence[str] = ()) -> None:
        head = f"no upstream of {model!r} ({_pools(exhausted)}) has the model that the config names for it"
        rests = _rests(exhausted)
        super().__init__(_story(head, rests, now_s, tried))


class AllBusy(GatewayError):
    """Every credential that could answer has as many requests as it may have at once.

    `pools`: their names. `waited_s`: for how long this request stood in line; None: the line was full. `tried`: as in
    CredentialsExhausted.
    """

    kind = ErrorKind.RATE_LIMIT
    status = 429
    code = "credentials_busy"

    def __init__(
        self, model: str, pools: Iterable[str], *, waited_s: float | None = None, tried: Sequence[str] = ()
    ) -> None:
        self.retry_after_s = BUSY_S
        if waited_s is None:
            why = "and the line of those that wait for them is full (routing.queue-size)"
        else:
            why = f"and none became free in {_span(waited_s)} (routing.queue-timeout-seconds)"
        names = ", ".join(dict.fromkeys(pools))
        head = f"every credential for {model!r} ({names}) has max-concurrency requests already, {why}"
        super().__init__(_story(head, (), 0.0, tried))


def _rests(exhausted: Sequence[Exhausted]) -> list[Blocked]:
    """Each once, also where models of one pool share an alias."""
    return list(dict.fromkeys(one for answer in exhausted for one in answer.blocked))


def _pools(answers: Iterable[Exhausted]) -> str:
    return ", ".join(dict.fromkeys(one.pool for one in answers))


def _fate(rests: Sequence[Blocked], tried: Sequence[str]) -> str:
    match bool(rests), bool(tried):
        case True, True:
            return "was tried in vain or is resting"
        case True, False:
            return "is resting"
        case False, True:
            return "was tried in vain"
        case _:
            return "is ruled out for this request"


def _story(head: str, rests: Sequence[Blocked], now_s: float, tried: Sequence[str]) -> str:
    """What is known of each credential: those tried last, then those that are back first."""
    first_back = nsmallest(SHOWN, rests, key=lambda one: one.until_s)
    lines = [*tried[-SHOWN:], *(_sentence(one, now_s) for one in first_back)]
    more = len(tried) + len(rests) - len(lines)
    if more:
        lines.append(f"{more} more")
    return f"{head}: {'; '.join(lines)}" if lines else head


def _sentence(one: Blocked, now_s: float) -> str:
    status = "" if one.status is None else f" {one.status}"
    about = f" for {one.model}" if one.model else ""
    end = datetime.fromtimestamp(one.until_s, UTC).strftime("%H:%M:%S")
    hinted = "" if one.hinted_s is None else f", the vendor says {_span(one.hinted_s - now_s)}"
    message = f": {one.message}" if one.message else ""
    return f"{one.short} {one.kind}{status}{about} until {end} UTC (in {_span(one.until_s - now_s)}{hinted}){message}"


def _span(seconds: float) -> str:
    """Seconds for people: 40 s, 5 min, 3 h, 2 d."""
    seconds = math.ceil(max(seconds, 0.0))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{math.ceil(seconds / size)} {unit}"
    return f"{seconds} s"
