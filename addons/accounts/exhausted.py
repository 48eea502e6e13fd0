"""What a client is told when nobody can answer: who rests, why, and until when."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from addons.accounts.outcome import OutcomeKind
from addons.accounts.pool import Blocked, Exhausted
from translators import ErrorKind, GatewayError

SHOWN: Final = 5
SOON_S: Final = 1.0


class CredentialsExhausted(GatewayError):
    """Every credential that could answer was tried in vain or rests. 429, whatever for: clients hammer a 5xx.

    `tried`: a sentence for each attempt of this request whose credential does not rest. No secrets.
    """

    kind = ErrorKind.RATE_LIMIT
    status = 429
    code = "model_cooldown"

    def __init__(self, model: str, exhausted: Sequence[Exhausted], now_s: float, tried: Sequence[str] = ()) -> None:
        times = [one.retry_at_s for one in exhausted if one.retry_at_s is not None]
        blocked = sorted((one for pool in exhausted for one in pool.blocked), key=lambda one: one.until_s)
        self.retry_after_s = float(math.ceil(max(min(times, default=now_s), now_s) - now_s))
        when = f"the first is back in {_span(self.retry_after_s)}"
        if any(one.kind is OutcomeKind.TRANSIENT for one in blocked):  # The pool lends such a one to the next request.
            self.retry_after_s = SOON_S
            when = "one that failed only in passing may be asked again at once"
        pools = ", ".join(dict.fromkeys(one.pool for one in exhausted))
        head = f"every credential for {model!r} ({pools}) is resting; {when}"
        lines = [*tried[:SHOWN], *(_sentence(one, now_s) for one in blocked[:SHOWN])]
        if len(blocked) > SHOWN:
            lines.append(f"{len(blocked) - SHOWN} more")
        super().__init__(f"{head}: {'; '.join(lines)}" if lines else head)


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
