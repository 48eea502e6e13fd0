"""What a refusal means for the pool."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import claude
from addons.providers.refusals import QUOTA_REST_S, classify

NOTHING, MODEL, CREDENTIAL = Scope.NOTHING, Scope.MODEL, Scope.CREDENTIAL
OK, LIMITED, REFUSED, FORBIDDEN, MISSING, PASSING, FAULT = (
    OutcomeKind.OK,
    OutcomeKind.RATE_LIMITED,
    OutcomeKind.UNAUTHORIZED,
    OutcomeKind.FORBIDDEN,
    OutcomeKind.MODEL_MISSING,
    OutcomeKind.TRANSIENT,
    OutcomeKind.REQUEST_FAULT,
)


def chat(message: str = "m", *, type: str | None = None, code: object = None, param: str | None = None) -> bytes:  # noqa: A002
    return json.dumps({"error": {"message": message, "type": type, "code": code, "param": param}}).encode()


def anthropic(type: str, message: str = "m") -> bytes:  # noqa: A002
    return json.dumps({"type": "error", "error": {"type": type, "message": message}, "request_id": "r"}).encode()


CASES: list[tuple[int, bytes, OutcomeKind, Scope]] = [
    # Keys and money.
    (401, chat("Incorrect API key", type="invalid_request_error", code="invalid_api_key"), REFUSED, CREDENTIAL),
    (401, anthropic("authentication_error"), REFUSED, CREDENTIAL),
    (401, b"", REFUSED, CREDENTIAL),
    (402, chat("Insufficient credits"), FORBIDDEN, CREDENTIAL),
    (
        400,
        anthropic("invalid_request_error", "Your credit balance is too low to access the API"),
        FORBIDDEN,
        CREDENTIAL,
    ),
    (403, anthropic("permission_error", "Your API key does not have permission"), FORBIDDEN, CREDENTIAL),
    (403, chat("Country not supported", code="unsupported_country_region_territory"), FORBIDDEN, CREDENTIAL),
    # Models.
    (403, chat("Project has no access to model `gpt-4.1`", code="model_not_found"), MISSING, MODEL),
    (403, chat("This key may not use that model"), FORBIDDEN, MODEL),
    (404, anthropic("not_found_error", "model: claude-x"), MISSING, MODEL),
    (404, chat("The model `gpt-4.1-x` does not exist", code="model_not_found"), MISSING, MODEL),
    (404, chat('model "tiny" not found, try pulling it first', type="api_error"), MISSING, MODEL),
    (404, chat("No endpoints found for x/y."), MISSING, MODEL),
    (400, chat("The model `gpt-4.1` does not exist or is not supported"), MISSING, MODEL),
    (400, chat("x is not a valid model ID"), MISSING, MODEL),
    (422, chat("unknown model x"), MISSING, MODEL),
    # A path that is not there is no word on models.
    (404, b"404 page not found", MISSING, NOTHING),
    (404, chat("Not Found"), MISSING, NOTHING),
    (404, b'{"detail": "Not Found"}', MISSING, NOTHING),
    # Faults of the request: no credential can help.
    (400, anthropic("invalid_request_error", "messages: roles must alternate"), FAULT, NOTHING),
    (400, chat("too long", type="invalid_request_error", code="context_length_exceeded"), FAULT, NOTHING),
    (
        400,
        chat("Unsupported parameter: 'max_tokens' is not supported with this model", param="max_tokens"),
        FAULT,
        NOTHING,
    ),
    (400, chat("This model does not support image input. Unknown part"), FAULT, NOTHING),
    (400, chat("model parameter 'x' is not supported"), FAULT, NOTHING),
    (403, chat("Your input was flagged"), FAULT, NOTHING),
    (500, chat("blocked", code="content_policy_violation"), FAULT, NOTHING),
    (409, b"", FAULT, NOTHING),
    (413, anthropic("request_too_large"), FAULT, NOTHING),
    (422, b'{"detail": [{"msg": "Field required", "input": "secret text"}]}', FAULT, NOTHING),
    # Limits.
    (429, anthropic("rate_limit_error"), LIMITED, MODEL),
    (429, chat("Rate limit reached for gpt-4.1", code="rate_limit_exceeded"), LIMITED, MODEL),
    (429, chat("You exceeded your current quota", code="insufficient_quota"), LIMITED, CREDENTIAL),
    (429, chat("context", code="context_length_exceeded"), LIMITED, MODEL),
    (429, b"", LIMITED, MODEL),
    # What passes.
    *((status, b"upstream connect error", PASSING, MODEL) for status in (408, 425, 500, 502, 503, 504, 520, 529, 302)),
    (529, anthropic("overloaded_error"), PASSING, MODEL),
    (500, chat("The model is not available right now"), PASSING, MODEL),
    (403, b"<!DOCTYPE html><title>Just a moment...</title>", PASSING, CREDENTIAL),
    (429, b" <html>slow down</html>", PASSING, CREDENTIAL),
    (404, b"<html>not here</html>", PASSING, CREDENTIAL),
    (503, b"<html>down</html>", PASSING, MODEL),
    # Errors inside a 200 reply.
    (0, anthropic("overloaded_error"), PASSING, MODEL),
    (0, anthropic("api_error"), PASSING, MODEL),
    (0, anthropic("rate_limit_error"), LIMITED, MODEL),
    (0, anthropic("authentication_error"), REFUSED, CREDENTIAL),
    (0, anthropic("permission_error"), FORBIDDEN, CREDENTIAL),
    (0, anthropic("billing_error"), FORBIDDEN, CREDENTIAL),
    (0, anthropic("not_found_error", "model: x"), MISSING, MODEL),
    (0, anthropic("invalid_request_error"), FAULT, NOTHING),
    (0, anthropic("request_too_large"), FAULT, NOTHING),
    (0, chat("x", type="invalid_request_error", code="invalid_api_key"), REFUSED, CREDENTIAL),
    (0, chat("x", type="server_error"), PASSING, MODEL),
    (0, chat("Provider returned error", code=502), PASSING, MODEL),
    (0, chat("slow", code=429), LIMITED, MODEL),
    (0, b'{"error": "out of memory"}', PASSING, MODEL),
    (200, chat("x", code="insufficient_quota"), LIMITED, CREDENTIAL),
    (0, b'[{"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}]', LIMITED, MODEL),
    (0, b"", PASSING, MODEL),
    (0, b"<html>", PASSING, MODEL),
]


@pytest.mark.parametrize(("status", "body", "kind", "scope"), CASES)
@pytest.mark.parametrize("provider", [classify, claude.PROVIDER.classify])
def test_each_refusal_rests_what_it_is_about(
    status: int, body: bytes, kind: OutcomeKind, scope: Scope, provider: object
) -> None:
    judged = provider(status, {}, body)  # type: ignore[operator]
    assert (judged.kind, judged.scope) == (kind, scope)


@pytest.mark.parametrize(
    ("status", "headers", "body", "hint_s"),
    [
        (429, {"retry-after": "7"}, b"", 7.0),
        (503, {"retry-after": "3"}, b"", 3.0),
        (401, {"retry-after": "3"}, b"", None),
        (429, {}, chat("Please try again in 20s"), 20.0),
        (429, {}, chat("x", code="insufficient_quota"), QUOTA_REST_S),
        (429, {"retry-after": "86400"}, chat("x", code="insufficient_quota"), 86400.0),
    ],
)
def test_hints_are_kept_where_waiting_helps(
    status: int, headers: dict[str, str], body: bytes, hint_s: float | None
) -> None:
    assert classify(status, headers, body).retry_after_s == hint_s


def test_the_message_is_one_masked_line_in_the_vendors_words() -> None:
    body = chat("Incorrect API key provided: sk-proj-123456789.\nYou can find " + "your key " * 50)
    message = classify(401, {}, body).message
    assert message.startswith("Incorrect API key provided: *** You can find") or "***" in message
    assert "\n" not in message
    assert len(message) == 200
    assert "secret text" not in classify(422, {}, b'{"detail": [{"msg": "x", "input": "secret text"}]}').message
    assert classify(403, {}, b"<html>challenge-platform").message == "a firewall's page instead of an API's reply"
    assert classify(404, {}, b"404 page not found").message == "404 page not found"
    assert classify(529, {}, anthropic("overloaded_error", "")).message == "overloaded_error"


@given(
    st.integers(0, 600),
    st.one_of(
        st.binary(),
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(
                        ["error", "message", "type", "code", "detail", "details", "param", "status", "metadata"]
                    ),
                    inner,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_whatever_a_vendor_sends_is_an_outcome(status: int, body: bytes) -> None:
    for judge in (classify, claude.PROVIDER.classify):
        judged = judge(status, {}, body)
        assert judged.kind not in (OutcomeKind.OK, OutcomeKind.CANCELLED)
        assert len(judged.message) <= 200


# Anthropic's windows.

UNIFIED = "anthropic-ratelimit-unified"
NOW = {"date": "Fri, 20 Nov 2026 12:00:00 GMT"}
LATER = str(1795176000 + 7200)
MUCH_LATER = str(1795176000 + 86400)


def unified(**headers: str) -> Outcome:
    named = {f"{UNIFIED}-{name.replace('__', '-')}": value for name, value in headers.items()}
    return claude.PROVIDER.classify(429, {**NOW, **named}, anthropic("rate_limit_error"))


def test_a_used_up_window_of_the_account_rests_all_of_it_until_the_latest_reset() -> None:
    said = {"5h__status": "rejected", "5h__reset": LATER, "7d__status": "rejected", "7d__reset": MUCH_LATER}
    judged = unified(status="rejected", **said)
    assert (judged.kind, judged.scope, judged.retry_after_s) == (LIMITED, CREDENTIAL, 86400.0)


def test_a_used_up_window_of_one_model_family_leaves_the_others_alone() -> None:
    judged = unified(**{"5h__status": "allowed", "7d_oi__status": "rejected", "7d_oi__reset": LATER})
    assert (judged.scope, judged.retry_after_s) == (MODEL, 7200.0)


@pytest.mark.parametrize(("claim", "scope"), [("five_hour", CREDENTIAL), ("seven_day_opus", MODEL)])
def test_without_windows_the_claim_says_what_is_used_up(claim: str, scope: Scope) -> None:
    judged = unified(status="rejected", reset=LATER, representative__claim=claim)
    assert (judged.scope, judged.retry_after_s) == (scope, 7200.0)


def test_allowed_windows_leave_a_429_to_its_model() -> None:
    assert unified(status="allowed").scope is MODEL


def test_fast_mode_without_credits_is_the_requests_own_fault() -> None:
    body = anthropic("rate_limit_error", "Fast mode requires extra usage credits")
    assert claude.PROVIDER.classify(429, {}, body).kind is FAULT
