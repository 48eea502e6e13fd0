"""Gemini's edge cases: what chat clients ask."""

import json
from typing import Any

import pytest

from tests.conformance.gemini.asking import ASK, FLASH, OLD, sent
from translators import translate_request
from translators.dialect import Target


def from_chat(*messages: dict[str, Any], target: Target = FLASH, **fields: Any) -> dict[str, Any]:
    return sent({"messages": list(messages), **fields}, "openai_chat", target)


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


def test_a_mark_on_sound_or_film_is_told() -> None:
    marked = {"cache_control": {"type": "ephemeral"}}
    parts = [
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}, **marked},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}, **marked},
    ]
    asked = {"model": "m", "messages": [{"role": "user", "content": parts}]}
    made = translate_request(json.dumps(asked).encode(), "openai_chat", "gemini", target=FLASH)
    assert [loss.path for loss in made.losses] == [f"$.messages[0].content[{at}].cache_control" for at in range(2)]
