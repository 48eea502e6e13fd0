"""Neutral events as a client of Responses hears them: the grammar, and the words."""

import json
from collections.abc import Iterable
from typing import Any

import openai.types.responses as sdk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from pydantic import TypeAdapter

from tests.support import streams
from translators.assemble import events_of
from translators.conversation import (
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Part,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from translators.dialect import Context
from translators.dialects.openai_responses import DIALECT
from translators.errors import ErrorKind
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
)
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

EVENT: TypeAdapter[Any] = TypeAdapter(sdk.ResponseStreamEvent)
USAGE = Usage(input_tokens=9, cached_tokens=5, cache_write_tokens=2, output_tokens=4, reasoning_tokens=3)
CONTEXT = Context(
    model="asked",
    freeform=frozenset(("exec", "box__run")),
    namespaces={"files__read": ("files", "read"), "box__run": ("box", "run")},
    names={"odd_name": "odd.name"},
    created_s=1000,
)


def heard(events: Iterable[Event], context: Context = CONTEXT) -> list[dict[str, Any]]:
    """The events of the stream, each checked against the SDK's types and against its frame."""
    found = []
    for number, frame in enumerate(streams.encode(DIALECT, events, context).decode().split("\n\n")[:-1]):
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        assert event["sequence_number"] == number
        EVENT.validate_python(event)
        found.append(event)
    return found


