"""What users of gateways with Gemini upstream have met: each case a sentence."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted
from tests.vendors.gemini_signature import sign
from translators import ReplyStream, translate_reply, translate_request
from translators.conversation import Conversation, Loss, Message, Role, Text, Thinking, ToolCall, ToolResult
from translators.dialect import Context, Target
from translators.registry import dialect

FLASH = Target("gemini-2.5-flash", genuine=True)
THIRD = Target("gemini-3-pro-preview", stream=True, genuine=True)
OLD = Target("gemini-2.5-pro", stream=True)
CONTEXT = Context(model="asked-for", created_s=1)
ASK = {"role": "user", "content": "hi"}
PNG = "data:image/png;base64,iVBORw0KGgo="
STAND_IN = "skip_thought_signature_validator"
ONE, TWO = sign("one"), sign("two")


def sent(body: dict[str, Any], client: str, target: Target = FLASH) -> dict[str, Any]:
    """A client's request, as Gemini gets it."""
    made = translate_request(json.dumps({"model": "m", **body}).encode(), client, "gemini", target=target)
    check_accepted("gemini", target, made.body)
    found = json.loads(made.body)
    assert isinstance(found, dict)
    return found


def from_claude(*messages: dict[str, Any], target: Target = FLASH, **fields: Any) -> dict[str, Any]:
    return sent({"max_tokens": 9, "messages": list(messages), **fields}, "anthropic", target)


def from_chat(*messages: dict[str, Any], target: Target = FLASH, **fields: Any) -> dict[str, Any]:
    return sent({"messages": list(messages), **fields}, "openai_chat", target)


def from_responses(*items: dict[str, Any], target: Target = FLASH, **fields: Any) -> dict[str, Any]:
    return sent({"input": list(items), **fields}, "openai_responses", target)


def model_parts(*parts: Any, target: Target = THIRD) -> list[dict[str, Any]]:
    """What the model said before, as Gemini gets it back; calls are answered."""
    answers = tuple(ToolResult(part.id, (Text("1"),)) for part in parts if isinstance(part, ToolCall))
    turns = (
        Message(Role.USER, (Text("hi"),)),
        Message(Role.ASSISTANT, tuple(parts)),
        Message(Role.USER, (*answers, Text("go on"))),
    )
    made = dialect("gemini").encode_request(Conversation("m", turns), target)
    check_accepted("gemini", target, made.body)
    contents = json.loads(made.body)["contents"]
    return [part for content in contents if content["role"] == "model" for part in content["parts"]]


def signed(*signatures: str) -> list[Thinking]:
    return [Thinking("", signature, "gemini") for signature in signatures]


def marks(parts: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """(what it is, its signature) of each part."""
    kinds = [next(key for key in part if key not in ("thought", "thoughtSignature")) for part in parts]
    return [(kind, part.get("thoughtSignature")) for kind, part in zip(kinds, parts, strict=True)]


def use(call_id: str, name: str = "read", given: Any = None) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": {} if given is None else given}


def answer(call_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call_id, **fields}


def responses_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        part["functionResponse"]
        for content in body["contents"]
        for part in content["parts"]
        if "functionResponse" in part
    ]


# Signatures in the history.


@pytest.mark.parametrize("behind", [ToolCall("a", "read", "{}"), Text("words")])
def test_a_signature_without_words_is_attached_to_what_follows_it(behind: Any) -> None:
    kind = "functionCall" if isinstance(behind, ToolCall) else "text"
    assert marks(model_parts(*signed(ONE), behind)) == [(kind, ONE)]


def test_several_signatures_in_a_row_do_not_overwrite_each_other() -> None:
    found = marks(model_parts(*signed(ONE, TWO), ToolCall("a", "read", "{}")))
    assert found == [("text", ONE), ("functionCall", TWO)]
    found = marks(model_parts(Text("words"), *signed(ONE, TWO)))
    assert found == [("text", None), ("text", ONE), ("text", TWO)]


