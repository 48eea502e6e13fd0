"""What clients of Google's generateContent ask for."""

import json
from typing import Any

import pytest
from msgspec import Raw

from translators.audit import audit
from translators.conversation import (
    Audio,
    ChoiceMode,
    Conversation,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    HostedTool,
    Image,
    Part,
    Role,
    Text,
    Thinking,
    ThinkingMode,
    ThinkingWish,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)
from translators.dialects.gemini import DIALECT
from translators.dialects.gemini.words import SKIP_SIGNATURE
from translators.errors import BadRequest

HELLO = {"role": "user", "parts": [{"text": "hello"}]}
SIGNED = "CoYSAb4-9vvKGuz0NUsxeqE1R53_LRk"


def decoded(*contents: Any, **fields: Any) -> Conversation:
    """A request with these contents; parts of the user's where a list is given."""
    turns = [{"role": "user", "parts": one} if isinstance(one, list) else one for one in contents or (HELLO,)]
    return DIALECT.decode_request(json.dumps({"contents": turns, **fields}).encode())


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def parts_of(*contents: Any, **fields: Any) -> list[Part]:
    return [part for message in decoded(*contents, **fields).messages for part in message.parts]


def lost(*contents: Any, **fields: Any) -> list[str]:
    return [loss.path for loss in decoded(*contents, **fields).losses]


def refused(*contents: Any, **fields: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        decoded(*contents, **fields)
    return caught.value.path


def call(name: str = "read", call_id: str | None = None, **args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args, **({"id": call_id} if call_id else {})}}


def response(name: str | None = "read", said: Any = None, call_id: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"name": name, "response": {"output": "done"} if said is None else said, "id": call_id, **more}
    return {"functionResponse": {key: value for key, value in body.items() if value is not None}}


# Turns and words.


def test_turns_are_messages_and_a_turn_without_a_role_is_the_users() -> None:
    said = decoded({"parts": [{"text": "a"}]}, model("b"), {"role": "USER", "parts": [{"text": ""}, {"text": "c"}]})
    assert [(message.role, message.parts) for message in said.messages] == [
        (Role.USER, (Text("a"),)),
        (Role.ASSISTANT, (Text("b"),)),
        (Role.USER, (Text("c"),)),
    ]
    assert refused({"role": "system", "parts": []}) == "$.contents[0].role"


@pytest.mark.parametrize(
    "said", ["be brief", {"parts": [{"text": "be brief"}]}, {"role": "user", "parts": [{"text": "be brief"}]}]
)
def test_the_system_instruction_may_be_a_text_or_a_turn(said: Any) -> None:
    assert decoded(systemInstruction=said).system == (Text("be brief"),)
    assert decoded(system_instruction=said).system == (Text("be brief"),)


def test_only_text_may_stand_in_the_system_instruction() -> None:
    blob = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    assert lost(systemInstruction={"parts": [blob]}) == ["$.systemInstruction.parts[0]"]


def test_null_is_as_good_as_nothing() -> None:
    nothing = dict.fromkeys(
        ["tools", "toolConfig", "generationConfig", "systemInstruction", "safetySettings", "labels"]
    )
    said = decoded({"role": None, "parts": [{"text": "a", "thought": None, "functionCall": None}]}, **nothing)
    assert said == decoded([{"text": "a"}])


def test_a_request_without_contents_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        DIALECT.decode_request(b'{"messages":[]}')
    assert caught.value.path == "$.contents"


def test_a_prompt_that_is_to_be_counted_may_stand_in_a_whole_request() -> None:
    inner = {"model": "models/m", "contents": [HELLO], "systemInstruction": {"parts": [{"text": "s"}]}}
    said = DIALECT.decode_request(json.dumps({"generateContentRequest": inner}).encode())
    assert (said.model, said.system, len(said.messages)) == ("m", (Text("s"),), 1)


# The slow way.


