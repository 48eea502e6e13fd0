"""What OpenAI and compatible vendors are asked."""

import json
from typing import Any

import pytest
from msgspec import Raw, structs

from tests.conformance.judges import check_accepted
from translators.conversation import (
    Audio,
    ChoiceMode,
    Conversation,
    File,
    Grammar,
    Hosted,
    HostedCall,
    HostedResult,
    HostedTool,
    Image,
    Message,
    OutputFormat,
    Part,
    Place,
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
from translators.dialect import Target
from translators.dialects.openai_responses import DIALECT
from translators.errors import BadRequest
from translators.modalities import left_out
from translators.notes import Citation
from translators.thinking import ThinkingRange

GENUINE = Target("gpt-4.1", genuine=True)
REASONING = Target("gpt-5.1", genuine=True)
COMPATIBLE = Target("grok-4")
HELLO = Message(Role.USER, (Text("hello"),))
OBJECT = Raw(b'{"type":"object","properties":{}}')


def asking(*messages: Message, **fields: Any) -> Conversation:
    return Conversation("asked", messages or (HELLO,), **fields)


def sent(conversation: Conversation, target: Target = GENUINE) -> dict[str, Any]:
    """The request, which the vendor takes."""
    encoded = DIALECT.encode_request(conversation, target)
    check_accepted("openai_responses", target, encoded.body)
    body: dict[str, Any] = json.loads(encoded.body)
    return body


def items(*messages: Message, target: Target = GENUINE, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sent(asking(*messages, **fields), target)["input"]
    return found


def lost(conversation: Conversation, target: Target = GENUINE) -> list[str]:
    return [loss.path for loss in DIALECT.encode_request(conversation, target).losses]


def turn(*parts: Part) -> tuple[Message, ...]:
    """The user asks, the model answers with these, the user goes on."""
    return (HELLO, Message(Role.ASSISTANT, parts), HELLO)


# Messages


def test_nothing_is_kept_there_unless_it_is_asked_for() -> None:
    assert sent(asking()) == {"model": "gpt-4.1", "input": [{"role": "user", "content": "hello"}], "store": False}
    assert sent(asking(extras={"store": Raw(b"true")}))["store"] is True


@pytest.mark.parametrize(("target", "role"), [(GENUINE, "developer"), (COMPATIBLE, "system")])
def test_instructions_go_first_and_later_ones_stay_where_they_are(target: Target, role: str) -> None:
    later = Message(Role.SYSTEM, (Text("now"),))
    asked = items(HELLO, later, target=target, system=(Text("be"), Text("kind")))
    parts = [{"type": "input_text", "text": "be"}, {"type": "input_text", "text": "kind"}]
    assert asked == [
        {"role": role, "content": parts},
        {"role": "user", "content": "hello"},
        {"role": role, "content": "now"},
    ]


def test_instructions_alone_are_the_question() -> None:
    [only] = items(Message(Role.USER, ()), system=(Text("say hello"),))
    assert only == {"role": "user", "content": "say hello"}


def test_nothing_to_say_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"\$\.messages"):
        DIALECT.encode_request(asking(Message(Role.USER, ())), GENUINE)


def test_pictures_and_files_are_sent() -> None:
    [message] = items(
        Message(
            Role.USER,
            (
                Image("image/png", "AAAA", detail="low"),
                Image(url="https://example.com/a.png"),
                File("application/pdf", "BBBB"),
                File("text/plain", text="words", name="a.txt"),
                File("application/pdf", url="https://example.com/a.pdf"),
                File(file_id="file-1"),
                File("image/*", file_id="file-2"),
            ),
        )
    )
    assert message["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,BBBB", "filename": "document.pdf"},
        {"type": "input_text", "text": "a.txt\n\nwords"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_image", "file_id": "file-2", "detail": "auto"},
    ]


@pytest.mark.parametrize(
    "part",
    [
        Audio("AAAA", "wav"),
        Image("image/tiff", "AAAA"),
        Image(url="gs://bucket/a.png"),
        File(file_id="file_011C"),
        File(),
    ],
    ids=lambda part: type(part).__name__,
)
def test_what_can_not_be_read_here_is_a_loss_with_words_in_its_place(part: Image | File | Audio) -> None:
    conversation = asking(Message(Role.USER, (Text("hello"), part)))
    assert lost(conversation) == ["$.messages[0].parts[1]"]
    [message] = sent(conversation)["input"]
    assert [piece["text"] for piece in message["content"]] == ["hello", left_out(part)]


def test_what_a_user_can_not_say_here_is_a_loss() -> None:
    conversation = asking(Message(Role.USER, (Text("hello"), Thinking("hm"))))
    assert lost(conversation) == ["$.messages[0].parts[1]"]
    assert sent(conversation)["input"] == [{"role": "user", "content": "hello"}]


def test_what_a_file_is_about_is_a_loss_unless_it_is_text() -> None:
    about = File("application/pdf", "BBBB", context="the contract")
    assert lost(asking(Message(Role.USER, (about,)))) == ["$.messages[0].parts[0].context"]
    assert lost(asking(Message(Role.USER, (structs.replace(about, data="", text="words"),)))) == []


def test_a_speakers_name_is_a_loss() -> None:
    assert lost(asking(structs.replace(HELLO, name="Ann"))) == ["$.messages[0].name"]


def test_an_earlier_refusal_is_sent_as_one() -> None:
    _, refusal, _ = items(*turn(Refusal("no")))
    assert refusal["content"] == [{"type": "refusal", "refusal": "no"}]
    assert refusal["id"].startswith("msg_")


def test_an_empty_text_beside_calls_is_not_sent() -> None:
    asked = items(*turn(Text(""), ToolCall("c", "f", "{}")))
    assert [item.get("type") for item in asked] == [None, "function_call", "function_call_output", None]


def test_what_another_vendors_own_tool_did_is_told_in_words_where_it_stood() -> None:
    search = HostedCall("srv_1", Hosted.WEB_SEARCH)
    _, before, ran, after, *_ = items(*turn(Text("a"), search, HostedResult("srv_1", Hosted.WEB_SEARCH), Text("b")))
    assert [before["content"], ran["content"], after["content"]] == ["a", "(Here ran a web search.)", "b"]
    assert ran["role"] == "assistant"


def test_where_words_of_an_earlier_answer_came_from_is_a_loss() -> None:
    cited = Text("so", notes=(Citation("https://example.com"),))
    assert lost(asking(*turn(HostedCall("srv_1", Hosted.WEB_SEARCH), cited))) == ["$.messages[1].parts[1].notes"]


# Reasoning

SEALED = Thinking("hm", "gAAAAAsealed", "openai_responses")


def test_sealed_reasoning_goes_back_before_what_it_led_to_and_without_an_id() -> None:
    _, reasoning, call, *_ = items(*turn(SEALED, ToolCall("c", "f", "{}")), target=REASONING)
    assert reasoning == {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAAAAsealed",
    }
    assert call["type"] == "function_call"
    _, wordless, *_ = items(*turn(structs.replace(SEALED, text=""), Text("so")), target=REASONING)
    assert wordless["summary"] == []


@pytest.mark.parametrize(
    "thought",
    [
        Thinking("hm"),
        Thinking("hm", "sig", "anthropic"),
        Thinking("", "data", "anthropic", redacted=True),
        Thinking("hm", "of-grok", "openai_responses"),
    ],
    ids=repr,
)
def test_thinking_that_openai_did_not_sign_is_a_loss(thought: Thinking) -> None:
    assert lost(asking(*turn(thought, Text("so"))), REASONING) == ["$.messages[1].parts[0]"]


def test_a_compatible_vendor_has_a_seal_of_its_own() -> None:
    thought = Thinking("hm", "of-grok", "openai_responses")
    body = json.loads(DIALECT.encode_request(asking(*turn(thought, Text("so"))), COMPATIBLE).body)
    assert body["input"][1]["encrypted_content"] == "of-grok"


def test_more_likely_tokens_than_can_be_told_are_a_loss() -> None:
    assert sent(asking(HELLO, logprobs=30))["top_logprobs"] == 20
    assert lost(asking(HELLO, logprobs=30)) == ["$.logprobs"]
    assert lost(asking(HELLO, logprobs=20)) == []


@pytest.mark.parametrize("strict", [None, False, True])
def test_a_function_without_a_schema_is_taken_strict_or_not(strict: bool | None) -> None:
    conversation = asking(HELLO, tools=(Tool("f", strict=strict),))
    encoded = DIALECT.encode_request(conversation, REASONING)
    check_accepted("openai_responses", REASONING, encoded.body)
    assert json.loads(encoded.body)["tools"][0]["strict"] == bool(strict)
    assert encoded.losses == ()


@pytest.mark.parametrize("target", [REASONING, COMPATIBLE], ids=["openai", "compatible"])
def test_what_another_vendor_signed_goes_to_nobody_else(target: Target) -> None:
    conversation = asking(*turn(Thinking("hm", "gAAAAAlike", "anthropic"), Text("so")))
    assert lost(conversation, target) == ["$.messages[1].parts[0]"]
    assert b"gAAAAAlike" not in DIALECT.encode_request(conversation, target).body


def test_reasoning_that_led_to_nothing_is_a_loss() -> None:
    conversation = asking(*turn(Text("so"), SEALED))
    assert lost(conversation, REASONING) == ["$.messages[1].parts[1]"]
    assert len(sent(conversation, REASONING)["input"]) == 3


@pytest.mark.parametrize(
    ("target", "wish", "expected"),
    [
        (REASONING, ThinkingWish(ThinkingMode.ON, "low"), {"effort": "low", "summary": "auto"}),
        (REASONING, ThinkingWish(ThinkingMode.ON, "xhigh"), {"effort": "high", "summary": "auto"}),
        (REASONING, ThinkingWish(ThinkingMode.ON, budget_tokens=1024), {"effort": "low", "summary": "auto"}),
        (REASONING, ThinkingWish(ThinkingMode.AUTO, visible=False), {}),
        (REASONING, ThinkingWish(ThinkingMode.AUTO), {"summary": "auto"}),
        (REASONING, ThinkingWish(ThinkingMode.OFF), {"effort": "none"}),
        (Target("gpt-5", genuine=True), ThinkingWish(ThinkingMode.OFF), {"effort": "minimal"}),
        (COMPATIBLE, ThinkingWish(ThinkingMode.ON, "max"), {"effort": "high", "summary": "auto"}),
        (COMPATIBLE, ThinkingWish(ThinkingMode.OFF), None),
        (GENUINE, ThinkingWish(ThinkingMode.ON, "low"), None),
        (
            structs.replace(COMPATIBLE, thinking_range=ThinkingRange(levels=("none", "max"))),
            ThinkingWish(ThinkingMode.OFF),
            {"effort": "none"},
        ),
    ],
    ids=str,
)
def test_how_much_to_think_is_asked_in_its_words(target: Target, wish: ThinkingWish, expected: Any) -> None:
    assert sent(asking(thinking=wish), target).get("reasoning") == expected


def test_what_is_thought_comes_back_sealed_for_the_next_turn() -> None:
    assert sent(asking(), REASONING)["include"] == ["reasoning.encrypted_content"]
    assert "include" not in sent(asking())


def test_thinking_of_a_model_that_does_not_is_a_loss() -> None:
    assert lost(asking(thinking=ThinkingWish(ThinkingMode.ON, "low"))) == ["$.thinking"]
    assert lost(asking(thinking=ThinkingWish(ThinkingMode.OFF))) == []


# Calls


def test_outputs_stand_behind_the_turn_that_calls_and_each_once() -> None:
    conversation = asking(
        HELLO,
        Message(Role.ASSISTANT, (Text("I look"), ToolCall("a", "f", '{"x":1}'), ToolCall("b", "f", "{}"))),
        Message(Role.USER, (Text("and?"), ToolResult("b", (Text("old"),)), ToolResult("b", (Text("two"),)))),
    )
    asked = sent(conversation)["input"]
    assert asked[1:] == [
        {"role": "assistant", "content": "I look"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x":1}'},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "(no result of this call was given)"},
        {"type": "function_call_output", "call_id": "b", "output": "two"},
        {"role": "user", "content": "and?"},
    ]
    assert lost(conversation) == ["$.messages[2].parts[2]", "$.messages[1].parts[1]"]


def test_a_result_without_its_call_is_the_users_words() -> None:
    conversation = asking(Message(Role.USER, (ToolResult("gone", (Text("x"),)),)))
    [message] = sent(conversation)["input"]
    assert [part["text"] for part in message["content"]] == ["Result of the tool call gone:", "x"]
    assert lost(conversation) == ["$.messages[0].parts[0]"]


def test_pictures_and_failures_of_tools_are_told() -> None:
    result = ToolResult("a", (Text("bad"), Image("image/png", "AAAA")), failed=True)
    asked = items(HELLO, Message(Role.ASSISTANT, (ToolCall("a", "f", "{}"),)), Message(Role.USER, (result,)))
    assert [part["type"] for part in asked[2]["output"]] == ["input_text", "input_text", "input_image"]
    assert asked[2]["output"][0]["text"].startswith("Error")


def test_a_long_id_is_shortened_alike_in_call_and_output() -> None:
    long_id = "call_" + "x" * 80
    asked = items(
        HELLO,
        Message(Role.ASSISTANT, (ToolCall(long_id, "f", "{}"),)),
        Message(Role.USER, (ToolResult(long_id, (Text("x"),)),)),
    )
    assert asked[1]["call_id"] == asked[2]["call_id"]
    assert len(asked[1]["call_id"]) <= 64


def test_a_free_form_call_goes_out_as_text_where_the_vendor_knows_such_tools() -> None:
    tool = Tool("exec", "Runs.", freeform=Grammar("lark", "start: /.+/"))
    said = (
        HELLO,
        Message(Role.ASSISTANT, (ToolCall("a", "exec", '{"input":"say(1)"}'),)),
        Message(Role.USER, (ToolResult("a", (Text("1"),)),)),
    )
    body = sent(asking(*said, tools=(tool,)))
    form = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
    assert body["tools"] == [{"type": "custom", "name": "exec", "description": "Runs.", "format": form}]
    assert body["input"][1:] == [
        {"type": "custom_tool_call", "call_id": "a", "name": "exec", "input": "say(1)"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "1"},
    ]
    body = sent(asking(*said, tools=(tool,)), COMPATIBLE)
    assert body["tools"][0]["type"] == "function"
    assert "start: /.+/" in body["tools"][0]["description"]
    assert body["input"][1]["arguments"] == '{"input":"say(1)"}'


# Tools


def test_functions_are_strict_only_where_they_are_said_to_be() -> None:
    strict = Raw(b'{"type":"object","properties":{},"additionalProperties":false}')
    tools = (Tool("a", schema=strict, strict=True), Tool("b", schema=OBJECT, strict=True), Tool("c"))
    asked = sent(asking(tools=tools))["tools"]
    assert [(tool["name"], tool["strict"]) for tool in asked] == [("a", True), ("b", False), ("c", False)]
    assert asked[2]["parameters"] == {"type": "object", "properties": {}}
    assert lost(asking(tools=tools)) == ["$.tools[1].strict"]


def test_a_schema_of_alternatives_is_folded() -> None:
    schema = Raw(b'{"anyOf":[{"type":"object","properties":{"a":{}}},{"type":"object","properties":{"b":{}}}]}')
    conversation = asking(tools=(Tool("f", schema=schema),))
    assert sent(conversation)["tools"][0]["parameters"]["properties"] == {"a": {}, "b": {}}
    assert lost(conversation) == ["$.tools[0].schema"]


def test_the_vendors_own_tools_are_asked_for() -> None:
    search = HostedTool(Hosted.WEB_SEARCH, 3, ("example.com",), ("bad.example",), Place("Rome", country="IT"), "low")
    hosted = (search, HostedTool(Hosted.CODE_EXECUTION), HostedTool(Hosted.IMAGE_GENERATION))
    conversation = asking(hosted=(*hosted, HostedTool(Hosted.WEB_FETCH)))
    assert sent(conversation)["tools"] == [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["example.com"]},
            "search_context_size": "low",
            "user_location": {"type": "approximate", "city": "Rome", "country": "IT"},
        },
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "image_generation"},
    ]
    assert lost(conversation) == ["$.hosted[0].max_uses", "$.hosted[0].blocked_domains", "$.hosted[3]"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice(ChoiceMode.AUTO), "auto"),
        (ToolChoice(ChoiceMode.NONE), "none"),
        (ToolChoice(ChoiceMode.ANY), "required"),
        (ToolChoice(ChoiceMode.ONE, "f"), {"type": "function", "name": "f"}),
        (ToolChoice(ChoiceMode.ONE, "free"), {"type": "custom", "name": "free"}),
        (
            ToolChoice(ChoiceMode.ONE, Hosted.WEB_SEARCH, hosted=True),
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "web_search"}]},
        ),
    ],
    ids=str,
)
def test_every_choice_is_sent(choice: ToolChoice, expected: Any) -> None:
    tools = (Tool("f", schema=OBJECT), Tool("free", freeform=Grammar()))
    hosted = (HostedTool(Hosted.WEB_SEARCH),)
    assert sent(asking(tools=tools, hosted=hosted, tool_choice=choice))["tool_choice"] == expected