def test_a_signature_beside_a_call_wins_over_one_before_it() -> None:
    said = [
        {"text": "", "thoughtSignature": ONE},
        {"functionCall": {"name": "read", "args": {}}, "thoughtSignature": TWO},
    ]
    body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}, {"role": "model", "parts": said}]}).encode()
    parts = dialect("gemini").decode_request(body).messages[1].parts
    assert marks(model_parts(*parts)) == [("text", ONE), ("functionCall", TWO)]


def test_a_signature_never_jumps_over_thinking_that_has_its_own() -> None:
    parts = [*signed(ONE), Thinking("hm", TWO, "gemini"), ToolCall("a", "read", "{}")]
    assert marks(model_parts(*parts)) == [("text", ONE), ("text", None), ("functionCall", TWO)]


def test_a_signature_never_crosses_a_message_of_the_users() -> None:
    turns = (
        Message(Role.USER, (Text("hi"),)),
        Message(Role.ASSISTANT, (Text("words"), *signed(ONE))),
        Message(Role.USER, (Text("and?"),)),
        Message(Role.ASSISTANT, (ToolCall("a", "read", "{}"),)),
        Message(Role.USER, (ToolResult("a", (Text("1"),)),)),
    )
    contents = json.loads(dialect("gemini").encode_request(Conversation("m", turns), THIRD).body)["contents"]
    assert marks(contents[1]["parts"]) == [("text", None), ("text", ONE)]
    assert marks(contents[3]["parts"]) == [("functionCall", STAND_IN)]


def test_of_parallel_calls_the_first_alone_has_a_signature_or_its_stand_in() -> None:
    calls = [ToolCall("a", "read", "{}"), ToolCall("b", "read", "{}")]
    assert marks(model_parts(*signed(ONE), *calls)) == [("functionCall", ONE), ("functionCall", None)]
    body = from_claude(
        ASK,
        {"role": "assistant", "content": [use("a"), use("b")]},
        {"role": "user", "content": [answer("a", content="1"), answer("b", content="2")]},
        target=THIRD,
    )
    assert marks(body["contents"][1]["parts"]) == [("functionCall", STAND_IN), ("functionCall", None)]


def test_signed_texts_in_a_row_each_keep_their_own_signature() -> None:
    parts = [*signed(ONE), Text("one"), *signed(TWO), Text("two")]
    found = model_parts(*parts)
    assert [(part["text"], part["thoughtSignature"]) for part in found] == [("one", ONE), ("two", TWO)]
    body = [{"text": "one", "thoughtSignature": ONE}, {"text": "two", "thoughtSignature": TWO}]
    reply = {"candidates": [{"content": {"role": "model", "parts": body}, "finishReason": "STOP"}]}
    stream = ReplyStream("gemini", "gemini")
    for part in body:
        stream.feed(b"data: %s\n\n" % json.dumps({"candidates": [{"content": {"parts": [part]}}]}).encode())
    stream.feed(b'data: {"candidates":[{"finishReason":"STOP"}]}\n\n')
    stream.close()
    assert stream.reply().parts == dialect("gemini").decode_reply(json.dumps(reply).encode()).parts == tuple(parts)


def test_unsigned_thinking_is_removed_wherever_it_stands_and_signed_thinking_at_the_end_stays() -> None:
    parts = [Thinking("a"), Text("words"), Thinking("b"), Thinking("c", ONE, "gemini")]
    found = model_parts(*parts)
    assert [(part["text"], part.get("thought")) for part in found] == [("words", None), ("c", True), ("", None)]
    assert found[-1]["thoughtSignature"] == ONE


def test_what_another_vendor_signed_is_not_sent_and_told() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    body = {"model": "m", "max_tokens": 9}
    turns = [ASK, {"role": "assistant", "content": [thought, {"type": "text", "text": "words"}]}, ASK]
    made = translate_request(json.dumps({**body, "messages": turns}).encode(), "anthropic", "gemini", target=FLASH)
    assert b"c2ln" not in made.body
    assert b"hm" not in made.body
    assert [loss.path for loss in made.losses] == ["$.messages[1].parts[0]"]