def test_snake_case_is_as_good_as_camel_case_at_every_depth() -> None:
    snake = {
        "system_instruction": {"parts": [{"text": "s"}]},
        "generation_config": {
            "max_output_tokens": 5,
            "thinking_config": {"include_thoughts": True, "thinking_budget": 99},
            "response_mime_type": "application/json",
        },
        "tools": [
            {"function_declarations": [{"name": "f", "parameters_json_schema": {"type": "object"}}]},
            {"google_search": {"exclude_domains": ["a.com"]}},
        ],
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
    }
    camel = {
        "systemInstruction": {"parts": [{"text": "s"}]},
        "generationConfig": {
            "maxOutputTokens": 5,
            "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 99},
            "responseMimeType": "application/json",
        },
        "tools": [
            {"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]},
            {"googleSearch": {"excludeDomains": ["a.com"]}},
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    }
    parts = [
        {"inline_data": {"mime_type": "image/png", "data": "aGk="}},
        {"file_data": {"file_uri": "https://a.com/b.pdf", "mime_type": "application/pdf"}},
    ]
    same = [
        {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
        {"fileData": {"fileUri": "https://a.com/b.pdf", "mimeType": "application/pdf"}},
    ]
    assert decoded(parts, **snake) == decoded(same, **camel)
    assert decoded(parts, **snake).losses == ()


def test_arguments_are_not_spelled_anew() -> None:
    [made] = parts_of(model({"function_call": {"name": "f", "args": {"some_key": {"other_key": 1.50}}}}))
    assert isinstance(made, ToolCall)
    assert json.loads(made.arguments) == {"some_key": {"other_key": 1.5}}


def test_numbers_may_be_text() -> None:
    assert decoded(generationConfig={"maxOutputTokens": "100", "temperature": "0.5"}).max_tokens == 100


def test_a_field_that_nobody_knows_is_a_loss_with_its_place() -> None:
    turn = {"role": "user", "parts": [{"text": "a", "x_new": 1}], "new": 2}
    paths = ["$.contents[0].parts[0].x_new", "$.contents[0].new", "$.sessionId"]
    assert lost(turn, sessionId="s") == paths
    assert parts_of(turn, sessionId="s") == [Text("a")]
    assert [loss.path for loss in audit(json.dumps({"contents": [turn]}).encode(), "gemini")] == paths[:2]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"generationConfig": {"temperature": "hot"}}, "$.generationConfig.temperature"),
        ({"generation_config": {"top_p": []}}, "$.generationConfig.topP"),
        ({"tools": {}}, "$.tools"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "$.tools[0].functionDeclarations[0].name"),
        ({"cachedContent": "cachedContents/abc"}, "$.cachedContent"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "SOMETIMES"}}}, "$.toolConfig.functionCallingConfig.mode"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(fields: dict[str, Any], path: str) -> None:
    assert refused(**fields) == path


# Thinking.


def test_a_signature_proves_the_thinking_before_the_part_beside_which_it_stands() -> None:
    thought = {"text": "hm", "thought": True}
    signed = {**call(call_id="c"), "thoughtSignature": SIGNED}
    assert parts_of(HELLO, model(thought, signed, {"text": "so", "thoughtSignature": "abc"}))[1:] == [
        Thinking("hm", SIGNED, "gemini"),
        ToolCall("c", "read", "{}"),
        Thinking("", "abc", "gemini"),
        Text("so"),
    ]


def test_the_stand_in_and_the_users_signatures_are_none() -> None:
    assert parts_of(model({**call(call_id="c"), "thoughtSignature": SKIP_SIGNATURE})) == [ToolCall("c", "read", "{}")]
    assert parts_of([{"text": "a", "thoughtSignature": SIGNED}]) == [Text("a")]


@pytest.mark.parametrize(
    ("config", "wish"),
    [
        ({}, None),
        ({"includeThoughts": False}, None),
        ({"includeThoughts": True}, ThinkingWish(ThinkingMode.AUTO, visible=True)),
        (
            {"includeThoughts": True, "thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"},
            ThinkingWish(ThinkingMode.AUTO, visible=True),
        ),
        ({"thinkingBudget": 0}, ThinkingWish(ThinkingMode.OFF)),
        ({"thinkingBudget": -1}, ThinkingWish(ThinkingMode.AUTO)),
        ({"thinkingBudget": 500}, ThinkingWish(ThinkingMode.ON, budget_tokens=500)),
        ({"thinkingLevel": "HIGH", "includeThoughts": True}, ThinkingWish(ThinkingMode.ON, "high", visible=True)),
    ],
)
def test_how_much_to_think(config: dict[str, Any], wish: ThinkingWish | None) -> None:
    assert decoded(generationConfig={"thinkingConfig": config}).thinking == wish


