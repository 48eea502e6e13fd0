"""What users of gateways between Messages and chat completions have met: each case a sentence."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted, targets
from tests.support.streams import decode, whole
from translators import ReplyStream, translate_reply, translate_request
from translators.conversation import Text, Thinking, ToolCall
from translators.dialect import Context, Target
from translators.events import ReplyEnd
from translators.registry import dialect

CLAUDE = Target("claude-sonnet-4-5", genuine=True)
OPENAI = Target("gpt-4.1", genuine=True)
ASK = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
REMINDER = "<system-reminder>\nbe brief\n</system-reminder>"
PNG = "data:image/png;base64,iVBORw0KGgo="
CONTEXT = Context(model="asked-for", created_s=1)


def call(call_id: str, name: str = "read", arguments: str = "{}") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(call_id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def calls(*found: dict[str, Any], content: str | None = None) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(found)}


def to_claude(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A chat client's request, as Claude gets it."""
    body = json.dumps({"model": "m", "messages": list(messages), **fields}).encode()
    sent = translate_request(body, "openai_chat", "anthropic", target=CLAUDE)
    check_accepted("anthropic", CLAUDE, sent.body)
    found = json.loads(sent.body)
    assert isinstance(found, dict)
    return found


def to_chat(*messages: dict[str, Any], target: Target = OPENAI, **fields: Any) -> dict[str, Any]:
    """An Anthropic client's request, as a chat upstream gets it."""
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": list(messages), **fields}).encode()
    sent = translate_request(body, "anthropic", "openai_chat", target=target)
    check_accepted("openai_chat", target, sent.body)
    found = json.loads(sent.body)
    assert isinstance(found, dict)
    return found


def blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [block if isinstance(block, dict) else {"type": "text", "text": block} for block in message["content"]]


# Chat clients, Claude upstream.