# Anthropic clients.


def test_words_behind_a_call_are_moved_before_it_and_parallel_calls_stay_together() -> None:
    said = [use("a"), {"type": "text", "text": "words"}, use("b")]
    body = from_claude(
        ASK,
        {"role": "assistant", "content": said},
        {"role": "user", "content": [answer("a", content="1"), answer("b", content="2")]},
    )
    assert [kind for kind, _ in marks(body["contents"][1]["parts"])] == ["text", "functionCall", "functionCall"]


def test_a_result_whose_call_is_gone_is_still_told() -> None:
    body = from_claude(ASK, {"role": "user", "content": [answer("gone", content="found it")]})
    assert "found it" in json.dumps(body["contents"])
    assert responses_of(body) == []


@pytest.mark.parametrize(
    "fields",
    [{"content": None}, {}, {"content": []}, {"content": ""}],
    ids=["null", "missing", "no-parts", "no-words"],
)
@pytest.mark.parametrize("target", [FLASH, THIRD, OLD], ids=lambda target: str(target.model))
def test_a_result_without_content_is_still_a_response(fields: dict[str, Any], target: Target) -> None:
    asked = {"role": "assistant", "content": [use("a")]}
    body = from_claude(ASK, asked, {"role": "user", "content": [answer("a", **fields)]}, target=target)
    [found] = responses_of(body)
    assert (found["name"], found["response"]) == ("read", {"output": ""})


@pytest.mark.parametrize("target", [FLASH, THIRD], ids=lambda target: str(target.model))
def test_a_result_of_a_picture_alone_is_a_response_with_the_picture(target: Target) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    asked = {"role": "assistant", "content": [use("a")]}
    body = from_claude(ASK, asked, {"role": "user", "content": [answer("a", content=[picture])]}, target=target)
    [found] = responses_of(body)
    assert (found["name"], found["response"]) == ("read", {"output": ""})
    assert json.dumps(body).count("iVBORw0KGgo=") == 1
    assert body["contents"][-1]["role"] == "user"


def test_names_that_would_be_the_same_stay_apart_and_come_back() -> None:
    names = ["read file", "read/file", "read_file"]
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in names]
    asked = {"model": "m", "max_tokens": 9, "messages": [ASK], "tools": tools}
    made = translate_request(json.dumps(asked).encode(), "anthropic", "gemini", target=FLASH)
    declared = [one["name"] for one in json.loads(made.body)["tools"][0]["functionDeclarations"]]
    assert len(set(declared)) == 3
    assert declared[2] == "read_file"
    for name, there in zip(names, declared, strict=True):
        parts = [{"functionCall": {"name": there, "args": {}}}]
        reply = {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}
        said = json.loads(translate_reply(json.dumps(reply).encode(), "gemini", "anthropic", context=made.context))
        assert said["content"][0]["name"] == name


def test_a_second_tool_of_a_name_is_told_and_sent_once() -> None:
    tools = [{"name": "read", "input_schema": {"type": "object"}}] * 2
    asked = {"model": "m", "max_tokens": 9, "messages": [ASK], "tools": tools}
    made = translate_request(json.dumps(asked).encode(), "anthropic", "gemini", target=FLASH)
    assert len(json.loads(made.body)["tools"][0]["functionDeclarations"]) == 1
    assert [loss.path for loss in made.losses] == ["$.tools[1]"]


def test_a_search_is_asked_for_only_where_it_is_the_only_tool() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    assert from_claude(ASK, tools=[search])["tools"] == [{"googleSearch": {}}]
    function = {"name": "read", "input_schema": {"type": "object"}}
    asked = {"model": "m", "max_tokens": 9, "messages": [ASK], "tools": [search, function]}
    made = translate_request(json.dumps(asked).encode(), "anthropic", "gemini", target=FLASH)
    assert [list(tool) for tool in json.loads(made.body)["tools"]] == [["functionDeclarations"]]
    assert [loss.path for loss in made.losses] == ["$.hosted[0]"]


