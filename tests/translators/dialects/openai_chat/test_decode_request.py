"""What a client's chat request means."""

import base64
import contextlib
import json
from typing import Any

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
    ToolCall,
    ToolChoice,
    ToolResult,
)
from translators.dialect import Peek
from translators.dialects.openai_chat import DIALECT
from translators.errors import BadRequest

HI = {"role": "user", "content": "hi"}


def decode(*messages: Any, **fields: Any) -> Conversation:
    return DIALECT.decode_request(json.dumps({"model": "m", "messages": list(messages or [HI]), **fields}).encode())


def parts(content: Any, **fields: Any) -> tuple[Part, ...]:
    return decode({"role": "user", "content": content, **fields}).messages[0].parts


def complaint(body: bytes | dict[str, Any]) -> str:
    with pytest.raises(BadRequest) as caught:
        DIALECT.decode_request(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value.path


def test_peek_reads_model_and_stream_only() -> None:
    assert DIALECT.peek(b'{"messages": 3, "stream": true, "model": "m"}') == Peek("m", True)
    assert DIALECT.peek(b'{"model": "m", "stream": null}') == Peek("m", False)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": 3}', b'{"model": ""}', b"{}", b"\xff", b"[" * 5000])
def test_peek_complains_about_what_names_no_model(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.peek(body)


def test_leading_instructions_are_the_system_and_later_ones_stay_in_place() -> None:
    conversation = decode(
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]},
        HI,
        {"role": "system", "content": "d"},
    )
    assert conversation.system == (Text("a"), Text("b"), Text("c"))
    assert conversation.messages == (Message(Role.USER, (Text("hi"),)), Message(Role.SYSTEM, (Text("d"),)))


def test_consecutive_tool_messages_are_one_user_message() -> None:
    conversation = decode(
        HI,
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "hm",
            "tool_calls": [
                {"id": "c0", "type": "function", "function": {"name": "f", "arguments": ""}},
                {"id": "c1", "type": "function", "function": {"name": "g", "arguments": "not JSON"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c0", "content": "one"},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "two"}], "cache_control": {}},
        HI,
    )
    assert conversation.messages[1:] == (
        Message(Role.ASSISTANT, (Thinking("hm"), ToolCall("c0", "f", "{}"), ToolCall("c1", "g", "not JSON"))),
        Message(
            Role.USER,
            (ToolResult("c0", (Text("one"),)), ToolResult("c1", (Text("two"),), cache=CacheMark())),
        ),
        Message(Role.USER, (Text("hi"),)),
    )


def test_legacy_functions_calls_and_results() -> None:
    conversation = decode(
        HI,
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "one"},
        functions=[{"name": "f", "parameters": {"type": "object"}}],
        function_call={"name": "f"},
    )
    call, result = conversation.messages[1].parts[0], conversation.messages[2].parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.id == result.call_id != ""
    assert conversation.tools[0].name == "f"
    assert conversation.tool_choice == ToolChoice(ChoiceMode.ONE, "f")


def test_each_legacy_result_answers_the_call_before_it() -> None:
    rounds = [
        message
        for number in ("one", "two")
        for message in (
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": number},
        )
    ]
    parts = [message.parts[0] for message in decode(HI, *rounds, functions=[{"name": "f"}]).messages[1:]]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    results = [part for part in parts if isinstance(part, ToolResult)]
    assert [result.call_id for result in results] == [call.id for call in calls]
    assert len({call.id for call in calls}) == 2
    assert [result.parts for result in results] == [(Text("one"),), (Text("two"),)]


def test_who_knows_functions_alone_gets_one_call_at_a_time() -> None:
    functions = [{"name": "f"}]
    legacy = decode(HI, functions=functions, parallel_tool_calls=True)
    assert (legacy.legacy_calls, legacy.parallel_tool_calls) == (True, False)
    assert [loss.path for loss in legacy.losses] == ["$.parallel_tool_calls"]
    assert decode(HI, functions=functions).losses == ()
    both = decode(HI, functions=functions, tools=[{"type": "function", "function": {"name": "g"}}])
    assert (both.legacy_calls, both.parallel_tool_calls) == (False, None)


def test_an_assistant_message_keeps_text_refusal_and_name() -> None:
    message = {"role": "assistant", "content": "a", "refusal": "no", "name": "bot"}
    assert decode(HI, message).messages[1] == Message(Role.ASSISTANT, (Text("a"), Refusal("no")), "bot")
    listed = {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}]}
    assert decode(HI, listed).messages[1].parts == (Text("a"), Refusal("no"))


def test_custom_calls_in_the_history_become_calls_with_one_input() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": 'say "x"'}}
    message = decode(HI, {"role": "assistant", "tool_calls": [custom]}).messages[1]
    assert message.parts == (ToolCall("c", "patch", '{"input":"say \\"x\\""}'),)


PNG = base64.b64encode(b"png").decode()


@pytest.mark.parametrize(
    ("part", "neutral"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
            Image("image/png", PNG, detail="low"),
        ),
        ({"type": "image_url", "image_url": {"url": "https://x/y.png"}}, Image(url="https://x/y.png")),
        ({"type": "image_url", "image_url": "https://x/y.png"}, Image(url="https://x/y.png")),
        ({"type": "image_url", "image_url": {"url": "data:image/png,png"}}, Image("image/png", PNG)),
        ({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}, Audio("QQ==", "wav")),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}},
            File("application/pdf", "QQ==", name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "QQ==", "filename": "a.csv"}}, File("text/csv", "QQ==", name="a.csv")),
        ({"type": "file", "file": {"file_id": "file-1"}}, File(file_id="file-1")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text("a", CacheMark("1h")),
        ),
    ],
)
def test_a_part_in_neutral_words(part: dict[str, Any], neutral: Part) -> None:
    assert parts([part]) == (neutral,)