# Calls and responses.


def test_calls_without_ids_get_some_by_name_and_place() -> None:
    turns = (HELLO, model(call(), call("write"), call()), [response("write"), response(), response()])
    made = [part.id for part in parts_of(*turns) if isinstance(part, ToolCall)]
    assert made == ["read_1", "write_2", "read_3"]
    assert [part.call_id for part in parts_of(*turns) if isinstance(part, ToolResult)] == [
        "write_2",
        "read_1",
        "read_3",
    ]
    longer = [part.id for part in parts_of(*turns, model(call())) if isinstance(part, ToolCall)]
    assert longer[:3] == made


def test_a_made_id_is_not_one_that_is_there() -> None:
    made = [part.id for part in parts_of(model(call(call_id="read_1"), call())) if isinstance(part, ToolCall)]
    assert len(set(made)) == 2


def test_an_id_wins_over_the_order() -> None:
    said = parts_of(model(call(call_id="a"), call(call_id="b")), [response(call_id="b"), response(call_id="a")])
    assert [part.call_id for part in said if isinstance(part, ToolResult)] == ["b", "a"]


def test_a_response_with_an_id_of_its_own_belongs_to_the_oldest_call_of_its_name() -> None:
    """Qwen Code gives ids to responses whose calls had none."""
    said = parts_of(model(call(), call("write")), [response(call_id="read-9"), response("write", call_id="write-9")])
    assert [part.call_id for part in said if isinstance(part, ToolResult)] == ["read_1", "write_2"]


def test_a_response_without_a_name_belongs_to_the_oldest_call_of_all() -> None:
    said = parts_of(model(call("a"), call("b")), [response(None), response(None), response(None)])
    found = [part.call_id for part in said if isinstance(part, ToolResult)]
    assert found[:2] == ["a_1", "b_2"]
    assert found[2] not in found[:2]


def test_a_response_without_a_call_keeps_its_id_and_name() -> None:
    assert parts_of([response(call_id="x")]) == [ToolResult("x", (Text("done"),), name="read")]


@pytest.mark.parametrize(
    ("said", "parts", "failed"),
    [
        ({"output": "x"}, (Text("x"),), False),
        ({"result": "x"}, (Text("x"),), False),
        ({"output": ""}, (), False),
        ({}, (), False),
        ({"error": "x"}, (Text("x"),), True),
        ({"error": {"code": 5}}, (Text('{"code": 5}'),), True),
        ({"output": {"a": 1}}, (Text('{"output": {"a": 1}}'),), False),
        ({"output": "x", "code": 1}, (Text('{"output": "x", "code": 1}'),), False),
    ],
)
def test_what_a_response_says(said: Any, parts: tuple[Part, ...], failed: bool) -> None:
    [_, answer] = parts_of(model(call(call_id="c")), [response(said=said)])
    assert answer == ToolResult("c", parts, failed)


def test_media_of_a_response_are_its_parts() -> None:
    media = [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}, {}]
    turns = (model(call(call_id="c")), [response(parts=media)])
    assert parts_of(*turns)[1] == ToolResult("c", (Text("done"), Image("image/png", "aGk=")))
    assert lost(*turns) == ["$.contents[1].parts[0].functionResponse.parts[1]"]


@pytest.mark.parametrize("args", [[], "x", 5])
def test_arguments_and_responses_are_objects(args: Any) -> None:
    assert refused(model({"functionCall": {"name": "f", "args": args}})) == "$.contents[0].parts[0].functionCall.args"
    assert refused([response(said=args)]) == "$.contents[0].parts[0].functionResponse.response"