# Chat clients.


def test_empty_texts_and_empty_messages_leave_no_holes() -> None:
    empty = {"type": "text", "text": ""}
    body = from_chat(
        {"role": "user", "content": [empty, {"type": "text", "text": "hi"}, empty]},
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "and?"},
    )
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}, {"text": "and?"}]}]


def test_reasoning_stands_before_words_and_calls() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    said = {"role": "assistant", "tool_calls": [call], "content": "words", "reasoning_content": "hm"}
    target = Target("gemini-2.5-pro", keeps_thinking=True)
    body = from_chat(ASK, said, {"role": "tool", "tool_call_id": "a", "content": "1"}, target=target)
    found = body["contents"][1]["parts"]
    assert [part.get("text") for part in found] == ["hm", "words", None]
    assert found[0]["thought"] is True


def test_files_sound_and_film_are_kept_whether_they_come_as_urls_or_by_their_name() -> None:
    parts = [
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_data": "JVBERi0=", "filename": "b.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}},
    ]
    found = from_chat({"role": "user", "content": parts})["contents"][0]["parts"]
    assert [part["inlineData"] for part in found] == [
        {"mimeType": "application/pdf", "data": "JVBERg=="},
        {"mimeType": "application/pdf", "data": "JVBERi0="},
        {"mimeType": "audio/wav", "data": "UklGRg=="},
        {"mimeType": "video/mp4", "data": "AAAA"},
    ]


def test_a_conversation_that_ends_with_the_model_gets_a_last_word_of_the_users_and_it_is_told() -> None:
    asked = {"model": "m", "messages": [ASK, {"role": "assistant", "content": "{"}]}
    made = translate_request(json.dumps(asked).encode(), "openai_chat", "gemini", target=FLASH)
    assert [content["role"] for content in json.loads(made.body)["contents"]] == ["user", "model", "user"]
    assert [loss.path for loss in made.losses] == ["$.messages"]


