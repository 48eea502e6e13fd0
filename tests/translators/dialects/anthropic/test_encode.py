"""A conversation becomes a request that Anthropic takes; what it can't say is told."""

import base64
import json
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from pydantic import TypeAdapter

from tests.translators.dialects.anthropic.material import assistant, conversation, recorded, system, user
from tests.vendors.anthropic_rules import RULES
from tests.vendors.rules import Asked
from tests.vendors.server import Request
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
)
from translators.dialect import EncodedRequest, Target
from translators.dialects.anthropic import DIALECT
from translators.dialects.anthropic.blocks import NO_ANSWER
from translators.modalities import left_out
from translators.thinking import EFFORTS

OLD = Target("claude-sonnet-4-5", genuine=True)
NEW = Target("claude-opus-4-7", genuine=True)
LEGACY = Target("claude-3-5-haiku-latest", genuine=True)
COMPATIBLE = Target("glm-5")
CALL = ToolCall("t", "f", '{"a":1}')
RESULT = ToolResult("t", (Text("ok"),))
F = Tool("f", "does", Raw(b'{"type":"object","properties":{"a":{"type":"integer"}}}'))
SCHEMA = Raw(b'{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"]}')
SDK = TypeAdapter[Any](MessageCreateParamsNonStreaming)


def read(value: Any) -> None:
    """pydantic looks into an Iterable only when it is read."""
    if isinstance(value, dict):
        value = value.values()
    if hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        for one in value:
            read(one)


def encoded(asked: Conversation, target: Target = OLD) -> tuple[dict[str, Any], EncodedRequest]:
    """The body, which the SDK's types and the vendor's known rules allow."""
    request = DIALECT.encode_request(asked, target)
    body = json.loads(request.body)
    if target.genuine:
        read(SDK.validate_python(body))
        headers = {"anthropic-version": "2023-06-01", "content-type": "application/json"}
        RULES.apply(Asked(Request("POST", "/v1/messages", {}, headers, request.body, 0, 0.0), body))
    return body, request


def losses(request: EncodedRequest) -> list[str]:
    return [loss.path for loss in request.losses]


def blocks(*messages: Message, target: Target = OLD) -> list[list[Any]]:
    """[role, type, type, ...] of each turn."""
    body, _ = encoded(conversation(*messages), target)
    return [[turn["role"], *(block["type"] for block in turn["content"])] for turn in body["messages"]]


@pytest.mark.parametrize("path", recorded("*.request.json"))
def test_recorded_requests_come_back_to_the_same_conversation(path: Any) -> None:
    asked = DIALECT.decode_request(path.read_bytes())
    once = DIALECT.encode_request(asked, Target(asked.model, stream=asked.stream, genuine=True))
    again = DIALECT.decode_request(once.body)
    assert DIALECT.encode_request(again, Target(asked.model, stream=asked.stream, genuine=True)).body == once.body
    assert again.system == asked.system


def test_what_both_can_say_comes_back_as_it_was() -> None:
    asked = Conversation(
        model="claude-sonnet-4-5",
        messages=(
            user("look", Image("image/png", "aGk=", cache=CacheMark("5m")), File("application/pdf", "cGRm", name="T")),
            assistant(Thinking("hm", "c2ln", "anthropic"), "I look.", ToolCall("t", "f", '{"a":1}')),
            user(ToolResult("t", (Text("a"), Image(url="https://x/y.png")), failed=True), "and?"),
        ),
        system=(Text("Be.", CacheMark()),),
        tools=(F,),
        tool_choice=ToolChoice(ChoiceMode.AUTO),
        parallel_tool_calls=False,
        max_tokens=4000,
        stop=("x",),
        stream=True,
        include_usage=True,
        thinking=ThinkingWish(ThinkingMode.ON, None, 2000),
        user="u",
        service_tier="auto",
        extras={"context_management": Raw(b'{"edits":[]}'), "speed": Raw(b'"fast"')},
    )
    request = DIALECT.encode_request(asked, Target("claude-sonnet-4-5", stream=True, genuine=True))
    assert request.losses == ()
    again = DIALECT.decode_request(request.body)
    for field in Conversation.__struct_fields__:
        if field not in ("tools", "extras"):
            assert getattr(again, field) == getattr(asked, field), field
    assert {key: bytes(value) for key, value in again.extras.items()} == {
        key: bytes(value) for key, value in asked.extras.items()
    }
    assert [(tool.name, bytes(tool.schema or b"")) for tool in again.tools] == [("f", bytes(F.schema or b""))]


