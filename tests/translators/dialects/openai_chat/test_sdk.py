"""The official openai SDK as the judge: it reads what we say over a real connection; its types judge our requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from openai.types.chat import ChatCompletionMessageFunctionToolCall, ParsedFunctionToolCall
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from tests.support.served import answering
from tests.translators.dialects.openai_chat.material import decode, encode, recorded
from translators.assemble import events_of
from translators.conversation import Reply, Text, Thinking, ToolCall
from translators.dialect import Context, ModelInfo, Target
from translators.dialects.openai_chat import DIALECT
from translators.errors import ErrorKind, UpstreamError
from translators.events import ReplyEnd, ReplyError, StopReason, Usage

CONTEXT = Context(model="asked-for", created_s=1_700_000_000, names={"up_f": "f"}, reply_id="abc")
REPLY = Reply(
    id="msg_01",
    model="claude",
    parts=(
        Thinking("Let me see.", "signed", "anthropic"),
        Text('Hé "llo"\n\u2028 🎉'),
        ToolCall("toolu_1", "up_f", '{"city": "Paris"}'),
        ToolCall("toolu_2", "g", "{}"),
    ),
    stop=StopReason.TOOL_USE,
    usage=Usage(input_tokens=12, cached_tokens=4, cache_write_tokens=3, output_tokens=9, reasoning_tokens=2),
)


@contextmanager
def served(body: bytes, content_type: str = "application/json", status: int = 200) -> Iterator[openai.OpenAI]:
    """A client of a server that gives every request this answer."""
    with (
        answering() as server,
        openai.OpenAI(api_key="test-key-1", base_url=f"{server.base_url}/v1", max_retries=0) as client,
    ):
        server.put(body, content_type, status)
        yield client


def test_the_stream_helper_reads_text_tools_stop_and_usage() -> None:
    with (
        served(encode(events_of(REPLY), CONTEXT), DIALECT.stream_content_type) as client,
        client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "hi"}]) as stream,
    ):
        kinds = {event.type for event in stream}
        completion = stream.get_final_completion()
    choice = completion.choices[0]
    assert kinds >= {"content.delta", "content.done", "tool_calls.function.arguments.delta"}
    assert choice.message.content == 'Hé "llo"\n\u2028 🎉'
    assert choice.finish_reason == "tool_calls"
    assert [(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or []] == [
        ("toolu_1", "f", '{"city": "Paris"}'),
        ("toolu_2", "g", "{}"),
    ]
    assert all(isinstance(call, ParsedFunctionToolCall) for call in choice.message.tool_calls or [])
    assert (completion.id, completion.model, completion.created) == ("chatcmpl-msg_01", "asked-for", 1_700_000_000)
    assert completion.usage is not None
    assert completion.usage.prompt_tokens_details is not None
    assert completion.usage.completion_tokens_details is not None
    assert completion.usage.prompt_tokens == 12
    assert completion.usage.completion_tokens == 9
    assert completion.usage.total_tokens == 21
    assert completion.usage.prompt_tokens_details.cached_tokens == 4
    assert completion.usage.completion_tokens_details.reasoning_tokens == 2


def test_the_raw_stream_has_the_role_first_thinking_apart_and_usage_last() -> None:
    with served(encode(events_of(REPLY), CONTEXT), DIALECT.stream_content_type) as client:
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True)
        chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].choices[0].delta.content == ""
    thought = [getattr(choice.delta, "reasoning_content", None) for chunk in chunks for choice in chunk.choices]
    assert "".join(piece or "" for piece in thought) == "Let me see."
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "tool_calls"
    assert len({(chunk.id, chunk.model, chunk.created, chunk.object) for chunk in chunks}) == 1


def test_a_client_that_did_not_ask_gets_no_usage_chunk() -> None:
    body = encode(events_of(REPLY), Context(include_usage=False))
    assert b"usage" not in body
    assert body.endswith(b"data: [DONE]\n\n")


def test_a_whole_reply_is_read() -> None:
    with served(DIALECT.encode_reply(REPLY, CONTEXT)) as client:
        completion = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    message = completion.choices[0].message
    assert message.content == 'Hé "llo"\n\u2028 🎉'
    calls = [call for call in message.tool_calls or [] if isinstance(call, ChatCompletionMessageFunctionToolCall)]
    assert [(call.id, call.function.name) for call in calls] == [("toolu_1", "f"), ("toolu_2", "g")]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 21


@pytest.mark.parametrize("error", [ReplyError(ErrorKind.OVERLOADED, "too busy", 529), None], ids=["event", "frame"])
def test_an_error_in_the_stream_is_raised_by_the_sdk(error: ReplyError | None) -> None:
    body = encode(events_of(REPLY)[:3], CONTEXT)
    if error is not None:
        body = encode([*events_of(REPLY)[:3], error], CONTEXT)
    else:
        body += DIALECT.error_frame(UpstreamError(ErrorKind.OVERLOADED, "too busy", status=529))
    with served(body, DIALECT.stream_content_type) as client:
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True)
        with pytest.raises(openai.APIError, match="too busy"):
            list(stream)


@pytest.mark.parametrize(
    ("kind", "status", "raised"),
    [
        (ErrorKind.INVALID_REQUEST, 400, openai.BadRequestError),
        (ErrorKind.AUTHENTICATION, 401, openai.AuthenticationError),
        (ErrorKind.PERMISSION, 403, openai.PermissionDeniedError),
        (ErrorKind.NOT_FOUND, 404, openai.NotFoundError),
        (ErrorKind.RATE_LIMIT, 429, openai.RateLimitError),
        (ErrorKind.SERVER, 500, openai.InternalServerError),
    ],
)
def test_an_error_reply_raises_the_sdks_own_class(kind: ErrorKind, status: int, raised: type[Exception]) -> None:
    body = DIALECT.encode_error(UpstreamError(kind, "because", status=status))
    with served(body, status=status) as client, pytest.raises(raised, match="because"):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])


def test_the_model_list_is_read() -> None:
    models = (ModelInfo("a", "openai", created_s=5), ModelInfo("b", "me"))
    with served(DIALECT.model_list(models)) as client:
        assert [(model.id, model.owned_by) for model in client.models.list()] == [("a", "openai"), ("b", "me")]
    with served(DIALECT.one_model(models[0])) as client:
        assert client.models.retrieve("a").created == 5


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_the_sdk_reads_a_recorded_stream_the_same_before_and_after_us(path: Path) -> None:
    events = decode(path.read_bytes())
    if not isinstance(events[-1], ReplyEnd):
        return
    outcomes = []
    for body in (path.read_bytes(), encode(events)):
        with served(body, "text/event-stream") as client:
            stream = client.chat.completions.create(model="m", messages=[], stream=True)
            text, arguments, finish = "", "", ""
            for chunk in stream:
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    finish = choice.finish_reason or finish
                    for call in choice.delta.tool_calls or []:
                        arguments += (call.function.arguments if call.function else "") or ""
            outcomes.append((text, arguments, finish or "stop"))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("path", recorded("*.request.json"))
@pytest.mark.parametrize("genuine", [False, True], ids=["compatible", "genuine"])
def test_an_encoded_request_is_of_the_sdks_type(path: Path, genuine: bool) -> None:
    conversation = DIALECT.decode_request(path.read_bytes())
    for stream, wanted in ((False, CompletionCreateParamsNonStreaming), (True, CompletionCreateParamsStreaming)):
        body = DIALECT.encode_request(conversation, Target("gpt-4o", stream=stream, genuine=genuine)).body
        fields = TypeAdapter(wanted).validate_json(body)
        if genuine:
            assert set(json.loads(body)) <= set(fields)