def test_parallel_tool_results_from_separate_messages_join_one_user_turn() -> None:
    turns = to_claude(ASK, calls(call("a"), call("b")), result("a", "1"), result("b", "2"))["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["tool_use_id"] for block in turns[2]["content"]] == ["a", "b"]


def test_duplicate_tool_results_for_an_id_collapse_to_one_with_the_last_content() -> None:
    turns = to_claude(ASK, calls(call("a"), call("b")), result("a", "old"), result("b", "2"), result("a", "new"))
    assert [block["content"] for block in turns["messages"][2]["content"]] == ["new", "2"]


def test_a_system_message_in_the_middle_does_not_split_user_turns_or_move_cache_boundaries() -> None:
    marked = [{"type": "text", "text": "one", "cache_control": {"type": "ephemeral"}}]
    body = to_claude({"role": "user", "content": marked}, {"role": "system", "content": "be brief"}, ASK)
    [turn] = body["messages"]
    assert [block.get("cache_control") for block in turn["content"]] == [{"type": "ephemeral"}, None, None]
    assert [block["text"] for block in turn["content"]] == ["one", REMINDER, "hi"]
    assert "system" not in body


def test_a_parts_cache_mark_beats_the_messages_which_goes_to_the_last_block_and_a_tools_is_kept() -> None:
    hour, plain = {"type": "ephemeral", "ttl": "1h"}, {"type": "ephemeral"}
    own = [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": hour}]
    none = [{"type": "text", "text": "c"}, {"type": "text", "text": "d"}]
    tool = {"type": "function", "function": {"name": "read", "parameters": SCHEMA}, "cache_control": plain}
    body = to_claude(
        {"role": "user", "content": own, "cache_control": plain},
        {"role": "user", "content": none, "cache_control": plain},
        tools=[tool],
    )
    assert [block.get("cache_control") for block in body["messages"][0]["content"]] == [None, hour, None, plain]
    assert body["tools"][0]["cache_control"] == plain


def test_a_union_at_the_root_of_a_tools_schema_is_folded_into_an_object() -> None:
    union = {"anyOf": [SCHEMA, {"type": "object", "properties": {"url": {"type": "string"}}}]}
    body = to_claude(ASK, tools=[{"type": "function", "function": {"name": "read", "parameters": union}}])
    schema = body["tools"][0]["input_schema"]
    assert schema["type"] == "object"
    assert not schema.keys() & {"anyOf", "oneOf", "allOf"}
    assert schema["properties"].keys() == {"path", "url"}


def test_max_tokens_wins_over_max_completion_tokens_which_is_honoured_alone() -> None:
    assert to_claude(ASK, max_tokens=5, max_completion_tokens=7)["max_tokens"] == 5
    assert to_claude(ASK, max_completion_tokens=7)["max_tokens"] == 7


def anthropic_stream(*frames: dict[str, Any], stop: str = "end_turn", **delta: Any) -> bytes:
    usage = {"input_tokens": 3, "output_tokens": 1}
    start = {"id": "msg_1", "model": "m", "usage": usage}
    ending = {"stop_reason": stop, **delta}
    data: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        *frames,
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in data).encode()


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def streamed(body: bytes, upstream: str, client: str, context: Context = CONTEXT) -> list[dict[str, Any]]:
    stream = ReplyStream(upstream, client, context=context)
    text = (stream.feed(body) + stream.close()).decode()
    lines = [line[6:] for line in text.split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def test_a_refusal_becomes_a_content_filter_streamed_and_whole() -> None:
    chunks = streamed(anthropic_stream(stop="refusal"), "anthropic", "openai_chat")
    assert [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]][-1] == "content_filter"
    body = json.dumps({"id": "x", "model": "m", "content": [], "stop_reason": "refusal"}).encode()
    said = json.loads(translate_reply(body, "anthropic", "openai_chat", context=CONTEXT))
    assert said["choices"][0]["finish_reason"] == "content_filter"


def test_reasoning_content_is_left_out_where_there_is_none_and_redacted_thinking_is_not_shown() -> None:
    text, hidden = {"type": "text", "text": "hi"}, {"type": "redacted_thinking", "data": "b3Bh"}
    body = json.dumps({"id": "x", "model": "m", "content": [hidden, text], "stop_reason": "end_turn"}).encode()
    message = json.loads(translate_reply(body, "anthropic", "openai_chat", context=CONTEXT))["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "hi", "refusal": None}
    frames = [*block(0, hidden), *block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "hi"})]
    chunks = streamed(anthropic_stream(*frames), "anthropic", "openai_chat")
    assert b"reasoning_content" not in json.dumps(chunks).encode()


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}], ["url"]),
        ([{"type": "text", "text": "seen"}, {"type": "image_url", "image_url": {"url": PNG}}], ["text", "base64"]),
    ],
)
def test_a_tool_result_with_an_image_converts(content: Any, kinds: list[str]) -> None:
    turns = to_claude(ASK, calls(call("a")), result("a", content))["messages"]
    inner = turns[2]["content"][0]["content"]
    assert [one["source"]["type"] if one["type"] == "image" else one["type"] for one in inner] == kinds


def test_pictures_that_a_client_wrote_as_text_are_unwrapped_and_other_json_text_stays_text() -> None:
    pictures = json.dumps([{"type": "text", "text": "seen"}, {"type": "image_url", "image_url": {"url": PNG}}])
    other = '[{"type": "text", "text": "no \\"image_url\\" here"}]'
    broken = '[{"type": "image_url"}]'
    asked = (
        ASK,
        calls(call("a"), call("b"), call("c")),
        result("a", pictures),
        result("b", other),
        result("c", broken),
    )
    found = to_claude(*asked)["messages"][2]["content"]
    assert [one["type"] for one in found[0]["content"]] == ["text", "image"]
    assert [found[1]["content"], found[2]["content"]] == [other, broken]


def test_a_tool_result_without_an_id_answers_the_call_that_waits() -> None:
    turns = to_claude(ASK, calls(call("a"), call("b")), result("a", "1"), result("", "2"))["messages"]
    assert [(one["tool_use_id"], one["content"]) for one in turns[2]["content"]] == [("a", "1"), ("b", "2")]


def test_ids_that_nobody_gives_still_pair_calls_and_results_in_order() -> None:
    asked = (ASK, calls(call("")), ASK, calls(call("")), result("", "1"), result("", "2"))
    turns = to_claude(*asked)["messages"]
    used = [one for turn in turns for one in blocks(turn) if one["type"] in ("tool_use", "tool_result")]
    assert [one.get("content") for one in used] == [None, "1", None, "2"]