def test_neighbours_are_one_turn_and_system_text_among_them_a_reminder_in_its_place() -> None:
    turns = user("a"), system("rule", " "), user("b"), assistant("c")
    body, request = encoded(conversation(*turns, system=(Text("first"),)))
    assert body["system"] == [{"type": "text", "text": "first"}]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant"]
    words = [block["text"] for block in body["messages"][0]["content"]]
    assert words == ["a", "<system-reminder>\nrule\n</system-reminder>", "b"]
    assert losses(request) == ["$.messages[1].content[0]"]


def test_a_reminder_between_a_call_and_its_result_stands_behind_the_result() -> None:
    turns = user("a"), assistant(CALL), system("rule"), user(RESULT)
    assert blocks(*turns) == [["user", "text"], ["assistant", "tool_use"], ["user", "tool_result", "text"]]


def test_an_assistants_turn_is_thoughts_words_calls() -> None:
    thought = Thinking("hm", "c2ln", "anthropic")
    said = DIALECT.encode_request(conversation(user("a"), assistant(CALL, "words", thought), user(RESULT)), OLD).body
    turn = json.loads(said)["messages"][1]
    assert [block["type"] for block in turn["content"]] == ["thinking", "text", "tool_use"]


def test_results_lead_the_turn_after_their_calls_wherever_they_came() -> None:
    two = ToolCall("u", "f", "{}")
    late = (user("a"), assistant(CALL), user("so?"), assistant("wait", two), user("go", ToolResult("u", ()), RESULT))
    assert blocks(*late) == [
        ["user", "text"],
        ["assistant", "tool_use"],
        ["user", "tool_result", "text"],
        ["assistant", "text", "tool_use"],
        ["user", "tool_result", "text"],
    ]


def test_parallel_results_from_several_messages_are_one_turn() -> None:
    two = ToolCall("u", "f", "{}")
    turns = blocks(user("a"), assistant(CALL, two), user(RESULT), user(ToolResult("u", ())), user("next"))
    assert turns[2:] == [["user", "tool_result", "tool_result", "text"]]


def test_a_call_without_a_result_gets_one_that_says_so() -> None:
    body, request = encoded(conversation(user("a"), assistant(CALL), user("never mind")))
    assert body["messages"][2]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": "The result of this call was not recorded.",
        "is_error": True,
    }
    assert losses(request) == ["$.messages[1].content[0]"]
    assert blocks(user("a"), assistant(CALL))[-1] == ["user", "tool_result"]


def test_a_result_without_its_call_is_plain_words() -> None:
    body, request = encoded(conversation(user(ToolResult("gone", (Text("found"),)))))
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "found"}]}]
    assert losses(request) == ["$.messages[0].content[0]"]


def test_of_two_results_the_last_counts_at_the_place_of_the_first() -> None:
    two = ToolCall("u", "f", "{}")
    asked = conversation(
        user("a"), assistant(CALL, two), user(RESULT, ToolResult("u", ()), ToolResult("t", (Text("better"),)))
    )
    body, request = encoded(asked)
    assert [block.get("content") for block in body["messages"][2]["content"]] == ["better", None]
    assert losses(request) == ["$.messages[1].content[0]"]