def test_without_tools_there_is_no_choice() -> None:
    body = sent(asking(tool_choice=ToolChoice(ChoiceMode.AUTO), parallel_tool_calls=False))
    assert not body.keys() & {"tools", "tool_choice", "parallel_tool_calls"}


# The rest


def test_limits_have_a_least_and_a_most() -> None:
    few = asking(max_tokens=5)
    assert sent(few)["max_output_tokens"] == 16
    assert lost(few) == ["$.max_tokens"]
    many = asking(max_tokens=500)
    target = structs.replace(GENUINE, max_output_tokens=100)
    assert sent(many, target)["max_output_tokens"] == 100
    assert lost(many, target) == ["$.max_tokens"]


def test_reasoning_models_take_no_sampling() -> None:
    conversation = asking(temperature=0.5, top_p=0.9, logprobs=3)
    body = sent(conversation)
    assert (body["temperature"], body["top_p"], body["top_logprobs"]) == (0.5, 0.9, 3)
    assert body["include"] == ["message.output_text.logprobs"]
    assert set(lost(conversation, REASONING)) == {"$.temperature", "$.top_p", "$.logprobs"}
    assert not sent(conversation, REASONING).keys() & {"temperature", "top_p", "top_logprobs"}


def test_what_responses_have_no_field_for_is_a_loss() -> None:
    conversation = asking(
        stop=("END",), top_k=5, seed=1, frequency_penalty=0.1, presence_penalty=0.1, n=2, service_tier="gold"
    )
    assert set(lost(conversation)) == {
        "$.stop",
        "$.top_k",
        "$.seed",
        "$.frequency_penalty",
        "$.presence_penalty",
        "$.n",
        "$.service_tier",
    }


