"""What Google's own dialect has in common at all its doors: headers, and what a refusal means."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from addons.accounts.credential import Credential
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import hints, refusals
from addons.providers.headers import with_kept

DAY_S: Final = 86400.0
PACIFIC_S: Final = 8 * 3600.0
"""Daily quotas begin anew at midnight Pacific time, in summer an hour before that of winter.

Source: ai.google.dev/gemini-api/docs/rate-limits.
"""

_KEPT: Final = frozenset(("user-agent", "x-goog-api-client"))  # Not x-goog-user-project: it is the client's own.
_BAD_KEY: Final = re.compile(r"\bapi key (?:not valid|expired|not found)\b", re.IGNORECASE)
_BAD_KEY_REASONS: Final = frozenset(("API_KEY_INVALID", "API_KEY_EXPIRED", "ACCESS_TOKEN_EXPIRED"))
_PLACE: Final = re.compile(
    r"\blocation is not supported\b|\bnot available in your (?:country|location)\b|\benable billing\b", re.IGNORECASE
)
_OF_ANOTHER: Final = re.compile(r"\bmay not exist\b|\bcachedcontent not found\b", re.IGNORECASE)
_SPENT: Final = re.compile(r"\bcredits are depleted\b|\bspending cap\b", re.IGNORECASE)
_NO_QUOTA: Final = re.compile(r"\blimit: 0\b")

headers = with_kept(_KEPT)


def auth(credential: Credential) -> Mapping[str, str]:
    """Google's own header, on other hosts too: what speaks its dialect takes it."""
    secret = credential.secret.get_secret_value()
    return {"x-goog-api-key": secret} if secret else {}


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The common rules, less what Google says otherwise: a bad key with 400, and why there is no quota in details."""
    refusal = refusals.read(status, headers, body)
    reasons = {reason for detail in _details(refusal) if isinstance(reason := detail.get("reason"), str)}
    if reasons & _BAD_KEY_REASONS or refusal.says(_BAD_KEY):
        return refusals.outcome(refusal, OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL)
    if refusal.status == 429 and not refusal.page:
        return _rate_limited(refusal)
    if refusal.status == 400 and refusal.says(_PLACE):  # Of the account, or of the proxy that it goes out through.
        return refusals.outcome(refusal, OutcomeKind.FORBIDDEN, Scope.CREDENTIAL)
    if refusal.status == 403 and refusal.says(_OF_ANOTHER):  # A file or a cache, which may be another account's.
        return refusals.outcome(refusal, OutcomeKind.FORBIDDEN, Scope.NOTHING)
    if refusal.status == 403 and reasons:  # A key that is restricted, or a project without the API or without money.
        return refusals.outcome(refusal, OutcomeKind.FORBIDDEN, Scope.CREDENTIAL)
    return refusals.judge(refusal)


def _rate_limited(refusal: refusals.Refusal) -> Outcome:
    """What is used up, and until when. Of a day's quota RetryInfo speaks as if it were a minute's."""
    hint_s = hints.retry_after_s(refusal.headers, refusal.details, refusal.message)
    if refusal.says(_SPENT):
        rest_s = max(hint_s or 0.0, refusals.QUOTA_REST_S)
        return refusals.outcome(refusal, OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, rest_s)
    quotas = list(_quotas(refusal))
    daily = [quota for quota in quotas if "PerDay" in quota]
    used_up = daily or quotas
    scope = Scope.CREDENTIAL if used_up and not any("PerModel" in quota for quota in used_up) else Scope.MODEL
    if daily or refusal.says(_NO_QUOTA):
        now_s = hints.now_of(refusal.headers)
        hint_s = max(hint_s or 0.0, DAY_S - (now_s - PACIFIC_S) % DAY_S)
    return refusals.outcome(refusal, OutcomeKind.RATE_LIMITED, scope, hint_s)


def _quotas(refusal: refusals.Refusal) -> Iterator[str]:
    """The ids of the quotas that are used up. Source: google.rpc.QuotaFailure."""
    for detail in _details(refusal):
        violations = detail.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and isinstance(quota := violation.get("quotaId"), str):
                yield quota


def _details(refusal: refusals.Refusal) -> Iterator[dict[str, Any]]:
    for detail in refusal.details if isinstance(refusal.details, list) else ():
        if isinstance(detail, dict):
            yield detail