def test_the_role_is_said_once_and_the_finish_once() -> None:
    frames = block(
        0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "a"}, {"type": "text_delta", "text": "b"}
    )
    choices = [
        one for chunk in streamed(anthropic_stream(*frames), "anthropic", "openai_chat") for one in chunk["choices"]
    ]
    assert [choice["delta"].get("role") for choice in choices] == ["assistant", None, None, None]
    assert [choice["finish_reason"] for choice in choices] == [None, None, None, "stop"]


def test_the_first_chunk_names_the_model_that_was_asked_for() -> None:
    assert streamed(anthropic_stream(), "anthropic", "openai_chat")[0]["model"] == "asked-for"


def test_no_empty_words_appear_beside_tool_calls() -> None:
    turns = to_claude(ASK, calls(call("a"), content=""), result("a", "1"))["messages"]
    assert [one["type"] for one in turns[1]["content"]] == ["tool_use"]
    use = block(0, {"type": "tool_use", "id": "t", "name": "read", "input": {}})
    choices = [
        one for chunk in streamed(anthropic_stream(*use), "anthropic", "openai_chat") for one in chunk["choices"]
    ]
    assert all(not choice["delta"].get("content") for choice in choices)


def test_call_ids_may_come_again_in_a_later_round_and_orphan_results_become_words() -> None:
    first = (ASK, calls(call("a")), result("a", "1"))
    turns = to_claude(*first, calls(call("a")), result("a", "2"), result("gone", "3"))["messages"]
    used = [one for turn in turns for one in blocks(turn) if one["type"] in ("tool_use", "tool_result")]
    ids = [one.get("id") or one.get("tool_use_id") for one in used]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    assert blocks(turns[-1])[-1] == {"type": "text", "text": "3"}


# Anthropic clients, chat upstream.


def test_long_tool_names_and_ids_are_shortened_alike_and_restored() -> None:
    name, call_id = "mcp__" + "x" * 80, "toolu_" + "y" * 60
    use = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    answer = {"type": "tool_result", "tool_use_id": call_id, "content": "1"}
    turns = [ASK, {"role": "assistant", "content": [use]}, {"role": "user", "content": [answer]}]
    asked = {"model": "m", "max_tokens": 9, "messages": turns, "tools": [{"name": name, "input_schema": SCHEMA}]}
    sent = translate_request(json.dumps(asked).encode(), "anthropic", "openai_chat", target=OPENAI)
    check_accepted("openai_chat", OPENAI, sent.body)
    body = json.loads(sent.body)
    [asked_call] = body["messages"][1]["tool_calls"]
    short = body["tools"][0]["function"]["name"]
    assert (len(short) <= 64, asked_call["function"]["name"]) == (True, short)
    assert asked_call["id"] == body["messages"][2]["tool_call_id"]
    reply = {"choices": [{"message": calls(call("c", short)), "finish_reason": "tool_calls"}]}
    said = json.loads(translate_reply(json.dumps(reply).encode(), "openai_chat", "anthropic", context=sent.context))
    assert said["content"][0]["name"] == name