def chunks(*candidates: dict[str, Any], usage: dict[str, int] | None = None, client: str = "openai_chat") -> list[Any]:
    """A stream of Gemini's, as a client reads it."""
    stream = ReplyStream("gemini", client, context=CONTEXT)
    text = b""
    for candidate in candidates:
        counts = {} if usage is None else {"usageMetadata": usage}
        text += stream.feed(b"data: %s\n\n" % json.dumps({"candidates": [candidate], **counts}).encode())
    text += stream.close()
    lines = [line[6:] for line in text.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": list(parts)}, **fields}


CALL = {"functionCall": {"name": "read", "args": {"p": 1}}}


def test_a_later_stop_does_not_overwrite_that_tools_are_called_and_no_chunk_before_the_last_says_why_it_ends() -> None:
    found = chunks(said(CALL), said({"text": ""}, finishReason="STOP"))
    reasons = [choice["finish_reason"] for chunk in found for choice in chunk["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + ["tool_calls"]
    every = chunks(said({"text": "a"}, finishReason="STOP"), said({"text": "b"}, finishReason="STOP"))
    reasons = [choice["finish_reason"] for chunk in every for choice in chunk["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]


def test_a_limit_that_cuts_an_answer_is_told_even_behind_a_call() -> None:
    found = chunks(said(CALL), said(finishReason="MAX_TOKENS"))
    assert [choice["finish_reason"] for chunk in found for choice in chunk["choices"]][-1] == "length"


def test_the_role_is_said_once() -> None:
    found = chunks(said({"text": "a"}), said({"text": "b"}), said(CALL, finishReason="STOP"))
    roles = [choice["delta"].get("role") for chunk in found for choice in chunk["choices"]]
    assert roles == ["assistant", *[None] * (len(roles) - 1)]


def test_a_count_that_is_missing_is_zero() -> None:
    found = chunks(said(finishReason="MAX_TOKENS"), usage={"promptTokenCount": 3, "totalTokenCount": 3})
    usage = found[-1]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (3, 0, 3)
    reply = {"candidates": [said(finishReason="STOP")], "usageMetadata": {"promptTokenCount": 3}}
    whole = json.loads(translate_reply(json.dumps(reply).encode(), "gemini", "openai_chat"))
    assert whole["usage"]["completion_tokens"] == 0


@pytest.mark.parametrize("target", [FLASH, OLD], ids=lambda target: str(target.model))
def test_a_form_of_the_answer_may_be_a_schema_or_any_object_or_text_which_says_nothing(target: Target) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    config = from_chat(ASK, response_format=wanted, target=target)["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    given = config.get("responseJsonSchema") or config["responseSchema"]
    assert given["properties"].keys() == {"a"}
    without = {"type": "json_schema", "json_schema": {"name": "n"}}
    for form in (without, {"type": "json_object"}):
        config = from_chat(ASK, response_format=form, target=target)["generationConfig"]
        assert config == {"responseMimeType": "application/json"}
    assert "generationConfig" not in from_chat(ASK, response_format={"type": "text"}, target=target)


def test_required_names_of_no_property_are_left_out_and_strictness_does_not_go_along() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "gone"]}
    tool = {"type": "function", "function": {"name": "read", "parameters": schema, "strict": True}}
    body = from_chat(ASK, tools=[tool], target=OLD)
    [declared] = body["tools"][0]["functionDeclarations"]
    assert declared["parameters"]["required"] == ["a"]
    assert "strict" not in json.dumps(body)


def test_either_limit_of_tokens_is_honoured() -> None:
    assert from_chat(ASK, max_completion_tokens=7)["generationConfig"]["maxOutputTokens"] == 7
    assert from_chat(ASK, max_tokens=5, max_completion_tokens=7)["generationConfig"]["maxOutputTokens"] == 5


# Responses clients.


def called(call_id: str, name: str = "read", **fields: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}", **fields}


def output(call_id: str, given: Any = "1") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": given}


def test_outputs_in_another_order_or_far_from_their_calls_follow_the_calls() -> None:
    items = [ASK, called("a"), called("b", "write"), output("b", "of b"), ASK, output("a", "of a")]
    body = from_responses(*items)
    found = [(one["name"], one["response"]["output"]) for one in responses_of(body)]
    assert found == [("read", "of a"), ("write", "of b")]
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]


def test_an_output_that_belongs_to_no_call_takes_none_of_another() -> None:
    body = from_responses(ASK, called("a"), output("other", "lost words"), output("a", "of a"))
    assert [one["response"]["output"] for one in responses_of(body)] == ["of a"]
    assert "lost words" in json.dumps(body)


def test_a_history_of_reasoning_alone_survives_and_an_empty_unsigned_one_is_dropped() -> None:
    empty = {"type": "reasoning", "id": "rs_1", "summary": []}
    words = {**empty, "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAAAsealed"}
    asked = {"model": "m", "input": [ASK, empty, words]}
    made = translate_request(json.dumps(asked).encode(), "openai_responses", "gemini", target=FLASH)
    assert json.loads(made.body)["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]
    assert len(made.losses) == 1


def test_white_space_of_an_answer_is_kept() -> None:
    said_before = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "\n  a \n"}]}
    body = from_responses(ASK, said_before, ASK)
    assert body["contents"][1]["parts"] == [{"text": "\n  a \n"}]


def test_free_form_tools_and_those_of_namespaces_come_back_over_two_turns() -> None:
    patch = {"type": "custom", "name": "apply_patch", "description": "patch"}
    group = {
        "type": "namespace",
        "name": "mcp__files",
        "description": "files",
        "tools": [{"type": "function", "name": "read", "parameters": {"type": "object", "properties": {}}}],
    }
    first = {"type": "additional_tools", "role": "developer", "tools": [group]}
    asked: dict[str, Any] = {"model": "m", "input": [first, ASK], "tools": [patch]}
    for _ in range(2):
        made = translate_request(json.dumps(asked).encode(), "openai_responses", "gemini", target=FLASH)
        check_accepted("gemini", FLASH, made.body)
        names = [one["name"] for one in json.loads(made.body)["tools"][0]["functionDeclarations"]]
        assert names == ["apply_patch", "mcp__files__read"]
        parts: list[dict[str, Any]] = [
            {"text": "hm", "thought": True},
            {"functionCall": {"name": names[0], "args": {"input": "*** Begin"}}},
            {"functionCall": {"name": names[1], "args": {"p": 1}}},
        ]
        reply = {"candidates": [said(*parts, finishReason="STOP")]}
        body = translate_reply(json.dumps(reply).encode(), "gemini", "openai_responses", context=made.context)
        _, custom, function = items = json.loads(body)["output"]
        assert (custom["type"], custom["name"], custom["input"]) == ("custom_tool_call", "apply_patch", "*** Begin")
        assert (function["namespace"], function["name"]) == ("mcp__files", "read")
        results = [{"type": "custom_tool_call_output", "call_id": custom["call_id"], "output": "ok"}]
        asked["input"] += [*items, *results, output(function["call_id"])]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("plain", "plain"),
        ([{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}], "a\nb"),
        ([{"type": "input_text", "text": "seen"}, {"type": "input_image", "image_url": PNG}], "seen"),
        ('{"a": 1}', '{"a": 1}'),
        ({"a": 1}, '{"a":1}'),
        ([], ""),
    ],
    ids=["text", "parts", "picture", "json-text", "object", "nothing"],
)
def test_outputs_of_every_kind_are_taken(given: Any, words: str) -> None:
    body = from_responses(ASK, called("a"), output("a", given), target=THIRD)
    assert [one["response"]["output"] for one in responses_of(body)] == [words]
    assert ("iVBORw0KGgo=" in json.dumps(body)) == ("input_image" in json.dumps(given))


