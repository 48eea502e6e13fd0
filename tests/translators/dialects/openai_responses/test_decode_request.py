"""What a client of Responses asks, in neutral words."""

import json
from typing import Any

import pytest

from translators.audit import audit
from translators.conversation import (
    Audio,
    CacheMark,
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
    Place,
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
from translators.dialects.openai_responses import DIALECT
from translators.errors import BadRequest
from translators.notes import Citation

FUNCTION = {"type": "function", "name": "read", "parameters": {"type": "object"}, "strict": False}
HELLO = {"role": "user", "content": "hello"}


def decoded(*items: Any, **fields: Any) -> Conversation:
    return DIALECT.decode_request(json.dumps({"model": "m", "input": items or "hello", **fields}).encode())


def lost(conversation: Conversation) -> list[str]:
    return [loss.path for loss in conversation.losses]


def parts(*items: Any) -> list[Any]:
    return [part for message in decoded(*items).messages for part in message.parts]


# Messages


def test_text_alone_is_the_users() -> None:
    assert decoded().messages == (Message(Role.USER, (Text("hello"),)),)


def test_instructions_and_what_stands_before_the_first_turn_are_the_system() -> None:
    developer = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "be brief"}]}
    system = {"role": "system", "content": "be kind"}
    told = decoded(developer, system, HELLO, developer, instructions="be good")
    assert [text.text for text in told.system] == ["be good", "be brief", "be kind"]
    assert told.messages[1:] == (Message(Role.SYSTEM, (Text("be brief"),)),)


def test_every_kind_of_content_is_read() -> None:
    content = [
        {"type": "input_text", "text": "look", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,BBBB", "filename": "a.pdf"},
        {"type": "input_file", "file_data": "CCCC", "filename": "a.csv"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        {"type": "input_file", "file_id": "file-2"},
        {"type": "input_audio", "input_audio": {"data": "DDDD", "format": "mp3"}},
    ]
    assert parts({"role": "user", "content": content}) == [
        Text("look", CacheMark("30m")),
        Image("image/png", "AAAA", detail="low"),
        Image(url="https://example.com/a.png"),
        File("image/*", file_id="file-1"),
        File("application/pdf", "BBBB", name="a.pdf"),
        File("text/csv", "CCCC", name="a.csv"),
        File("application/pdf", url="https://example.com/a.pdf"),
        File(file_id="file-2"),
        Audio("DDDD", "mp3"),
    ]


def test_a_part_of_an_unknown_type_is_a_loss() -> None:
    told = decoded({"role": "user", "content": [{"type": "input_smell"}, {"type": "input_text", "text": "hello"}]})
    assert told.messages == (Message(Role.USER, (Text("hello"),)),)
    assert lost(told) == ["$.input[0].content[0]"]


def test_what_the_model_said_and_did_in_a_row_is_one_message() -> None:
    told = decoded(
        HELLO,
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look"}]},
        {"type": "function_call", "call_id": "a", "name": "read", "arguments": '{"x":1}'},
        {"type": "function_call", "call_id": "b", "name": "read", "arguments": ""},
        {"type": "function_call_output", "call_id": "a", "output": "one"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "two"}]},
        {"role": "assistant", "content": "done"},
    )
    assert told.messages[1:] == (
        Message(
            Role.ASSISTANT,
            (Thinking("hm"), Text("I look"), ToolCall("a", "read", '{"x":1}'), ToolCall("b", "read", "{}")),
        ),
        Message(Role.USER, (ToolResult("a", (Text("one"),)), ToolResult("b", (Text("two"),)))),
        Message(Role.ASSISTANT, (Text("done"),)),
    )


def test_a_refusal_and_citations_of_an_earlier_answer_are_kept() -> None:
    cited = {"type": "url_citation", "url": "https://example.com", "title": "T", "start_index": 0, "end_index": 2}
    content = [
        {"type": "output_text", "text": "so", "annotations": [cited]},
        {"type": "refusal", "refusal": "no"},
    ]
    assert parts({"type": "message", "role": "assistant", "content": content}) == [
        Text("so", notes=(Citation("https://example.com", "T", start=0, end=2),)),
        Refusal("no"),
    ]


def test_the_phase_of_an_answer_is_a_loss() -> None:
    assert lost(decoded(HELLO, {"role": "assistant", "content": "hm", "phase": "commentary"})) == ["$.input[1].phase"]