def test_a_cache_mark_on_the_message_stands_on_its_last_part_unless_that_has_its_own() -> None:
    mark, own = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}
    text = {"type": "text", "text": "a"}
    assert parts([text, text], cache_control=mark) == (Text("a"), Text("a", CacheMark()))
    assert parts([text, {**text, "cache_control": own}], cache_control=mark)[1] == Text("a", CacheMark("1h"))
    assert parts("a", cache_control=mark) == (Text("a", CacheMark()),)


def test_parts_tools_and_calls_of_unknown_types_are_losses_with_their_place() -> None:
    content = [{"type": "hologram", "hologram": {"url": "x"}}, {"type": "text", "text": "a"}]
    tools = [{"type": "code_interpreter"}, {"type": "openrouter:datetime"}]
    conversation = decode({"role": "user", "content": content}, tools=tools)
    assert conversation.messages[0].parts == (Text("a"),)
    assert [loss.path for loss in conversation.losses] == ["$.messages[0].content[0]", "$.tools[0]", "$.tools[1]"]


@pytest.mark.parametrize(
    ("fields", "wish"),
    [
        ({"reasoning_effort": "low"}, ThinkingWish(ThinkingMode.ON, "low")),
        ({"reasoning_effort": "none"}, ThinkingWish(ThinkingMode.OFF)),
        ({"reasoning": {"effort": "high", "exclude": True}}, ThinkingWish(ThinkingMode.ON, "high", visible=False)),
        ({"reasoning": {"max_tokens": 2000}}, ThinkingWish(ThinkingMode.ON, budget_tokens=2000)),
        ({"reasoning": {"enabled": True}}, ThinkingWish(ThinkingMode.AUTO)),
        ({"reasoning": {"enabled": False}}, ThinkingWish(ThinkingMode.OFF)),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, ThinkingWish(ThinkingMode.ON, budget_tokens=9)),
        ({"thinking": {"type": "disabled"}}, ThinkingWish(ThinkingMode.OFF)),
        ({}, None),
    ],
)
def test_wishes_to_think(fields: dict[str, Any], wish: ThinkingWish | None) -> None:
    assert decode(**fields).thinking == wish


TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
OTHER = {"type": "function", "function": {"name": "g"}}


@pytest.mark.parametrize(
    ("choice", "neutral"),
    [
        ("auto", ToolChoice(ChoiceMode.AUTO)),
        ("none", ToolChoice(ChoiceMode.NONE)),
        ("required", ToolChoice(ChoiceMode.ANY)),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(ChoiceMode.ONE, "f")),
        (None, None),
    ],
)
def test_tool_choices(choice: Any, neutral: ToolChoice | None) -> None:
    assert decode(tools=[TOOL], tool_choice=choice).tool_choice == neutral


@pytest.mark.parametrize(
    "asked", [{"tool_choice": {"type": "function", "function": {"name": "gone"}}}, {"function_call": {"name": "gone"}}]
)
def test_the_choice_of_a_tool_that_is_not_there_is_a_loss(asked: dict[str, Any]) -> None:
    conversation = decode(tools=[TOOL], **asked)
    assert conversation.tool_choice is None
    assert [loss.path for loss in conversation.losses] == ["$.tool_choice"]


