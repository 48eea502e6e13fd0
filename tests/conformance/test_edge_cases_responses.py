"""What users of gateways with Responses on one side have met: each case a sentence."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted
from tests.translators.dialects.openai_responses.material import (
    added,
    call,
    created,
    delta,
    done,
    ended,
    event,
    message,
    response,
    text,
)
from translators import ReplyStream, TranslatedRequest, translate_reply, translate_request
from translators.dialect import Context, Target
from translators.registry import dialect

CLAUDE = Target("claude-sonnet-4-5", genuine=True)
OPENAI = Target("gpt-4.1", genuine=True)
OTHER = Target("deepseek-chat", keeps_thinking=True)
CONTEXT = Context(model="asked-for", created_s=1)
ASK = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def translated(*items: dict[str, Any], upstream: str, target: Target, **fields: Any) -> TranslatedRequest:
    """A Responses client's request, as its upstream gets it."""
    body = json.dumps({"model": "m", "input": list(items), **fields}).encode()
    made = translate_request(body, "openai_responses", upstream, target=target)
    check_accepted(upstream, target, made.body)
    return made


def to_claude(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    found = json.loads(translated(*items, upstream="anthropic", target=CLAUDE, **fields).body)
    assert isinstance(found, dict)
    return found


def to_chat(*items: dict[str, Any], target: Target = OPENAI, **fields: Any) -> list[dict[str, Any]]:
    found = json.loads(translated(*items, upstream="openai_chat", target=target, **fields).body)["messages"]
    assert isinstance(found, list)
    return found


def called(call_id: str, name: str = "read") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}


def output(call_id: str, given: str = "1") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": given}


def answered(words: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": words}]}


def thought(*summary: str, content: tuple[str, ...] = (), sealed: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "reasoning", "summary": [{"type": "summary_text", "text": one} for one in summary]}
    found["content"] = [{"type": "reasoning_text", "text": one} for one in content]
    return {**found, "encrypted_content": sealed} if sealed else found


def frames(stream: bytes, upstream: str, client: str) -> list[dict[str, Any]]:
    """What a client reads of an upstream's stream."""
    reading = ReplyStream(upstream, client, context=CONTEXT)
    said = (reading.feed(stream) + reading.close()).decode()
    lines = [line[6:] for line in said.split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


# Responses clients, Claude upstream.


def test_reasoning_that_openai_sealed_does_not_go_to_claude_and_is_told() -> None:
    made = translated(ASK, thought("hm", sealed="gAAAAsealed"), answered("a"), ASK, upstream="anthropic", target=CLAUDE)
    assert b"gAAAAsealed" not in made.body
    assert [block["type"] for block in json.loads(made.body)["messages"][1]["content"]] == ["text"]
    assert [loss.path for loss in made.losses] == ["$.messages[1].content[0]"]


def test_reasoning_of_a_seal_alone_leaves_no_hole_before_the_users_next_turn() -> None:
    turns = to_claude(ASK, thought(sealed="gAAAAsealed"), ASK)["messages"]
    assert [turn["role"] for turn in turns] == ["user"]
    assert to_claude(ASK, thought(), answered("a"), ASK)["messages"][1]["content"] == [{"type": "text", "text": "a"}]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (thought("short", content=("long",)), "short"),
        (thought(content=("long",)), "long"),
        (thought("one", "two"), "one\n\ntwo"),
    ],
    ids=["both", "no-summary", "two-summaries"],
)
def test_the_summary_stands_for_reasoning_and_the_reasoning_itself_where_there_is_none(item: Any, words: str) -> None:
    assert to_chat(ASK, item, answered("a"), ASK, target=OTHER)[1]["reasoning_content"] == words


def test_a_result_stands_behind_its_call_whatever_was_said_between_them() -> None:
    between = [{"role": "user", "content": "wait"}, answered("I wait")]
    turns = to_claude(ASK, called("a"), *between, output("a"), ASK)["messages"]
    assert [block["type"] for block in turns[1]["content"]] == ["tool_use"]
    assert turns[2]["content"][0] == {"type": "tool_result", "tool_use_id": "a", "content": "1"}
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]