def test_an_id_that_is_used_again_is_another_call() -> None:
    body, _ = encoded(conversation(user("a"), assistant(CALL), user(RESULT), assistant(CALL), user(RESULT)))
    ids = [[block.get("id") or block.get("tool_use_id") for block in turn["content"]] for turn in body["messages"][1:]]
    assert ids[0] == ids[1] == ["t"]
    assert ids[2] == ids[3] != ["t"]


def test_the_result_of_an_id_that_is_used_again_is_the_later_calls_though_the_first_has_none() -> None:
    body, _ = encoded(conversation(user("a"), assistant(CALL), user("b"), assistant(CALL), user(RESULT)))
    first, later = body["messages"][2]["content"][0], body["messages"][4]["content"][0]
    assert (first["is_error"], first["content"]) == (True, NO_ANSWER)
    assert later["tool_use_id"] == body["messages"][3]["content"][0]["id"] != first["tool_use_id"]
    assert "is_error" not in later


def test_illegal_ids_and_names_are_mapped_alike_on_both_sides() -> None:
    name = "mcp.server/" + "x" * 200
    asked = conversation(
        user("a"), assistant(ToolCall("call:1|x", name, "{}")), user(ToolResult("call:1|x", ())), tools=(Tool(name),)
    )
    body, request = encoded(asked)
    call, result = body["messages"][1]["content"][0], body["messages"][2]["content"][0]
    assert call["id"] == result["tool_use_id"]
    assert call["name"] == body["tools"][0]["name"]
    assert request.names == {call["name"]: name}


def test_blank_text_is_dropped_and_a_turn_of_nothing_else_with_it() -> None:
    assert blocks(user("a", " \n"), assistant(""), user("b")) == [["user", "text", "text"]]


@pytest.mark.parametrize("messages", [(), (assistant("hello"),), (system(" "),)])
def test_a_user_begins(messages: tuple[Message, ...]) -> None:
    body, request = encoded(conversation(*messages))
    assert body["messages"][0] == {"role": "user", "content": [{"type": "text", "text": "Continue."}]}
    assert losses(request) == ["$.messages"]


def test_a_begun_answer_ends_without_white_space_and_new_models_get_a_last_word() -> None:
    body, _ = encoded(conversation(user("a"), assistant("so \n")))
    assert body["messages"][-1]["content"][0]["text"] == "so"
    assert blocks(user("a"), assistant("so"), target=NEW)[-1] == ["user", "text"]


@pytest.mark.parametrize("text", ["", "3", "[1]", '{"a":', '{"a":"\\ud800"}', "null"])
def test_arguments_that_are_no_object_become_an_empty_one(text: str) -> None:
    body, request = encoded(conversation(user("a"), assistant(ToolCall("t", "f", text)), user(RESULT)))
    assert body["messages"][1]["content"][0]["input"] == {}
    assert losses(request) == ["$.messages[1].content[0].arguments"]


def test_only_its_own_thinking_goes_back() -> None:
    asked = conversation(
        user("a"), assistant(Thinking("x", "s", "gemini"), Thinking("y"), Refusal("no"), "z"), user("b")
    )
    body, request = encoded(asked)
    assert [block["text"] for block in body["messages"][1]["content"]] == ["no", "z"]
    assert losses(request) == ["$.messages[1].content[0]", "$.messages[1].content[1]"]
    kept, _ = encoded(asked, Target("kimi-k2", keeps_thinking=True))
    assert [block["type"] for block in kept["messages"][1]["content"]] == ["thinking", "thinking", "text", "text"]
    assert kept["messages"][1]["content"][0]["signature"] == ""


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image("image/jpg", "aGk="), {"type": "base64", "media_type": "image/jpeg", "data": "aGk="}),
        (Image(url="https://x/y"), {"type": "url", "url": "https://x/y"}),
        (File("image/png", "aGk="), {"type": "base64", "media_type": "image/png", "data": "aGk="}),
        (File("image/*", file_id="file_1"), {"type": "file", "file_id": "file_1"}),
        (File("application/pdf", url="https://x"), {"type": "url", "url": "https://x"}),
        (
            File("text/csv", base64.b64encode(b"a,b").decode()),
            {"type": "text", "data": "a,b", "media_type": "text/plain"},
        ),
        (File(file_id="file_2"), {"type": "file", "file_id": "file_2"}),
        (File(text="words"), {"type": "text", "data": "words", "media_type": "text/plain"}),
    ],
)
def test_media(part: Part, block: dict[str, Any]) -> None:
    body, request = encoded(conversation(user(part)))
    assert body["messages"][0]["content"][0]["source"] == block
    assert request.losses == ()