def test_what_the_vendor_ran_is_a_call_of_its_own_tool() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1+1"}}
    printed = {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no"}}
    searched = {"toolCall": {"id": "s", "toolType": "GOOGLE_SEARCH_WEB", "args": {"query": "x"}}}
    assert parts_of(model(code, printed, searched)) == [
        HostedCall("code_1", Hosted.CODE_EXECUTION, '{"code":"1+1"}'),
        HostedResult("code_1", Hosted.CODE_EXECUTION, "no", failed=True),
        HostedCall("s", Hosted.WEB_SEARCH, '{"query": "x"}'),
    ]
    assert lost(model({"toolCall": {"toolType": "GOOGLE_MAPS"}})) == ["$.contents[0].parts[0].toolCall"]


# Media.


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": "aGk="}}, Image("image/png", "aGk=")),
        ({"inlineData": {"mimeType": "image/png", "data": "-_8"}}, Image("image/png", "+/8=")),
        ({"inlineData": {"mimeType": "audio/wav", "data": "aGk="}}, Audio("aGk=", "wav")),
        ({"inlineData": {"mimeType": "video/mp4", "data": "aGk="}}, Video("video/mp4", "aGk=")),
        ({"inlineData": {"mimeType": "application/pdf", "data": "aGk="}}, File("application/pdf", "aGk=")),
        ({"fileData": {"mimeType": "image/png", "fileUri": "https://a.com/b"}}, Image(url="https://a.com/b")),
        (
            {"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}},
            Video(url="https://www.youtube.com/watch?v=x"),
        ),
        (
            {"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/b"}},
            File("image/png", file_id="gs://bucket/b"),
        ),
    ],
)
def test_media_by_their_type(part: Any, expected: Part) -> None:
    assert parts_of([part]) == [expected]


def test_what_only_googles_models_know_about_media_is_a_loss() -> None:
    part = {"inlineData": {"mimeType": "video/mp4", "data": "aGk="}, "videoMetadata": {"fps": 2}}
    assert lost([part]) == ["$.contents[0].parts[0].videoMetadata"]
    assert lost([{"inlineData": {"mimeType": "image/png"}}]) == ["$.contents[0].parts[0]"]


# Tools.


def declared(**fields: Any) -> dict[str, Any]:
    return {"functionDeclarations": [{"name": "f", **fields}]}


def test_either_kind_of_schema_is_a_json_schema() -> None:
    own = {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}
    plain = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}}
    for fields in ({"parameters": own}, {"parametersJsonSchema": plain}, {"parametersJsonSchema": own}):
        [tool] = decoded(tools=[declared(description="d", **fields)]).tools
        assert tool.schema is not None
        assert (tool.name, tool.description, json.loads(bytes(tool.schema))) == ("f", "d", plain)
    assert decoded(tools=[declared()]).tools[0].schema is None


def test_googles_own_tools_are_hosted_ones() -> None:
    said = decoded(tools=[{"googleSearch": {}}, {"codeExecution": {}, "urlContext": {}}, {"googleSearchRetrieval": {}}])
    assert said.hosted == (
        HostedTool(Hosted.WEB_SEARCH),
        HostedTool(Hosted.CODE_EXECUTION),
        HostedTool(Hosted.WEB_FETCH),
        HostedTool(Hosted.WEB_SEARCH),
    )
    assert said.losses == ()


def test_what_only_google_has_of_tools_is_a_loss() -> None:
    tools = [{"googleMaps": {}}, {"fileSearch": {}}, declared(response={"type": "STRING"}, behavior="NON_BLOCKING")]
    config = {"retrievalConfig": {"languageCode": "en"}, "includeServerSideToolInvocations": True}
    assert lost(tools=tools, toolConfig=config) == [
        "$.tools[0].googleMaps",
        "$.tools[1].fileSearch",
        "$.tools[2].functionDeclarations[0].response",
        "$.tools[2].functionDeclarations[0].behavior",
        "$.toolConfig.retrievalConfig",
        "$.toolConfig.includeServerSideToolInvocations",
    ]


FUNCTIONS = [{"functionDeclarations": [{"name": name} for name in ("a", "b", "c")]}]