def test_a_form_of_the_answer_is_sent() -> None:
    schema = Raw(b'{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}')
    wanted = OutputFormat(schema, "my answer", "What to say.", strict=True)
    assert sent(asking(output_format=wanted))["text"]["format"] == {
        "type": "json_schema",
        "name": "my_answer",
        "description": "What to say.",
        "schema": json.loads(bytes(schema)),
        "strict": True,
    }
    loose = asking(output_format=OutputFormat(OBJECT, strict=True))
    assert "strict" not in sent(loose)["text"]["format"]
    assert lost(loose) == ["$.output_format.strict"]


def test_any_object_is_asked_for_with_the_word_that_openai_wants_to_see() -> None:
    body = sent(asking(output_format=OutputFormat()))
    assert body["text"] == {"format": {"type": "json_object"}}
    assert "JSON" in body["input"][0]["content"]
    said = asking(Message(Role.USER, (Text("as json"),)), output_format=OutputFormat())
    assert len(sent(said)["input"]) == 1


def test_fields_that_both_dialects_of_openai_have_go_on() -> None:
    extras = {
        "metadata": Raw(b'{"a":"b"}'),
        "prompt_cache_key": Raw(b'"k"'),
        "verbosity": Raw(b'"low"'),
        "logit_bias": Raw(b"{}"),
    }
    conversation = asking(extras=extras, user="u", service_tier="flex")
    body = sent(conversation)
    assert (body["metadata"], body["prompt_cache_key"], body["text"]) == ({"a": "b"}, "k", {"verbosity": "low"})
    assert (body["user"], body["service_tier"]) == ("u", "flex")
    assert lost(conversation) == ["$.logit_bias"]


def test_a_user_that_is_too_long_is_a_loss() -> None:
    assert lost(asking(user="u" * 65)) == ["$.user"]