@pytest.mark.parametrize(
    "part",
    [Audio("aGk=", "wav"), Image("image/bmp", "aGk="), File("application/zip", "aGk="), File(file_id="file-openai")],
)
def test_words_stand_for_media_that_it_does_not_take(part: Image | File | Audio) -> None:
    body, request = encoded(conversation(user("see", part)))
    assert losses(request) == ["$.messages[0].content[1]"]
    assert body["messages"][0]["content"][1] == {"type": "text", "text": left_out(part)}
    body, request = encoded(conversation(user("a"), assistant(CALL), user(ToolResult("t", (part,)))))
    assert body["messages"][2]["content"][0]["content"] == left_out(part)
    assert losses(request) == ["$.messages[2].content[0].parts[0]"]


def test_thinking_stands_first_where_two_turns_become_one() -> None:
    thought = Thinking("hm", "c2ln", "anthropic")
    turns = (user("a"), assistant(Text("x")), user(Text(" ")), assistant(thought, Text("y")), user("b"))
    said = blocks(*turns, target=COMPATIBLE)
    assert said[1] == ["assistant", "thinking", "text", "text"]


def test_at_most_four_cache_breakpoints_the_last_ones() -> None:
    marked = tuple(Text(str(number), CacheMark()) for number in range(3))
    asked = conversation(user(*marked), system=marked, tools=(Tool("f", cache=CacheMark()),))
    body, request = encoded(asked)
    assert losses(request) == ["$.tools.cache_control", "$.system.cache_control", "$.system.cache_control"]
    assert "cache_control" in body["system"][2]
    asked = conversation(user(*marked), system=marked, extras={"cache_control": Raw(b'{"type":"ephemeral"}')})
    assert len(losses(encoded(asked)[1])) == 3


def test_breakpoints_within_a_result_count_too() -> None:
    marked = tuple(Text(str(number), CacheMark()) for number in range(3))
    result = ToolResult("t", marked, cache=CacheMark())
    body, request = encoded(conversation(user("a"), assistant(CALL), user(result, Text("b", CacheMark()))))
    assert losses(request) == ["$.messages.cache_control"]
    answer, last = body["messages"][2]["content"]
    assert ["cache_control" in piece for piece in answer["content"]] == [False, True, True]
    assert "cache_control" in answer
    assert "cache_control" in last


@pytest.mark.parametrize(
    ("target", "max_tokens"),
    [(OLD, 32000), (LEGACY, 8192), (Target("claude-3-haiku-20240307"), 4096), (Target("x", max_output_tokens=7), 7)],
)
def test_max_tokens_is_always_there(target: Target, max_tokens: int) -> None:
    assert encoded(conversation(user("a")), target)[0]["max_tokens"] == max_tokens


def test_what_it_has_no_words_for_is_told() -> None:
    asked = conversation(
        user("a"),
        seed=1,
        frequency_penalty=0.5,
        presence_penalty=0.5,
        temperature=1.5,
        stop=(" ", "x"),
        service_tier="flex",
        tool_choice=ToolChoice(ChoiceMode.ANY),
        extras={"logit_bias": Raw(b"{}")},
    )
    body, request = encoded(asked)
    assert (body["temperature"], body["stop_sequences"]) == (1, ["x"])
    assert set(losses(request)) == {
        "$.seed", "$.frequency_penalty", "$.presence_penalty", "$.temperature", "$.stop", "$.service_tier",
        "$.tool_choice", "$.logit_bias",
    }  # fmt: skip