@pytest.mark.parametrize(
    ("config", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice(ChoiceMode.AUTO)),
        ({"mode": "none"}, ToolChoice(ChoiceMode.NONE)),
        ({"mode": "ANY"}, ToolChoice(ChoiceMode.ANY)),
        ({"mode": "ANY", "allowedFunctionNames": ["b"]}, ToolChoice(ChoiceMode.ONE, "b")),
        ({"mode": "VALIDATED"}, ToolChoice(ChoiceMode.AUTO)),
        ({"mode": "MODE_UNSPECIFIED"}, None),
    ],
)
def test_a_calling_mode_is_a_choice(config: Any, choice: ToolChoice | None) -> None:
    said = decoded(tools=FUNCTIONS, toolConfig={"functionCallingConfig": config})
    assert said.tool_choice == choice
    assert [tool.name for tool in said.tools] == ["a", "b", "c"]


def test_of_several_that_may_be_called_the_others_are_left_out() -> None:
    config = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["c", "a"]}}
    said = decoded(tools=FUNCTIONS, toolConfig=config)
    assert said.tool_choice == ToolChoice(ChoiceMode.ANY)
    assert [tool.name for tool in said.tools] == ["a", "c"]
    assert [loss.path for loss in said.losses] == ["$.toolConfig.functionCallingConfig.allowedFunctionNames"]
    nobody = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["x"]}}
    assert refused(tools=FUNCTIONS, toolConfig=nobody) == "$.toolConfig.functionCallingConfig.allowedFunctionNames"


# How to answer.


def test_the_generation_config_is_sampling_and_limits() -> None:
    said = decoded(
        generationConfig={
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 40,
            "maxOutputTokens": 100,
            "stopSequences": ["END"],
            "seed": 7,
            "presencePenalty": 0.1,
            "frequencyPenalty": 0.2,
            "candidateCount": 2,
            "responseLogprobs": True,
            "logprobs": 3,
            "responseModalities": ["TEXT"],
        },
        serviceTier="flex",
    )
    assert (said.temperature, said.top_p, said.top_k, said.max_tokens) == (0.5, 0.9, 40, 100)
    assert (said.stop, said.seed, said.presence_penalty, said.frequency_penalty) == (("END",), 7, 0.1, 0.2)
    assert (said.n, said.logprobs, said.service_tier, said.losses) == (2, 3, "flex", ())
    assert decoded(generationConfig={"candidateCount": 1, "logprobs": 3}).n is None
    assert decoded(generationConfig={"logprobs": 3}).logprobs is None


@pytest.mark.parametrize("name", ["responseSchema", "responseJsonSchema"])
def test_a_form_of_the_answer_may_be_in_googles_words_in_either_field(name: str) -> None:
    config = {"responseMimeType": "application/json", name: {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}}
    wanted = decoded(generationConfig=config).output_format
    assert wanted is not None
    assert wanted.schema is not None
    assert json.loads(bytes(wanted.schema)) == {"type": "object", "properties": {"a": {"type": "string"}}}


def test_json_without_a_schema_is_any_object_and_plain_text_is_nothing() -> None:
    wanted = decoded(generationConfig={"responseMimeType": "application/json"}).output_format
    assert wanted is not None
    assert wanted.schema is None
    assert decoded(generationConfig={"responseMimeType": "text/plain"}).output_format is None
    assert lost(generationConfig={"responseMimeType": "text/x.enum"}) == ["$.generationConfig.responseMimeType"]


def test_what_only_google_knows_goes_along_by_its_name() -> None:
    said = decoded(
        safetySettings=[{"category": "x"}],
        labels={"a": "b"},
        generationConfig={
            "speechConfig": {},
            "mediaResolution": "MEDIA_RESOLUTION_LOW",
            "responseModalities": ["IMAGE"],
        },
    )
    assert said.extras == {
        "safetySettings": Raw(b'[{"category": "x"}]'),
        "labels": Raw(b'{"a": "b"}'),
        "generationConfig.speechConfig": Raw(b"{}"),
        "generationConfig.mediaResolution": Raw(b'"MEDIA_RESOLUTION_LOW"'),
    }
    assert [loss.path for loss in said.losses] == ["$.generationConfig.responseModalities"]
