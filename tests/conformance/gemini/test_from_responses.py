"""Gemini's edge cases: what Responses clients ask."""

import json
from typing import Any

import pytest

from tests.conformance.gemini.asking import ASK, FLASH, THIRD, responses_of, said, sent
from tests.conformance.judges import check_accepted
from translators import translate_reply, translate_request
from translators.dialect import Target

PNG = "data:image/png;base64,iVBORw0KGgo="


def from_responses(*items: dict[str, Any], target: Target = FLASH, **fields: Any) -> dict[str, Any]:
    return sent({"input": list(items), **fields}, "openai_responses", target)


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
