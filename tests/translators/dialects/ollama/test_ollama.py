"""Clients of Ollama are answered by vendors that know nothing of it; its own Python package reads every reply."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.conformance.material import recordings
from tests.conformance.said import STREAMS, WHOLES, Said
from tests.support.served import Answers, answering
from translators import Context, ReplyStream, Target, encode_conversation, stream_of, translate_reply, translate_request
from translators.conversation import Conversation, Image, Role, Text, ToolCall, ToolResult
from translators.dialect import ModelInfo
from translators.dialects.ollama import DIALECT
from translators.dialects.ollama.decode import PROMPTED
from translators.errors import BadRequest, ErrorKind, UpstreamError
from translators.thinking import ThinkingRange

MODEL = "the-model"
CHAT = Context(model=MODEL, reply_id="abc", created_s=1_700_000_000)
SOURCES = [(name, path) for name in ("anthropic", "openai_chat") for path in recordings(name, ".sse")]
WHOLE = [(name, path) for name in ("anthropic", "openai_chat") for path in recordings(name, ".json")]
UNSHOWN = re.compile(r"\(the model made data of type \S+, which this API can't show\)")


def decoded(**fields: Any) -> Conversation:
    return DIALECT.decode_request(json.dumps({"model": "m", **fields}).encode())


def parts_of(conversation: Conversation) -> list[tuple[Role, list[Any]]]:
    return [(message.role, list(message.parts)) for message in conversation.messages]


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture(scope="module")
def client(answers: Answers) -> ollama.Client:
    return ollama.Client(host=answers.base_url)


def heard(parts: list[ollama.ChatResponse]) -> Said:
    """What the client understood; its last line tells the end."""
    said = Said(stop=parts[-1].done_reason)
    for part in parts:
        assert part.model == MODEL
        said.text += part.message.content or ""
        said.thinking += part.message.thinking or ""
        said.calls += [(call.function.name, dict(call.function.arguments)) for call in part.message.tool_calls or ()]
    assert [bool(part.done) for part in parts] == [False] * (len(parts) - 1) + [True]
    said.tokens = (parts[-1].prompt_eval_count or 0, parts[-1].eval_count or 0)
    return said


def check_the_same(expected: Said, got: Said) -> None:
    calls = [(name, given if isinstance(given, dict) else {}) for name, given in expected.calls]
    assert (UNSHOWN.sub("", got.text), got.thinking, got.calls) == (expected.text, expected.thinking, calls)
    assert got.tokens == (expected.tokens or (0, 0))
    assert (got.stop == "length") == (expected.stop in ("length", "max_tokens", "model_context_window_exceeded"))


@pytest.mark.parametrize(("source", "path"), SOURCES, ids=lambda case: case.name if isinstance(case, Path) else case)
def test_a_recorded_stream_is_read_by_its_package(
    source: str, path: Path, answers: Answers, client: ollama.Client
) -> None:
    body = path.read_bytes()
    said = STREAMS[source](body)
    stream = ReplyStream(source, "ollama", context=CHAT)
    answers.put(stream.feed(body) + stream.close(), DIALECT.stream_content_type)
    if said.failed:
        with pytest.raises(ollama.ResponseError):
            list(client.chat(MODEL, stream=True))
    else:
        check_the_same(said, heard(list(client.chat(MODEL, stream=True))))


@pytest.mark.parametrize(("source", "path"), WHOLE, ids=lambda case: case.name if isinstance(case, Path) else case)
def test_a_recorded_reply_is_read_by_its_package(
    source: str, path: Path, answers: Answers, client: ollama.Client
) -> None:
    body = path.read_bytes()
    try:
        translated = translate_reply(body, source, "ollama", context=CHAT)
    except UpstreamError:
        pytest.skip("it is an error")
    answers.put(translated)
    said = WHOLES[source](body)
    check_the_same(said, heard([client.chat(MODEL)]))
    answers.put(stream_of(body, source, "ollama", context=CHAT), DIALECT.stream_content_type)
    check_the_same(said, heard(list(client.chat(MODEL, stream=True))))


def test_a_prompt_is_answered_in_the_field_for_it(answers: Answers, client: ollama.Client) -> None:
    body = next(path for name, path in SOURCES if path.name == "text-with-crlf-and-comments.sse").read_bytes()
    context = Context(model=MODEL, echo=decoded(prompt="hi").echo)
    assert PROMPTED in context.echo
    stream = ReplyStream("openai_chat", "ollama", context=context)
    answers.put(stream.feed(body) + stream.close(), DIALECT.stream_content_type)
    said = "".join(part.response or "" for part in client.generate(MODEL, "hi", stream=True))
    assert said == STREAMS["openai_chat"](body).text


def test_the_package_reads_a_waiting_line_as_nothing(answers: Answers, client: ollama.Client) -> None:
    answers.put(DIALECT.keep_alive, DIALECT.stream_content_type)
    assert [part.message.content for part in client.chat(MODEL, stream=True)] == [""]
    answers.put(DIALECT.keep_alive, DIALECT.stream_content_type)
    assert [part.response for part in client.generate(MODEL, "hi", stream=True)] == [""]


def test_it_streams_unless_told_otherwise() -> None:
    for fields, stream in (({}, True), ({"stream": None}, True), ({"stream": False}, False)):
        body = json.dumps({"model": "m:latest", "messages": [{"role": "user", "content": "a"}], **fields}).encode()
        assert (DIALECT.peek(body).model, DIALECT.peek(body).stream) == ("m", stream)
        assert DIALECT.decode_request(body).stream is stream


def test_calls_without_ids_meet_their_results_by_name_and_order() -> None:
    def call(name: str) -> dict[str, Any]:
        return {"function": {"name": name, "arguments": {"a": 1}}}

    def result(name: str, text: str) -> dict[str, Any]:
        return {"role": "tool", "tool_name": name, "content": text}

    told = decoded(
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "look", "images": ["iVBORw0KGgo="]},
            {"role": "assistant", "content": "", "tool_calls": [call("a"), call("b"), call("a")]},
            *(result(name, text) for name, text in (("b", "2"), ("a", "1"), ("a", "3"))),
            {"role": "assistant", "content": "done"},
        ]
    )
    assert told.system == (Text("be brief"),)
    assert parts_of(told) == [
        (Role.USER, [Text("look"), Image("image/png", "iVBORw0KGgo=")]),
        (Role.ASSISTANT, [ToolCall(f"call_{n}", name, '{"a": 1}') for n, name in ((1, "a"), (2, "b"), (3, "a"))]),
        (
            Role.USER,
            [ToolResult("", (Text(str(n)),), name=name) for n, name in ((2, "b"), (1, "a"), (3, "a"))],
        ),
        (Role.ASSISTANT, [Text("done")]),
    ]
    asked = json.loads(encode_conversation(told, "openai_chat", Target("m")).body)
    answers = [(said["tool_call_id"], said["content"]) for said in asked["messages"] if said["role"] == "tool"]
    assert answers == [("call_1", "1"), ("call_2", "2"), ("call_3", "3")]


def test_options_that_only_a_local_model_knows_are_losses() -> None:
    told = decoded(prompt="hi", options={"num_predict": 5, "num_ctx": 4096, "stop": ["a"]}, keep_alive="5m", raw=True)
    assert (told.max_tokens, told.stop) == (5, ("a",))
    assert {loss.path for loss in told.losses} == {"$.options.num_ctx", "$.keep_alive", "$.raw"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "$.prompt"),
        ({"prompt": "a", "suffix": "b"}, "$.suffix"),
        ({"messages": []}, "$.messages"),
        ({"messages": [{"role": "robot"}]}, "$.messages[0].role"),
        ({"prompt": "a", "options": []}, "$.options"),
        ({"prompt": "a", "format": 7}, "$.format"),
        ({"model": ":latest", "prompt": "a"}, "$.model"),
    ],
    ids=lambda case: str(case)[:30],
)
def test_what_can_not_be_served_is_named_with_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decoded(**fields)
    assert caught.value.path == path


def test_structured_output_and_thinking_reach_the_vendor() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    body = json.dumps({"model": "m", "prompt": "hi", "format": schema, "think": "high"}).encode()
    asked = json.loads(translate_request(body, "ollama", "openai_chat", model="gpt-5.1").body)
    assert asked["response_format"]["json_schema"]["schema"]["properties"] == schema["properties"]
    assert asked["reasoning_effort"] == "high"


def test_its_package_reads_the_lists_and_the_errors(answers: Answers, client: ollama.Client) -> None:
    info = ModelInfo(
        "m", "anthropic", 1, "M", 200_000, thinking=ThinkingRange(0, 9), input_modalities=("text", "image")
    )
    answers.put(DIALECT.model_list((info,)))
    assert [model.model for model in client.list().models] == ["m"]
    answers.put(DIALECT.one_model(info))
    shown = client.show("m")
    assert shown.capabilities == ["completion", "tools", "vision", "thinking"]
    assert (shown.modelinfo or {})["anthropic.context_length"] == 200_000
    answers.put(DIALECT.one_model(ModelInfo("m", "anthropic", thinking=ThinkingRange(), input_modalities=("text",))))
    assert client.show("m").capabilities == ["completion", "tools"]
    answers.put(DIALECT.encode_error(UpstreamError(ErrorKind.NOT_FOUND, "no such model", status=404)), status=404)
    with pytest.raises(ollama.ResponseError, match="no such model") as caught:
        client.chat(MODEL)
    assert caught.value.status_code == 404


def test_pictures_that_a_tool_gives_back_are_of_its_result() -> None:
    call = {"function": {"name": "look", "arguments": {}}}
    messages = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_name": "look", "content": "seen", "images": ["iVBORw0KGgo="]},
    ]
    [result] = decoded(messages=messages).messages[-1].parts
    assert isinstance(result, ToolResult)
    assert result.parts == (Text("seen"), Image("image/png", "iVBORw0KGgo="))
