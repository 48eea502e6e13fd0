"""The form in which CLIProxyAPI keeps what rests: one JSON file for each credential. Pure.

What its form can't say (the beginning of a rest, its level, our word for its kind) stands in fields of our own, which
it leaves aside. A file is ours where `written_by` says so. Times are RFC 3339. Source: CLIProxyAPI, cooldown_state.go.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from addons.accounts.cooldown import Rest
from addons.accounts.outcome import OutcomeKind
from addons.accounts.seats import WHOLE

OURS: Final = "cliproxy-mitm"
VERSION: Final = 1
_LAST_S: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()

_REASONS: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.UNAUTHORIZED: "unauthorized",
    OutcomeKind.FORBIDDEN: "payment_required",
    OutcomeKind.MODEL_MISSING: "not_found",
    OutcomeKind.RATE_LIMITED: "quota",
    OutcomeKind.TRANSIENT: "transient upstream error",
}


class Quota(Struct, omit_defaults=True):
    exceeded: bool = False
    reason: str = ""
    next_recover_at: datetime | None = None
    backoff_level: int = 0


class LastError(Struct, omit_defaults=True):
    message: str
    retryable: bool = False
    http_status: int = 0


class Record(Struct, omit_defaults=True):
    """A rest. `kind`, `since`, `level` and `hinted` are ours."""

    provider: str
    auth_id: str
    next_retry_after: datetime
    updated_at: datetime
    model: str = WHOLE
    status: str = ""
    reason: str = ""
    quota: Quota | None = None
    last_error: LastError | None = None
    kind: str = ""
    since: datetime | None = None
    level: int = 0
    hinted: datetime | None = None


class Saved(Struct):
    """A file: what rests of one credential. `provider`: the pool."""

    version: int
    auth_id: str
    provider: str
    updated_at: datetime
    records: list[Record]
    written_by: str = ""


class NotOurs(ValueError):
    """Another program wrote the file."""


def encode(pool: str, credential: str, rests: Mapping[str, Rest], now_s: float) -> bytes:
    """The file that says of a credential what rests."""
    records = [_record(pool, credential, about, rest) for about, rest in sorted(rests.items())]
    said = Saved(VERSION, credential, pool, _at(now_s), records, OURS)
    return msgspec.json.format(msgspec.json.encode(said)) + b"\n"


def decode(data: bytes, now_s: float) -> tuple[str, str, Mapping[str, Rest]]:
    """Pool, credential, and what of it still rests. Raises NotOurs; ValueError where it can't be read."""
    saved = _READ.decode(data)
    if saved.written_by != OURS:
        raise NotOurs(saved.written_by)
    if saved.version != VERSION:
        raise ValueError(f"version {saved.version} is not known")
    rests = {record.model: _rest(record, now_s) for record in saved.records}
    return saved.provider, saved.auth_id, {about: rest for about, rest in rests.items() if rest.until_s > now_s}


_READ: Final = msgspec.json.Decoder(Saved)


def _record(pool: str, credential: str, about: str, rest: Rest) -> Record:
    limited = rest.kind is OutcomeKind.RATE_LIMITED
    reason = _REASONS.get(rest.kind, rest.kind.value)
    if limited and about == WHOLE:
        reason = "credential_quota"
    return Record(
        provider=pool,
        auth_id=credential,
        next_retry_after=_at(rest.until_s),
        updated_at=_at(rest.since_s),
        model=about,
        status="cooling",
        reason=reason,
        quota=Quota(True, reason, _at(rest.until_s), rest.level) if limited else None,
        last_error=LastError(rest.message, http_status=rest.status or 0) if rest.message or rest.status else None,
        kind=rest.kind.value,
        since=_at(rest.since_s),
        level=rest.level,
        hinted=None if rest.hinted_s is None else _at(rest.hinted_s),
    )


def _rest(record: Record, now_s: float) -> Rest:
    """It lasts no longer from now on than it was to last at all: the clock may have been put back since."""
    error = record.last_error
    since_s = _seconds(record.since or record.updated_at)
    until_s = _seconds(record.next_retry_after)
    return Rest(
        kind=OutcomeKind(record.kind),
        since_s=min(now_s, since_s),
        until_s=min(until_s, now_s + until_s - since_s),
        level=max(0, record.level),
        hinted_s=None if record.hinted is None else _seconds(record.hinted),
        status=error.http_status or None if error is not None else None,
        message="" if error is None else error.message,
    )


def _at(time_s: float) -> datetime:
    return datetime.fromtimestamp(min(time_s, _LAST_S), UTC)


def _seconds(time: datetime) -> float:
    if time.tzinfo is None:
        raise ValueError("a time has no zone")
    return time.timestamp()