def test_the_newest_models_take_no_sampling_parameters() -> None:
    asked = conversation(user("a"), temperature=0.5, top_p=0.9, top_k=4)
    assert losses(encoded(asked, NEW)[1]) == ["$.temperature", "$.top_p", "$.top_k"]
    body, request = encoded(asked, OLD)
    assert (body["temperature"], body["top_k"], losses(request)) == (0.5, 4, ["$.top_p"])
    assert losses(encoded(asked, COMPATIBLE)[1]) == []


def thinking_of(target: Target, *messages: Message, wish: ThinkingWish, **fields: Any) -> tuple[Any, Any, list[str]]:
    body, request = encoded(conversation(*(messages or (user("a"),)), thinking=wish, **fields), target)
    return body.get("thinking"), body.get("output_config"), losses(request)


def test_thinking_is_said_as_the_model_knows_it() -> None:
    high, budget = ThinkingWish(ThinkingMode.ON, "high"), ThinkingWish(ThinkingMode.ON, None, 2000, visible=True)
    assert thinking_of(OLD, wish=high) == ({"type": "enabled", "budget_tokens": 24576}, None, [])
    assert thinking_of(OLD, wish=budget) == ({"type": "enabled", "budget_tokens": 2000}, None, [])
    assert thinking_of(COMPATIBLE, wish=budget)[0] == {"type": "enabled", "budget_tokens": 2000}
    assert thinking_of(NEW, wish=high) == ({"type": "adaptive"}, {"effort": "high"}, [])
    assert thinking_of(NEW, wish=budget)[:2] == ({"type": "adaptive", "display": "summarized"}, {"effort": "medium"})
    assert thinking_of(NEW, wish=ThinkingWish(ThinkingMode.AUTO)) == ({"type": "adaptive"}, None, [])
    assert thinking_of(LEGACY, wish=high) == (None, None, ["$.thinking"])
    assert thinking_of(OLD, wish=ThinkingWish(ThinkingMode.OFF)) == ({"type": "disabled"}, None, [])
    assert thinking_of(OLD, wish=ThinkingWish(ThinkingMode.ON, "none"))[0] == {"type": "disabled"}


@pytest.mark.parametrize("effort", EFFORTS[1:])
def test_an_effort_that_the_model_lacks_becomes_its_neighbour(effort: str) -> None:
    _, config, _ = thinking_of(Target("claude-opus-4-6", genuine=True), wish=ThinkingWish(ThinkingMode.ON, effort))
    assert config["effort"] == {"minimal": "low", "xhigh": "high"}.get(effort, effort)


def test_a_budget_stays_below_max_tokens_and_leaves_room_for_an_answer() -> None:
    wish = ThinkingWish(ThinkingMode.ON, None, 32000)
    assert thinking_of(OLD, wish=wish, max_tokens=8000)[0] == {"type": "enabled", "budget_tokens": 4000}
    assert thinking_of(OLD, wish=wish, max_tokens=8000)[2] == ["$.thinking.budget_tokens"]
    assert thinking_of(OLD, wish=ThinkingWish(ThinkingMode.ON, None, 31999), max_tokens=32000)[2] == []
    assert thinking_of(OLD, wish=wish, max_tokens=60) == (None, None, ["$.thinking"])


def test_thinking_gives_way_to_what_forbids_it() -> None:
    wish = ThinkingWish(ThinkingMode.ON, "low")
    forced: dict[str, Any] = {"tools": (F,), "tool_choice": ToolChoice(ChoiceMode.ANY)}
    assert thinking_of(OLD, wish=wish, **forced) == (None, None, ["$.thinking"])
    assert thinking_of(NEW, wish=wish, **forced)[0] == {"type": "adaptive"}
    assert thinking_of(OLD, user("a"), assistant(CALL), user(RESULT), wish=wish)[0] is None
    assert thinking_of(OLD, user("a"), assistant("so"), wish=wish)[0] is None
    assert thinking_of(OLD, user("a"), assistant(CALL), user(RESULT), assistant("b"), user("c"), wish=wish)[0]


