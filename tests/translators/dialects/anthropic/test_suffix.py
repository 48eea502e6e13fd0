"""`claude-sonnet-4-5(high)` from an Anthropic client to Anthropic: the name's wish stands over the body's."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted
from translators import translate_request
from translators.conversation import ThinkingMode, ThinkingWish
from translators.dialect import Target
from translators.thinking import ThinkingRange

OLDER, NEWER = "claude-sonnet-4-5", "claude-opus-5"
HIGH = ThinkingWish(ThinkingMode.ON, effort="high")
OFF = ThinkingWish(ThinkingMode.OFF)
TOOLS = [{"name": "Bash", "input_schema": {"type": "object", "properties": {}}}]
CALLED = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "Bash", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "a"}]},
]


def sent(
    model: str, wish: ThinkingWish, limits: ThinkingRange | None = None, **more: Any
) -> tuple[dict[str, Any], list[str]]:
    body = {"model": "asked", "max_tokens": 64000, "messages": [{"role": "user", "content": "hi"}], **more}
    target = Target(model, genuine=True, thinking=wish, thinking_range=limits)
    got = translate_request(json.dumps(body).encode(), "anthropic", "anthropic", target=target)
    check_accepted("anthropic", target, got.body)
    return json.loads(got.body), [loss.path for loss in got.losses]


def test_an_effort_is_a_budget_to_models_that_take_budgets() -> None:
    body, losses = sent(OLDER, HIGH, temperature=1, top_k=5)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 24576}
    assert "top_k" not in body
    assert losses == ["$.top_k"]
    assert sent(OLDER, HIGH, max_tokens=5000)[0]["thinking"]["budget_tokens"] == 2500


def test_an_effort_is_an_effort_to_models_that_adapt() -> None:
    body, _ = sent(NEWER, HIGH, thinking={"type": "adaptive", "display": "omitted"}, output_config={"effort": "low"})
    assert body["thinking"] == {"type": "adaptive", "display": "omitted"}
    assert body["output_config"] == {"effort": "high"}
    body, _ = sent(NEWER, ThinkingWish(ThinkingMode.ON, budget_tokens=9000))
    assert body["output_config"] == {"effort": "high"}


def test_off_is_off_whatever_the_body_says() -> None:
    body, losses = sent(OLDER, OFF, thinking={"type": "enabled", "budget_tokens": 2000})
    assert body["thinking"] == {"type": "disabled"}
    assert losses == []


def test_the_budget_stays_within_what_the_model_can_do() -> None:
    limits = ThinkingRange(min_tokens=1024, max_tokens=8000)
    assert sent(OLDER, HIGH, limits)[0]["thinking"]["budget_tokens"] == 8000
    assert "thinking" not in sent("claude-3-5-haiku-20241022", HIGH, ThinkingRange(), max_tokens=4000)[0]


@pytest.mark.parametrize(
    "more",
    [
        {"tools": TOOLS, "tool_choice": {"type": "any"}},
        {"max_tokens": 500},
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Well"}]},
        {"messages": CALLED, "tools": TOOLS},
    ],
    ids=["a forced tool", "no room", "an answer begun", "calls without a thought"],
)
def test_where_a_budget_would_be_refused_it_is_left_out_and_said(more: dict[str, Any]) -> None:
    body, losses = sent(OLDER, HIGH, **more)
    assert "thinking" not in body
    assert losses == ["$.thinking"]
