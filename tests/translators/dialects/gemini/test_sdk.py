"""What clients get from us, as Google's own SDK reads it."""

from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types

from tests.support.recordings import OURS
from tests.support.served import Answers, answering
from translators import ReplyStream
from translators.dialect import Context, ModelInfo
from translators.dialects.gemini import DIALECT
from translators.errors import BadRequest, ErrorKind, UpstreamError

STREAM = (OURS / "gemini" / "text.sse").read_bytes()
TEXT = "Grüße aus 東京 🗼"


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture
def client(answers: Answers) -> genai.Client:
    return genai.Client(api_key="test-key-1", http_options=types.HttpOptions(base_url=answers.base_url))


def streamed(client: genai.Client) -> str:
    chunks = client.models.generate_content_stream(model="m", contents="hi")
    return "".join(chunk.text or "" for chunk in chunks)


def test_a_stream_with_keep_alives_is_read(answers: Answers, client: genai.Client) -> None:
    waiting = DIALECT.keep_alive
    answers.put(waiting + STREAM.replace(b"\r\n\r\n", b"\r\n\r\n" + waiting), DIALECT.stream_content_type)
    assert streamed(client) == TEXT


def test_the_model_is_the_one_that_was_asked_for(answers: Answers, client: genai.Client) -> None:
    stream = ReplyStream("gemini", "gemini", context=Context(model="fast"))
    answers.put(stream.feed(STREAM) + stream.close(), DIALECT.stream_content_type)
    chunks = list(client.models.generate_content_stream(model="fast", contents="hi"))
    assert {chunk.model_version for chunk in chunks} == {"fast"}


@pytest.mark.parametrize("kind", ErrorKind)
def test_an_error_in_a_stream_is_its_exception(answers: Answers, client: genai.Client, kind: ErrorKind) -> None:
    error = UpstreamError(kind, "broke off", status=503)
    answers.put(STREAM + DIALECT.error_frame(error), DIALECT.stream_content_type)
    with pytest.raises(errors.APIError, match="broke off") as caught:
        streamed(client)
    assert caught.value.code == 503


def test_a_stream_that_is_cut_is_its_exception(answers: Answers, client: genai.Client) -> None:
    stream = ReplyStream("gemini", "gemini")
    answers.put(stream.feed(STREAM[: len(STREAM) // 2]) + stream.close(), DIALECT.stream_content_type)
    with pytest.raises(errors.APIError, match="ended early"):
        streamed(client)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequest("$.contents", "a list"), "INVALID_ARGUMENT"),
        (UpstreamError(ErrorKind.AUTHENTICATION, "no key", status=401), "UNAUTHENTICATED"),
        (UpstreamError(ErrorKind.NOT_FOUND, "no model", status=404), "NOT_FOUND"),
        (UpstreamError(ErrorKind.RATE_LIMIT, "rest", status=429, retry_after_s=3), "RESOURCE_EXHAUSTED"),
    ],
)
def test_a_refusal_is_its_exception(
    answers: Answers, client: genai.Client, error: BadRequest | UpstreamError, status: str
) -> None:
    answers.put(DIALECT.encode_error(error), status=error.status)
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="m", contents="hi")
    assert (caught.value.code, caught.value.status, caught.value.message) == (error.status, status, str(error))


def test_lists_and_counts_are_read(answers: Answers, client: genai.Client) -> None:
    answers.put(DIALECT.model_list((ModelInfo("x", "gemini", max_output_tokens=5), ModelInfo("y", "gemini"))))
    assert [(model.name, model.output_token_limit) for model in client.models.list()] == [
        ("models/x", 5),
        ("models/y", None),
    ]
    answers.put(DIALECT.count_reply(7))
    assert client.models.count_tokens(model="m", contents="hi").total_tokens == 7
