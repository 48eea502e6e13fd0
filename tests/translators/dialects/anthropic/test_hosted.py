"""Tools that run at the vendor: web search, fetch, code execution."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted
from tests.support.streams import whole
from tests.translators.dialects.anthropic.material import decode, encode
from translators import translate_request
from translators.assemble import events_of
from translators.conversation import (
    ChoiceMode,
    Conversation,
    Hosted,
    HostedCall,
    HostedResult,
    HostedTool,
    Message,
    Part,
    Place,
    Reply,
    Role,
    Text,
    Tool,
    ToolChoice,
)
from translators.dialect import Context, Target
from translators.dialects.anthropic import DIALECT
from translators.events import StopReason
from translators.notes import Citation

GENUINE = Target("claude-sonnet-4-5", genuine=True)
PAGE = Citation("https://example.com/a", "A page")


def asked(**fields: Any) -> Conversation:
    body = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}], **fields}
    return DIALECT.decode_request(json.dumps(body).encode())


def sent(*parts: Part, **fields: Any) -> tuple[dict[str, Any], list[str]]:
    messages = (Message(Role.USER, (Text("hi"),)), Message(Role.ASSISTANT, parts), Message(Role.USER, (Text("go"),)))
    conversation = Conversation(model="m", messages=messages, max_tokens=10, **fields)
    encoded = DIALECT.encode_request(conversation, GENUINE)
    check_accepted("anthropic", GENUINE, encoded.body)
    return json.loads(encoded.body), [loss.path for loss in encoded.losses]


@pytest.mark.parametrize("version", ["20250305", "20260209", "20260318"])
def test_a_web_search_of_any_version_is_the_search_of_the_web(version: str) -> None:
    place = {"type": "approximate", "city": "Graz", "country": "AT", "region": None, "timezone": "Europe/Vienna"}
    tool = {"type": f"web_search_{version}", "name": "web_search", "max_uses": 2, "user_location": place}
    found = asked(tools=[{**tool, "allowed_domains": ["a.org"]}], tool_choice={"type": "tool", "name": "web_search"})
    there = Place("Graz", "", "AT", "Europe/Vienna")
    assert found.hosted == (HostedTool(Hosted.WEB_SEARCH, 2, ("a.org",), place=there),)
    assert found.tool_choice == ToolChoice(ChoiceMode.ONE, "web_search", hosted=True)
    assert (found.tools, found.losses) == ((), ())


def test_a_search_of_the_web_is_asked_for_by_its_versioned_type() -> None:
    tool = HostedTool(Hosted.WEB_SEARCH, 2, ("a.org",), (), Place("Graz", "", "AT"), "low")
    body, losses = sent(hosted=(tool,), tool_choice=ToolChoice(ChoiceMode.ONE, "web_search", hosted=True))
    assert body["tools"] == [
        {
            "name": "web_search",
            "type": "web_search_20250305",
            "max_uses": 2,
            "allowed_domains": ["a.org"],
            "user_location": {"city": "Graz", "country": "AT", "type": "approximate"},
        }
    ]
    assert body["tool_choice"] == {"type": "tool", "name": "web_search"}
    assert losses == ["$.hosted[0].context_size"]


def test_what_anthropic_has_no_tool_or_no_word_for_is_a_loss() -> None:
    tools = (
        HostedTool(Hosted.IMAGE_GENERATION),
        HostedTool(Hosted.WEB_FETCH, None, ("a.org",), ("b.org",), Place("Graz")),
        HostedTool(Hosted.CODE_EXECUTION, 3),
        HostedTool(Hosted.WEB_SEARCH),
    )
    body, losses = sent(hosted=tools, tools=(Tool("web_search"),))
    assert [tool.get("type") for tool in body["tools"]] == [None, "web_fetch_20250910", "code_execution_20250825"]
    assert losses == [
        "$.hosted[0]",
        "$.hosted[1].blocked_domains",
        "$.hosted[1].place",
        "$.hosted[2]",
        "$.hosted[3]",
    ]


def test_a_choice_of_a_tool_that_is_not_there_is_a_loss() -> None:
    choice = ToolChoice(ChoiceMode.ONE, "file_search", hosted=True)
    body, losses = sent(hosted=(HostedTool(Hosted.WEB_SEARCH),), tool_choice=choice)
    assert "tool_choice" not in body
    assert losses == ["$.tool_choice"]


RUNS = [
    (
        "web_search",
        {"query": "x"},
        [{"type": "web_search_result", "url": PAGE.url, "title": PAGE.title, "encrypted_content": "ZQ=="}],
        HostedCall("srvtoolu_1", Hosted.WEB_SEARCH, '{"query": "x"}'),
        HostedResult("srvtoolu_1", Hosted.WEB_SEARCH, sources=(PAGE,)),
    ),
    (
        "web_search",
        {"query": "x"},
        {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"},
        HostedCall("srvtoolu_1", Hosted.WEB_SEARCH, '{"query": "x"}'),
        HostedResult("srvtoolu_1", Hosted.WEB_SEARCH, "max_uses_exceeded", failed=True),
    ),
    (
        "web_fetch",
        {"url": PAGE.url},
        {
            "type": "web_fetch_result",
            "url": PAGE.url,
            "content": {
                "type": "document",
                "title": PAGE.title,
                "source": {"type": "text", "media_type": "text/plain", "data": "words"},
            },
        },
        HostedCall("srvtoolu_1", Hosted.WEB_FETCH, '{"url": "https://example.com/a"}'),
        HostedResult("srvtoolu_1", Hosted.WEB_FETCH, "words", (PAGE,)),
    ),
    (
        "code_execution",
        {"code": "print(1)"},
        {"type": "code_execution_result", "stdout": "1\n", "stderr": "", "return_code": 0, "content": []},
        HostedCall("srvtoolu_1", Hosted.CODE_EXECUTION, '{"code": "print(1)"}'),
        HostedResult("srvtoolu_1", Hosted.CODE_EXECUTION, "1\n"),
    ),
    (
        "bash_code_execution",
        {"command": "false"},
        {"type": "bash_code_execution_result", "stdout": "", "stderr": "no", "return_code": 1, "content": []},
        HostedCall("srvtoolu_1", Hosted.CODE_EXECUTION, '{"code":"false"}'),
        HostedResult("srvtoolu_1", Hosted.CODE_EXECUTION, "no", failed=True),
    ),
    (
        "text_editor_code_execution",
        {"command": "view", "path": "a"},
        {"type": "text_editor_code_execution_view_result", "file_type": "text", "content": "the file"},
        HostedCall("srvtoolu_1", Hosted.CODE_EXECUTION, '{"code":"{\\"command\\": \\"view\\", \\"path\\": \\"a\\"}"}'),
        HostedResult("srvtoolu_1", Hosted.CODE_EXECUTION, "the file"),
    ),
]

each_run = pytest.mark.parametrize(("name", "arguments", "content", "call", "result"), RUNS)


def blocks(name: str, arguments: Any, content: Any) -> list[dict[str, Any]]:
    return [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": name, "input": arguments},
        {"type": f"{name}_tool_result", "tool_use_id": "srvtoolu_1", "content": content},
    ]


@each_run
def test_what_ran_at_anthropic_is_read_in_a_history(
    name: str, arguments: Any, content: Any, call: Part, result: Part
) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": blocks(name, arguments, content)}]
    found = asked(messages=turns)
    assert found.messages[1].parts == (call, result)
    sealed = "$.messages[1].content[1].content[0].encrypted_content"
    assert [loss.path for loss in found.losses] == ([sealed] if b"ZQ==" in json.dumps(content).encode() else [])


@pytest.mark.parametrize(
    ("name", "content", "lost"),
    [
        (
            "web_search",
            [{"type": "web_search_result", "url": "u", "title": "t", "page_age": "a day"}],
            ["[0].page_age"],
        ),
        (
            "web_fetch",
            {
                "type": "web_fetch_result",
                "url": "u",
                "retrieved_at": "2026-01-01T00:00:00Z",
                "content": {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                },
            },
            [".retrieved_at", ".content.source"],
        ),
        (
            "code_execution",
            {
                "type": "encrypted_code_execution_result",
                "encrypted_stdout": "ZQ==",
                "stderr": "",
                "return_code": 0,
                "content": [{"type": "code_execution_output", "file_id": "file_1"}],
            },
            [".encrypted_stdout", ".content"],
        ),
        ("web_search", [5], [""]),
    ],
)
def test_what_nobody_else_can_read_of_a_result_is_a_loss(name: str, content: Any, lost: list[str]) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": blocks(name, {}, content)}]
    assert [loss.path for loss in asked(messages=turns).losses] == [
        f"$.messages[1].content[1].content{path}" for path in lost
    ]


def test_the_lines_that_an_editor_changed_are_read() -> None:
    content = {"type": "text_editor_code_execution_str_replace_result", "lines": ["-a", "+b"]}
    turns = [
        {"role": "assistant", "content": blocks("text_editor_code_execution", {"command": "str_replace"}, content)}
    ]
    assert asked(messages=turns).messages[0].parts[1] == HostedResult("srvtoolu_1", Hosted.CODE_EXECUTION, "-a\n+b")


def test_the_words_of_an_error_are_read_with_its_code() -> None:
    content = {
        "type": "web_fetch_tool_result_error",
        "error_code": "url_not_accessible",
        "error_message": "no such host",
    }
    turns = [{"role": "assistant", "content": blocks("web_fetch", {"url": "u"}, content)}]
    result = HostedResult("srvtoolu_1", Hosted.WEB_FETCH, "url_not_accessible: no such host", failed=True)
    assert asked(messages=turns).messages[0].parts[1] == result


@each_run
def test_what_ran_at_anthropic_is_read_in_a_reply(
    name: str, arguments: Any, content: Any, call: Part, result: Part
) -> None:
    body = {"type": "message", "content": blocks(name, arguments, content), "stop_reason": "end_turn"}
    reply = DIALECT.decode_reply(json.dumps(body).encode())
    assert reply.parts == (call, result)
    assert reply.stop is StopReason.END_TURN


@each_run
def test_what_ran_elsewhere_reads_the_same_streamed_and_whole(
    name: str, arguments: Any, content: Any, call: Part, result: Part
) -> None:
    reply = Reply("msg_1", "m", (call, result, Text("Done.")), StopReason.END_TURN)
    streamed = whole(decode(encode(events_of(reply))))
    assert streamed == DIALECT.decode_reply(DIALECT.encode_reply(reply, Context()))
    assert [type(part) for part in streamed.parts] == [HostedCall, HostedResult, Text]
    assert streamed.parts[0] == call
    back = streamed.parts[1]
    assert isinstance(result, HostedResult)
    assert isinstance(back, HostedResult)
    assert (back.tool, back.failed, back.sources) == (result.tool, result.failed, result.sources)


def test_arguments_in_pieces_are_told_at_the_end_of_the_call() -> None:
    start = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "bash_code_execution", "input": {}}
    frames: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": start},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
            for piece in ('{"comm', 'and": "l', 's"}')
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
    body = "".join(f"event: {frame['type']}\ndata: {json.dumps(frame)}\n\n" for frame in frames)
    reply = whole(decode(body.encode()))
    assert reply.parts == (HostedCall("srvtoolu_1", Hosted.CODE_EXECUTION, '{"code":"ls"}'),)
    assert reply.stop is StopReason.END_TURN


def test_what_another_vendor_ran_gets_ids_as_anthropic_gives_them() -> None:
    parts = (HostedCall("ws_1|x", Hosted.WEB_SEARCH, '{"query":"x"}'), HostedResult("ws_1|x", Hosted.WEB_SEARCH))
    said = json.loads(DIALECT.encode_reply(Reply("r", "m", parts, StopReason.END_TURN), Context()))["content"]
    assert [said[0]["id"], said[1]["tool_use_id"]] == ["srvtoolu_ws1x", "srvtoolu_ws1x"]


def test_tools_that_anthropic_does_not_have_do_not_show_in_a_reply() -> None:
    parts = (HostedCall("i", Hosted.IMAGE_GENERATION), HostedResult("i", Hosted.IMAGE_GENERATION), Text("hi"))
    reply = Reply("msg_1", "m", parts, StopReason.END_TURN)
    assert DIALECT.decode_reply(DIALECT.encode_reply(reply, Context())).parts == (Text("hi"),)
    assert whole(decode(encode(events_of(reply)))).parts == (Text("hi"),)


SEARCH = (
    HostedCall("ws_1", Hosted.WEB_SEARCH, '{"query":"x"}'),
    HostedResult("ws_1", Hosted.WEB_SEARCH, sources=(PAGE,)),
)
IN_WORDS = [
    {"type": "text", "text": "(Here ran a web search: x)"},
    {"type": "text", "text": "(Result of the web search:\n- A page: https://example.com/a)"},
    {"type": "text", "text": "Found."},
]


def test_what_ran_at_another_vendor_is_told_to_anthropic_in_words() -> None:
    body, losses = sent(*SEARCH, Text("Found."))
    assert (body["messages"][1]["content"], losses) == (IN_WORDS, [])
    unknown = HostedResult("ws_1", Hosted.WEB_SEARCH)
    assert sent(SEARCH[0], unknown, Text("Found."))[0]["messages"][1]["content"] == [IN_WORDS[0], IN_WORDS[2]]


def test_a_search_that_anthropic_did_not_encrypt_goes_on_in_words() -> None:
    call, result = SEARCH
    text = Text("Found.", notes=(PAGE,))
    reply = DIALECT.encode_reply(Reply("r", "m", (call, result, text), StopReason.END_TURN), Context())
    answer = {"role": "assistant", "content": json.loads(reply)["content"]}
    ask = {"role": "user", "content": "hi"}
    body = {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": [ask, answer, ask]}
    got = translate_request(json.dumps(body).encode(), "anthropic", "anthropic", target=GENUINE)
    assert json.loads(got.body)["messages"][1]["content"] == IN_WORDS
    assert [loss.path for loss in got.losses] == ["$.messages[1].content[2].citations"]
    check_accepted("anthropic", GENUINE, got.body)


def test_a_search_of_anthropics_own_goes_back_as_it_came() -> None:
    answer = {"role": "assistant", "content": blocks(*RUNS[0][:3])}
    ask = {"role": "user", "content": "hi"}
    body = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": [ask, answer, ask]}).encode()
    assert translate_request(body, "anthropic", "anthropic", target=GENUINE).body == body