def test_system_and_developer_both_are_the_system_instruction() -> None:
    body = from_responses(
        {"role": "system", "content": "one"}, {"role": "developer", "content": "two"}, ASK, instructions="zero"
    )
    assert [part["text"] for part in body["systemInstruction"]["parts"]] == ["zero", "one", "two"]
    assert [content["role"] for content in body["contents"]] == ["user"]


# Gemini clients, other upstreams.


def from_gemini(*contents: dict[str, Any], upstream: str, target: Target, **fields: Any) -> dict[str, Any]:
    made = translate_request(
        json.dumps({"contents": list(contents), **fields}).encode(), "gemini", upstream, target=target
    )
    check_accepted(upstream, target, made.body)
    found = json.loads(made.body)
    assert isinstance(found, dict)
    return found


CLAUDE = Target("claude-sonnet-4-5", genuine=True)
OPENAI = Target("gpt-4.1", genuine=True)
TURN = {"role": "user", "parts": [{"text": "hi"}]}


def to_claude(*contents: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return from_gemini(*contents, upstream="anthropic", target=CLAUDE, **fields)


def to_chat(*contents: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return from_gemini(*contents, upstream="openai_chat", target=OPENAI, **fields)


def asks(*names: str, ids: tuple[str, ...] = ()) -> dict[str, Any]:
    made: list[dict[str, Any]] = [{"functionCall": {"name": name, "args": {}}} for name in names]
    for part, call_id in zip(made, ids, strict=False):
        part["functionCall"]["id"] = call_id
    return {"role": "model", "parts": made}


def gives(*said: tuple[str, str]) -> dict[str, Any]:
    made = [{"functionResponse": {"name": name, "response": {"output": words}}} for name, words in said]
    return {"role": "user", "parts": made}


def test_responses_without_names_take_the_calls_in_their_order_and_one_too_many_is_words() -> None:
    messages = to_chat(TURN, asks("read", "write"), gives(("", "1"), ("", "2"), ("", "3")))["messages"]
    ids = [one["id"] for one in messages[1]["tool_calls"]]
    results = [(one["tool_call_id"], one["content"]) for one in messages if one["role"] == "tool"]
    assert results == [(ids[0], "1"), (ids[1], "2")]
    assert (messages[-1]["role"], "3" in json.dumps(messages[-1]["content"])) == ("user", True)


def test_responses_take_the_calls_of_their_name_in_order_and_ids_stay_the_same_each_time() -> None:
    contents = [TURN, asks("read", "write", "read"), gives(("write", "w"), ("read", "r1"), ("read", "r2"))]
    messages = to_chat(*contents)["messages"]
    calls = [(one["id"], one["function"]["name"]) for one in messages[1]["tool_calls"]]
    assert len({call_id for call_id, _ in calls}) == 3
    results = {one["tool_call_id"]: one["content"] for one in messages if one["role"] == "tool"}
    assert [(name, results[call_id]) for call_id, name in calls] == [("read", "r1"), ("write", "w"), ("read", "r2")]
    assert to_chat(*contents)["messages"] == messages


def test_ids_of_a_clients_own_are_kept() -> None:
    contents = [TURN, asks("read", ids=("call-7",)), gives(("read", "1"))]
    contents[2]["parts"][0]["functionResponse"]["id"] = "call-7"
    turns = to_claude(*contents)["messages"]
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "call-7"


def test_signatures_and_hidden_thoughts_of_google_do_not_reach_others() -> None:
    parts = [
        {"text": "hidden", "thought": True},
        {"text": "words", "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "read", "args": {}}, "thoughtSignature": "dHdv"},
    ]
    contents: list[dict[str, Any]] = [TURN, {"role": "model", "parts": parts}, gives(("read", "1"))]
    for body in (to_claude(*contents), to_chat(*contents)):
        text = json.dumps(body)
        assert not [word for word in ("hidden", "c2ln", "dHdv") if word in text]
        assert "words" in text


def test_numbers_keep_every_digit_and_words_that_are_called_like_fields_are_words() -> None:
    given = b'{"n":12345678901234567890123,"f":1.10000000000000000001,"word":"thoughtSignature"}'
    call = b'{"functionCall":{"name":"read","args":%s},"thoughtSignature":"c2ln"}' % given
    body = b'{"contents":[{"parts":[{"text":"hi"}]},{"role":"model","parts":[%s]}]}' % call
    made = translate_request(body, "gemini", "openai_chat", target=OPENAI)
    said_then = json.loads(made.body)["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert said_then == given.decode()


def test_a_picture_beside_a_response_stays_the_users() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    contents = [TURN, asks("read"), {"role": "user", "parts": [*gives(("read", "1"))["parts"], picture]}]
    turn = to_claude(*contents)["messages"][-1]
    assert turn["role"] == "user"
    assert [block["type"] for block in turn["content"]] == ["tool_result", "image"]


def test_snake_case_is_read_with_tools_that_get_other_names() -> None:
    body = to_claude(
        TURN,
        {"role": "model", "parts": [{"function_call": {"name": "a.b", "args": {"snake_case": 1}}}]},
        {"role": "user", "parts": [{"function_response": {"name": "a.b", "response": {"output": "1"}}}]},
        {"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "iVBORw0KGgo="}}]},
        tools=[{"function_declarations": [{"name": "a.b", "parameters": {"type": "OBJECT"}}]}],
        tool_config={"function_calling_config": {"mode": "ANY", "allowed_function_names": ["a.b"]}},
    )
    name = body["tools"][0]["name"]
    assert name == body["tool_choice"]["name"] == body["messages"][1]["content"][0]["name"] != "a.b"
    assert body["messages"][1]["content"][0]["input"] == {"snake_case": 1}
    assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_result", "image"]


def test_types_of_schemas_are_written_small() -> None:
    schema = {"type": "OBJECT", "properties": {"type": {"type": "STRING", "enum": ["STRING"]}}}
    tools = [{"functionDeclarations": [{"name": "read", "parameters": schema}]}]
    small = {"type": "object", "properties": {"type": {"type": "string", "enum": ["STRING"]}}}
    assert to_claude(TURN, tools=tools)["tools"][0]["input_schema"] == small


def test_properties_stand_in_the_order_that_google_was_told() -> None:
    kinds = {name: {"type": "STRING"} for name in ("a", "b", "c")}
    schema = {"type": "OBJECT", "properties": kinds, "propertyOrdering": ["c", "a"]}
    tools = [{"functionDeclarations": [{"name": "read", "parameters": schema}]}]
    assert list(to_claude(TURN, tools=tools)["tools"][0]["input_schema"]["properties"]) == ["c", "a", "b"]


def test_arguments_that_are_no_object_are_told() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "read", "arguments": "[1]"}}
    asked = [ASK, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "a", "content": "1"}]
    made = translate_request(
        json.dumps({"model": "m", "messages": asked}).encode(), "openai_chat", "gemini", target=FLASH
    )
    assert Loss("$.messages[1].parts[0].arguments", "arguments that are not a JSON object") in made.losses


def test_one_answer_is_asked_for_and_that_more_were_wanted_is_told() -> None:
    asked = {"model": "m", "messages": [ASK], "n": 3}
    made = translate_request(json.dumps(asked).encode(), "openai_chat", "gemini", target=FLASH)
    assert b"candidateCount" not in made.body
    assert made.losses == (Loss("$.n", "one answer is asked for"),)


GROUNDING = {
    "webSearchQueries": ["weather"],
    "groundingChunks": [{"web": {"uri": "https://example.com/a", "title": "A"}}],
    "groundingSupports": [{"segment": {"endIndex": 5}, "groundingChunkIndices": [0]}],
}


def test_pages_that_come_where_no_text_is_open_are_what_a_search_found() -> None:
    found = chunks(
        said({"text": "words"}), said(CALL), said(finishReason="STOP", groundingMetadata=GROUNDING), client="anthropic"
    )
    kinds = [one["content_block"]["type"] for one in found if one["type"] == "content_block_start"]
    assert kinds == ["text", "tool_use", "server_tool_use", "web_search_tool_result"]
    assert found[-2]["delta"]["stop_reason"] == "tool_use"
    assert "https://example.com/a" in json.dumps(found)


def test_of_pages_that_nobody_can_name_nothing_is_told() -> None:
    found = chunks(said(CALL), said(finishReason="STOP", groundingMetadata={"webSearchQueries": ["weather"]}))
    assert found == chunks(said(CALL), said(finishReason="STOP"))


@pytest.mark.parametrize("client", ["anthropic", "ollama", "openai_completions", "openai_responses"])
def test_what_a_client_can_not_be_shown_is_told_in_words(client: str) -> None:
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}
    words = b"which this API can't show"
    stream = ReplyStream("gemini", client, context=CONTEXT)
    body = {"candidates": [said({"text": "a"}, sound, {"text": "b"}, finishReason="STOP")]}
    streamed = stream.feed(b"data: %s\n\n" % json.dumps(body).encode()) + stream.close()
    whole = translate_reply(json.dumps(body).encode(), "gemini", client, context=CONTEXT)
    assert words in streamed
    assert whole.count(words) == 1
    assert b"UklGRg==" not in streamed + whole


def test_a_mark_on_sound_or_film_is_told() -> None:
    marked = {"cache_control": {"type": "ephemeral"}}
    parts = [
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}, **marked},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}, **marked},
    ]
    asked = {"model": "m", "messages": [{"role": "user", "content": parts}]}
    made = translate_request(json.dumps(asked).encode(), "openai_chat", "gemini", target=FLASH)
    assert [loss.path for loss in made.losses] == [f"$.messages[0].content[{at}].cache_control" for at in range(2)]