# Reasoning


def test_sealed_reasoning_goes_back_to_its_signer_only() -> None:
    item = {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAAAAsealed"}
    assert parts({**item, "summary": []}) == [Thinking("", "gAAAAAsealed", "openai_responses")]
    summary = [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}]
    assert parts({**item, "summary": summary}) == [Thinking("one\n\ntwo", "gAAAAAsealed", "openai_responses")]


def test_the_summary_stands_for_the_reasoning_and_the_reasoning_where_there_is_none() -> None:
    content = [{"type": "reasoning_text", "text": "long"}]
    summary = [{"type": "summary_text", "text": "short"}]
    assert parts({"type": "reasoning", "summary": summary, "content": content}) == [Thinking("short")]
    assert parts({"type": "reasoning", "summary": [], "content": content}) == [Thinking("long")]


def test_reasoning_without_words_and_seal_says_nothing() -> None:
    assert parts(HELLO, {"type": "reasoning", "summary": [], "encrypted_content": None}) == [Text("hello")]


# Calls


def test_a_free_form_call_is_wrapped_and_its_output_is_a_result() -> None:
    told = decoded(
        HELLO,
        {"type": "custom_tool_call", "call_id": "a", "name": "exec", "input": 'say("hi")\n'},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "hi"},
    )
    [call] = told.messages[1].parts
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"input": 'say("hi")\n'}
    assert told.messages[2].parts == (ToolResult("a", (Text("hi"),)),)


def test_pictures_in_an_output_are_kept() -> None:
    output = [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]
    [result] = parts({"type": "function_call_output", "call_id": "a", "output": output})
    assert result == ToolResult("a", (Image("image/png", "AAAA"),))


def test_arguments_may_be_the_object_itself() -> None:
    [call] = parts({"type": "function_call", "call_id": "a", "name": "f", "arguments": {"x": 1}})
    assert json.loads(call.arguments) == {"x": 1}


@pytest.mark.parametrize("arguments", [5, [1], None, True])
def test_arguments_of_another_type_are_named(arguments: Any) -> None:
    with pytest.raises(BadRequest, match=r"\$\.input\[0\]\.arguments"):
        decoded({"type": "function_call", "call_id": "a", "name": "f", "arguments": arguments})


@pytest.mark.parametrize("missing", ["call_id", "name"])
def test_a_call_has_an_id_and_a_name(missing: str) -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    del call[missing]
    with pytest.raises(BadRequest, match=rf"\$\.input\[0\]\.{missing}"):
        decoded(call)


def test_what_the_vendors_own_tools_did_is_told() -> None:
    search = {"type": "search", "query": "q", "sources": [{"type": "url", "url": "https://example.com"}]}
    assert parts(
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": search},
        {"type": "web_search_call", "id": "ws_2", "action": {"type": "open_page", "url": "https://example.com"}},
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "code": "1+1",
            "container_id": "c",
            "outputs": [{"type": "logs", "logs": "2"}],
        },
        {"type": "file_search_call", "id": "fs_1", "queries": ["a", "b"], "status": "failed"},
        {"type": "image_generation_call", "id": "ig_1", "result": "AAAA", "output_format": "webp"},
    ) == [
        HostedCall("ws_1", Hosted.WEB_SEARCH, '{"query":"q"}'),
        HostedResult("ws_1", Hosted.WEB_SEARCH, sources=(Citation("https://example.com"),)),
        HostedCall("ws_2", Hosted.WEB_FETCH, '{"url":"https://example.com"}'),
        HostedResult("ws_2", Hosted.WEB_FETCH),
        HostedCall("ci_1", Hosted.CODE_EXECUTION, '{"code":"1+1"}'),
        HostedResult("ci_1", Hosted.CODE_EXECUTION, "2"),
        HostedCall("fs_1", Hosted.FILE_SEARCH, '{"query":"a b"}'),
        HostedResult("fs_1", Hosted.FILE_SEARCH, failed=True),
        Image("image/webp", "AAAA"),
    ]


@pytest.mark.parametrize("kind", ["computer_call", "local_shell_call", "mcp_list_tools", "apply_patch_call", "program"])
def test_an_item_that_only_openai_knows_is_a_loss(kind: str) -> None:
    told = decoded(HELLO, {"type": kind, "id": "x_1", "call_id": "c", "action": {"type": "exec"}})
    assert told.messages == (Message(Role.USER, (Text("hello"),)),)
    assert lost(told) == ["$.input[1]"]