def test_names_that_a_namespace_doubles_stay_apart_and_tools_outside_of_one_keep_theirs() -> None:
    function = {"type": "function", "name": "read", "parameters": SCHEMA}
    group = {"type": "namespace", "name": "files", "description": "", "tools": [function]}
    tools = [group, {**function, "name": "files__read"}, {**function, "name": "last"}]
    made = translated(ASK, tools=tools, upstream="anthropic", target=CLAUDE)
    names = [tool["name"] for tool in json.loads(made.body)["tools"]]
    assert names == ["files__read_2", "files__read", "last"]
    for name, place in zip(names, [("files", "read"), (None, "files__read"), (None, "last")], strict=True):
        use = {"type": "tool_use", "id": "t", "name": name, "input": {}}
        body = json.dumps({"id": "x", "model": "m", "content": [use], "stop_reason": "tool_use"}).encode()
        said = json.loads(translate_reply(body, "anthropic", "openai_responses", context=made.context))
        assert (said["output"][0].get("namespace"), said["output"][0]["name"]) == place


@pytest.mark.parametrize("tier", ["priority", "flex"])
def test_a_tier_that_claude_has_no_word_for_is_told(tier: str) -> None:
    made = translated(ASK, service_tier=tier, upstream="anthropic", target=CLAUDE)
    assert "speed" not in json.loads(made.body)
    told = [loss.path for loss in made.losses]
    assert ("service_tier" in json.loads(made.body)) != ("$.service_tier" in told)


def test_what_is_no_text_of_instructions_is_told() -> None:
    picture = {"type": "input_image", "image_url": "https://example.com/a.png"}
    item = {"role": "system", "content": [{"type": "input_text", "text": "be brief"}, picture]}
    made = translated(item, ASK, upstream="anthropic", target=CLAUDE)
    assert json.loads(made.body)["system"] == [{"type": "text", "text": "be brief"}]
    assert [loss.path for loss in made.losses] == ["$.input[0].content"]


