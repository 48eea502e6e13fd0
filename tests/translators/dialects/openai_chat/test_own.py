"""A chat request for a chat upstream: its own bytes, but for what the model's name asks for and can't read."""

import json
from typing import Any

import pytest

from translators import BadRequest, translate_request
from translators.conversation import ThinkingMode, ThinkingWish
from translators.dialect import Target
from translators.thinking import ThinkingRange

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "odd": {"kept": [1.0]}}


def sent(asked: dict[str, Any], target: Target) -> tuple[dict[str, Any], list[str]]:
    got = translate_request(json.dumps(asked).encode(), "openai_chat", "openai_chat", target=target)
    return json.loads(got.body), [loss.path for loss in got.losses]


def named(wish: ThinkingWish, model: str = "m", **more: Any) -> Target:
    return Target(model, thinking=wish, **more)


def test_the_effort_of_the_name_stands_over_the_bodys() -> None:
    body, losses = sent({**ASKED, "reasoning_effort": "low"}, named(ThinkingWish(ThinkingMode.ON, effort="high")))
    assert body == {**ASKED, "reasoning_effort": "high"}
    assert losses == []


def test_a_budget_becomes_a_level_that_the_model_knows() -> None:
    limits = ThinkingRange(levels=("minimal", "high"))
    wish = ThinkingWish(ThinkingMode.ON, budget_tokens=9000)
    assert sent(ASKED, named(wish, thinking_range=limits))[0]["reasoning_effort"] == "high"


def test_off_is_said_in_the_models_own_word() -> None:
    off = ThinkingWish(ThinkingMode.OFF)
    assert (
        sent(ASKED, named(off, thinking_range=ThinkingRange(levels=("none", "low"))))[0]["reasoning_effort"] == "none"
    )
    assert sent(ASKED, named(off, "gpt-5", genuine=True))[0]["reasoning_effort"] == "minimal"
    assert "reasoning_effort" not in sent({**ASKED, "reasoning_effort": "low"}, named(off))[0]


def test_a_tools_result_is_one_text_for_a_model_that_reads_text_only() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://x"}}]
    asked = {**ASKED, "messages": [{"role": "tool", "tool_call_id": "1", "content": [*parts, parts[0]]}]}
    body, losses = sent(asked, Target("m", input_modalities=frozenset(("text",))))
    assert body["messages"] == [{"role": "tool", "tool_call_id": "1", "content": "a\na"}]
    assert losses == ["$.messages[0].content[1]"]
    assert sent(asked, Target("m", input_modalities=frozenset(("text", "image"))))[0] == asked


def test_a_user_who_writes_the_word_tool_is_left_alone() -> None:
    asked = {**ASKED, "messages": [{"role": "user", "content": [{"type": "text", "text": '"tool"'}]}]}
    assert sent(asked, Target("m", input_modalities=frozenset(("text",)))) == (asked, [])


def test_messages_that_are_none_are_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        sent({"model": "m", "messages": ["tool"]}, Target("m", input_modalities=frozenset(("text",))))