# What OpenAI keeps


@pytest.mark.parametrize(
    "fields",
    [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"conversation": {"id": "conv_1"}}],
    ids=str,
)
def test_what_builds_on_a_kept_reply_is_refused_in_the_words_of_the_vendor(fields: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as refused:
        decoded(**fields)
    assert refused.value.code == "previous_response_not_found"
    assert refused.value.param == next(iter(fields))


def test_a_template_that_openai_keeps_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"\$\.prompt"):
        decoded(prompt={"id": "pmpt_1"})


@pytest.mark.parametrize("reference", [{"type": "item_reference", "id": "msg_1"}, {"id": "msg_1"}], ids=str)
def test_a_reference_to_a_kept_item_is_refused(reference: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match=r"\$\.input\[1\]: not found: the item 'msg_1'"):
        decoded(HELLO, reference)


def test_a_summary_that_only_openai_can_read_is_told_to_be_one() -> None:
    told = decoded({"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAAA"}, HELLO)
    assert lost(told) == ["$.input[0]"]
    [text] = told.messages[0].parts
    assert isinstance(text, Text)
    assert "only OpenAI can read" in text.text


def test_nobody_else_makes_a_compaction() -> None:
    with pytest.raises(BadRequest, match=r"\$\.input\[1\]"):
        decoded(HELLO, {"type": "compaction_trigger"})


@pytest.mark.parametrize(("fields", "path"), [({"model": ""}, r"\$\.model"), ({"input": []}, r"\$\.input")], ids=str)
def test_a_model_and_an_input_are_required(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest, match=path):
        decoded(**fields)


def test_a_role_that_nobody_knows_is_named() -> None:
    with pytest.raises(BadRequest, match=r"\$\.input\[0\]\.role"):
        decoded({"role": "critic", "content": "bad"})


# Tools


def test_functions_and_free_form_tools_are_read() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
    told = decoded(
        tools=[
            {**FUNCTION, "description": "Reads.", "strict": True},
            {"type": "function", "name": "plain"},
            {"type": "custom", "name": "exec", "description": "Runs.", "format": grammar},
            {"type": "custom", "name": "say"},
        ]
    )
    [read, plain, run, say] = told.tools
    assert (read.name, read.description, bytes(read.schema or b""), read.strict) == (
        "read",
        "Reads.",
        b'{"type": "object"}',
        True,
    )
    assert (plain.schema, plain.strict) == (None, None)
    assert (run.freeform, say.freeform) == (Grammar("lark", "start: /.+/"), Grammar())


def test_the_tools_of_a_namespace_get_names_of_their_own() -> None:
    group = {"type": "namespace", "name": "files", "description": "All files.", "tools": [FUNCTION, FUNCTION]}
    second = {"type": "namespace", "name": "mcp__web", "tools": [{**FUNCTION, "name": "mcp__web__get"}]}
    taken = {**FUNCTION, "name": "files__read"}
    told = decoded(tools=[group, second, taken])
    assert [(tool.name, tool.namespace, tool.own_name) for tool in told.tools] == [
        ("files__read_2", "files", "read"),
        ("files__read_3", "files", "read"),
        ("mcp__web__get", "mcp__web", "mcp__web__get"),
        ("files__read", "", ""),
    ]
    assert told.tools[0].description == "Of the group files: All files."
    assert told.tools[1].description == ""


def test_calls_of_a_namespace_are_called_what_its_tools_are_called() -> None:
    group = {"type": "namespace", "name": "files", "tools": [FUNCTION]}
    call = {"type": "function_call", "call_id": "a", "namespace": "files", "name": "read", "arguments": "{}"}
    gone = {**call, "call_id": "b", "name": "gone"}
    told = decoded(HELLO, call, gone, tools=[{**FUNCTION, "name": "files__read"}, group])
    assert [part.name for part in told.messages[1].parts if isinstance(part, ToolCall)] == [
        "files__read_2",
        "files__gone",
    ]