def test_allowed_tools_leave_only_those() -> None:
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}
    conversation = decode(tools=[TOOL, OTHER], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert [tool.name for tool in conversation.tools] == ["g"]
    assert conversation.tool_choice == ToolChoice(ChoiceMode.ANY)


def test_a_tool_keeps_its_schema_as_it_stands_and_its_cache_mark() -> None:
    schema = '{"type": "object",  "properties": {"$ref": {"type": ["string", "null"]}}}'
    tool = f'{{"type": "function", "function": {{"name": "f", "parameters": {schema}, "strict": true}}, '
    body = f'{{"model": "m", "messages": [{json.dumps(HI)}], "tools": [{tool} "cache_control": {{}}}}]}}'
    (got,) = DIALECT.decode_request(body.encode()).tools
    assert (got.schema, got.strict, got.cache) == (Raw(schema.encode()), True, CacheMark())
    assert decode(tools=[OTHER]).tools[0].schema is None


def test_output_formats() -> None:
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True}
    wanted = decode(response_format={"type": "json_schema", "json_schema": schema}).output_format
    assert wanted == OutputFormat(Raw(b'{"type": "object"}'), "n", strict=True)
    assert decode(response_format={"type": "json_object"}).output_format == OutputFormat()
    assert decode(response_format={"type": "text"}).output_format is None


def test_max_tokens_wins_over_max_completion_tokens() -> None:
    assert decode(max_tokens=1, max_completion_tokens=2).max_tokens == 1
    assert decode(max_completion_tokens=2).max_tokens == 2


def test_scalars_and_extras() -> None:
    conversation = decode(
        stream=True,
        stream_options={"include_usage": True},
        stop="x",
        temperature=1,
        top_k=4,
        seed=7,
        user="u",
        service_tier="flex",
        n=2,
        logprobs=False,
        store=None,
        logit_bias={"5": -1},
        unknown_field=3,
    )
    assert (conversation.stream, conversation.include_usage, conversation.stop) == (True, True, ("x",))
    assert (conversation.temperature, conversation.top_k, conversation.seed) == (1.0, 4, 7)
    assert (conversation.user, conversation.service_tier) == ("u", "flex")
    assert (conversation.n, conversation.logprobs) == (2, None)
    assert dict(conversation.extras) == {"logit_bias": Raw(b'{"5": -1}')}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"),
        (b"{", "$"),
        (b'{"model": "\xff"}', "$"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}', "$"),
        (b"[" * 100_000, "$"),
        (b"[]", "$"),
        ({"messages": [HI]}, "$.model"),
        ({"model": 3, "messages": [HI]}, "$.model"),
        ({"model": "m"}, "$.messages"),
        ({"model": "m", "messages": []}, "$.messages"),
        ({"model": "m", "messages": "hi"}, "$.messages"),
        ({"model": "m", "messages": [HI, {"content": "x"}]}, "$.messages[1].role"),
        ({"model": "m", "messages": [HI, {"role": "boss", "content": "x"}]}, "$.messages[1].role"),
        ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "$.messages[0].content"),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "$.messages[0].content[0].text",
        ),
        ({"model": "m", "messages": [HI], "temperature": "hot"}, "$.temperature"),
        ({"model": "m", "messages": [HI], "tool_choice": "maybe"}, "$.tool_choice"),
        ({"model": "m", "messages": [HI], "tool_choice": {"type": "function"}}, "$.tool_choice"),
        ({"model": "m", "messages": [HI], "response_format": {"type": "xml"}}, "$.response_format"),
        ({"model": "m", "messages": [HI], "tools": [{"type": "function"}]}, "$.tools[0].function"),
        (
            {
                "model": "m",
                "messages": [HI],
                "tools": [{"type": "function", "function": {"name": "f", "parameters": []}}],
            },
            "$.tools[0].function.parameters",
        ),
    ],
)
def test_bad_requests_name_the_path_at_fault(body: bytes | dict[str, Any], path: str) -> None:
    assert complaint(body) == path


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
GOOD: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}], "name": "n"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "f"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "r", "cache_control": {"ttl": "5m"}},
    ],
    "tools": [TOOL],
    "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [OTHER]}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    "stream_options": {"include_usage": True},
    "stop": ["a"],
    "reasoning": {"effort": "low"},
    "max_tokens": 3,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_request_with_anything_anywhere_raises_bad_request_or_decodes(data: st.DataObject) -> None:
    request = json.loads(json.dumps(GOOD))
    place = data.draw(st.sampled_from(places(GOOD)[1:]))
    inside = request
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = data.draw(JSON_VALUES)
    with contextlib.suppress(BadRequest):
        DIALECT.decode_request(json.dumps(request).encode())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_raise_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.decode_request(body)
    with pytest.raises(BadRequest):
        DIALECT.peek(body)
