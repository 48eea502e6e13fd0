"""When a vendor says that it may be asked again: Retry-After and its relatives, in seconds from now."""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from translators.http_errors import SPAN, span_s

_IN_TEXT: Final = re.compile(rf"(?:again in|retry in|after)\s+({SPAN})", re.IGNORECASE)
_EPOCH_S: Final = 1e9
_EPOCH_MS: Final = 1e11


def now_of(headers: Mapping[str, str]) -> float:
    """The vendor's clock where the reply tells it, so that our own being wrong does not matter."""
    stamp = _date(headers.get("date", ""))
    return time.time() if stamp is None else stamp


def retry_after_s(headers: Mapping[str, str], details: Any, message: str) -> float | None:
    """The first hint found: headers, then Google's details, then the message. Header names in lower case."""
    now_s = now_of(headers)
    milliseconds = number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    if "retry-after" in headers:
        hint_s = until(headers["retry-after"], now_s)
        if hint_s is not None:
            return hint_s
    for hint_s in (_spent_window(headers, now_s), _retry_info(details), _from_text(message)):
        if hint_s is not None:
            return hint_s
    return None


def until(value: str, now_s: float) -> float | None:
    """Seconds from now: of a number of seconds, a Unix time (also in milliseconds), a span (1m30s) or a date."""
    amount = number(value)
    if amount is None:
        stamp = _date(value)
        return span_s(value) if stamp is None else max(0.0, stamp - now_s)
    if amount >= _EPOCH_MS:
        return max(0.0, amount / 1000 - now_s)
    return max(0.0, amount - now_s) if amount >= _EPOCH_S else amount


def number(value: object) -> float | None:
    """A finite number that is not negative; None for anything else."""
    try:
        amount = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def _date(value: str) -> float | None:
    """An HTTP date or an RFC 3339 time as Unix seconds."""
    if not value:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
    return None


_WINDOWS: Final = (
    *((f"x-ratelimit-remaining-{what}", f"x-ratelimit-reset-{what}") for what in ("requests", "tokens")),
    *(
        (f"anthropic-ratelimit-{what}-remaining", f"anthropic-ratelimit-{what}-reset")
        for what in ("requests", "tokens", "input-tokens", "output-tokens")
    ),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
)
"""Header of what is left -> header of when it is full again: OpenAI's, Anthropic's, OpenRouter's."""


def _spent_window(headers: Mapping[str, str], now_s: float) -> float | None:
    """The latest reset of the windows of which nothing is left."""
    resets = [
        hint_s
        for remaining, reset in _WINDOWS
        if number(headers.get(remaining, "")) == 0 and (hint_s := until(headers.get(reset, ""), now_s)) is not None
    ]
    return max(resets, default=None)


def _retry_info(details: Any) -> float | None:
    """google.rpc.RetryInfo, and the quotaResetDelay of ErrorInfo."""
    for detail in details if isinstance(details, list) else ():
        if not isinstance(detail, dict):
            continue
        metadata = detail.get("metadata")
        delay = detail.get("retryDelay") or (metadata.get("quotaResetDelay") if isinstance(metadata, dict) else None)
        if isinstance(delay, str) and (hint_s := span_s(delay)) is not None:
            return hint_s
    return None


def _from_text(message: str) -> float | None:
    match = _IN_TEXT.search(message)
    return span_s(match[1]) if match else None
