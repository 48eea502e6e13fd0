"""Gemini's edge cases: what Anthropic clients ask."""

import json
from typing import Any

import pytest

from tests.conformance.gemini.asking import ASK, FLASH, OLD, THIRD, answer, from_claude, marks, responses_of, use
from translators import translate_reply, translate_request
from translators.dialect import Target


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