def said(*parts: Part, stop: StopReason = StopReason.END_TURN, usage: Usage | None = USAGE) -> list[dict[str, Any]]:
    return heard(events_of(Reply("msg_abc", "m", parts, stop, usage)))


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def output(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = events[-1]["response"]["output"]
    return items


def test_words_are_a_message() -> None:
    events = said(Text("hello"))
    assert kinds(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    [message] = output(events)
    assert message["content"] == [{"type": "output_text", "text": "hello", "annotations": [], "logprobs": []}]
    assert (message["status"], message["role"]) == ("completed", "assistant")
    assert events[2]["item"] == {**message, "status": "in_progress", "content": []}
    assert {event["item_id"] for event in events[3:7]} == {message["id"]} == {"msg_msg_abc_0"}


def test_words_that_follow_words_are_of_one_message() -> None:
    """The Codex CLI prints the last message alone."""
    events = said(Text("one "), Text("two "), Refusal("no"), Text("three"))
    [message] = output(events)
    assert [part.get("text") or part.get("refusal") for part in message["content"]] == ["one two ", "no", "three"]
    assert [event["content_index"] for event in events if event["type"] == "response.content_part.done"] == [0, 1, 2]


def test_a_message_ends_before_a_call_or_a_thought_and_another_begins_behind() -> None:
    events = said(Text("a"), ToolCall("c", "f", "{}"), Text("b"), Thinking("hm"), Text("c"))
    assert [item["type"] for item in output(events)] == ["message", "function_call", "message", "reasoning", "message"]
    places = [event["output_index"] for event in events if event["type"] == "response.output_item.added"]
    assert places == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "nothing", [Text(""), Thinking(""), Refusal(""), Thinking("", "data", "anthropic", True)], ids=repr
)
def test_what_says_nothing_is_no_item(nothing: Part) -> None:
    assert output(said(Text("a"), nothing, Text("b"))) == output(said(Text("a"), Text("b")))


# Thinking


def test_thinking_is_a_summary() -> None:
    events = said(Thinking("hm"))
    assert kinds(events)[2:-1] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    assert output(events)[0]["summary"] == [{"type": "summary_text", "text": "hm"}]


def test_only_what_openai_sealed_is_shown_as_sealed() -> None:
    own, other = output(said(Thinking("a", "gAAAAAx", "openai_responses"), Thinking("b", "sig", "anthropic")))
    assert own["encrypted_content"] == "gAAAAAx"
    assert "encrypted_content" not in other
    [wordless] = output(said(Thinking("", "gAAAAAx", "openai_responses")))
    assert (wordless["summary"], wordless["encrypted_content"]) == ([], "gAAAAAx")


# Calls


def test_a_call_comes_in_pieces_and_whole_at_its_end() -> None:
    events = heard(
        [
            ReplyStart("r", "m"),
            PartStart(0, PartKind.TOOL_CALL, id="c", name="odd_name"),
            PartDelta(0, '{"a":'),
            PartDelta(0, "1}"),
            PartEnd(0),
            ReplyEnd(StopReason.TOOL_USE, USAGE),
        ]
    )
    assert [event["delta"] for event in events if "delta" in event] == ['{"a":', "1}"]
    [call] = output(events)
    assert {key: call[key] for key in ("call_id", "name", "arguments", "status")} == {
        "call_id": "c",
        "name": "odd.name",
        "arguments": '{"a":1}',
        "status": "completed",
    }


def test_a_call_without_arguments_has_an_object() -> None:
    events = heard(
        [
            ReplyStart("r", "m"),
            PartStart(0, PartKind.TOOL_CALL, name="f"),
            PartEnd(0),
            ReplyEnd(StopReason.TOOL_USE),
        ]
    )
    assert output(events)[0]["arguments"] == "{}"
    assert output(events)[0]["call_id"] == f"call_{CONTEXT.reply_id}1"


def test_a_free_form_call_is_unwrapped_as_it_comes() -> None:
    events = heard(
        [
            ReplyStart("r", "m"),
            PartStart(0, PartKind.TOOL_CALL, id="c", name="exec"),
            PartDelta(0, '{"input":"say(\\"h'),
            PartDelta(0, 'i\\")\\n"}'),
            PartEnd(0),
            ReplyEnd(StopReason.TOOL_USE, USAGE),
        ]
    )
    assert kinds(events)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    [call] = output(events)
    assert (call["type"], call["name"], call["input"]) == ("custom_tool_call", "exec", 'say("hi")\n')


def test_a_tool_of_a_namespace_gets_its_own_name_back() -> None:
    [call, free] = output(said(ToolCall("c", "files__read", "{}"), ToolCall("d", "box__run", '{"input":"x"}')))
    assert (call["namespace"], call["name"]) == ("files", "read")
    assert (free["namespace"], free["name"], free["input"]) == ("box", "run", "x")


# What the vendor's own tools did


def test_a_search_has_its_pages_when_it_ends() -> None:
    page = Citation("https://example.com", "T")
    events = said(
        HostedCall("srv_1", Hosted.WEB_SEARCH, '{"query":"q"}'),
        HostedResult("srv_1", Hosted.WEB_SEARCH, sources=(page,)),
        Text("so"),
    )
    assert kinds(events)[2:7] == [
        "output_item.added",
        "web_search_call.in_progress",
        "web_search_call.searching",
        "web_search_call.completed",
        "output_item.done",
    ]
    search = output(events)[0]
    assert search["action"] == {
        "type": "search",
        "query": "q",
        "queries": ["q"],
        "sources": [{"type": "url", "url": "https://example.com"}],
    }
    assert search["status"] == "completed"


def test_code_that_ran_has_what_it_printed() -> None:
    [ran, looked] = output(
        said(
            HostedCall("srv_1", Hosted.CODE_EXECUTION, '{"code":"print(1)"}'),
            HostedResult("srv_1", Hosted.CODE_EXECUTION, "1\n", failed=True),
            HostedCall("srv_2", Hosted.WEB_FETCH, '{"url":"https://example.com"}'),
        )
    )
    assert (ran["code"], ran["outputs"], ran["status"]) == ("print(1)", [{"type": "logs", "logs": "1\n"}], "failed")
    assert looked["action"] == {"type": "open_page", "url": "https://example.com"}


def test_a_result_of_another_call_changes_nothing() -> None:
    call = HostedCall("srv_1", Hosted.CODE_EXECUTION, '{"code":"1"}')
    assert output(said(call, HostedResult("srv_0", Hosted.CODE_EXECUTION, "x"))) == output(said(call))


def test_a_picture_is_an_item() -> None:
    events = said(Image("image/webp", "AAAA"))
    [picture] = output(events)
    assert (picture["type"], picture["result"], picture["output_format"]) == ("image_generation_call", "AAAA", "webp")
    assert kinds(events)[3:6] == [
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        "image_generation_call.completed",
    ]


# Notes


def test_citations_cover_the_words_that_they_belong_to() -> None:
    page, file = Citation("https://example.com", "T"), Citation(file_id="file-1", title="a.pdf", start=1, end=2)
    nowhere = Citation(title="a document of the request", document=0)
    events = said(Text("one"), Text("zwei", notes=(page, file, nowhere)))
    url = {"type": "url_citation", "url": "https://example.com", "title": "T", "start_index": 3, "end_index": 7}
    of_file = {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 4}
    assert output(events)[0]["content"][0]["annotations"] == [url, of_file]
    added = [event for event in events if event["type"] == "response.output_text.annotation.added"]
    assert [(event["annotation_index"], event["annotation"]) for event in added] == [(0, url), (1, of_file)]


def test_likely_tokens_are_told_beside_the_words() -> None:
    token = TokenNote(TokenChance("hé", -0.5), (TokenChance("a", -1.0, (97,)),))
    events = heard(
        [
            ReplyStart("r", "m"),
            PartStart(0, PartKind.TEXT),
            PartDelta(0, "hé"),
            PartNote(0, Logprobs((token,))),
            PartEnd(0),
            ReplyEnd(StopReason.END_TURN, USAGE),
        ]
    )
    top = [{"token": "a", "bytes": [97], "logprob": -1.0}]
    told = [{"token": "hé", "bytes": [104, 195, 169], "logprob": -0.5, "top_logprobs": top}]
    assert output(events)[0]["content"][0]["logprobs"] == told
    assert [event["logprobs"] for event in events if event["type"] == "response.output_text.done"] == [told]
    assert "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta") == "hé"