def claude_stream(*blocks: tuple[dict[str, Any], list[dict[str, Any]]]) -> bytes:
    usage = {
        "input_tokens": 3,
        "output_tokens": 1,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 2,
    }
    said: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": usage}},
    ]
    for index, (start, deltas) in enumerate(blocks):
        said.append({"type": "content_block_start", "index": index, "content_block": start})
        said += [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
        said.append({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": "end_turn"}
    said += [{"type": "message_delta", "delta": ending, "usage": {"output_tokens": 5}}, {"type": "message_stop"}]
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in said).encode()


THOUGHT = (
    {"type": "thinking", "thinking": "", "signature": ""},
    [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "c2ln"}],
)
WORDS = ({"type": "text", "text": ""}, [{"type": "text_delta", "text": "words"}])
USE: tuple[dict[str, Any], list[dict[str, Any]]] = (
    {"type": "tool_use", "id": "t", "name": "read", "input": {}},
    [],
)
SEARCH: tuple[dict[str, Any], list[dict[str, Any]]] = (
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    [{"type": "input_json_delta", "partial_json": '{"query": "q"}'}],
)
PAGES: tuple[dict[str, Any], list[dict[str, Any]]] = (
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    [],
)


def test_places_in_the_output_have_no_gaps_where_the_vendors_own_tools_ran() -> None:
    said = frames(claude_stream(THOUGHT, SEARCH, PAGES, WORDS, USE), "anthropic", "openai_responses")
    starts = [one for one in said if one["type"] == "response.output_item.added"]
    assert [one["output_index"] for one in starts] == list(range(len(starts)))
    kinds = [one["item"]["type"] for one in starts]
    assert kinds == ["reasoning", "web_search_call", "message", "function_call"]
    assert [item["type"] for item in said[-1]["response"]["output"]] == kinds
    assert [one["sequence_number"] for one in said] == list(range(len(said)))


def test_a_message_ends_before_a_call_or_reasoning_begins_and_a_new_one_starts_behind() -> None:
    said = frames(claude_stream(WORDS, USE, WORDS, THOUGHT, WORDS), "anthropic", "openai_responses")
    order = [
        (one["type"].rpartition(".")[2], one["item"]["type"])
        for one in said
        if one["type"].startswith("response.output_item.")
    ]
    kinds = ["message", "function_call", "message", "reasoning", "message"]
    assert order == [(step, kind) for kind in kinds for step in ("added", "done")]
    items = said[-1]["response"]["output"]
    assert len({item["id"] for item in items}) == len(items)


def test_a_signature_is_no_event_and_arguments_that_nobody_gave_are_an_object() -> None:
    said = frames(claude_stream(THOUGHT, USE), "anthropic", "openai_responses")
    assert "c2ln" not in json.dumps(said)
    assert not [one for one in said if "signature" in one["type"]]
    assert said[-1]["response"]["output"][-1]["arguments"] == "{}"


def test_tokens_of_the_cache_are_told_streamed_and_whole() -> None:
    streamed = frames(claude_stream(WORDS), "anthropic", "openai_responses")[-1]["response"]["usage"]
    usage = {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2}
    body = {"id": "x", "model": "m", "content": [], "stop_reason": "end_turn", "usage": usage}
    whole = json.loads(translate_reply(json.dumps(body).encode(), "anthropic", "openai_responses"))["usage"]
    for said in (streamed, whole):
        assert (said["input_tokens"], said["output_tokens"], said["total_tokens"]) == (10, 5, 15)
        assert said["input_tokens_details"]["cached_tokens"] == 5


# Claude's clients, Responses upstream.


def to_anthropic(*said: bytes) -> list[dict[str, Any]]:
    return frames(b"".join(said), "openai_responses", "anthropic")


def blocks_of(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["content_block"] for one in said if one["type"] == "content_block_start"]


def pieces(said: list[dict[str, Any]], name: str) -> str:
    return "".join(one["delta"].get(name, "") for one in said if one["type"] == "content_block_delta")


def stop(said: list[dict[str, Any]]) -> list[Any]:
    return [one["delta"]["stop_reason"] for one in said if one["type"] == "message_delta"]


def test_interleaved_calls_are_blocks_one_after_the_other() -> None:
    said = to_anthropic(
        created(),
        added(0, **call(id="fc_1", call_id="a", name="read")),
        added(1, **call(id="fc_2", call_id="b", name="write")),
        delta("function_call_arguments", 1, '{"q"'),
        delta("function_call_arguments", 0, '{"p":1}'),
        delta("function_call_arguments", 1, ":2}"),
        done(1, **call('{"q":2}', id="fc_2", call_id="b", name="write")),
        done(0, **call('{"p":1}', id="fc_1", call_id="a", name="read")),
        ended(),
    )
    kinds = [one["type"] for one in said if one["type"] in ("content_block_start", "content_block_stop")]
    assert kinds == ["content_block_start", "content_block_stop"] * 2
    assert [(block["id"], block["name"]) for block in blocks_of(said)] == [("a", "read"), ("b", "write")]
    assert pieces(said, "partial_json") == '{"p":1}{"q":2}'


def test_a_call_whose_name_comes_at_its_end_starts_late_and_one_without_a_name_is_no_tool_use() -> None:
    late = to_anthropic(
        created(),
        added(0, **call(name=None)),
        delta("function_call_arguments", 0, '{"p":1}'),
        done(0, **call('{"p":1}', name="read")),
        ended(),
    )
    assert [block["name"] for block in blocks_of(late)] == ["read"]
    assert (pieces(late, "partial_json"), stop(late)) == ('{"p":1}', ["tool_use"])
    nameless = to_anthropic(created(), text("hi"), added(1, **call(name=None)), done(1, **call(name=None)), ended())
    assert [block["type"] for block in blocks_of(nameless)] == ["text"]
    assert stop(nameless) == ["end_turn"]


def test_what_the_last_event_has_fills_calls_that_are_open_and_tells_those_that_never_began() -> None:
    said = to_anthropic(
        created(),
        added(0, **call(id="fc_1", call_id="a", name="read")),
        ended(
            output=[
                call('{"p":1}', id="fc_1", call_id="a", name="read"),
                call('{"q":2}', id="fc_2", call_id="b", name="write"),
            ]
        ),
    )
    assert [(block["id"], block["name"]) for block in blocks_of(said)] == [("a", "read"), ("b", "write")]
    assert pieces(said, "partial_json") == '{"p":1}{"q":2}'
    assert stop(said) == ["tool_use"]


def test_words_that_came_in_no_pieces_are_those_of_the_finished_item() -> None:
    said = to_anthropic(created(), done(0, **message({"type": "output_text", "text": "words"})), ended(output=[]))
    assert pieces(said, "text") == "words"
    assert stop(said) == ["end_turn"]


def test_summaries_of_one_reasoning_item_are_one_block() -> None:
    item = {"type": "reasoning", "id": "rs_1"}
    summary = [{"type": "summary_text", "text": one} for one in ("one", "two")]
    said = to_anthropic(
        created(),
        added(0, **item, summary=[], encrypted_content="first"),
        delta("reasoning_summary_text", 0, "one", summary_index=0),
        delta("reasoning_summary_text", 0, "two", summary_index=1),
        done(0, **item, summary=summary, encrypted_content="final"),
        text("words", 1),
        ended(),
    )
    assert [block["type"] for block in blocks_of(said)] == ["thinking", "text"]
    assert pieces(said, "thinking") == "one\n\ntwo"
    reading = ReplyStream("openai_responses", "openai_responses")
    reading.feed(created() + added(0, **item, summary=[], encrypted_content="first"))
    reading.feed(done(0, **item, summary=summary, encrypted_content="final") + ended())
    reading.close()
    [kept] = reading.reply().parts
    assert getattr(kept, "signature", None) == "final"


CITED = {"type": "url_citation", "url": "https://example.com/a", "title": "A", "start_index": 0, "end_index": 5}


@pytest.mark.parametrize("with_chances", [False, True], ids=["alone", "beside-chances"])
def test_pages_that_stand_in_the_finished_item_alone_are_told(*, with_chances: bool) -> None:
    chances = [{"token": "words", "logprob": -0.1, "bytes": [119], "top_logprobs": []}]
    piece = {"logprobs": chances} if with_chances else {}
    content = {"type": "output_text", "text": "words", "annotations": [CITED], **piece}
    said = to_anthropic(
        created(),
        added(0, **message()),
        delta("output_text", 0, "words", content_index=0, **piece),
        event("response.output_text.done", output_index=0, content_index=0, text="words"),
        event("response.content_part.done", output_index=0, content_index=0, part=content),
        done(0, **message(content)),
        ended(),
    )
    cited = [one["delta"]["citation"]["url"] for one in said if "citation" in one.get("delta", {})]
    assert cited == ["https://example.com/a"]
    assert pieces(said, "text") == "words"


def test_pages_that_came_already_are_not_told_again() -> None:
    content = {"type": "output_text", "text": "words", "annotations": [CITED]}
    said = to_anthropic(
        created(),
        text("words"),
        event("response.output_text.annotation.added", output_index=0, content_index=0, annotation=CITED),
        event("response.output_text.done", output_index=0, content_index=0, text="words"),
        done(0, **message(content)),
        ended(output=[message(content)]),
    )
    assert json.dumps(said).count("https://example.com/a") == 1


# Chat on the other side.


def test_a_function_and_a_free_form_tool_of_one_name_are_the_function() -> None:
    function = {"type": "function", "function": {"name": "read", "parameters": SCHEMA}}
    custom = {"type": "custom", "custom": {"name": "read"}}
    target = Target("gpt-5.1", genuine=True)
    for tools in ([function, custom], [custom, function]):
        body = json.dumps({"model": "m", "messages": [ASK], "tools": tools}).encode()
        made = translate_request(body, "openai_chat", "openai_responses", target=target)
        check_accepted("openai_responses", target, made.body)
        [sent] = json.loads(made.body)["tools"]
        assert (sent["type"], sent["name"]) == ("function", "read")
        assert [loss.path for loss in made.losses if loss.path.startswith("$.tools")]


def test_an_empty_message_at_the_end_does_not_hide_the_words_before_it() -> None:
    said = [message({"type": "output_text", "text": "words"}), message({"type": "output_text", "text": ""})]
    body = json.dumps(response("completed", output=[*said, message()])).encode()
    reply = json.loads(translate_reply(body, "openai_responses", "openai_chat"))
    assert reply["choices"][0]["message"]["content"] == "words"


def test_neighbouring_calls_are_one_message_and_what_comes_between_a_call_and_its_output_waits() -> None:
    said = to_chat(ASK, called("a"), called("b"), {"role": "user", "content": "wait"}, output("a"), output("b"), ASK)
    assert [one["role"] for one in said] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert [one["id"] for one in said[1]["tool_calls"]] == ["a", "b"]
    apart = to_chat(ASK, called("a"), output("a"), called("b"), output("b"))
    assert [one["role"] for one in apart] == ["user", "assistant", "tool", "assistant", "tool"]


def test_reasoning_goes_with_the_answer_or_the_calls_that_it_led_to_and_never_beyond_the_user() -> None:
    said = to_chat(
        ASK,
        thought("first"),
        ASK,
        thought("second"),
        called("a"),
        output("a"),
        thought("third"),
        answered("words"),
        ASK,
        target=OTHER,
    )
    found = [(one["role"], one.get("reasoning_content"), "tool_calls" in one) for one in said]
    assert ("assistant", "second", True) in found
    assert ("assistant", "third", False) in found
    assert not [one for one in found if one[1] == "first" and one[2]]


def test_without_tools_there_is_no_choice_and_nothing_parallel() -> None:
    made = translated(ASK, tool_choice="auto", parallel_tool_calls=False, upstream="openai_chat", target=OPENAI)
    assert not json.loads(made.body).keys() & {"tools", "tool_choice", "parallel_tool_calls"}


def chat_stream(*choices: dict[str, Any], done: bool = True) -> bytes:
    chunks: list[dict[str, Any]] = [{"id": "c", "model": "m", "choices": [{"index": 0, **one}]} for one in choices]
    end = b"data: [DONE]\n\n" if done else b""
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + end


@pytest.mark.parametrize(
    "piece",
    [
        {"reasoning_content": "hm"},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "read", "arguments": '{"p"'}}]},
        {"content": "wor"},
    ],
    ids=["reasoning", "half-a-call", "words"],
)
def test_a_stream_that_is_cut_is_not_told_as_complete(piece: dict[str, Any]) -> None:
    said = frames(chat_stream({"delta": piece}, done=False), "openai_chat", "openai_responses")
    kinds = [one["type"] for one in said]
    assert "response.completed" not in kinds
    assert kinds[-1] == "response.failed"