def test_tools_may_stand_among_the_items() -> None:
    """As in the code mode of Codex, and in what a search for tools found."""
    found = {"type": "tool_search_output", "call_id": "a", "tools": [{**FUNCTION, "name": "found"}]}
    told = decoded({"type": "additional_tools", "role": "developer", "tools": [FUNCTION]}, HELLO, found)
    assert [tool.name for tool in told.tools] == ["read", "found"]
    assert told.system == ()
    assert len(told.messages) == 1


def test_of_two_tools_with_one_name_the_first_counts() -> None:
    told = decoded(tools=[FUNCTION, {"type": "custom", "name": "read"}])
    assert [tool.freeform for tool in told.tools] == [None]
    assert lost(told) == ["$.tools[1]"]


def test_the_vendors_own_tools_are_those_of_others_too() -> None:
    place = {"type": "approximate", "city": "Rome", "country": "IT"}
    told = decoded(
        tools=[
            {
                "type": "web_search",
                "filters": {"allowed_domains": ["example.com"]},
                "user_location": place,
                "search_context_size": "low",
            },
            {"type": "web_search_preview"},
            {"type": "code_interpreter", "container": {"type": "auto"}},
            {"type": "image_generation"},
        ]
    )
    assert told.hosted == (
        HostedTool(
            Hosted.WEB_SEARCH,
            allowed_domains=("example.com",),
            place=Place("Rome", country="IT"),
            context_size="low",
        ),
        HostedTool(Hosted.WEB_SEARCH),
        HostedTool(Hosted.CODE_EXECUTION),
        HostedTool(Hosted.IMAGE_GENERATION),
    )
    assert lost(told) == ["$.tools[2].container"]


@pytest.mark.parametrize(
    "kind", ["mcp", "computer", "local_shell", "shell", "apply_patch", "tool_search", "file_search"]
)
def test_a_tool_that_only_openai_has_is_a_loss(kind: str) -> None:
    assert lost(decoded(tools=[{"type": kind}])) == ["$.tools[0]"]


def test_what_only_openai_knows_of_a_tool_is_a_loss() -> None:
    tool = {**FUNCTION, "defer_loading": True, "allowed_callers": ["programmatic"], "output_schema": {}}
    paths = ["$.tools[0].allowed_callers", "$.tools[0].defer_loading", "$.tools[0].output_schema"]
    assert lost(decoded(tools=[tool])) == paths


@pytest.mark.parametrize(
    ("tool", "path"),
    [
        ({"type": "function"}, r"\$\.tools\[0\]\.name"),
        ({"type": "function", "name": "f", "parameters": []}, r"\$\.tools\[0\]\.parameters"),
        ({"type": "namespace", "tools": []}, r"\$\.tools\[0\]\.name"),
        ({"type": "web_search", "filters": 5}, r"\$\.tools\[0\]\.filters"),
    ],
    ids=str,
)
def test_a_tool_that_is_none_is_named(tool: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest, match=path):
        decoded(tools=[tool])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", ToolChoice(ChoiceMode.AUTO)),
        ("none", ToolChoice(ChoiceMode.NONE)),
        ("required", ToolChoice(ChoiceMode.ANY)),
        ({"type": "function", "name": "read"}, ToolChoice(ChoiceMode.ONE, "read")),
        ({"type": "custom", "name": "exec"}, ToolChoice(ChoiceMode.ONE, "exec")),
        ({"type": "web_search_preview"}, ToolChoice(ChoiceMode.ONE, Hosted.WEB_SEARCH, hosted=True)),
    ],
    ids=str,
)
def test_every_choice_is_read(choice: Any, expected: ToolChoice) -> None:
    tools = [FUNCTION, {"type": "custom", "name": "exec"}, {"type": "web_search"}]
    assert decoded(tools=tools, tool_choice=choice).tool_choice == expected


def test_only_the_allowed_tools_are_left() -> None:
    tools = [FUNCTION, {**FUNCTION, "name": "write"}, {"type": "web_search"}, {"type": "code_interpreter"}]
    allowed = [{"type": "function", "name": "write"}, {"type": "web_search"}]
    told = decoded(tools=tools, tool_choice={"type": "allowed_tools", "mode": "required", "tools": allowed})
    assert [tool.name for tool in told.tools] == ["write"]
    assert [tool.tool for tool in told.hosted] == [Hosted.WEB_SEARCH]
    assert told.tool_choice == ToolChoice(ChoiceMode.ANY)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "gone"}, {"type": "mcp"}], ids=str)