# The end


@pytest.mark.parametrize(
    ("stop", "status", "why"),
    [
        (StopReason.END_TURN, "completed", None),
        (StopReason.STOP_SEQUENCE, "completed", None),
        (StopReason.TOOL_USE, "completed", None),
        (StopReason.PAUSE, "completed", None),
        (StopReason.LENGTH, "incomplete", {"reason": "max_output_tokens"}),
        (StopReason.REFUSAL, "incomplete", {"reason": "content_filter"}),
    ],
)
def test_why_it_stopped_is_told(stop: StopReason, status: str, why: Any) -> None:
    events = said(Text("a"), stop=stop)
    response = events[-1]["response"]
    assert events[-1]["type"] == f"response.{status}"
    assert (response["status"], response["incomplete_details"]) == (status, why)
    assert output(events)[0]["status"] == status


def test_a_refusal_in_words_is_an_answer() -> None:
    assert said(Refusal("no"), stop=StopReason.REFUSAL)[-1]["type"] == "response.completed"


def test_the_counts_are_told_whole_and_in_part() -> None:
    assert said(Text("a"))[-1]["response"]["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 13,
    }


def test_there_are_counts_even_where_the_vendor_told_none() -> None:
    """Clients of the AI SDK fail without."""
    assert said(Text("a"), usage=None)[-1]["response"]["usage"]["total_tokens"] == 0


def test_a_reply_repeats_what_was_asked() -> None:
    echo = {
        "instructions": Raw(b'"be brief"'),
        "metadata": Raw(b'{\n "a":\n "b"}'),
        "tools": Raw(b'[{"type":"function","name":"f","parameters":null,"strict":null}]'),
        "store": Raw(b"true"),
    }
    events = heard(events_of(Reply("r", "m", (), StopReason.END_TURN)), Context(model="asked", echo=echo))
    for event in (events[0], events[-1]):
        response = event["response"]
        sdk.Response.model_validate(response)
        assert (response["instructions"], response["metadata"]) == ("be brief", {"a": "b"})
        assert response["tools"][0]["name"] == "f"
        assert (response["store"], response["model"]) == (False, "asked")


# Errors


