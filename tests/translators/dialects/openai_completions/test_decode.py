"""A prompt becomes what a user says; what a chat model can't do is refused or named as lost."""

import json
from typing import Any

import pytest

from tests.support.recordings import OURS
from translators.conversation import Conversation, Message, Role, Text
from translators.dialects.openai_completions import DIALECT
from translators.errors import BadRequest

FIXTURES = OURS / "openai_completions"


def decoded(**fields: Any) -> Conversation:
    return DIALECT.decode_request(json.dumps({"model": "m", "prompt": "hello", **fields}).encode())


def complaint(**fields: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        decoded(**fields)
    return str(caught.value)


def test_every_field_has_its_place() -> None:
    body = (FIXTURES / "every-field.request.json").read_bytes()
    conversation = DIALECT.decode_request(body)
    assert conversation.model == "gpt-3.5-turbo-instruct"
    assert conversation.messages == (Message(Role.USER, (Text("Say this is a test"),)),)
    assert (conversation.max_tokens, conversation.temperature, conversation.top_p) == (7, 0, 0.9)
    assert (conversation.frequency_penalty, conversation.presence_penalty) == (0.5, -0.5)
    assert (conversation.stop, conversation.seed, conversation.user) == (("\n", "END"), 42, "user-1234")
    assert (conversation.stream, conversation.include_usage) == (True, True)
    assert json.loads(bytes(conversation.extras["logit_bias"])) == {"50256": -100}
    assert {loss.path for loss in conversation.losses} == {"$.n", "$.best_of", "$.logprobs"}


def test_a_plain_request_loses_nothing() -> None:
    conversation = DIALECT.decode_request((FIXTURES / "plain.request.json").read_bytes())
    assert (conversation.losses, conversation.extras, conversation.stream) == ((), {}, False)


@pytest.mark.parametrize("prompt", ["hello", ["hello"]])
def test_one_prompt_may_stand_in_a_list(prompt: Any) -> None:
    assert decoded(prompt=prompt).messages == (Message(Role.USER, (Text("hello"),)),)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "the text to complete"),
        ([], "the text to complete"),
        ([""], "the text to complete"),
        (None, "the text to complete"),
        (["one", "two"], "a request for each"),
        ([1, 2, 3], "tokens"),
        ([[1, 2], [3]], "tokens"),
        (5, "text"),
        ({"text": "hello"}, "text"),
    ],
    ids=str,
)
def test_a_prompt_that_is_no_single_text_is_refused(prompt: Any, said: str) -> None:
    assert complaint(prompt=prompt).startswith("$.prompt: expected ")
    assert said in complaint(prompt=prompt)


def test_a_missing_prompt_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^\$\.prompt"):
        DIALECT.decode_request(b'{"model":"m","messages":[]}')


@pytest.mark.parametrize(("field", "value"), [("echo", True), ("suffix", "the end")])
def test_what_would_make_it_another_text_is_refused(field: str, value: Any) -> None:
    assert complaint(**{field: value}).startswith(f"$.{field}: expected ")


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 1},
        {"best_of": 1},
        {"logprobs": 0},
        {"logprobs": None},
        {"logit_bias": None},
        {"echo": False},
        {"suffix": ""},
    ],
    ids=str,
)
def test_what_happens_anyway_is_no_loss(fields: dict[str, Any]) -> None:
    conversation = decoded(**fields)
    assert (conversation.losses, conversation.extras) == ((), {})


@pytest.mark.parametrize(("field", "value"), [("max_tokens", "7"), ("stop", 5), ("stream", "yes"), ("temperature", [])])
def test_a_wrong_type_is_named_with_its_path(field: str, value: Any) -> None:
    assert complaint(**{field: value}).startswith(f"$.{field}: expected ")


def test_a_model_and_the_wish_for_a_stream_are_peeked_at() -> None:
    peek = DIALECT.peek(b'{"model":"m","stream":true,"prompt":"x"}')
    assert (peek.model, peek.stream) == ("m", True)
    with pytest.raises(BadRequest, match=r"^\$\.model"):
        DIALECT.peek(b'{"prompt":"x"}')
