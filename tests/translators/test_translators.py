"""The public face: what is asked of it beyond what each dialect does."""

import json

import pytest

from translators import Target, encode_conversation, stream_of, translate_error, translate_reply, translate_request
from translators.dialect import Context
from translators.registry import all_dialects, dialect

CHAT = b'{ "model" : "my-model", "x_own": {"kept": [1, 2.50]}, "messages":[{"role":"user","content":"hello"}]}'
CLAUDE = b'{"model":"my-model","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"hello"}]}'


def test_a_request_to_its_own_dialect_is_not_touched() -> None:
    request = translate_request(CHAT, "openai_chat", "openai_chat")
    assert request.body == CHAT
    assert (request.model, request.stream, request.losses, request.context) == ("my-model", False, (), Context())


def test_model_and_stream_are_edited_and_the_rest_keeps_its_bytes() -> None:
    request = translate_request(CHAT, "openai_chat", "openai_chat", model="gpt-4.1", stream=True)
    assert b'"x_own":{"kept": [1, 2.50]}' in request.body
    asked = {"stream_options": {"include_usage": True}}
    assert json.loads(request.body) == {**json.loads(CHAT), "model": "gpt-4.1", "stream": True, **asked}
    assert (request.model, request.stream, request.context.model) == ("gpt-4.1", True, "my-model")


def test_a_target_says_it_all() -> None:
    target = Target("gpt-4.1", stream=True)
    request = translate_request(CHAT, "openai_chat", "openai_chat", model="ignored", stream=False, target=target)
    assert json.loads(request.body)["model"] == "gpt-4.1"
    assert request.stream


@pytest.mark.parametrize("stream", [None, True, False])
def test_a_translated_request_streams_as_asked(stream: bool | None) -> None:
    request = translate_request(CLAUDE, "anthropic", "openai_chat", model="gpt-4.1", stream=stream)
    body = json.loads(request.body)
    assert bool(body.get("stream")) == request.stream == (stream is not False)
    assert (body["model"], request.model, request.context.model) == ("gpt-4.1", "gpt-4.1", "my-model")


def test_a_conversation_is_decoded_once_for_several_upstreams() -> None:
    conversation = dialect("anthropic").decode_request(CLAUDE)
    bodies = {encode_conversation(conversation, "openai_chat", Target(model)).body for model in ("a", "b", "a")}
    assert len(bodies) == 2


def test_a_reply_of_the_clients_dialect_keeps_its_bytes_but_for_the_models_name() -> None:
    body = b'{ "id":"1", "model":"vendor-model", "x": [1, 2.50] }'
    assert translate_reply(body, "openai_chat", "openai_chat") == body
    named = translate_reply(body, "openai_chat", "openai_chat", context=Context(model="my-model"))
    assert named == b'{"id":"1","model":"my-model","x":[1, 2.50]}'


def test_a_whole_reply_streams_with_the_clients_name_for_the_model() -> None:
    body = json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "vendor-model",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
        }
    ).encode()
    for client in ("openai_chat", "anthropic"):
        frames = stream_of(body, "openai_chat", client, context=Context(model="my-model"))
        assert b"my-model" in frames
        assert b"vendor-model" not in frames
        assert b"hello" in frames


def test_a_redirection_is_a_failure_to_a_foreign_client() -> None:
    assert translate_error(302, b"", "openai_chat", "anthropic")[0] == 502


def test_every_dialect_is_found_under_its_own_name() -> None:
    assert all(found.name == name for name, found in all_dialects().items())
    assert {"anthropic", "openai_chat"} <= all_dialects().keys()


def test_a_dialect_that_nobody_wrote_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        dialect("klingon")