def test_a_pdf_travels_as_a_file_and_other_documents_as_their_words() -> None:
    pdf = {
        "type": "document",
        "title": "a.pdf",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
    }
    words = {
        "type": "document",
        "title": "notes",
        "source": {"type": "text", "media_type": "text/plain", "data": "words"},
    }
    parts = to_chat({"role": "user", "content": [pdf, words]})["messages"][0]["content"]
    assert parts[0]["file"] == {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a.pdf"}
    assert parts[1] == {"type": "text", "text": "notes\n\nwords"}


def test_tool_results_come_before_the_users_words_and_keep_their_order() -> None:
    uses: list[dict[str, Any]] = [{"type": "tool_use", "id": one, "name": "read", "input": {}} for one in ("a", "b")]
    answers = [{"type": "tool_result", "tool_use_id": one, "content": one} for one in ("b", "a")]
    words = {"type": "text", "text": "and now?"}
    said = to_chat(ASK, {"role": "assistant", "content": uses}, {"role": "user", "content": [*answers, words]})[
        "messages"
    ]
    assert [(one["role"], one.get("content")) for one in said[2:]] == [
        ("tool", "a"),
        ("tool", "b"),
        ("user", "and now?"),
    ]


def test_thinking_that_chat_can_not_take_is_dropped_and_a_message_of_nothing_else_with_it() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    said = to_chat(ASK, {"role": "assistant", "content": [thought]}, ASK)["messages"]
    assert [one["role"] for one in said] == ["user", "user"]


def chat_stream(*choices: dict[str, Any], usage: dict[str, Any] | None = None, done: bool = True) -> bytes:
    chunks: list[dict[str, Any]] = [{"id": "c", "model": "m", "choices": [{"index": 0, **one}]} for one in choices]
    if usage is not None:
        chunks.append({"id": "c", "model": "m", "choices": [], "usage": usage})
    end = b"data: [DONE]\n\n" if done else b""
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + end


def piece(index: int, **fields: Any) -> dict[str, Any]:
    return {"delta": {"tool_calls": [{"index": index, **fields}]}}


FINISH = {"delta": {}, "finish_reason": "tool_calls"}


def test_interleaved_calls_become_separate_blocks_one_after_the_other() -> None:
    body = chat_stream(
        piece(0, id="a", function={"name": "read", "arguments": '{"p"'}),
        piece(1, id="b", function={"name": "write", "arguments": '{"q"'}),
        piece(0, function={"arguments": ":1}"}),
        piece(1, function={"arguments": ":2}"}),
        FINISH,
    )
    frames = streamed(body, "openai_chat", "anthropic")
    order = [(one["type"], one["index"]) for one in frames if "index" in one and one["type"] != "content_block_delta"]
    starts_and_stops = ["content_block_start", "content_block_stop"] * 2
    assert order == list(zip(starts_and_stops, [0, 0, 1, 1], strict=True))


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "", "function": {"name": "", "arguments": ""}},
        {"id": None, "function": {"name": None, "arguments": None}},
        {"id": "a", "function": {"name": "read"}},
        {"function": None},
    ],
)
def test_odd_names_and_ids_in_later_pieces_break_no_block(odd: dict[str, Any]) -> None:
    body = chat_stream(
        piece(0, id="a", function={"name": "read", "arguments": '{"p"'}),
        piece(0, **odd),
        piece(0, function={"arguments": ":1}"}),
        FINISH,
    )
    frames = streamed(body, "openai_chat", "anthropic")
    starts = [one["content_block"] for one in frames if one["type"] == "content_block_start"]
    assert starts == [{"type": "tool_use", "id": "a", "name": "read", "input": {}}]
    text = "".join(one["delta"]["partial_json"] for one in frames if one["type"] == "content_block_delta")
    assert json.loads(text) == {"p": 1}


def test_the_stop_reason_is_tool_use_only_where_a_tool_was_really_called() -> None:
    nameless = chat_stream({"delta": {"content": "hi"}}, piece(0, id="a", function={"arguments": "{}"}), FINISH)
    frames = streamed(nameless, "openai_chat", "anthropic")
    assert [one["delta"]["stop_reason"] for one in frames if one["type"] == "message_delta"] == ["end_turn"]
    stopped = chat_stream(piece(0, id="a", function={"name": "read"}), {"delta": {}, "finish_reason": "stop"})
    frames = streamed(stopped, "openai_chat", "anthropic")
    assert [one["delta"]["stop_reason"] for one in frames if one["type"] == "message_delta"] == ["tool_use"]


def test_usage_behind_the_stop_gives_nothing_behind_message_stop() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 5},
    }
    body = chat_stream({"delta": {"content": "hi"}}, {"delta": {}, "finish_reason": "stop"}, usage=usage)
    frames = streamed(body, "openai_chat", "anthropic")
    assert [one["type"] for one in frames][-2:] == ["message_delta", "message_stop"]
    assert [one["type"] for one in frames].count("message_stop") == 1
    said = frames[-2]["usage"]
    assert (said["input_tokens"], said["cache_read_input_tokens"], said["output_tokens"]) == (4, 5, 4)


