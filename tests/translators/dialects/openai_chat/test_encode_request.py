"""What an upstream that speaks chat hears of a conversation."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from translators.conversation import (
    Audio,
    CacheMark,
    ChoiceMode,
    Conversation,
    File,
    Image,
    Message,
    OutputFormat,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ThinkingMode,
    ThinkingWish,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)
from translators.dialect import EncodedRequest, Target
from translators.dialects.openai_chat import DIALECT
from translators.errors import BadRequest
from translators.modalities import left_out

COMPATIBLE = Target("m")
OPENAI = Target("gpt-4o", genuine=True)
REASONER = Target("gpt-5.2", genuine=True)
HI = Message(Role.USER, (Text("hi"),))


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def assistant(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def encode(*messages: Message, target: Target = COMPATIBLE, **fields: Any) -> tuple[dict[str, Any], EncodedRequest]:
    conversation = Conversation(model="asked", messages=messages or (HI,), **fields)
    encoded = DIALECT.encode_request(conversation, target)
    body: dict[str, Any] = json.loads(encoded.body)
    return body, encoded


def said(*messages: Message, target: Target = COMPATIBLE, **fields: Any) -> list[dict[str, Any]]:
    got: list[dict[str, Any]] = encode(*messages, target=target, **fields)[0]["messages"]
    return got


def losses(*messages: Message, target: Target = COMPATIBLE, **fields: Any) -> list[str]:
    return [loss.path for loss in encode(*messages, target=target, **fields)[1].losses]


def test_a_plain_request_says_no_more_than_it_must() -> None:
    assert encode()[0] == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_a_streamed_request_always_asks_for_usage() -> None:
    body, _ = encode(target=Target("m", stream=True))
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}


def test_system_texts_are_one_message_joined_only_for_compatibles() -> None:
    system = (Text("a"), Text("b", CacheMark("1h")))
    assert said(system=system)[0] == {"role": "system", "content": "a\n\nb"}
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert said(system=system, target=OPENAI)[0] == {"role": "system", "content": parts}
    assert said(system=system, target=REASONER)[0] == {"role": "developer", "content": parts}


def test_system_messages_in_mid_conversation_stay_in_place() -> None:
    roles = [message["role"] for message in said(HI, Message(Role.SYSTEM, (Text("a"),)), HI)]
    assert roles == ["user", "system", "user"]


CALLS = assistant(Text("go"), ToolCall("c0", "f", '{"a":1}'), ToolCall("c1", "g", ""))


def test_results_come_right_behind_the_calls_before_other_words() -> None:
    got = said(HI, CALLS, user(Text("and?"), ToolResult("c1", (Text("two"),)), ToolResult("c0", (Text("one"),))))
    assert got[1:] == [
        {
            "role": "assistant",
            "content": "go",
            "tool_calls": [
                {"id": "c0", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"id": "c1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c0", "content": "one"},
        {"role": "tool", "tool_call_id": "c1", "content": "two"},
        {"role": "user", "content": "and?"},
    ]


def test_results_that_come_late_are_moved_to_their_calls() -> None:
    late = user(ToolResult("c0", (Text("one"),)), ToolResult("c1", (Text("two"),)))
    got = said(HI, CALLS, Message(Role.SYSTEM, (Text("s"),)), late)
    assert [message["role"] for message in got] == ["user", "assistant", "tool", "tool", "system"]


def test_calls_of_neighbouring_assistant_messages_are_answered_together() -> None:
    got = said(
        HI,
        assistant(ToolCall("c0", "f", "{}")),
        assistant(ToolCall("c1", "f", "{}")),
        user(ToolResult("c0", (Text("one"),)), ToolResult("c1", (Text("two"),))),
    )
    assert [message["role"] for message in got] == ["user", "assistant", "tool", "tool"]
    assert len(got[1]["tool_calls"]) == 2
    assert got[1]["content"] is None


def test_a_call_without_a_result_gets_an_honest_stand_in() -> None:
    messages = (HI, CALLS, user(ToolResult("c1", (Text("two"),))))
    assert said(*messages)[2]["content"] == "(no result of this call was given)"
    assert losses(*messages) == ["$.messages[1].parts[1]"]
    assert [message["role"] for message in said(HI, CALLS)] == ["user", "assistant", "tool", "tool"]


def test_a_result_without_a_call_becomes_user_text() -> None:
    messages = (HI, user(ToolResult("cx", (Text("one"),)), Text("and?")))
    assert said(*messages)[1] == {"role": "user", "content": "Result of the tool call cx:\n\none\n\nand?"}
    assert losses(*messages) == ["$.messages[1].parts[0]"]


def test_of_two_results_the_last_content_counts() -> None:
    results = user(*(ToolResult(call_id, (Text(text),)) for call_id, text in (("c0", "a"), ("c1", "b"), ("c0", "c"))))
    assert [message["content"] for message in said(HI, CALLS, results)[2:]] == ["c", "b"]
    assert losses(HI, CALLS, results) == ["$.messages[2].parts[2]"]


def test_an_id_may_be_used_again_in_a_later_round() -> None:
    call = assistant(ToolCall("c", "f", "{}"))
    got = said(HI, call, user(ToolResult("c", (Text("one"),))), call, user(ToolResult("c", (Text("two"),))))
    assert [message["content"] for message in got if message["role"] == "tool"] == ["one", "two"]
    assert losses(HI, call, user(ToolResult("c", (Text("one"),))), call, user(ToolResult("c", (Text("two"),)))) == []


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((Text("gone"),), "Error: gone"),
        ((Text("Error: gone"),), "Error: gone"),
        ((Text("error 5"),), "error 5"),
        ((), "Error: the tool failed"),
        ((Text("a"), Text("b")), "Error: a\n\nb"),
    ],
)
def test_a_failed_result_says_so(parts: tuple[Part, ...], text: str) -> None:
    call = assistant(ToolCall("c", "f", "{}"))
    assert said(HI, call, user(ToolResult("c", parts, failed=True)))[2]["content"] == text


def test_images_of_results_follow_in_one_user_message_that_names_the_calls() -> None:
    image, pdf = Image("image/png", "QQ=="), File("application/pdf", "QQ==")
    results = user(ToolResult("c0", (Text("one"), image)), ToolResult("c1", (pdf,)), Text("and?"))
    assert said(HI, CALLS, results)[2:] == [
        {"role": "tool", "tool_call_id": "c0", "content": "one"},
        {"role": "tool", "tool_call_id": "c1", "content": "(the result is attached in the next user message)"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Attached to the result of f (c0):"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}},
                {"type": "text", "text": "Attached to the result of g (c1):"},
                {
                    "type": "file",
                    "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "document.pdf"},
                },
            ],
        },
        {"role": "user", "content": "and?"},
    ]


def test_names_and_ids_are_made_legal_everywhere_alike() -> None:
    name, call_id = "mcp.server/" + "x" * 80, "toolu:" + "1" * 60
    body, encoded = encode(
        HI,
        assistant(ToolCall(call_id, name, "{}")),
        user(ToolResult(call_id, (Text("one"),))),
        tools=(Tool(name),),
        tool_choice=ToolChoice(ChoiceMode.ONE, name),
    )
    sent = body["tools"][0]["function"]["name"]
    assert len(sent) <= 64
    assert body["messages"][1]["tool_calls"][0]["function"]["name"] == sent
    assert body["tool_choice"] == {"type": "function", "function": {"name": sent}}
    assert encoded.names == {sent: name}
    assert body["messages"][2]["tool_call_id"] == body["messages"][1]["tool_calls"][0]["id"]
    assert len(body["messages"][2]["tool_call_id"]) <= 40


def test_thinking_is_dropped_unless_the_upstream_wants_it_back() -> None:
    message = assistant(Thinking("hm", "sig", "anthropic"), Text("a"), Thinking("", "data", "anthropic", redacted=True))
    assert said(HI, message)[1] == {"role": "assistant", "content": "a"}
    assert losses(HI, message) == ["$.messages[1].parts[0]", "$.messages[1].parts[2]"]
    kept = said(HI, message, target=Target("m", keeps_thinking=True))[1]
    assert kept == {"role": "assistant", "content": "a", "reasoning_content": "hm"}


def test_a_message_left_with_nothing_is_dropped() -> None:
    assert len(said(HI, assistant(Thinking("hm")), HI)) == 2
    with pytest.raises(BadRequest):
        encode(user(Thinking("hm")))


@pytest.mark.parametrize(
    "part",
    [Image("image/tiff", "QQ=="), File(url="https://x/a.pdf"), Audio("QQ==", "flac"), Video("video/mp4", "QQ==")],
)
def test_words_stand_for_what_can_not_be_read(part: Image | File | Audio | Video) -> None:
    body, encoded = encode(user(Text("look"), part), target=OPENAI)
    [message] = body["messages"]
    assert [piece["text"] for piece in message["content"]] == ["look", left_out(part)]
    assert [loss.path for loss in encoded.losses] == ["$.messages[0].parts[1]"]


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        (
            Image(url="https://x/y.png", detail="low"),
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ),
        (Audio("QQ==", "mp3"), {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}}),
        (File(file_id="file-1"), {"type": "file", "file": {"file_id": "file-1"}}),
        (
            File("text/csv", "QQ==", name="a.csv"),
            {"type": "file", "file": {"file_data": "data:text/csv;base64,QQ==", "filename": "a.csv"}},
        ),
        (File(text="words", name="Title", context="of old"), {"type": "text", "text": "Title\nof old\n\nwords"}),
    ],
)
def test_media_parts(part: Part, wire: dict[str, Any]) -> None:
    got = said(user(Text("see"), part), target=OPENAI)[0]["content"]
    assert got == [{"type": "text", "text": "see"}, wire]


@pytest.mark.parametrize(
    "part",
    [
        File(url="https://x/a.pdf"),
        File(file_id="file_011"),
        Image(url="gs://x/y.png"),
        Image("image/svg+xml", "QQ=="),
    ],
)
def test_files_and_images_that_chat_cannot_say_are_losses(part: Part) -> None:
    assert losses(user(Text("see"), part)) == ["$.messages[0].parts[1]"]


def test_refusals_and_names() -> None:
    got = said(Message(Role.USER, (Text("hi"),), "ann"), assistant(Refusal("no")))
    assert got == [
        {"role": "user", "content": "hi", "name": "ann"},
        {"role": "assistant", "content": None, "refusal": "no"},
    ]
    assert losses(Message(Role.USER, (Text("hi"),), "a b")) == ["$.messages[0].name"]


def test_the_output_limit_has_two_names_and_never_passes_the_models() -> None:
    assert encode(max_tokens=9)[0]["max_tokens"] == 9
    assert encode(max_tokens=9, target=OPENAI)[0]["max_completion_tokens"] == 9
    capped, encoded = encode(max_tokens=9, target=Target("m", max_output_tokens=5))
    assert capped["max_tokens"] == 5
    assert [loss.path for loss in encoded.losses] == ["$.max_tokens"]


def test_reasoning_models_of_openai_take_no_sampling() -> None:
    fields: dict[str, Any] = {"temperature": 0.5, "top_p": 0.9, "frequency_penalty": 0.1, "presence_penalty": 0.1}
    body, encoded = encode(target=REASONER, **fields)
    assert not body.keys() & fields.keys()
    assert [loss.path for loss in encoded.losses] == [f"$.{key}" for key in fields]
    assert losses(target=REASONER, stop=("x",)) == ["$.stop"]
    assert encode(**fields)[0] | fields == encode(**fields)[0]


def test_what_is_too_much_is_cut_as_a_loss() -> None:
    assert encode(stop=tuple("abcde"))[0]["stop"] == list("abcd")
    fields: dict[str, Any] = {"stop": tuple("abcde"), "top_k": 5, "user": "u" * 65, "service_tier": "standard_only"}
    assert losses(**fields) == ["$.top_k", "$.stop", "$.user", "$.service_tier"]


@pytest.mark.parametrize(
    ("wish", "target", "effort"),
    [
        (ThinkingWish(ThinkingMode.ON, "low"), COMPATIBLE, "low"),
        (ThinkingWish(ThinkingMode.ON, "max"), COMPATIBLE, "high"),
        (ThinkingWish(ThinkingMode.ON, budget_tokens=9000), COMPATIBLE, "high"),
        (ThinkingWish(ThinkingMode.AUTO), COMPATIBLE, None),
        (ThinkingWish(ThinkingMode.AUTO, "medium"), COMPATIBLE, "medium"),
        (ThinkingWish(ThinkingMode.OFF), COMPATIBLE, None),
        (ThinkingWish(ThinkingMode.ON, "max"), REASONER, "xhigh"),
        (ThinkingWish(ThinkingMode.ON, "xhigh"), Target("gpt-5-mini", genuine=True), "high"),
        (ThinkingWish(ThinkingMode.ON, "minimal"), Target("gpt-5", genuine=True), "minimal"),
        (ThinkingWish(ThinkingMode.ON, "minimal"), Target("o3", genuine=True), "low"),
        (ThinkingWish(ThinkingMode.ON, "low"), OPENAI, None),
        (None, REASONER, None),
    ],
)
def test_effort(wish: ThinkingWish | None, target: Target, effort: str | None) -> None:
    body, encoded = encode(thinking=wish, target=target)
    assert body.get("reasoning_effort") == effort
    assert [loss.path for loss in encoded.losses] == (["$.thinking"] if wish and target is OPENAI else [])


@pytest.mark.parametrize(
    ("model", "effort", "lost"),
    [
        ("gpt-5.2", "none", []),
        ("gpt-5.1", "none", []),
        ("gpt-5-mini", "minimal", []),
        ("o3", "low", ["$.thinking"]),
        ("gpt-5.1-codex-max", "low", ["$.thinking"]),
        ("gpt-4o", None, []),
    ],
)
def test_a_client_that_wants_no_thinking_gets_the_least_that_openai_has(
    model: str, effort: str | None, lost: list[str]
) -> None:
    body, encoded = encode(thinking=ThinkingWish(ThinkingMode.OFF), target=Target(model, genuine=True))
    assert body.get("reasoning_effort") == effort
    assert [loss.path for loss in encoded.losses] == lost


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        (None, None),
        (b'{"type":"object"}', {"type": "object", "properties": {}}),
        (b"{}", {"type": "object", "properties": {}}),
        (b'{"properties":{"type":{}}}', {"type": "object", "properties": {"type": {}}}),
        (b'{"type":["object","null"]}', {"type": "object", "properties": {}}),
        (
            b'{"type":"object","properties":{"items":{"type":"array"}}}',
            {"type": "object", "properties": {"items": {"type": "array", "items": {}}}},
        ),
        (
            b'{"$ref":"#/definitions/a","definitions":{"a":{"type":"object","properties":{"b":{}}}}}',
            {
                "type": "object",
                "properties": {"b": {}},
                "definitions": {"a": {"type": "object", "properties": {"b": {}}}},
            },
        ),
        (b'{"type":"object","properties":{},"$defs":{}}', {"type": "object", "properties": {}, "$defs": {}}),
        (b"true", None),
    ],
)
def test_tool_schemas_are_objects_with_properties(schema: bytes | None, sent: Any) -> None:
    body, _ = encode(tools=(Tool("f", schema=None if schema is None else Raw(schema)),))
    assert body["tools"] == [{"type": "function", "function": {"name": "f"} | ({"parameters": sent} if sent else {})}]


@pytest.mark.parametrize(("union", "required"), [("anyOf", ["c"]), ("oneOf", ["c"]), ("allOf", ["a", "b", "c"])])
def test_alternatives_on_top_of_a_schema_are_folded_and_told_in_words(union: str, required: list[str]) -> None:
    branches = [
        {"properties": {"a": {"type": "string"}, "c": {}}, "required": ["a", "c"]},
        {"properties": {"b": {"type": "integer"}}, "required": ["b", "c"]},
    ]
    body, encoded = encode(tools=(Tool("f", "Does it.", Raw(json.dumps({union: branches}).encode())),))
    sent = body["tools"][0]["function"]["parameters"]
    first, rule = body["tools"][0]["function"]["description"].split("\n\n")
    assert (first, json.loads(rule.partition(": ")[2])) == ("Does it.", {union: branches})
    assert sent["type"] == "object"
    assert sent["properties"] == {"a": {"type": "string"}, "b": {"type": "integer"}, "c": {}}
    assert sorted(sent["required"]) == required
    assert [loss.path for loss in encoded.losses] == ["$.tools[0].schema"]


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {}, "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, None),
        ({"type": "object", "properties": {}}, None),
        ({"type": "array", "items": {"type": "object", "properties": {}}}, None),
    ],
)
def test_strict_is_asked_of_openai_only_where_the_schema_allows_it(schema: Any, strict: bool | None) -> None:
    raw = Raw(json.dumps(schema).encode())
    tools, wanted = (Tool("f", schema=raw, strict=True),), OutputFormat(raw, "n", strict=True)
    body, encoded = encode(tools=tools, output_format=wanted, target=OPENAI)
    assert body["tools"][0]["function"].get("strict") is strict
    assert body["response_format"]["json_schema"].get("strict") is strict
    assert len(encoded.losses) == (0 if strict else 2)
    assert encode(tools=tools)[0]["tools"][0]["function"]["strict"] is True


SCHEMA_WORDS = st.sampled_from(["type", "properties", "required", "items", "anyOf", "allOf", "enum", "$defs", "x"])
SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["object", "array", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCHEMA_WORDS, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS)
def test_any_schema_can_be_encoded(schema: Any) -> None:
    raw = Raw(json.dumps(schema).encode())
    tools, wanted = (Tool("f", schema=raw, strict=True),), OutputFormat(raw, strict=True)
    sent = encode(tools=tools, output_format=wanted, target=OPENAI)[0]["tools"][0]["function"].get("parameters")
    assert isinstance(sent, dict) or not isinstance(schema, dict)


def test_a_schema_that_cannot_be_read_or_nests_too_deeply_is_a_bad_request_or_passes() -> None:
    with pytest.raises(BadRequest):
        encode(tools=(Tool("f", schema=Raw(b'{"maximum":1e999}')),))
    for depth in (100, 300, 450, 490):
        raw = Raw(b'{"items":' * depth + b"{}" + b"}" * depth)
        with contextlib.suppress(BadRequest):
            encode(tools=(Tool("f", schema=raw),))


def test_openai_takes_no_more_than_128_tools() -> None:
    tools = tuple(Tool(f"f{number}") for number in range(130))
    assert len(encode(tools=tools, target=OPENAI)[0]["tools"]) == 128
    assert losses(tools=tools, target=OPENAI) == ["$.tools[128]", "$.tools[129]"]
    assert len(encode(tools=tools)[0]["tools"]) == 130


def test_json_mode_is_announced_to_openai_where_no_message_speaks_of_it() -> None:
    assert said(output_format=OutputFormat(), target=OPENAI)[0]["role"] == "system"
    assert len(said(user(Text("as JSON")), output_format=OutputFormat(), target=OPENAI)) == 1
    assert len(said(output_format=OutputFormat())) == 1


def test_tools_and_choices() -> None:
    schema = Raw(b'{"type":"object","properties":{}}')
    tools = (Tool("f", "does", schema, strict=True, cache=CacheMark()),)
    body, encoded = encode(tools=tools, tool_choice=ToolChoice(ChoiceMode.ANY), parallel_tool_calls=False)
    assert body["tools"][0]["function"]["strict"] is True
    assert body["tools"][0].keys() == {"type", "function"}
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)
    assert [loss.path for loss in encoded.losses] == ["$.tools[0].cache_control"]
    without, _ = encode(tool_choice=ToolChoice(ChoiceMode.AUTO), parallel_tool_calls=True)
    assert not without.keys() & {"tool_choice", "parallel_tool_calls", "tools"}


def test_the_choice_of_a_tool_that_is_one_too_many_is_a_loss() -> None:
    tools = tuple(Tool(f"f{number}") for number in range(129))
    body, encoded = encode(tools=tools, tool_choice=ToolChoice(ChoiceMode.ONE, "f128"), target=OPENAI)
    assert "tool_choice" not in body
    assert [loss.path for loss in encoded.losses] == ["$.tools[128]", "$.tool_choice"]


def test_output_formats() -> None:
    assert encode(output_format=OutputFormat())[0]["response_format"] == {"type": "json_object"}
    wanted = OutputFormat(Raw(b'{"type":"object"}'), "a name", strict=True)
    assert encode(output_format=wanted)[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "a_name", "schema": {"type": "object"}, "strict": True},
    }
    nameless = encode(output_format=OutputFormat(Raw(b"{}")))[0]["response_format"]
    assert nameless["json_schema"]["name"] == "reply"


def test_extras_go_where_they_are_known() -> None:
    extras = {"store": Raw(b"true"), "provider": Raw(b"{}"), "inference_geo": Raw(b'"eu"')}
    assert encode(extras=extras)[0]["provider"] == {}
    assert losses(extras=extras) == ["$.inference_geo"]
    assert losses(extras=extras, target=OPENAI) == ["$.provider", "$.inference_geo"]


def test_a_conversation_that_chat_can_say_comes_back_whole() -> None:
    conversation = Conversation(
        model="gpt-4o",
        system=(Text("s"), Text("t")),
        messages=(
            Message(Role.USER, (Text("a"), Image("image/png", "QQ==", detail="high")), "ann"),
            Message(Role.ASSISTANT, (Text("b"), Refusal("r"), ToolCall("c0", "f", '{"x": 1}'))),
            Message(Role.USER, (ToolResult("c0", (Text("one"), Text("two"))),)),
            Message(Role.SYSTEM, (Text("u"),)),
            Message(Role.USER, (File("application/pdf", "QQ==", name="a.pdf"), Audio("QQ==", "wav"))),
        ),
        tools=(Tool("f", "d", Raw(b'{"type":"object","properties":{}}'), strict=False),),
        tool_choice=ToolChoice(ChoiceMode.ONE, "f"),
        parallel_tool_calls=True,
        max_tokens=5,
        temperature=0.5,
        top_p=0.5,
        stop=("x", "y"),
        seed=3,
        frequency_penalty=0.5,
        presence_penalty=0.25,
        stream=True,
        include_usage=True,
        output_format=OutputFormat(Raw(b'{"type":"object"}'), "n", "d", strict=False),
        user="u",
        service_tier="flex",
        extras={"metadata": Raw(b'{"a":"b"}')},
    )
    encoded = DIALECT.encode_request(conversation, Target("gpt-4o", stream=True, genuine=True))
    assert encoded.losses == ()
    again = msgspec.json.encode(DIALECT.decode_request(encoded.body))
    assert json.loads(again) == json.loads(msgspec.json.encode(conversation))
