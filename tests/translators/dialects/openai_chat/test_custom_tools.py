"""Tools whose input is free text, and the search of the web."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted
from tests.support.streams import whole
from tests.translators.dialects.openai_chat.material import decode, encode
from translators import ReplyStream, translate_reply, translate_request
from translators.assemble import events_of
from translators.conversation import (
    ChoiceMode,
    Conversation,
    Grammar,
    Hosted,
    HostedTool,
    Message,
    Place,
    Reply,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from translators.dialect import Context, Target
from translators.dialects.openai_chat import DIALECT
from translators.events import StopReason
from translators.freeform import wrapped

OPENAI = Target("gpt-5.1", genuine=True)
OLDER = Target("gpt-4.1", genuine=True)
OTHER = Target("deepseek-chat")
CLAUDE = Target("claude-sonnet-4-5", genuine=True)
PATCH = '*** Begin\n"quoted" \\ 日本 😀\n'
LARK = {"syntax": "lark", "definition": 'start: "x"'}
CUSTOM = {"name": "patch", "description": "Changes files.", "format": {"type": "grammar", "grammar": LARK}}
ASKED: dict[str, Any] = {
    "model": "gpt-5.1",
    "messages": [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": PATCH}}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ],
    "tools": [{"type": "custom", "custom": CUSTOM}],
    "tool_choice": {"type": "custom", "custom": {"name": "patch"}},
}


def sent(target: Target, **fields: Any) -> tuple[dict[str, Any], list[str]]:
    fields.setdefault("messages", (Message(Role.USER, (Text("hi"),)),))
    encoded = DIALECT.encode_request(Conversation(model="m", **fields), target)
    check_accepted("openai_chat", target, encoded.body)
    return json.loads(encoded.body), [loss.path for loss in encoded.losses]


def test_a_custom_tool_its_calls_and_its_choice_are_free_form() -> None:
    asked = DIALECT.decode_request(json.dumps(ASKED).encode())
    assert asked.tools == (Tool("patch", "Changes files.", freeform=Grammar("lark", 'start: "x"')),)
    assert asked.messages[1].parts == (Text(""), ToolCall("call_1", "patch", wrapped(PATCH)))[1:]
    assert asked.tool_choice == ToolChoice(ChoiceMode.ONE, "patch")


def test_openai_gets_a_custom_tool_back_as_it_was() -> None:
    asked = DIALECT.decode_request(json.dumps(ASKED).encode())
    encoded = DIALECT.encode_request(asked, OPENAI)
    check_accepted("openai_chat", OPENAI, encoded.body)
    body = json.loads(encoded.body)
    assert {key: body[key] for key in ("tools", "tool_choice")} == {key: ASKED[key] for key in ("tools", "tool_choice")}
    assert body["messages"][1]["tool_calls"] == ASKED["messages"][1]["tool_calls"]


@pytest.mark.parametrize("target", [OLDER, OTHER])
def test_who_knows_no_custom_tools_gets_a_function(target: Target) -> None:
    tool = Tool("patch", "Changes files.", freeform=Grammar("lark", 'start: "x"'))
    history = (
        Message(Role.USER, (Text("hi"),)),
        Message(Role.ASSISTANT, (ToolCall("call_1", "patch", wrapped(PATCH)),)),
        Message(Role.USER, (ToolResult("call_1", (Text("done"),)),)),
    )
    choice = ToolChoice(ChoiceMode.ONE, "patch")
    body, losses = sent(target, messages=history, tools=(tool,), tool_choice=choice)
    function = body["tools"][0]["function"]
    assert 'start: "x"' in function["description"]
    assert function["parameters"]["required"] == ["input"]
    assert json.loads(body["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"input": PATCH}
    assert body["tool_choice"] == {"type": "function", "function": {"name": "patch"}}
    assert losses == []


def custom_stream(*pieces: str) -> bytes:
    calls: list[dict[str, Any]] = [
        {"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "patch", "input": ""}},
        *({"index": 0, "custom": {"input": piece}} for piece in pieces),
    ]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": {"tool_calls": [call]}} for call in calls]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    chunks = [{"id": "chatcmpl-1", "model": "m", "choices": [choice]} for choice in choices]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


@pytest.mark.parametrize("pieces", [(PATCH,), (PATCH[:5], PATCH[5:12], "", PATCH[12:]), tuple(PATCH), ()])
def test_a_streamed_custom_call_has_its_text_for_arguments(pieces: tuple[str, ...]) -> None:
    [call] = whole(decode(custom_stream(*pieces))).parts
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"input": "".join(pieces)}


def test_a_whole_custom_call_has_its_text_for_arguments() -> None:
    call = {"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": PATCH}}
    choice = {"index": 0, "message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}
    reply = DIALECT.decode_reply(json.dumps({"id": "x", "model": "m", "choices": [choice]}).encode())
    assert reply.parts == (ToolCall("call_1", "patch", wrapped(PATCH)),)
    assert reply.stop is StopReason.TOOL_USE


def test_a_client_that_declared_it_gets_a_custom_call_streamed_and_whole() -> None:
    arguments = json.dumps({"input": PATCH})
    reply = Reply("chatcmpl-1", "m", (ToolCall("call_1", "up", arguments),), StopReason.TOOL_USE)
    context = Context(names={"up": "patch"}, freeform=frozenset({"patch"}))
    said = json.loads(DIALECT.encode_reply(reply, context))["choices"][0]["message"]["tool_calls"]
    assert said == [{"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": PATCH}}]
    expected = (ToolCall("call_1", "patch", wrapped(PATCH)),)
    assert whole(decode(encode(events_of(reply), context))).parts == expected


def test_a_custom_tool_of_a_chat_client_works_with_claude() -> None:
    request = translate_request(json.dumps(ASKED).encode(), "openai_chat", "anthropic", target=CLAUDE)
    check_accepted("anthropic", CLAUDE, request.body)
    body = json.loads(request.body)
    assert body["tools"][0]["input_schema"]["required"] == ["input"]
    assert body["messages"][1]["content"][0]["input"] == {"input": PATCH}
    assert body["tool_choice"] == {"type": "tool", "name": "patch"}
    block = {"type": "tool_use", "id": "toolu_1", "name": "patch", "input": {"input": PATCH}}
    reply = {"id": "msg_1", "type": "message", "model": "m", "content": [block], "stop_reason": "tool_use"}
    whole_reply = translate_reply(json.dumps(reply).encode(), "anthropic", "openai_chat", context=request.context)
    [call] = json.loads(whole_reply)["choices"][0]["message"]["tool_calls"]
    assert call == {"id": "toolu_1", "type": "custom", "custom": {"name": "patch", "input": PATCH}}


def test_a_custom_call_of_claudes_arrives_piece_by_piece() -> None:
    request = translate_request(json.dumps(ASKED).encode(), "openai_chat", "anthropic", target=CLAUDE)
    start = {"type": "tool_use", "id": "toolu_1", "name": "patch", "input": {}}
    arguments = json.dumps({"input": PATCH})
    frames: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": start},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": letter}}
            for letter in arguments
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]
    stream = ReplyStream("anthropic", "openai_chat", context=request.context)
    body = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames).encode()
    heard = whole(decode(stream.feed(body) + stream.close()))
    assert heard.parts == (ToolCall("toolu_1", "patch", wrapped(PATCH)),)


OPTIONS = {
    "search_context_size": "high",
    "user_location": {
        "type": "approximate",
        "approximate": {"city": "Graz", "country": "AT", "region": "Styria", "timezone": "Europe/Vienna"},
    },
}
SEARCHING = Target("sonar-pro")
SEARCH = HostedTool(Hosted.WEB_SEARCH, place=Place("Graz", "Styria", "AT", "Europe/Vienna"), context_size="high")


def test_the_search_of_the_web_goes_there_and_back() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "web_search_options": OPTIONS}
    assert DIALECT.decode_request(json.dumps(asked).encode()).hosted == (SEARCH,)
    body, losses = sent(SEARCHING, hosted=(SEARCH,))
    assert body["web_search_options"] == OPTIONS
    assert losses == []


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview"])
def test_a_search_written_as_a_tool_is_one_too(kind: str) -> None:
    tool = {"type": kind, "filters": {"allowed_domains": ["a.org"]}, "user_location": {"type": "x", "city": "Graz"}}
    asked = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [tool],
        "tool_choice": {"type": kind},
    }
    found = DIALECT.decode_request(json.dumps(asked).encode())
    assert found.hosted == (HostedTool(Hosted.WEB_SEARCH, allowed_domains=("a.org",), place=Place("Graz")),)
    assert found.tool_choice == ToolChoice(ChoiceMode.ONE, "web_search", hosted=True)
    assert found.losses == ()


def test_what_chat_can_not_say_of_tools_of_a_vendor_is_a_loss() -> None:
    limited = HostedTool(Hosted.WEB_SEARCH, 3, ("a.org",), context_size="huge")
    hosted = (limited, HostedTool(Hosted.CODE_EXECUTION), HostedTool(Hosted.WEB_SEARCH))
    body, losses = sent(SEARCHING, hosted=hosted)
    assert body["web_search_options"] == {}
    assert losses == [
        "$.hosted[0].max_uses",
        "$.hosted[0].domains",
        "$.hosted[0].context_size",
        "$.hosted[1]",
        "$.hosted[2]",
    ]


@pytest.mark.parametrize(
    "target",
    [
        Target("gpt-4o-search-preview", genuine=True),
        Target("gpt-5-search-api", genuine=True),
        Target("perplexity/sonar-pro"),
        Target("z-ai/glm-4.6:online"),
    ],
)
def test_models_that_are_named_so_search(target: Target) -> None:
    body, losses = sent(target, hosted=(SEARCH,))
    assert (body["web_search_options"], losses) == (OPTIONS, [])


@pytest.mark.parametrize("target", [OLDER, OTHER, Target("o3-deep-research", genuine=True), Target("mistral-large")])
def test_a_search_by_any_other_model_is_a_loss(target: Target) -> None:
    body, losses = sent(target, hosted=(SEARCH,))
    assert "web_search_options" not in body
    assert losses == ["$.hosted[0]"]


def test_one_answer_is_asked_for_and_likelihoods_where_the_model_tells_them() -> None:
    assert sent(OLDER, n=3, logprobs=2)[0].items() >= {"logprobs": True, "top_logprobs": 2}.items()
    assert sent(OLDER, n=3, logprobs=0)[0].keys() & {"n", "logprobs", "top_logprobs"} == {"logprobs"}
    assert sent(OLDER, n=3, logprobs=2)[1] == ["$.n"]
    assert sent(OPENAI, logprobs=2)[1] == ["$.logprobs"]
    assert sent(OTHER, logprobs=99)[1] == ["$.logprobs"]
    assert sent(OTHER, n=1)[1] == []
