"""Google's doors: what is sent there, and what their refusals mean for the pool."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from addons.accounts.credential import Credential
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import gemini
from addons.providers.google import auth, classify, headers
from addons.providers.headers import USER_AGENT
from addons.providers.refusals import QUOTA_REST_S
from translators.dialect import Operation

NOTHING, MODEL, CREDENTIAL = Scope.NOTHING, Scope.MODEL, Scope.CREDENTIAL
LIMITED, REFUSED, FORBIDDEN, MISSING, PASSING, FAULT = (
    OutcomeKind.RATE_LIMITED,
    OutcomeKind.UNAUTHORIZED,
    OutcomeKind.FORBIDDEN,
    OutcomeKind.MODEL_MISSING,
    OutcomeKind.TRANSIENT,
    OutcomeKind.REQUEST_FAULT,
)
NOON_UTC = datetime(2026, 1, 15, 12, tzinfo=UTC)
MIDNIGHT_PACIFIC_S = 20 * 3600.0


def refusal(code: int, word: str, message: str = "m", *details: dict[str, Any]) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": word, "details": details}}).encode()


def reason(word: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": word, "domain": "googleapis.com"}


def quota(*ids: str) -> dict[str, Any]:
    violations = [{"quotaMetric": "generativelanguage.googleapis.com/x", "quotaId": one} for one in ids]
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}


def retry(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def credential(base_url: str, key: str = "test-key-1") -> Credential:
    return Credential(id="0" * 16, provider="gemini", pool="gemini", secret=SecretStr(key), base_url=base_url)


CASES: list[tuple[int, bytes, OutcomeKind, Scope]] = [
    # Keys, projects and places. Sources: answers of the API in public bug reports; google/api/error_reason.proto.
    (
        400,
        refusal(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", reason("API_KEY_INVALID")),
        REFUSED,
        CREDENTIAL,
    ),
    (400, refusal(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), REFUSED, CREDENTIAL),
    (400, refusal(400, "INVALID_ARGUMENT", "API Key not found. Please pass a valid API key."), REFUSED, CREDENTIAL),
    (401, refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), REFUSED, CREDENTIAL),
    (
        403,
        refusal(403, "PERMISSION_DENIED", "The API is disabled for this model project", reason("SERVICE_DISABLED")),
        FORBIDDEN,
        CREDENTIAL,
    ),
    (403, refusal(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), FORBIDDEN, CREDENTIAL),
    (403, refusal(403, "PERMISSION_DENIED", "Permission denied on resource model x"), FORBIDDEN, MODEL),
    (
        400,
        refusal(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        FORBIDDEN,
        CREDENTIAL,
    ),
    (
        400,
        refusal(400, "FAILED_PRECONDITION", "The free tier is not available in your country. Please enable billing."),
        FORBIDDEN,
        CREDENTIAL,
    ),
    # What belongs to one project only, which may be that of another key.
    (
        403,
        refusal(403, "PERMISSION_DENIED", "You do not have permission to access the File x or it may not exist."),
        FORBIDDEN,
        NOTHING,
    ),
    (403, refusal(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)"), FORBIDDEN, NOTHING),
    # Models.
    (
        404,
        refusal(404, "NOT_FOUND", "models/x is not found for API version v1beta, or is not supported for it."),
        MISSING,
        MODEL,
    ),
    (404, refusal(404, "NOT_FOUND", "Publisher Model `projects/p/models/x` was not found."), MISSING, MODEL),
    (404, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", PASSING, CREDENTIAL),
    # The request.
    (400, refusal(400, "INVALID_ARGUMENT", 'Unknown name "x": Cannot find field.'), FAULT, NOTHING),
    (400, refusal(400, "FAILED_PRECONDITION", "The File x is not in an ACTIVE state"), FAULT, NOTHING),
    # Theirs.
    (503, refusal(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), PASSING, MODEL),
    (500, refusal(500, "INTERNAL", "An internal error has occurred."), PASSING, MODEL),
    (504, refusal(504, "DEADLINE_EXCEEDED"), PASSING, MODEL),
    # Inside a 200, and in the list that a stream without alt=sse is refused with.
    (0, refusal(503, "UNAVAILABLE", "overloaded"), PASSING, MODEL),
    (0, refusal(400, "INVALID_ARGUMENT", "m", reason("API_KEY_INVALID")), REFUSED, CREDENTIAL),
    (400, b"[" + refusal(400, "INVALID_ARGUMENT", "m", reason("API_KEY_INVALID")) + b"]", REFUSED, CREDENTIAL),
]


@pytest.mark.parametrize(("status", "body", "kind", "scope"), CASES)
def test_a_refusal_means(status: int, body: bytes, kind: OutcomeKind, scope: Scope) -> None:
    outcome = classify(status, {}, body)
    assert (outcome.kind, outcome.scope) == (kind, scope)


MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
TOKENS = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
PROJECT_DAY = "GenerateRequestsPerDayPerProject"
PROJECT = "RequestsPerMinutePerProject"


def limited(message: str, *details: dict[str, Any], now: datetime = NOON_UTC) -> Outcome:
    body = refusal(429, "RESOURCE_EXHAUSTED", message, *details)
    return classify(429, {"date": format_datetime(now, usegmt=True)}, body)


@pytest.mark.parametrize(
    ("message", "details", "scope", "hint_s"),
    [
        ("m", [quota(MINUTE), retry("34.4s")], MODEL, 34.4),
        ("m", [quota(MINUTE, TOKENS), retry("7s")], MODEL, 7.0),
        ("m", [retry("0s")], MODEL, 0.0),
        ("Please retry in 20.5s.", [quota(MINUTE)], MODEL, 20.5),
        ("Resource exhausted. Please try again later.", [], MODEL, None),
        ("m", [quota(MINUTE, DAY), retry("34s")], MODEL, MIDNIGHT_PACIFIC_S),
        ("m", [quota(PROJECT_DAY), retry("34s")], CREDENTIAL, MIDNIGHT_PACIFIC_S),
        ("m", [quota(PROJECT), retry("9s")], CREDENTIAL, 9.0),
        ("Quota exceeded for metric: x, limit: 0, model: gemini-2.5-pro", [retry("5s")], MODEL, MIDNIGHT_PACIFIC_S),
        ("Your prepayment credits are depleted.", [], CREDENTIAL, QUOTA_REST_S),
        ("m", [quota(), {"violations": "odd"}, {"retryDelay": 5}], MODEL, None),
    ],
)
def test_a_quota_that_is_used_up_rests_what_it_is_about_until_it_is_full_again(
    message: str, details: list[dict[str, Any]], scope: Scope, hint_s: float | None
) -> None:
    outcome = limited(message, *details)
    assert (outcome.kind, outcome.scope, outcome.retry_after_s) == (LIMITED, scope, hint_s)


def test_a_days_quota_begins_anew_at_midnight_pacific_time() -> None:
    rest_s = limited("m", quota(DAY), now=datetime(2026, 1, 16, 7, 59, tzinfo=UTC)).retry_after_s
    assert rest_s == 60.0


def test_a_retry_after_header_counts_too() -> None:
    outcome = classify(429, {"retry-after": "12"}, refusal(429, "RESOURCE_EXHAUSTED"))
    assert outcome.retry_after_s == 12.0


@given(st.integers(0, 599), st.binary(max_size=60) | st.sampled_from([refusal(429, "X", "m", {"violations": [5]})]))
def test_whatever_comes_is_judged(status: int, body: bytes) -> None:
    assert classify(status, {}, body).kind in OutcomeKind


def test_the_key_goes_into_googles_header_on_any_host() -> None:
    for base_url in ("https://generativelanguage.googleapis.com", "http://127.0.0.1:9"):
        assert auth(credential(base_url)) == {"x-goog-api-key": "test-key-1"}
    assert auth(credential("http://127.0.0.1:9", "")) == {}


def test_the_client_keeps_its_identity_and_nothing_else() -> None:
    sent = headers(
        {
            "user-agent": "google-genai-sdk/2.8.0",
            "x-goog-api-client": "gl-python/3.13",
            "x-goog-api-key": "test-client-key-1",
            "x-goog-user-project": "theirs",
            "authorization": "Bearer theirs",
            "cookie": "theirs",
        }
    )
    assert sent["user-agent"] == "google-genai-sdk/2.8.0"
    assert sent["x-goog-api-client"] == "gl-python/3.13"
    assert set(sent) == {"accept", "accept-encoding", "content-type", "user-agent", "x-goog-api-client"}
    assert headers({})["user-agent"] == USER_AGENT


def test_the_paths_are_googles() -> None:
    path = gemini.PROVIDER.path
    assert path(Operation.GENERATE, "gemini-2.5-pro", stream=False) == "/v1beta/models/gemini-2.5-pro:generateContent"
    assert path(Operation.GENERATE, "a b", stream=True) == "/v1beta/models/a%20b:streamGenerateContent?alt=sse"
    assert path(Operation.COUNT_TOKENS, "x", stream=False) == "/v1beta/models/x:countTokens"
    with pytest.raises(KeyError):
        path(Operation.COMPACT, "x", stream=False)


def test_the_vendors_own_hosts_are_known() -> None:
    assert gemini.genuine("https://generativelanguage.googleapis.com")
    assert not gemini.genuine("https://generativelanguage.googleapis.com.example.org")