def test_a_failure_in_the_middle_is_told_twice_with_what_there_was() -> None:
    events: list[Event] = [
        ReplyStart("r", "m"),
        PartStart(0, PartKind.TEXT),
        PartDelta(0, "a"),
        PartEnd(0),
        PartStart(1, PartKind.TOOL_CALL, name="f"),
        ReplyError(ErrorKind.RATE_LIMIT, "slow down", 429),
    ]
    frames = streams.encode(DIALECT, events, CONTEXT).decode().split("\n\n")[:-1]
    error, failed = (json.loads(frame.split("data: ")[1]) for frame in frames[-2:])
    assert (error["type"], error["message"], error["code"]) == ("error", "slow down", "rate_limit_exceeded")
    assert error["sequence_number"] == len(frames) - 2
    response = failed["response"]
    assert (failed["type"], failed["sequence_number"]) == ("response.failed", len(frames) - 1)
    assert (response["id"], response["status"], response["error"]["code"]) == (
        "resp_r",
        "failed",
        "rate_limit_exceeded",
    )
    assert [item["type"] for item in response["output"]] == ["message"]
    sdk.Response.model_validate(response)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.INVALID_REQUEST, "invalid_prompt"),
        (ErrorKind.OVERLOADED, "overloaded"),
        (ErrorKind.SERVER, "server_error"),
    ],
)
def test_a_failed_reply_has_a_code_by_which_codex_knows_whether_to_ask_again(kind: ErrorKind, code: str) -> None:
    frames = streams.encode(DIALECT, [ReplyStart("r", "m"), ReplyError(kind, "no")], CONTEXT).decode()
    assert json.loads(frames.split("data: ")[-1])["response"]["error"]["code"] == code


def test_a_failure_before_the_beginning_is_told_too() -> None:
    frames = streams.encode(DIALECT, [ReplyError(ErrorKind.SERVER, "no")], CONTEXT).decode()
    assert json.loads(frames.split("data: ")[-1])["response"]["status"] == "failed"


# Whole and streamed

WORDS = st.sampled_from(["", "hello", "日本", "a\nb", '"', "😀"])
PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, WORDS, notes=st.sampled_from([(), (Citation("https://example.com"),)])),
    st.builds(Refusal, WORDS),
    st.builds(
        Thinking, WORDS, st.sampled_from([None, "sealed"]), st.sampled_from([None, "openai_responses", "gemini"])
    ),
    st.builds(
        ToolCall, st.sampled_from(["", "c"]), st.sampled_from(["f", "exec", "files__read"]), st.just('{"input":"x"}')
    ),
    st.builds(HostedCall, st.just("h"), st.sampled_from(Hosted), st.sampled_from(["", "{}", '{"query":"q"}', "["])),
    st.builds(HostedResult, st.just("h"), st.sampled_from(Hosted), WORDS),
    st.builds(Image, st.sampled_from(["image/png", "image/tiff"]), st.sampled_from(["", "AAAA"])),
)


@given(parts=st.lists(PARTS, max_size=6), stop=st.sampled_from(StopReason))
def test_any_reply_keeps_the_grammar_and_is_whole_what_its_stream_ends_with(
    parts: list[Part], stop: StopReason
) -> None:
    reply = Reply("r", "m", tuple(parts), stop, USAGE)
    events = heard(events_of(reply))
    assert json.loads(DIALECT.encode_reply(reply, CONTEXT)) == events[-1]["response"]
    check_grammar(events)
    sdk.Response.model_validate(events[-1]["response"])


def check_grammar(events: list[dict[str, Any]]) -> None:
    """Every item begins and ends once, one after the other; every sum is that of its deltas."""
    ended: list[dict[str, Any]] = []
    sums: dict[tuple[Any, ...], str] = {}
    for event in events[2:-1]:
        kind = event["type"].removeprefix("response.")
        place = (event.get("content_index"), event.get("summary_index"))
        assert event["output_index"] == len(ended)
        match kind:
            case "output_item.added":
                assert sums == {}
                item_id = event["item"]["id"]
            case "output_item.done":
                assert event["item"]["id"] == item_id
                ended.append(event["item"])
                sums = {}
            case _ if kind.endswith(".delta"):
                assert event["item_id"] == item_id
                sums[place] = sums.get(place, "") + event["delta"]
            case _ if kind.endswith((".done", "code.done")) and "part" not in event:
                [whole] = [event[key] for key in ("text", "refusal", "arguments", "input", "code") if key in event]
                assert whole == sums.get(place, "")
    assert ended == events[-1]["response"]["output"]
    assert len({item["id"] for item in ended}) == len(ended)
