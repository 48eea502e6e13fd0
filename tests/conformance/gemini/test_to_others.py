"""Gemini's edge cases: what Gemini clients ask other vendors."""

import json
from typing import Any

from tests.conformance.gemini.asking import ASK, FLASH
from tests.conformance.judges import check_accepted
from translators import translate_request
from translators.conversation import Loss
from translators.dialect import Target

CLAUDE = Target("claude-sonnet-4-5", genuine=True)
OPENAI = Target("gpt-4.1", genuine=True)
TURN = {"role": "user", "parts": [{"text": "hi"}]}


def from_gemini(*contents: dict[str, Any], upstream: str, target: Target, **fields: Any) -> dict[str, Any]:
    made = translate_request(
        json.dumps({"contents": list(contents), **fields}).encode(), "gemini", upstream, target=target
    )
    check_accepted(upstream, target, made.body)
    found = json.loads(made.body)
    assert isinstance(found, dict)
    return found


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
