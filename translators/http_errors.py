"""What a refusal says beside its dialect: in its headers, in its words, in a body that no program was meant to read."""

import re
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import Final

MAX_MESSAGE: Final = 300
MAX_HINT_S: Final = 1e9
SPAN: Final = r"(?:\d+(?:\.\d+)?\s?(?:ms|h|m|s)(?![a-z])\s?)+"
"""What `span_s` reads, for patterns that look for it in a text."""

_READ_BYTES: Final = 20_000
_MARKUP: Final = re.compile(r"<(script|style|head)\b(?:.*?</\1\s*>|.*)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
"""What is never closed goes on to the end: to look for each end in vain would take long."""
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|h|m|s)(?![a-z])", re.IGNORECASE)
_TRY_AGAIN: Final = re.compile(rf"try again in ({SPAN})", re.IGNORECASE)
_UNITS_S: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value, however its name is written; "" where there is none. `name` in lower case."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def date_s(text: str) -> float | None:
    """An HTTP date as Unix seconds."""
    date = parsedate_tz(text) if text else None
    try:
        return None if date is None else float(mktime_tz(date))
    except (ValueError, OverflowError):
        return None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait. Of a date by the upstream's own clock, which is the one that counts."""
    milliseconds = _number(header(headers, "retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    after = header(headers, "retry-after")
    seconds = _number(after)
    if seconds is not None:
        return seconds
    now_s, then_s = date_s(header(headers, "date")), date_s(after)
    return None if now_s is None or then_s is None else max(0.0, then_s - now_s)


def hint_s(message: str) -> float | None:
    """OpenAI says it in words: `Please try again in 6m0s`, `in 1.2s`, `in 320ms`."""
    match = _TRY_AGAIN.search(message)
    return span_s(match[1]) if match else None


def span_s(text: str) -> float | None:
    """`6m0s`, `120ms`, `0.84s`, `1h2m3s` in seconds; None for anything else."""
    pieces = _PIECE.findall(text)
    if not pieces or _PIECE.sub("", text).strip():
        return None
    return sum(float(amount) * _UNITS_S[unit.lower()] for amount, unit in pieces)


def described(status: int, body: bytes, headers: Mapping[str, str]) -> str:
    """One line about a page, or some text."""
    kind = header(headers, "content-type").partition(";")[0].strip()
    line = f"the upstream answered {status} with {kind or 'a body of no stated type' if body else 'an empty body'}"
    text = text_of(body)
    return (f"{line}: {text}" if text else line)[:MAX_MESSAGE]


def text_of(body: bytes) -> str:
    """The words of a page, in one line."""
    return " ".join(_MARKUP.sub(" ", body[:_READ_BYTES].decode("utf-8", "replace")).split())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < MAX_HINT_S else None