def test_a_thinking_model_takes_nearly_no_sampling_parameters() -> None:
    fields = {"temperature": 0.5, "top_p": 0.9, "top_k": 4}
    assert thinking_of(OLD, wish=ThinkingWish(ThinkingMode.ON), **fields)[2] == ["$.temperature", "$.top_k", "$.top_p"]
    assert thinking_of(OLD, wish=ThinkingWish(ThinkingMode.OFF), temperature=0.5)[2] == []


@pytest.mark.parametrize(
    ("mode", "parallel", "said"),
    [
        (ChoiceMode.AUTO, None, {"type": "auto"}),
        (ChoiceMode.AUTO, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ChoiceMode.ANY, False, {"type": "any", "disable_parallel_tool_use": True}),
        (ChoiceMode.ONE, True, {"type": "tool", "name": "f"}),
        (ChoiceMode.NONE, False, {"type": "none"}),
    ],
)
def test_tool_choice(mode: ChoiceMode, parallel: bool | None, said: dict[str, Any]) -> None:
    name = "f" if mode is ChoiceMode.ONE else ""
    asked = conversation(user("a"), tools=(F,), tool_choice=ToolChoice(mode, name), parallel_tool_calls=parallel)
    assert encoded(asked)[0]["tool_choice"] == said


def test_parallel_calls_are_forbidden_without_a_choice_too_but_not_without_tools() -> None:
    asked = conversation(user("a"), tools=(F,), parallel_tool_calls=False)
    assert encoded(asked)[0]["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "tool_choice" not in encoded(conversation(user("a"), parallel_tool_calls=False))[0]


def test_of_two_tools_of_one_name_the_first_stays() -> None:
    body, request = encoded(conversation(user("a"), tools=(F, Tool("f"))))
    assert [tool["description"] for tool in body["tools"]] == ["does"]
    assert losses(request) == ["$.tools[1]"]


def test_structured_output_is_a_format_where_there_is_one() -> None:
    body, request = encoded(conversation(user("a"), output_format=OutputFormat(SCHEMA)))
    assert body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"n": {"type": "integer", "description": "{minimum: 1}"}},
            "required": ["n"],
            "additionalProperties": False,
        },
    }
    assert request.json_tool is None


@pytest.mark.parametrize("target", [COMPATIBLE, LEGACY])
def test_elsewhere_a_tool_that_must_be_called_stands_for_it(target: Target) -> None:
    body, request = encoded(conversation(user("a"), output_format=OutputFormat(SCHEMA)), target)
    assert request.json_tool == "json_reply"
    assert body["tool_choice"] == {"type": "tool", "name": "json_reply", "disable_parallel_tool_use": True}
    assert body["tools"][0]["input_schema"] == json.loads(bytes(SCHEMA))
    asked = conversation(user("a"), output_format=OutputFormat(SCHEMA), tools=(F, Tool("json_reply")))
    body, request = encoded(asked, target)
    assert (request.json_tool, body["tool_choice"]) == ("json_reply_", {"type": "any"})


MAPS = [
    {"type": "object", "additionalProperties": {"type": "string"}},
    {"type": "object", "properties": {"n": {"type": "object"}}},
    {"type": "object", "properties": {"n": {"type": "array", "items": {"additionalProperties": True}}}},
    {"type": "object", "properties": {"n": {"$ref": "#/definitions/M"}}, "definitions": {"M": {"type": "object"}}},
    {"type": "object", "properties": {"n": {"anyOf": [{"type": "null"}, {"type": "object"}]}}},
]