def test_a_choice_that_nothing_can_meet_is_a_loss(choice: Any) -> None:
    told = decoded(tool_choice=choice)
    assert told.tool_choice is None
    assert lost(told) == ["$.tool_choice"]


# The rest


@pytest.mark.parametrize(
    ("reasoning", "wish"),
    [
        ({}, None),
        ({"effort": "none"}, ThinkingWish(ThinkingMode.OFF)),
        ({"effort": "high"}, ThinkingWish(ThinkingMode.ON, "high")),
        ({"effort": "low", "summary": "auto"}, ThinkingWish(ThinkingMode.ON, "low", visible=True)),
        ({"summary": "detailed"}, ThinkingWish(ThinkingMode.AUTO, visible=True)),
        ({"generate_summary": "concise"}, ThinkingWish(ThinkingMode.AUTO, visible=True)),
    ],
    ids=str,
)
def test_how_much_to_think_is_read(reasoning: dict[str, str], wish: ThinkingWish | None) -> None:
    assert decoded(reasoning=reasoning).thinking == wish


def test_a_form_of_the_answer_is_read() -> None:
    schema = {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}
    wanted = decoded(text={"format": schema}).output_format
    assert wanted is not None
    assert (wanted.name, bytes(wanted.schema or b""), wanted.strict) == ("answer", b'{"type": "object"}', True)
    assert decoded(text={"format": {"type": "json_object"}}).output_format == OutputFormat()
    assert decoded(text={"format": {"type": "text"}}).output_format is None


@pytest.mark.parametrize("form", [{"type": "json_schema", "name": "a"}, {"type": "xml"}], ids=str)
def test_a_form_that_is_none_is_named(form: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match=r"\$\.text\.format"):
        decoded(text={"format": form})


def test_limits_and_sampling_are_read() -> None:
    told = decoded(
        max_output_tokens=99, temperature=0.5, top_p=0.9, user="u", service_tier="flex", parallel_tool_calls=False
    )
    assert (told.max_tokens, told.temperature, told.top_p, told.user) == (99, 0.5, 0.9, "u")
    assert (told.service_tier, told.parallel_tool_calls, told.stream) == ("flex", False, False)


@pytest.mark.parametrize(
    ("fields", "logprobs"),
    [({}, None), ({"include": ["message.output_text.logprobs"]}, 0), ({"top_logprobs": 3}, 3)],
    ids=str,
)
def test_likely_tokens_are_asked_for(fields: dict[str, Any], logprobs: int | None) -> None:
    told = decoded(**fields)
    assert told.logprobs == logprobs
    assert told.losses == ()


def test_what_others_may_know_goes_on_under_its_name() -> None:
    told = decoded(metadata={"a": "b"}, prompt_cache_key="k", store=True, text={"verbosity": "low"})
    extras = {key: json.loads(bytes(raw)) for key, raw in told.extras.items()}
    assert extras == {"metadata": {"a": "b"}, "prompt_cache_key": "k", "store": True, "verbosity": "low"}


def test_what_only_openai_knows_is_a_loss() -> None:
    told = decoded(
        background=True,
        client_metadata={"a": "b"},
        include=["reasoning.encrypted_content"],
        max_tool_calls=3,
        truncation="auto",
        reasoning={"context": "all_turns"},
    )
    assert set(lost(told)) == {
        "$.background",
        "$.client_metadata",
        "$.include[0]",
        "$.max_tool_calls",
        "$.truncation",
        "$.reasoning.context",
    }


def test_what_happens_anyway_is_no_loss() -> None:
    told = decoded(background=False, store=False, truncation="disabled", metadata=None, generate=True)
    assert told.losses == ()
    assert told.extras == {}


def test_a_reply_will_repeat_what_was_asked() -> None:
    told = decoded(instructions="be brief", tools=[FUNCTION], metadata=None)
    assert {key: json.loads(bytes(raw)) for key, raw in told.echo.items()} == {
        "instructions": "be brief",
        "tools": [FUNCTION],
    }


def test_unknown_fields_are_found_by_who_looks() -> None:
    body = {"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "a", "b": 1}], "c": 2}]}
    paths = [loss.path for loss in audit(json.dumps(body).encode(), "openai_responses")]
    assert sorted(paths) == ["$.input[0].c", "$.input[0].content[0].b"]
