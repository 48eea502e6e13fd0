"""Streams as OpenAI, the Codex backend and relays send them, each oddity in the smallest form that shows it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.streams import splits
from tests.translators.dialects.openai_responses.material import (
    STREAMS,
    USAGE,
    added,
    call,
    created,
    decode,
    delta,
    done,
    ended,
    error,
    event,
    message,
    reply,
    response,
    said,
    text,
)
from translators.conversation import Hosted, HostedCall, HostedResult, Image, Refusal, Text, Thinking, ToolCall
from translators.dialects.openai_responses import DIALECT
from translators.errors import ErrorKind
from translators.events import (
    PartDelta,
    PartEnd,
    PartKind,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
    error_of,
)
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

NAME = "openai_responses"


@given(st.data())
def test_the_split_of_the_bytes_does_not_matter(data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(STREAMS)).read_bytes()
    assert decode(*data.draw(splits(stream))) == decode(stream)


def test_text_streams_as_one_part() -> None:
    frames = created(), added(0, **message()), text("a"), text("b"), done(0, **message(said("ab"))), ended(usage=USAGE)
    assert decode(*frames) == [
        ReplyStart("resp_1", "m"),
        PartStart(0, PartKind.TEXT),
        PartDelta(0, "a"),
        PartDelta(0, "b"),
        PartEnd(0),
        ReplyEnd(StopReason.END_TURN, Usage(9, 5, 2, 4, 3)),
    ]


def test_what_was_never_said_in_pieces_is_said_at_the_end() -> None:
    assert reply(created(), done(0, **message(said("ab"))), ended()).parts == (Text("ab"),)
    assert reply(created(), ended(output=[message(said("ab"))])).parts == (Text("ab"),)
    whole = event("response.output_text.done", output_index=0, content_index=0, text="ab")
    assert reply(created(), whole, done(0, **message(said("ab"))), ended(output=[message(said("ab"))])).parts == (
        Text("ab"),
    )


def test_calls_interleave_by_their_place_in_the_output() -> None:
    frames = (
        created(),
        added(0, **call()),
        added(1, **call(call_id="call_2", name="g")),
        delta("function_call_arguments", 1, '{"b"'),
        delta("function_call_arguments", 0, '{"a":1}'),
        delta("function_call_arguments", 1, ":2}"),
        done(1, **call('{"b":2}', call_id="call_2", name="g")),
        done(0, **call('{"a":1}')),
        ended(),
    )
    got = reply(*frames)
    assert got.parts == (ToolCall("call_1", "f", '{"a":1}'), ToolCall("call_2", "g", '{"b":2}'))
    assert got.stop is StopReason.TOOL_USE


def test_ids_that_change_from_event_to_event_do_no_harm() -> None:
    """Copilot makes new ones each time."""
    frames = created(), added(0, **message(id="x")), text("a"), done(0, **message(said("a"), id="y")), ended()
    assert reply(*frames).parts == (Text("a"),)


def test_items_without_a_place_come_one_after_the_other() -> None:
    frames = (
        created(),
        added(None, **message()),
        text("a", None),
        done(None, **message(said("a"))),
        added(None, **call()),
        delta("function_call_arguments", None, "{}"),
        done(None, **call("{}")),
        ended(),
    )
    assert reply(*frames).parts == (Text("a"), ToolCall("call_1", "f", "{}"))


def test_a_call_starts_when_its_name_is_known() -> None:
    frames = created(), added(0, **call(name="")), delta("function_call_arguments", 0, '{"a"'), done(0, **call("{}"))
    assert reply(*frames, ended()).parts == (ToolCall("call_1", "f", '{"a"'),)


def test_a_call_that_never_gets_a_name_is_dropped() -> None:
    got = reply(created(), done(0, **call("{}", name=None)), ended())
    assert (got.parts, got.stop) == ((), StopReason.END_TURN)


def test_arguments_that_stand_in_the_first_event_already_count_once() -> None:
    frames = (
        created(),
        added(0, **call("{}")),
        delta("function_call_arguments", 0, "{}"),
        done(0, **call("{}")),
        ended(),
    )
    assert reply(*frames).parts == (ToolCall("call_1", "f", "{}"),)


@pytest.mark.parametrize("pieces", [['say("hi")\n', "ü😀"], []], ids=["in pieces", "at once"])
def test_free_text_becomes_the_input_of_an_object(pieces: list[str]) -> None:
    item: dict[str, Any] = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "exec"}
    words = 'say("hi")\nü😀'
    frames = [delta("custom_tool_call_input", 0, piece) for piece in pieces]
    got = reply(created(), added(0, **item, input=""), *frames, done(0, **item, input=words), ended())
    part = got.parts[0]
    assert isinstance(part, ToolCall)
    assert (part.name, json.loads(part.arguments)) == ("exec", {"input": words})


def test_free_text_that_is_cut_by_the_end_of_the_reply_is_still_an_object() -> None:
    item: dict[str, Any] = {"type": "custom_tool_call", "call_id": "call_1", "name": "exec", "input": ""}
    frames = created(), added(0, **item), delta("custom_tool_call_input", 0, "a"), ended("incomplete")
    part = reply(*frames).parts[0]
    assert isinstance(part, ToolCall)
    assert json.loads(part.arguments) == {"input": "a"}


def test_summaries_of_one_item_are_one_thought_with_the_last_signature() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    frames = (
        created(),
        added(0, **item, encrypted_content="early"),
        delta("reasoning_summary_text", 0, "a", summary_index=0),
        delta("reasoning_summary_text", 0, "b", summary_index=0),
        delta("reasoning_summary_text", 0, "c", summary_index=1),
        done(0, **item, encrypted_content="late"),
        ended(),
    )
    assert reply(*frames).parts == (Thinking("ab\n\nc", "late", NAME),)


def test_thinking_aloud_is_thinking() -> None:
    """Open models have no summary."""
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    frames = created(), delta("reasoning_text", 0, "hm", content_index=0), done(0, **item), ended()
    assert reply(*frames).parts == (Thinking("hm"),)
    assert reply(created(), done(0, **item), ended()).parts == (Thinking("hm"),)


def test_thinking_without_a_word_is_kept_for_its_signature_and_else_dropped() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    frames = created(), done(0, **item, encrypted_content="sealed"), done(1, **message(said("a"))), ended()
    assert reply(*frames).parts == (Thinking("", "sealed", NAME), Text("a"))
    assert reply(created(), done(0, **item), done(1, **message(said("a"))), ended()).parts == (Text("a"),)


def test_a_refusal_in_words_is_a_refusal() -> None:
    frames = created(), delta("refusal", 0, "I can't", content_index=0), delta("refusal", 0, ".", content_index=0)
    got = reply(*frames, ended())
    assert (got.parts, got.stop) == ((Refusal("I can't."),), StopReason.REFUSAL)
    declined = message({"type": "refusal", "refusal": "No."})
    assert reply(created(), done(0, **declined), ended()).stop is StopReason.REFUSAL


def test_text_and_refusal_of_one_message_are_two_parts() -> None:
    frames = created(), text("a"), delta("refusal", 0, "b", content_index=1), text("c"), ended()
    assert reply(*frames).parts == (Text("ac"), Refusal("b"))


SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "q", "sources": [{"type": "url", "url": "https://example.com"}]},
}


def test_what_the_vendors_own_tools_did_is_told_when_it_is_done() -> None:
    frames = added(0, **SEARCH), event("response.web_search_call.searching", output_index=0), done(0, **SEARCH)
    got = reply(created(), *frames, done(1, **message(said("a"))), ended(usage=USAGE))
    assert got.parts == (
        HostedCall("ws_1", Hosted.WEB_SEARCH, '{"query":"q"}'),
        HostedResult("ws_1", Hosted.WEB_SEARCH, sources=(Citation("https://example.com"),)),
        Text("a"),
    )
    assert got.stop is StopReason.END_TURN
    assert got.usage is not None
    assert got.usage.searches == 1


def test_a_search_that_names_nothing_is_not_told() -> None:
    """OpenAI reports looks at pages without the page."""
    empty = {**SEARCH, "action": {"type": "open_page", "url": None}}
    assert reply(created(), done(0, **empty), ended()).parts == ()


def test_what_ran_and_what_was_found_in_files_is_told() -> None:
    code = {"type": "code_interpreter_call", "id": "ci_1", "code": "1+1", "outputs": [{"type": "logs", "logs": "2"}]}
    found = [{"file_id": "file-1", "filename": "a.pdf", "text": "words", "score": 0.5}]
    files = {"type": "file_search_call", "id": "fs_1", "queries": ["q"], "results": found, "status": "completed"}
    assert reply(created(), done(0, **code), done(1, **files), ended()).parts == (
        HostedCall("ci_1", Hosted.CODE_EXECUTION, '{"code":"1+1"}'),
        HostedResult("ci_1", Hosted.CODE_EXECUTION, "2"),
        HostedCall("fs_1", Hosted.FILE_SEARCH, '{"query":"q"}'),
        HostedResult("fs_1", Hosted.FILE_SEARCH, sources=(Citation(title="a.pdf", quote="words", file_id="file-1"),)),
    )


def test_a_picture_is_told_when_it_is_done() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA"}
    partial = event("response.image_generation_call.partial_image", output_index=0, partial_image_b64="BBBB")
    frames = added(0, **{**item, "result": None}), partial, done(0, **{**item, "output_format": "webp"})
    assert reply(created(), *frames, ended()).parts == (Image("image/webp", "AAAA"),)


PAGE = {"type": "url_citation", "url": "https://example.com", "title": "T", "start_index": 0, "end_index": 1}
CITED = Citation("https://example.com", "T", start=0, end=1)


def test_where_words_come_from_is_told_once() -> None:
    annotated = event("response.output_text.annotation.added", output_index=0, content_index=0, annotation=PAGE)
    whole = message({**said("a"), "annotations": [PAGE]})
    assert reply(created(), text("a"), annotated, done(0, **whole), ended()).parts == (Text("a", notes=(CITED,)),)
    assert reply(created(), text("a"), done(0, **whole), ended()).parts == (Text("a", notes=(CITED,)),)
    assert reply(created(), done(0, **whole), ended()).parts == (Text("a", notes=(CITED,)),)


@pytest.mark.parametrize("odd", [{"type": "file_path"}, 5, None, [], {"url": 5}], ids=str)
def test_an_annotation_that_can_not_be_read_is_no_failure(odd: Any) -> None:
    annotated = event("response.output_text.annotation.added", output_index=0, content_index=0, annotation=odd)
    whole = message({**said("a"), "annotations": [odd], "logprobs": odd})
    assert reply(created(), text("a"), annotated, done(0, **whole), ended()).parts == (Text("a"),)


def test_likely_tokens_are_told_with_their_words() -> None:
    chance = {"token": "a", "logprob": -0.5, "bytes": [97]}
    told = [{**chance, "top_logprobs": [chance, {"token": "b", "logprob": -1}]}]
    chosen = TokenChance("a", -0.5, (97,))
    note = Logprobs((TokenNote(chosen, (chosen, TokenChance("b", -1.0))),))
    piece = delta("output_text", 0, "a", content_index=0, logprobs=told)
    assert reply(created(), piece, ended()).parts == (Text("a", notes=(note,)),)
    whole = message({**said("a"), "logprobs": told})
    assert reply(created(), done(0, **whole), ended()).parts == (Text("a", notes=(note,)),)


def test_what_the_codex_backend_sends_beside_the_reply_is_stepped_over() -> None:
    frames = event("codex.rate_limits", rate_limits={}), event("response.metadata"), event("keepalive")
    assert decode(*frames, created(), text("a"), ended()) == decode(created(), text("a"), ended())


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("max_output_tokens", StopReason.LENGTH),
        ("content_filter", StopReason.REFUSAL),
        ("steered", StopReason.PAUSE),
        ("something_new", StopReason.LENGTH),
        (None, StopReason.LENGTH),
    ],
)
def test_an_incomplete_reply_says_why(reason: str | None, stop: StopReason) -> None:
    details = None if reason is None else {"reason": reason}
    frames = created(), added(0, **call()), delta("function_call_arguments", 0, '{"a'), ended("incomplete")
    assert reply(*frames[:-1], ended("incomplete", incomplete_details=details)).stop is stop


def test_names_of_frames_may_be_missing_and_done_may_follow() -> None:
    frames = created() + text("a") + ended()
    bare = b"\n".join(line for line in frames.split(b"\n") if not line.startswith(b"event:"))
    assert decode(bare + b"data: [DONE]\n\n") == decode(frames)
    assert reply(bare.replace(b"\n", b"\r\n")).parts == (Text("a"),)


def test_a_wrong_name_of_a_frame_does_not_count() -> None:
    frames = created() + text("a").replace(b"event: response.output_text.delta", b"event: message") + ended()
    assert reply(frames).parts == (Text("a"),)


def test_numbers_that_come_as_text_are_numbers() -> None:
    piece = event("response.output_text.delta", delta="a", output_index="0", content_index=0.0)
    assert reply(created(), piece, ended(usage={"input_tokens": "9"})).usage == Usage(9)


@pytest.mark.parametrize("usage", [None, [], {"input_tokens": {}}, "many"])
def test_usage_that_cannot_be_read_is_unknown(usage: Any) -> None:
    assert reply(created(), text("a"), ended(usage=usage)).usage is None


def test_usage_adds_up() -> None:
    wrong = {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 9, "cache_write_tokens": 9},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 5},
    }
    assert reply(created(), text("a"), ended(usage=wrong)).usage == Usage(3, 3, 0, 2, 2)


def test_an_emoji_that_is_cut_between_two_events_does_not_end_the_stream() -> None:
    halves = (
        b'data: {"type":"response.output_text.delta","delta":"a%b"}\n\n' % half for half in (b"\\ud83d", b"\\ude00")
    )
    assert reply(created(), *halves, ended()).parts == (Text("a?a?"),)


# How it fails


@pytest.mark.parametrize("body", [b"", b": hello\n\n", created(), created() + text("a"), created() + text("a")[:-5]])
def test_a_stream_without_its_end_is_cut(body: bytes) -> None:
    got = error(body)
    assert (got.kind, got.status, got.code) == (ErrorKind.TIMEOUT, 408, "stream_disconnected")
    assert got.message.startswith("stream disconnected before completion")


def test_the_last_event_may_lack_its_blank_line() -> None:
    assert reply(created(), text("a"), ended().rstrip(b"\n")).parts == (Text("a"),)


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n\n",
        b"data: 5\n\n",
        b'data: {"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":7}}\n\n',
        b'data: {"type":"response.output_text.delta","delta":["a"]}\n\n',
        b"data: " + b"[" * 3000 + b"]" * 3000 + b"\n\n",
        b'data: {"type":"response.completed","response":5}\n\n',
    ],
)
def test_a_malformed_event_ends_the_stream_in_one_error(data: bytes) -> None:
    events = decode(created() + text("a") + data + text("b") + ended())
    assert [type(one) for one in events] == [ReplyStart, PartStart, PartDelta, ReplyError]
    assert events[-1] == ReplyError(ErrorKind.SERVER, "the upstream sent a malformed event", 502)


def failed(**said: Any) -> bytes:
    return ended("failed", error=said)


FAILURES = [
    ({"code": "rate_limit_exceeded"}, ErrorKind.RATE_LIMIT, 429),
    ({"code": "server_error"}, ErrorKind.SERVER, 502),
    ({"code": "invalid_prompt"}, ErrorKind.INVALID_REQUEST, 400),
    ({"code": "cyber_policy"}, ErrorKind.INVALID_REQUEST, 400),
    ({"code": "image_parse_error"}, ErrorKind.INVALID_REQUEST, 400),
    ({"code": "context_length_exceeded", "type": "invalid_request_error"}, ErrorKind.INVALID_REQUEST, 400),
    ({"type": "invalid_request_error"}, ErrorKind.INVALID_REQUEST, 400),
    ({"type": "authentication_error"}, ErrorKind.AUTHENTICATION, 401),
    ({"type": "permission_error"}, ErrorKind.PERMISSION, 403),
    ({"code": "forbidden"}, ErrorKind.PERMISSION, 403),
    ({"type": "not_found_error"}, ErrorKind.NOT_FOUND, 404),
    ({"type": "rate_limit_error"}, ErrorKind.RATE_LIMIT, 429),
    ({"type": "usage_limit_reached"}, ErrorKind.RATE_LIMIT, 429),
    ({"type": "usage_not_included"}, ErrorKind.RATE_LIMIT, 429),
    ({"code": "insufficient_quota"}, ErrorKind.BILLING, 429),
    ({"code": "server_is_overloaded"}, ErrorKind.OVERLOADED, 503),
    ({"message": "Selected model is at capacity. Please try a different model."}, ErrorKind.RATE_LIMIT, 429),
    ({"message": "Your input exceeds the context window of this model."}, ErrorKind.INVALID_REQUEST, 400),
    ({"status_code": 503, "message": "x"}, ErrorKind.OVERLOADED, 503),
    ({"message": "no idea"}, ErrorKind.SERVER, 502),
]


@pytest.mark.parametrize(("said", "kind", "status"), FAILURES, ids=lambda value: str(value)[:40])
def test_a_failure_has_the_status_that_http_would_have_had(said: dict[str, Any], kind: ErrorKind, status: int) -> None:
    words = {"message": "because", **said}
    nested = event("error", error={"param": None, **words}, sequence_number=3)
    for frames in ((created(), failed(**words)), (created(), nested), (nested,)):
        got = error(*frames)
        assert (got.kind, got.status, got.message) == (kind, status, words["message"])


def test_an_error_event_may_be_flat_as_documented() -> None:
    got = error(created(), event("error", code="rate_limit_exceeded", message="slow down", param=None))
    assert (got.kind, got.status, got.code, got.message) == (
        ErrorKind.RATE_LIMIT,
        429,
        "rate_limit_exceeded",
        "slow down",
    )


def test_an_error_event_may_tell_its_status() -> None:
    said = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "resets_in_seconds": 60}
    got = error(created(), event("error", error=said, status_code=429, headers={}))
    assert (got.kind, got.status, got.code, got.retry_after_s) == (
        ErrorKind.RATE_LIMIT,
        429,
        "usage_limit_reached",
        60.0,
    )


def test_a_plan_that_is_used_up_says_when_it_is_full_again() -> None:
    limit = {"type": "usage_limit_reached", "message": "limit"}
    assert error(created(), failed(**limit, resets_in_seconds=60)).retry_after_s == 60.0
    assert error(created(), failed(**limit, resets_at=1090, resets_in_seconds=60)).retry_after_s == 90.0
    assert error(created(), event("error", error={**limit, "resets_at": 1070})).retry_after_s == 70.0
    assert error(created(), failed(**limit)).retry_after_s is None


def test_a_failure_without_a_reason_is_a_failure() -> None:
    assert error(created(), ended("failed")).status == 502
    assert error(created(), event("response.completed", response=response("failed"))).status == 502
    assert error(created(), event("error")).status == 502


def test_nothing_comes_after_an_error() -> None:
    assert isinstance(
        decode(created() + failed(code="server_error", message="x") + text("a") + ended())[-1], ReplyError
    )


def test_our_own_error_frame_is_one_error() -> None:
    limit = error(created(), failed(type="usage_limit_reached", message="limit", resets_in_seconds=60))
    again = error(created(), DIALECT.error_frame(error_of(limit)))
    assert again == limit


SAID = event("response.output_text.done", output_index=0, content_index=0, text="hi")
DELTAS = st.builds(
    'event: response.output_text.delta\ndata: {{"output_index":{},"content_index":{},"delta":{}{}\n\n'.format,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([0, 0, 0, 1]),
    st.text().map(json.dumps) | st.sampled_from(['""', "null", '"a\nb"', '"\\ud800"', '"a"\n']),
    st.sampled_from(
        ["}", "}", ',"logprobs":[]}', ',"logprobs":[{"token":"a","logprob":-1}]}', "\n}", "}\nid: 1", "}}"]
    ),
).map(str.encode)


@settings(max_examples=300)
@given(st.lists(DELTAS | st.sampled_from([text("a"), SAID, done(0, **message(said("hi")))]), max_size=8))
def test_a_piece_of_the_text_that_grew_last_is_read_as_any_other(frames: list[bytes]) -> None:
    """A comment in each makes it look like no other."""
    frames = [created(), text("hi"), *frames]
    assert decode(b"".join(frames)) == decode(b"".join(b": odd\n" + frame for frame in frames))