@pytest.mark.parametrize("schema", MAPS, ids=str)
def test_an_answer_with_fields_of_any_name_is_asked_for_by_a_tool_since_formats_would_have_it_empty(
    schema: dict[str, Any],
) -> None:
    body, request = encoded(conversation(user("a"), output_format=OutputFormat(Raw(json.dumps(schema).encode()))))
    assert (request.json_tool, losses(request)) == ("json_reply", [])
    assert body["tools"][0]["input_schema"] == schema
    body, request = encoded(
        conversation(user("a"), tools=(Tool("f", schema=Raw(json.dumps(schema).encode()), strict=True),))
    )
    assert (body["tools"][0], losses(request)) == ({"name": "f", "input_schema": schema}, ["$.tools[0].strict"])


def test_an_object_without_any_fields_is_a_format() -> None:
    closed = {"type": "object", "properties": {"n": {"type": "object", "additionalProperties": False}}}
    assert (
        "output_config"
        in encoded(conversation(user("a"), output_format=OutputFormat(Raw(json.dumps(closed).encode()))))[0]
    )


def test_any_json_object_is_asked_for_by_a_tool_everywhere() -> None:
    body, request = encoded(conversation(user("a"), output_format=OutputFormat()))
    assert request.json_tool == "json_reply"
    assert body["tools"][0]["input_schema"] == {"type": "object", "properties": {}}


def test_structured_output_that_can_not_be_is_told() -> None:
    listed = conversation(user("a"), output_format=OutputFormat(Raw(b'{"type":"array"}')))
    assert losses(encoded(listed)[1]) == ["$.output_format"]
    choice = ToolChoice(ChoiceMode.ONE, "f")
    forced = conversation(user("a"), output_format=OutputFormat(SCHEMA), tools=(F,), tool_choice=choice)
    assert losses(encoded(forced, COMPATIBLE)[1]) == ["$.output_format"]


TEXTS = st.sampled_from(["", " ", "word", "two words ", "é\n"])
IDS = st.sampled_from(["a", "b", "c:1", ""])
PARTS: st.SearchStrategy[Part] = st.one_of(
    TEXTS.map(Text),
    st.builds(ToolCall, IDS, st.sampled_from(["f", "g.h"]), st.sampled_from(["{}", '{"a":1}', "oops"])),
    st.builds(ToolResult, IDS, st.lists(TEXTS.map(Text), max_size=2).map(tuple), st.booleans()),
    st.just(Thinking("hm")),
    st.just(Thinking("hm", "s", "gemini")),
    st.just(Image("image/png", "aGk=", cache=CacheMark())),
    st.just(File("text/plain", text="words", cache=CacheMark("1h"))),
    st.just(Audio("aGk=", "wav")),
)
MESSAGES = st.builds(Message, st.sampled_from(Role), st.lists(PARTS, max_size=4).map(tuple))
WISHES = st.none() | st.builds(
    ThinkingWish, st.sampled_from(ThinkingMode), st.none() | st.sampled_from(EFFORTS), st.none() | st.integers(0, 40000)
)
CHOICES = st.none() | st.sampled_from([ToolChoice(mode, "f" if mode is ChoiceMode.ONE else "") for mode in ChoiceMode])
CONVERSATIONS = st.builds(
    Conversation,
    st.just("m"),
    st.lists(MESSAGES, max_size=7).map(tuple),
    system=st.lists(TEXTS.map(Text), max_size=2).map(tuple),
    tools=st.sampled_from([(), (F,), (F, Tool("g.h", cache=CacheMark()))]),
    tool_choice=CHOICES,
    parallel_tool_calls=st.none() | st.booleans(),
    max_tokens=st.none() | st.integers(1, 50000),
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    thinking=WISHES,
    output_format=st.none() | st.just(OutputFormat(SCHEMA)) | st.just(OutputFormat()),
)


@settings(max_examples=400, deadline=None)
@given(CONVERSATIONS, st.sampled_from([OLD, NEW, LEGACY, Target("claude-sonnet-5", genuine=True)]))
def test_whatever_the_conversation_the_vendor_takes_it(asked: Conversation, target: Target) -> None:
    _, request = encoded(asked, target)
    DIALECT.decode_request(request.body)
