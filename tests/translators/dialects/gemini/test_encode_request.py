"""Conversations as Google's generateContent hears them, at the vendor itself and at what has its paths."""

import json
from typing import Any

import pytest
from msgspec import Raw

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
from translators.dialects.gemini import DIALECT
from translators.dialects.gemini.encode_turns import FILLER
from translators.dialects.gemini.words import SKIP_SIGNATURE
from translators.errors import BadRequest
from translators.thinking import ThinkingRange

FLASH = Target("gemini-2.5-flash", genuine=True)
PRO = Target("gemini-2.5-pro", genuine=True)
THIRD = Target("gemini-3-pro-preview", genuine=True)
COMPATIBLE = Target("gemini-2.5-flash")
SCHEMA = Raw(b'{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}')
TOOLS = (Tool("read", "reads", SCHEMA), Tool("write"))
SIGNED = "c2lnbmVk"


def user(*parts: Part | str) -> Message:
    return Message(Role.USER, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def model(*parts: Part | str) -> Message:
    return Message(Role.ASSISTANT, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def conversation(*messages: Message, **fields: Any) -> Conversation:
    return Conversation(model="m", messages=messages or (user("hello"),), **fields)


def encoded(*messages: Message, target: Target = FLASH, judged: bool = True, **fields: Any) -> EncodedRequest:
    """The request, taken by the vendor's rules; its own signatures are not those of the simulated vendor."""
    request = DIALECT.encode_request(conversation(*messages, **fields), target)
    if judged:
        check_accepted("gemini", target, request.body)
    return request


def body(*messages: Message, target: Target = FLASH, judged: bool = True, **fields: Any) -> Any:
    return json.loads(encoded(*messages, target=target, judged=judged, **fields).body)


def contents(*messages: Message, target: Target = FLASH, judged: bool = True) -> list[tuple[str, list[Any]]]:
    said = body(*messages, target=target, judged=judged)["contents"]
    return [(content["role"], content["parts"]) for content in said]


def losses(*messages: Message, target: Target = FLASH, **fields: Any) -> list[str]:
    return [loss.path for loss in encoded(*messages, target=target, **fields).losses]


def call(number: int = 1, name: str = "read", arguments: str = '{"a":"x"}') -> ToolCall:
    return ToolCall(f"c{number}", name, arguments)


def result(number: int = 1, *parts: Part, failed: bool = False) -> ToolResult:
    return ToolResult(f"c{number}", parts or (Text("done"),), failed)


# Turns.


def test_neighbours_of_one_role_are_one_turn() -> None:
    said = contents(user("a"), user("b"), model("c"), model("d"), user("e"))
    assert said == [
        ("user", [{"text": "a"}, {"text": "b"}]),
        ("model", [{"text": "c"}, {"text": "d"}]),
        ("user", [{"text": "e"}]),
    ]


def test_a_system_text_in_mid_conversation_stays_in_its_place_as_a_reminder() -> None:
    late = Message(Role.SYSTEM, (Text("late"), Text(" ")))
    said = body(user("a"), late, user("b"), system=(Text("early"),))
    assert said["systemInstruction"] == {"parts": [{"text": "early"}]}
    [content] = said["contents"]
    assert [part["text"] for part in content["parts"]] == ["a", "<system-reminder>\nlate\n</system-reminder>", "b"]


def test_a_request_of_system_text_alone_is_the_users() -> None:
    request = DIALECT.encode_request(Conversation(model="m", messages=(), system=(Text("be brief"),)), FLASH)
    assert json.loads(request.body) == {"contents": [{"role": "user", "parts": [{"text": "be brief"}]}]}


def test_a_request_without_a_word_is_refused() -> None:
    with pytest.raises(BadRequest):
        DIALECT.encode_request(conversation(user("")), FLASH)


def test_the_user_begins_and_ends() -> None:
    said = encoded(model("a"))
    assert [content["role"] for content in json.loads(said.body)["contents"]] == ["user", "model", "user"]
    assert json.loads(said.body)["contents"][-1]["parts"] == [{"text": FILLER}]
    assert len(said.losses) == 2


def test_empty_texts_leave_no_holes() -> None:
    assert contents(user("", "a", ""), model(""), user("b")) == [("user", [{"text": "a"}, {"text": "b"}])]


# Calls and results.


def test_results_stand_behind_their_calls_in_the_order_of_the_calls() -> None:
    said = contents(
        user("go"), model(call(1), call(2, "write"), "and then"), user("by the way", result(2), result(1)), user("now")
    )
    assert [role for role, _ in said] == ["user", "model", "user"]
    assert [next(iter(part)) for part in said[1][1]] == ["text", "functionCall", "functionCall"]
    names = [part["functionResponse"]["id"] for part in said[2][1][:2]]
    assert names == ["c1", "c2"]
    assert said[2][1][2:] == [{"text": "by the way"}, {"text": "now"}]


def test_results_of_several_messages_are_one_turn() -> None:
    said = contents(user("go"), model(call(1), call(2)), user(result(1)), user(result(2)))
    assert len(said[2][1]) == 2


def test_a_call_without_a_result_gets_one_that_says_so() -> None:
    request = encoded(user("go"), model(call(1), call(2)), user(result(1)))
    answers = json.loads(request.body)["contents"][2]["parts"]
    assert answers[1]["functionResponse"]["response"] == {"error": "The result of this call was not recorded."}
    assert [loss.path for loss in request.losses] == ["$.messages[1].parts[1]"]
    assert contents(user("go"), model(call(1)))[-1][0] == "user"


def test_of_two_results_for_one_call_the_last_counts() -> None:
    request = encoded(user("go"), model(call(1)), user(result(1, Text("old")), result(1, Text("new"))))
    [answer] = json.loads(request.body)["contents"][2]["parts"]
    assert answer["functionResponse"]["response"] == {"output": "new"}
    assert [loss.path for loss in request.losses] == ["$.messages[2].parts[0]"]


def test_a_result_without_its_call_is_plain_words() -> None:
    request = encoded(user("go", result(7, Text("lonely"))))
    assert json.loads(request.body)["contents"][0]["parts"] == [{"text": "go"}, {"text": "lonely"}]
    assert [loss.path for loss in request.losses] == ["$.messages[0].parts[1]"]


def test_a_result_without_an_id_belongs_to_the_oldest_call_of_its_name() -> None:
    nameless = [ToolResult("", (Text(words),), name="read") for words in ("first", "second")]
    said = contents(user("go"), model(call(1), call(2)), user(*nameless))
    assert [part["functionResponse"]["response"]["output"] for part in said[2][1]] == ["first", "second"]


def test_an_id_that_is_used_again_means_the_later_call() -> None:
    said = contents(user("a"), model(call(1)), user(result(1, Text("x"))), model(call(1)), user(result(1, Text("y"))))
    outputs = [said[at][1][0]["functionResponse"]["response"]["output"] for at in (2, 4)]
    assert outputs == ["x", "y"]


@pytest.mark.parametrize("arguments", ["", "[]", "{", "null", '"x"'])
def test_arguments_that_are_no_object_are_an_empty_one(arguments: str) -> None:
    request = encoded(user("go"), model(call(1, arguments=arguments)), user(result(1)))
    assert json.loads(request.body)["contents"][1]["parts"][0]["functionCall"]["args"] == {}
    assert [loss.path for loss in request.losses] == ["$.messages[1].parts[0].arguments"]


def test_a_result_says_whether_it_failed() -> None:
    said = contents(user("go"), model(call(1), call(2)), user(result(1), result(2, Text("no"), failed=True)))
    assert [part["functionResponse"]["response"] for part in said[2][1]] == [{"output": "done"}, {"error": "no"}]


def test_empty_texts_leave_no_lines_in_a_result() -> None:
    said = contents(user("go"), model(call(1)), user(result(1, Text(""), Text("a"), Text(""), Text("b"))))
    assert said[2][1][0]["functionResponse"]["response"] == {"output": "a\nb"}


def test_media_of_a_result_stand_in_it_from_the_third_generation_on() -> None:
    picture = Image("image/png", "aGk=")
    messages = (user("go"), model(call(1)), user(result(1, Text("see"), picture)))
    blob = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    [inside] = contents(*messages, target=THIRD)[2][1]
    assert inside["functionResponse"]["parts"] == [blob]
    answer, beside = contents(*messages)[2][1]
    assert answer["functionResponse"]["response"] == {"output": "see"}
    assert beside == blob


# Thinking.


def test_a_signature_goes_back_beside_what_followed_it() -> None:
    said = contents(
        user("go"),
        model(Thinking("hm", SIGNED, "gemini"), call(1), call(2)),
        user(result(1), result(2)),
        target=THIRD,
        judged=False,
    )
    thought, first, second = said[1][1]
    assert thought == {"text": "hm", "thought": True}
    assert first["thoughtSignature"] == SIGNED
    assert "thoughtSignature" not in second


def test_each_signature_keeps_its_place() -> None:
    parts = (Thinking("", "c2ln", "gemini"), Thinking("", "c2lo", "gemini"), "text", Thinking("", "c2lp", "gemini"))
    [_, (_, said), _] = contents(user("go"), model(*parts), user("on"), judged=False)
    assert said == [
        {"text": "", "thoughtSignature": "c2ln"},
        {"text": "text", "thoughtSignature": "c2lo"},
        {"text": "", "thoughtSignature": "c2lp"},
    ]


def test_a_signature_of_another_vendor_is_a_loss() -> None:
    thoughts = (Thinking("hm", "sig", "anthropic"), Thinking("", "data", "anthropic", redacted=True), Thinking("so"))
    request = encoded(user("go"), model(*thoughts, "yes"), user("on"))
    assert json.loads(request.body)["contents"][1]["parts"] == [{"text": "yes"}]
    assert len(request.losses) == 3


def test_unsigned_thinking_goes_where_it_is_wanted() -> None:
    target = Target("some-model", keeps_thinking=True)
    said = contents(user("go"), model(Thinking("hm"), "yes"), user("on"), target=target)
    assert said[1][1] == [{"text": "hm", "thought": True}, {"text": "yes"}]


def test_the_first_unsigned_call_of_each_step_of_this_turn_gets_the_stand_in() -> None:
    messages = (
        user("old"),
        model(call(1)),
        user(result(1)),
        model("done"),
        user("new"),
        model(call(2), call(3)),
        user(result(2), result(3)),
        model(call(4)),
        user(result(4)),
    )
    calls = [
        part.get("thoughtSignature")
        for _, parts in contents(*messages, target=THIRD)
        for part in parts
        if "functionCall" in part
    ]
    assert calls == [None, SKIP_SIGNATURE, None, SKIP_SIGNATURE]
    assert SKIP_SIGNATURE not in encoded(*messages).body.decode()


@pytest.mark.parametrize(
    ("target", "wish", "config"),
    [
        (FLASH, ThinkingWish(ThinkingMode.OFF), {"thinkingBudget": 0}),
        (FLASH, ThinkingWish(ThinkingMode.ON, "medium"), {"thinkingBudget": 8192, "includeThoughts": True}),
        (FLASH, ThinkingWish(ThinkingMode.ON, "max"), {"thinkingBudget": 24576, "includeThoughts": True}),
        (
            FLASH,
            ThinkingWish(ThinkingMode.ON, budget_tokens=99, visible=False),
            {"thinkingBudget": 99, "includeThoughts": False},
        ),
        (FLASH, ThinkingWish(ThinkingMode.AUTO), {"thinkingBudget": -1, "includeThoughts": True}),
        (PRO, ThinkingWish(ThinkingMode.OFF), {"thinkingBudget": 128, "includeThoughts": False}),
        (THIRD, ThinkingWish(ThinkingMode.ON, "medium"), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        (
            THIRD,
            ThinkingWish(ThinkingMode.ON, budget_tokens=20000),
            {"thinkingLevel": "HIGH", "includeThoughts": True},
        ),
        (THIRD, ThinkingWish(ThinkingMode.OFF), {"thinkingLevel": "LOW", "includeThoughts": False}),
        (THIRD, ThinkingWish(ThinkingMode.AUTO), {"includeThoughts": True}),
        (Target("fast"), ThinkingWish(ThinkingMode.ON, "low"), {"thinkingBudget": 1024, "includeThoughts": True}),
    ],
)
def test_how_much_to_think_is_said_as_the_model_takes_it(target: Target, wish: ThinkingWish, config: Any) -> None:
    assert body(target=target, thinking=wish)["generationConfig"]["thinkingConfig"] == config


def test_a_model_that_does_not_think_is_not_asked_to() -> None:
    target = Target("gemini-2.0-flash", genuine=True)
    assert "generationConfig" not in body(target=target, thinking=ThinkingWish(ThinkingMode.ON, "high"))
    assert losses(target=target, thinking=ThinkingWish(ThinkingMode.ON, "high")) == ["$.thinking"]


def test_what_is_known_of_a_model_stands_over_its_name() -> None:
    target = Target("fast", genuine=True, thinking_range=ThinkingRange(levels=("low", "high")))
    config = body(target=target, thinking=ThinkingWish(ThinkingMode.ON, "medium"))["generationConfig"]
    assert config == {"thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True}}


# Media.


def test_media_go_in_line_or_by_their_place() -> None:
    said = contents(
        user(
            Image("image/jpg", "aGk="),
            Image(url="https://example.com/a.webp?x=1"),
            File("application/pdf", "aGk="),
            File(text="words"),
            File("application/pdf", url="https://example.com/b"),
            File(file_id="https://generativelanguage.googleapis.com/v1beta/files/abc"),
            Audio("aGk=", "wav"),
            Video("video/mp4", "aGk="),
            Video(url="https://www.youtube.com/watch?v=x"),
        )
    )
    assert [part.get("inlineData") or part.get("fileData") for part in said[0][1]] == [
        {"mimeType": "image/jpeg", "data": "aGk="},
        {"mimeType": "image/webp", "fileUri": "https://example.com/a.webp?x=1"},
        {"mimeType": "application/pdf", "data": "aGk="},
        {"mimeType": "text/plain", "data": "d29yZHM="},
        {"mimeType": "application/pdf", "fileUri": "https://example.com/b"},
        {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc"},
        {"mimeType": "audio/wav", "data": "aGk="},
        {"mimeType": "video/mp4", "data": "aGk="},
        {"mimeType": "video/mp4", "fileUri": "https://www.youtube.com/watch?v=x"},
    ]


def test_a_picture_or_file_that_google_can_not_read_is_words_and_a_loss() -> None:
    request = encoded(user(Image("image/gif", "aGk="), File(file_id="file-123", name="x.pdf")))
    parts = json.loads(request.body)["contents"][0]["parts"]
    assert all("left out here" in part["text"] for part in parts)
    paths = [loss.path for loss in request.losses]
    assert paths == ["$.messages[0].parts[0]", "$.messages[0].parts[1].name", "$.messages[0].parts[1]"]


def test_what_the_vendor_ran_comes_back_as_code() -> None:
    said = contents(
        user("go"),
        model(
            HostedCall("x", Hosted.CODE_EXECUTION, '{"code":"1+1"}'),
            HostedResult("x", Hosted.CODE_EXECUTION, "2", failed=True),
        ),
        user("on"),
    )
    assert said[1][1] == [
        {"executableCode": {"language": "PYTHON", "code": "1+1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "2"}},
    ]


def test_what_another_vendors_own_tool_did_is_told_in_words() -> None:
    searched = model(HostedCall("x", Hosted.WEB_SEARCH), HostedResult("x", Hosted.WEB_SEARCH), "found")
    said = contents(user("go"), searched, user("on"))
    assert said[1][1] == [{"text": "(Here ran a web search.)"}, {"text": "found"}]
    assert losses(user("go"), searched, user("on")) == []


# Tools.


def test_google_itself_reads_json_schemas_and_compatibles_its_own() -> None:
    [genuine] = body(tools=TOOLS)["tools"]
    assert genuine["functionDeclarations"][0] == {
        "name": "read",
        "description": "reads",
        "parametersJsonSchema": json.loads(bytes(SCHEMA)),
    }
    assert losses(tools=TOOLS) == []
    [compatible] = body(tools=TOOLS, target=COMPATIBLE)["tools"]
    assert compatible["functionDeclarations"][0]["parameters"] == {
        "type": "OBJECT",
        "properties": {"a": {"type": "STRING", "nullable": True}},
    }
    assert losses(tools=TOOLS, target=COMPATIBLE) == ["$.tools[0].schema"]


@pytest.mark.parametrize(
    ("schema", "genuine", "compatible"),
    [
        (b"{}", False, False),
        (b'{"type":"object", "properties": { }}', True, False),
        (b'{"type":"object","description":"anything"}', True, True),
    ],
)
def test_a_schema_that_says_nothing_is_left_out(schema: bytes, genuine: bool, compatible: bool) -> None:
    tools = (Tool("read", schema=Raw(schema)),)
    for target, is_said in ((FLASH, genuine), (COMPATIBLE, compatible)):
        [sent] = body(tools=tools, target=target)["tools"]
        assert bool({"parameters", "parametersJsonSchema"} & sent["functionDeclarations"][0].keys()) == is_said


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(ChoiceMode.AUTO), {"mode": "AUTO"}),
        (ToolChoice(ChoiceMode.NONE), {"mode": "NONE"}),
        (ToolChoice(ChoiceMode.ANY), {"mode": "ANY"}),
        (ToolChoice(ChoiceMode.ONE, "write"), {"mode": "ANY", "allowedFunctionNames": ["write"]}),
    ],
)
def test_a_choice_is_a_calling_mode(choice: ToolChoice, config: Any) -> None:
    assert body(tools=TOOLS, tool_choice=choice)["toolConfig"] == {"functionCallingConfig": config}
    assert "toolConfig" not in body(tool_choice=choice)


def test_names_that_google_refuses_are_mapped_everywhere() -> None:
    tools = (Tool("2nd tool"), Tool("files.read"), Tool("x" * 70))
    messages = (user("go"), model(call(1, "2nd tool")), user(result(1)))
    request = encoded(*messages, tools=tools, tool_choice=ToolChoice(ChoiceMode.ONE, "2nd tool"))
    said = json.loads(request.body)
    names = [declared["name"] for declared in said["tools"][0]["functionDeclarations"]]
    assert names[:2] == ["_2nd_tool", "files.read"]
    assert said["contents"][1]["parts"][0]["functionCall"]["name"] == "_2nd_tool"
    assert said["contents"][2]["parts"][0]["functionResponse"]["name"] == "_2nd_tool"
    assert said["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] == ["_2nd_tool"]
    assert request.names == {"_2nd_tool": "2nd tool", names[2]: "x" * 70}


def test_a_second_tool_of_a_name_is_a_loss() -> None:
    assert losses(tools=(Tool("a"), Tool("b"), Tool("a"))) == ["$.tools[2]"]


def test_a_free_form_tool_is_a_function_with_one_field() -> None:
    [tool] = body(tools=(Tool("patch", freeform=Grammar()),))["tools"]
    assert tool["functionDeclarations"][0]["parametersJsonSchema"]["required"] == ["input"]


def test_googles_own_tools_stand_alone() -> None:
    hosted = (
        HostedTool(Hosted.WEB_SEARCH, max_uses=3),
        HostedTool(Hosted.CODE_EXECUTION),
        HostedTool(Hosted.WEB_FETCH),
    )
    assert body(hosted=hosted)["tools"] == [{"googleSearch": {}}, {"codeExecution": {}}, {"urlContext": {}}]
    assert losses(hosted=hosted) == ["$.hosted[0].max_uses"]
    assert losses(hosted=hosted, tools=TOOLS) == ["$.hosted[0]", "$.hosted[1]", "$.hosted[2]"]
    assert losses(hosted=(HostedTool(Hosted.IMAGE_GENERATION),)) == ["$.hosted[0]"]


# How to answer.


def test_sampling_and_limits_are_the_generation_config() -> None:
    said = body(
        max_tokens=100,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=("END",),
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        n=1,
        logprobs=3,
    )
    assert said["generationConfig"] == {
        "maxOutputTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "stopSequences": ["END"],
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
    }
    assert body(logprobs=0)["generationConfig"] == {"responseLogprobs": True}


def test_what_is_beyond_googles_limits_is_cut_and_told() -> None:
    target = Target("gemini-2.5-flash", genuine=True, max_output_tokens=50)
    fields: dict[str, Any] = {"max_tokens": 100, "temperature": 3.0, "stop": tuple("abcdefg"), "seed": 1 << 40}
    config = body(target=target, **fields)["generationConfig"]
    assert (config["maxOutputTokens"], config["temperature"]) == (50, 2.0)
    assert config["stopSequences"] == list("abcde")
    assert losses(target=target, **fields) == ["$.temperature", "$.max_tokens", "$.stop[5]", "$.stop[6]", "$.seed"]


def test_a_form_of_the_answer_is_a_schema_with_its_media_type() -> None:
    wanted = OutputFormat(SCHEMA, "reply")
    assert body(output_format=wanted)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": json.loads(bytes(SCHEMA)),
    }
    assert "responseSchema" in body(output_format=wanted, target=COMPATIBLE)["generationConfig"]
    assert body(output_format=OutputFormat())["generationConfig"] == {"responseMimeType": "application/json"}


def test_before_the_third_generation_a_function_stands_for_a_form_beside_functions() -> None:
    request = encoded(tools=TOOLS, output_format=OutputFormat(SCHEMA))
    said = json.loads(request.body)
    assert request.json_tool == "json_reply"
    assert "generationConfig" not in said
    assert said["toolConfig"]["functionCallingConfig"] == {"mode": "ANY"}
    assert said["tools"][0]["functionDeclarations"][-1]["name"] == "json_reply"
    assert encoded(tools=TOOLS, output_format=OutputFormat(SCHEMA), target=THIRD).json_tool is None
    forbidden = ToolChoice(ChoiceMode.NONE)
    only = body(tools=TOOLS, output_format=OutputFormat(), tool_choice=forbidden)["toolConfig"]
    assert only["functionCallingConfig"] == {"mode": "ANY", "allowedFunctionNames": ["json_reply"]}


def test_what_google_has_no_word_for_is_a_loss() -> None:
    fields: dict[str, Any] = {
        "user": "u",
        "parallel_tool_calls": False,
        "tools": TOOLS,
        "service_tier": "scale",
        "extras": {"metadata": Raw(b"{}")},
    }
    assert losses(**fields) == ["$.parallel_tool_calls", "$.metadata", "$.user", "$.service_tier"]
    assert body(service_tier="default")["serviceTier"] == "standard"


def test_safety_settings_are_never_lowered() -> None:
    assert "safetySettings" not in body()
    settings = Raw(b'[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_ONLY_HIGH"}]')
    assert body(extras={"safetySettings": settings})["safetySettings"] == json.loads(bytes(settings))
