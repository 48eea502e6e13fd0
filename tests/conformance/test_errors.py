"""A vendor's refusal reaches the client of every other dialect as the exception that its SDK has for it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import anthropic
import openai
import pytest
from google.genai import errors as genai_errors
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.material import DIALECTS, REPLY_PAIRS, name_of
from tests.conformance.said import data_of
from tests.conformance.sdks import API_ERRORS, SDKS
from tests.support.served import Answers, answering
from translators import BadRequest, ErrorKind, UpstreamError, translate_error
from translators.registry import dialect

STATUSES: Final[Mapping[int, tuple[str, str | None, type[anthropic.APIStatusError], type[openai.APIStatusError]]]] = {
    400: ("invalid_request_error", None, anthropic.BadRequestError, openai.BadRequestError),
    401: ("authentication_error", "invalid_api_key", anthropic.AuthenticationError, openai.AuthenticationError),
    403: ("permission_error", None, anthropic.PermissionDeniedError, openai.PermissionDeniedError),
    404: ("not_found_error", "model_not_found", anthropic.NotFoundError, openai.NotFoundError),
    413: ("request_too_large", None, anthropic.APIStatusError, openai.APIStatusError),
    429: ("rate_limit_error", "rate_limit_exceeded", anthropic.RateLimitError, openai.RateLimitError),
    500: ("api_error", None, anthropic.InternalServerError, openai.InternalServerError),
    503: ("api_error", None, anthropic.InternalServerError, openai.InternalServerError),
    529: ("overloaded_error", None, anthropic.InternalServerError, openai.InternalServerError),
}
"""Status -> Anthropic's word, OpenAI's code, the exception of either SDK."""


GOOGLES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    529: "UNAVAILABLE",
}
"""Google's word."""


def exception_of(name: str, status: int) -> type[Exception]:
    """What the SDK of a dialect raises."""
    *_, ours, theirs = STATUSES[status]
    if name == "gemini":
        return genai_errors.ClientError if status < 500 else genai_errors.ServerError
    return ours if name == "anthropic" else theirs


def refusal(source: str, status: int) -> bytes:
    """What the vendor says, in its own words."""
    word, code, *_ = STATUSES[status]
    if source == "anthropic":
        body: Any = {"type": "error", "error": {"type": word, "message": "the vendor says no"}, "request_id": "req_1"}
    elif source == "gemini":
        body = {"error": {"code": status, "message": "the vendor says no", "status": GOOGLES[status]}}
    else:
        body = {"error": {"message": "the vendor says no", "type": word, "param": None, "code": code}}
    return json.dumps(body).encode()


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("source", "other"), REPLY_PAIRS, ids=map(name_of, REPLY_PAIRS))
def test_a_refusal_is_the_sdks_own_exception(source: str, other: str, status: int, answers: Answers) -> None:
    if other not in SDKS:
        pytest.skip(f"no SDK for {other} here")
    told, body = translate_error(status, refusal(source, status), source, other)
    assert told == status
    sdk = SDKS[other](answers.base_url)
    answers.put(body, status=told)
    with pytest.raises(exception_of(other, status), match="the vendor says no") as caught:
        sdk.whole()
    error = caught.value
    if isinstance(error, genai_errors.APIError):
        assert error.code == status
    else:
        assert isinstance(error, anthropic.APIStatusError | openai.APIStatusError)
        assert error.status_code == status
    word = "overloaded_error" if (source, status) == ("gemini", 503) else STATUSES[status][0]
    assert other != "anthropic" or json.loads(body)["error"]["type"] == word
    sdk.close()


@pytest.mark.parametrize("name", DIALECTS)
def test_a_refusal_in_the_clients_own_dialect_keeps_its_bytes(name: str) -> None:
    body = refusal(name, 429)
    assert translate_error(429, body, name, name) == (429, body)


STRANGE: Final = [
    b"",
    b"<html>502 Bad Gateway</html>",
    b"\xff",
    b"[]",
    b"5",
    b"null",
    b'{"error":5}',
    b'{"error":null}',
]


@pytest.mark.parametrize(("source", "other"), REPLY_PAIRS, ids=map(name_of, REPLY_PAIRS))
@pytest.mark.parametrize("body", STRANGE)
def test_a_refusal_that_nobody_can_read_keeps_its_status(source: str, other: str, body: bytes) -> None:
    status, told = translate_error(502, body, source, other)
    assert status == 502
    assert json.loads(told)["error"]
    assert str(dialect(other).decode_error(status, told, {}))


@pytest.mark.parametrize(("source", "other"), REPLY_PAIRS, ids=map(name_of, REPLY_PAIRS))
@given(status=st.integers(300, 599), body=st.binary(max_size=40) | st.sampled_from(STRANGE))
def test_no_refusal_raises(source: str, other: str, status: int, body: bytes) -> None:
    told, translated = translate_error(status, body, source, other)
    assert 400 <= told <= 599
    assert json.loads(translated)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("kind", ErrorKind)
def test_an_error_in_a_stream_is_an_exception_too(name: str, kind: ErrorKind, answers: Answers) -> None:
    if name not in SDKS:
        pytest.skip(f"no SDK for {name} here")
    frame = dialect(name).error_frame(UpstreamError(kind, "the vendor broke off", status=529))
    assert all("the vendor broke off" in json.dumps(data) for data in data_of(frame))
    sdk = SDKS[name](answers.base_url)
    answers.put(frame, dialect(name).stream_content_type)
    with pytest.raises(API_ERRORS, match="the vendor broke off"):
        sdk.stream()
    sdk.close()


@pytest.mark.parametrize("name", DIALECTS)
def test_an_error_comes_back_from_its_own_words(name: str) -> None:
    """What a dialect writes it reads: its gateway may stand behind another."""
    kind = dialect(name)
    for error in (
        BadRequest("$.messages[3].role", "user or assistant"),
        UpstreamError(ErrorKind.RATE_LIMIT, "slow down", status=429, retry_after_s=3),
        UpstreamError(ErrorKind.OVERLOADED, "too busy", status=529),
    ):
        back = kind.decode_error(error.status, kind.encode_error(error), {})
        assert (back.kind, back.status, str(back)) == (error.kind, error.status, str(error))


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    ("headers", "seconds"), [({"retry-after": "7"}, 7.0), ({"retry-after": "soon"}, None), ({}, None)], ids=str
)
def test_a_hint_when_to_try_again_is_read(name: str, headers: Mapping[str, str], seconds: float | None) -> None:
    assert dialect(name).decode_error(429, refusal(name, 429), headers).retry_after_s == seconds