def test_completed_is_said_once_and_last() -> None:
    stream = chat_stream({"delta": {"content": "words"}}, {"delta": {}, "finish_reason": "stop"})
    kinds = [one["type"] for one in frames(stream, "openai_chat", "openai_responses")]
    assert (kinds.count("response.completed"), kinds[-1]) == (1, "response.completed")


@pytest.mark.parametrize(
    ("reason", "why"), [("length", "max_output_tokens"), ("content_filter", "content_filter")], ids=str
)
def test_a_limit_or_a_filter_makes_a_reply_incomplete(reason: str, why: str) -> None:
    stream = chat_stream({"delta": {"content": "wor"}}, {"delta": {}, "finish_reason": reason})
    last = frames(stream, "openai_chat", "openai_responses")[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": why}


def test_of_several_answers_the_first_is_told_and_never_mixed_with_another() -> None:
    body = b'data: {"id":"c","model":"m","choices":[{"index":%d,"delta":{"content":"%b"}}]}\n\n'
    stream = body % (0, b"a") + body % (1, b"x") + body % (0, b"b")
    stream += b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    items = frames(stream, "openai_chat", "openai_responses")[-1]["response"]["output"]
    assert [part["text"] for item in items for part in item["content"]] == ["ab"]


def test_a_text_alone_and_a_request_without_a_system_are_taken_and_nothing_is_not() -> None:
    body = dialect("openai_responses").decode_request(b'{"model":"m","input":"hi"}')
    assert (body.system, [message.role for message in body.messages]) == ((), ["user"])
