"""What a vendor's refusal means for the pool: the rules that hold for every vendor.

Source: the cooldown and retry tables of CLIProxyAPI, corrected where its users' complaints show healthy accounts at
rest: a fault of the request, a page of a firewall or a wrong path says nothing of the account.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from addons.accounts.masking import line
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import hints
from translators.jsonio import UNREADABLE

QUOTA_REST_S: Final = 1800.0
"""An account that is out of money or quota, where the vendor names no time."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a vendor said. `words`: its type and code, lower case. `status`: HTTP's, or what it would have been."""

    status: int
    words: frozenset[str]
    message: str
    details: Any
    param: str
    headers: Mapping[str, str]
    page: bool = False

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether the message matches."""
        return pattern.search(self.message) is not None


_STATUS_OF_WORD: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "bad_request_error": 400,
    "invalid_argument": 400,
    "failed_precondition": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "billing_error": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "not_found": 404,
    "model_not_found": 404,
    "timeout_error": 408,
    "deadline_exceeded": 504,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "unavailable": 503,
    "overloaded_error": 529,
}
"""An error inside a 200 reply has no status of its own."""

_REQUEST_CODES: Final = frozenset(
    (
        "content_filter",
        "content_policy_violation",
        "context_length_exceeded",
        "context_too_large",
        "cyber_policy",
        "invalid_prompt",
        "invalid_value",
        "message_too_big",
        "moderation_blocked",
        "previous_response_not_found",
        "request_too_large",
        "string_above_max_length",
        "unsupported_parameter",
        "unsupported_value",
    )
)
"""Codes that mean the request, whatever the status."""

_REQUEST_STATUSES: Final = frozenset((400, 406, 409, 411, 413, 414, 415, 422, 431))
_MODEL_CODES: Final = frozenset(("model_not_found", "model_not_supported", "invalid_model", "unsupported_model"))
_BILLING_CODES: Final = frozenset(
    ("billing_error", "billing_hard_limit_reached", "billing_not_active", "insufficient_quota", "insufficient_balance")
)
_MODEL_WORDS: Final = re.compile(
    r"\bmodel\b(?:(?!\. )[^;\n]){0,80}\b(?:not found|not exist|not supported|not available|unavailable|unknown)\b"
    r"|\b(?:unknown|unsupported|no such) model\b|\binvalid model(?: name| id|:|\s*$)"
    r"|\bnot a valid model\b|\bno endpoints found\b",
    re.IGNORECASE,
)
_PARAMETER: Final = re.compile(r"parameter|argument|\bfield\b|\bproperty\b|\bschema\b", re.IGNORECASE)
_MODEL_NAMED: Final = re.compile(r"\bmodels?\b", re.IGNORECASE)
_BILLING: Final = re.compile(r"credit balance is too low|insufficient (?:balance|credits?|funds|quota)", re.IGNORECASE)
_FLAGGED: Final = re.compile(r"\bflagged\b|content (?:policy|filter)|moderation", re.IGNORECASE)
_HTML: Final = re.compile(rb"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """A refusal's meaning by the common rules. Header names in lower case; status 0: an error inside a 200 reply."""
    return judge(read(status, headers, body))