def test_counts_of_the_cache_are_never_negative_and_writes_are_told() -> None:
    details = {"cached_tokens": 8, "cache_write_tokens": 3}
    usage = {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9, "prompt_tokens_details": details}
    body: dict[str, Any] = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "usage": usage}
    said = json.loads(translate_reply(json.dumps(body).encode(), "openai_chat", "anthropic"))["usage"]
    assert (said["input_tokens"], said["cache_read_input_tokens"], said["cache_creation_input_tokens"]) == (0, 5, 0)
    details = {"cached_tokens": 1, "cache_write_tokens": 3}
    body["usage"] = {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9, "prompt_tokens_details": details}
    said = json.loads(translate_reply(json.dumps(body).encode(), "openai_chat", "anthropic"))["usage"]
    assert (said["input_tokens"], said["cache_read_input_tokens"], said["cache_creation_input_tokens"]) == (1, 1, 3)


def test_text_before_calls_ends_its_block_once() -> None:
    body = chat_stream(
        {"delta": {"content": "hi"}}, piece(0, id="a", function={"name": "read", "arguments": "{}"}), FINISH
    )
    kinds = [one["type"] for one in streamed(body, "openai_chat", "anthropic")]
    assert kinds.count("content_block_stop") == kinds.count("content_block_start") == 2


def test_an_error_in_a_stream_is_an_error_event_with_the_vendors_words() -> None:
    error = {
        "error": {"message": "This was flagged by policy", "code": "cyber_policy", "type": "invalid_request_error"}
    }
    body = chat_stream({"delta": {"content": "hi"}}, done=False) + f"data: {json.dumps(error)}\n\n".encode()
    frames = streamed(body, "openai_chat", "anthropic")
    assert frames[-1]["type"] == "error"
    assert "This was flagged by policy" in frames[-1]["error"]["message"]


def test_a_reasoning_only_or_cut_stream_is_not_told_as_complete() -> None:
    body = chat_stream({"delta": {"reasoning_content": "hm"}}, done=False)
    frames = streamed(body, "openai_chat", "anthropic")
    assert [one["type"] for one in frames if one["type"] in ("message_stop", "error")] == ["error"]


# Both sides Anthropic's: what its own decoder must keep.


def test_thinking_of_a_signature_alone_is_still_a_thinking_block() -> None:
    frames = block(
        0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "signature_delta", "signature": "c2ln"}
    )
    events = decode(dialect("anthropic"), anthropic_stream(*frames))
    assert whole(events).parts == (Thinking("", "c2ln", "anthropic"),)


def test_words_and_calls_keep_their_order_in_a_chat_reply_that_has_both() -> None:
    parts = [
        {"type": "text", "text": "first"},
        {"type": "tool_use", "id": "t", "name": "read", "input": {"p": 1}},
        {"type": "text", "text": " last"},
    ]
    body = json.dumps({"id": "x", "model": "m", "content": parts, "stop_reason": "tool_use"}).encode()
    said = dialect("openai_chat").decode_reply(translate_reply(body, "anthropic", "openai_chat"))
    assert said.parts == (Text("first last"), ToolCall("t", "read", '{"p": 1}'))


def test_a_stop_string_is_told_where_there_is_a_word_for_it() -> None:
    events = decode(dialect("anthropic"), anthropic_stream(stop="stop_sequence", stop_sequence="END"))
    assert isinstance(events[-1], ReplyEnd)
    assert events[-1].stop_sequence == "END"
    chunks = streamed(anthropic_stream(stop="stop_sequence", stop_sequence="END"), "anthropic", "openai_chat")
    assert [one["finish_reason"] for chunk in chunks for one in chunk["choices"]][-1] == "stop"


def test_a_search_at_the_vendor_is_no_call_of_the_clients() -> None:
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    text = block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "hi"})
    body = anthropic_stream(*block(0, use), *block(1, found), *text)
    choices = [one for chunk in streamed(body, "anthropic", "openai_chat") for one in chunk["choices"]]
    assert choices[-1]["finish_reason"] == "stop"
    assert all("tool_calls" not in choice["delta"] for choice in choices)


@pytest.mark.parametrize("upstream", ["gemini", "openai_chat", "openai_responses"])
def test_an_answer_that_the_client_began_is_not_gone_on_with_and_that_is_told(upstream: str) -> None:
    begun = [{"role": "user", "content": "list"}, {"role": "assistant", "content": "Here: ["}]
    body = json.dumps({"model": "m", "max_tokens": 50, "messages": begun}).encode()
    told = translate_request(body, "anthropic", upstream, target=targets(upstream)[0]).losses
    assert [loss.path for loss in told] == ["$.messages"]
    assert "go on" in told[0].reason