def read(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What the vendor said; never raises."""
    if _HTML.match(body):
        what = "a firewall's page" if "cf-mitigated" in headers or b"challenge" in body else "a web page"
        return Refusal(status or 502, frozenset(), f"{what} instead of an API's reply", None, "", headers, page=True)
    error = _error_of(body)
    words = frozenset(
        word.strip().lower() for key in ("type", "code", "status") if isinstance(word := error.get(key), str)
    )
    message = next((said for key in ("message", "msg", "detail") if isinstance(said := error.get(key), str)), "")
    return Refusal(
        status=status if status >= 400 else _status_inside(error, words),
        words=words,
        message=message,
        details=error.get("details"),
        param=error["param"] if isinstance(error.get("param"), str) else "",
        headers=headers,
    )


def judge(refusal: Refusal) -> Outcome:
    """The common rules, from the surest sign to the vaguest."""
    status, words = refusal.status, refusal.words
    if refusal.page and status in (403, 404, 429):  # A firewall or a wrong path: no word of the vendor's on the key.
        return outcome(refusal, OutcomeKind.TRANSIENT, Scope.CREDENTIAL)
    if status == 429:
        return _rate_limited(refusal)
    if status == 401:
        return outcome(refusal, OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL)
    if status == 402 or words & _BILLING_CODES or (status < 500 and refusal.says(_BILLING)):
        return outcome(refusal, OutcomeKind.FORBIDDEN, Scope.CREDENTIAL)
    if words & _REQUEST_CODES or (status == 403 and refusal.says(_FLAGGED)):
        return outcome(refusal, OutcomeKind.REQUEST_FAULT, Scope.NOTHING)
    if status < 500 and _model_missing(refusal):
        return outcome(refusal, OutcomeKind.MODEL_MISSING, Scope.MODEL)
    if status == 403:
        scope = Scope.MODEL if refusal.says(_MODEL_NAMED) else Scope.CREDENTIAL
        return outcome(refusal, OutcomeKind.FORBIDDEN, scope)
    if status == 404:  # The path is not there: the base URL is wrong, or this server lacks the operation.
        return outcome(refusal, OutcomeKind.MODEL_MISSING, Scope.NOTHING)
    if status in _REQUEST_STATUSES:
        return outcome(refusal, OutcomeKind.REQUEST_FAULT, Scope.NOTHING)
    return outcome(refusal, OutcomeKind.TRANSIENT, Scope.MODEL, _hint(refusal))


def outcome(refusal: Refusal, kind: OutcomeKind, scope: Scope, retry_after_s: float | None = None) -> Outcome:
    """An outcome in the vendor's own words."""
    message = line(refusal.message) or ", ".join(sorted(line(word) for word in refusal.words))
    return Outcome(kind, scope, refusal.status, message, retry_after_s)


def _rate_limited(refusal: Refusal) -> Outcome:
    """Quota that is used up is the account's; a rate is the model's."""
    hint_s = _hint(refusal)
    if refusal.words & _BILLING_CODES or refusal.says(_BILLING):
        return outcome(refusal, OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, max(hint_s or 0.0, QUOTA_REST_S))
    return outcome(refusal, OutcomeKind.RATE_LIMITED, Scope.MODEL, hint_s)


def _model_missing(refusal: Refusal) -> bool:
    """Whether the vendor does not know the model, or not for this account. Another account may."""
    if refusal.words & _MODEL_CODES:
        return True
    if refusal.status == 404:
        return refusal.says(_MODEL_NAMED) or refusal.says(_MODEL_WORDS)
    if refusal.status not in (400, 422) or (refusal.param and refusal.param != "model"):
        return False
    return refusal.says(_MODEL_WORDS) and not refusal.says(_PARAMETER)


def _hint(refusal: Refusal) -> float | None:
    return hints.retry_after_s(refusal.headers, refusal.details, refusal.message)


def _status_inside(error: Mapping[str, Any], words: frozenset[str]) -> int:
    """A status where HTTP gave none: a number in the error, else what the most telling of its words stands for."""
    for key in ("status", "status_code", "code"):
        amount = hints.number(error.get(key))
        if amount is not None and 400 <= amount < 600:
            return int(amount)
    statuses = [_STATUS_OF_WORD[word] for word in words if word in _STATUS_OF_WORD]
    specific = [status for status in statuses if status != 400]
    return max(specific or statuses, default=500)


def _error_of(body: bytes) -> Mapping[str, Any]:
    """The error object in whatever wrapping: {"error": {...}}, {"error": "..."}, [{...}], or bare text."""
    try:
        said = msgspec.json.decode(body)
    except UNREADABLE:
        return {"message": body[:4096].decode("utf-8", "replace")}
    if isinstance(said, list) and said:
        said = said[0]
    if isinstance(said, dict):
        inner = said.get("error", said)
        if isinstance(inner, dict):
            return inner
        return {"message": inner, **said} if isinstance(inner, str) else said
    return {"message": said}
