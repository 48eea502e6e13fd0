"""A request between two sides of this dialect."""

import json
from typing import Any

import pytest

from tests.vendors import gemini_rules
from tests.vendors.rules import Asked
from tests.vendors.server import Request
from translators import BadRequest, Loss, Target, translate_request
from translators.conversation import ThinkingMode, ThinkingWish
from translators.dialect import Operation, Peek
from translators.dialects.gemini import DIALECT
from translators.dialects.gemini.own import own_request
from translators.thinking import ThinkingRange

FLASH = ThinkingRange(0, 24576, zero_allowed=True, dynamic_allowed=True)
PRO = ThinkingRange(128, 32768, dynamic_allowed=True)
LEVELS = ThinkingRange(levels=("low", "medium", "high"), dynamic_allowed=True)
NONE = ThinkingRange()

OFF = ThinkingWish(ThinkingMode.OFF)
AUTO = ThinkingWish(ThinkingMode.AUTO)
HIGH = ThinkingWish(ThinkingMode.ON, effort="high")
TINY = ThinkingWish(ThinkingMode.ON, budget_tokens=8)
CONTENTS = [{"role": "user", "parts": [{"text": "hi"}]}]


def edited(body: dict[str, Any], **target: Any) -> dict[str, Any]:
    said, _ = own_request(json.dumps(body).encode(), Target(**{"model": "gemini-2.5-pro", **target}))
    return json.loads(said)  # type: ignore[no-any-return]


def thought(body: dict[str, Any], wish: ThinkingWish, limits: ThinkingRange | None) -> Any:
    return edited(body, thinking=wish, thinking_range=limits).get("generationConfig")


def test_a_body_that_needs_nothing_keeps_its_bytes() -> None:
    body = b'{ "contents" : [ {"parts":[{"text":"model"}]} ], "safetySettings":[], "x_new": 1.50 }'
    assert own_request(body, Target("m", max_output_tokens=10)) == (body, ())
    limited = b'{ "generationConfig": {"maxOutputTokens": 10} }'
    assert own_request(limited, Target("m", max_output_tokens=10)) == (limited, ())
    named = b'{ "model": "models/m" }'
    assert own_request(named, Target("m")) == (named, ())


@pytest.mark.parametrize(
    ("limits", "wish", "config"),
    [
        (FLASH, HIGH, {"thinkingBudget": 24576}),
        (FLASH, TINY, {"thinkingBudget": 8}),
        (FLASH, OFF, {"thinkingBudget": 0}),
        (FLASH, AUTO, {"thinkingBudget": -1}),
        (PRO, OFF, {"thinkingBudget": 128}),
        (PRO, TINY, {"thinkingBudget": 128}),
        (LEVELS, HIGH, {"thinkingLevel": "high"}),
        (LEVELS, TINY, {"thinkingLevel": "low"}),
        (LEVELS, OFF, {"thinkingLevel": "low"}),
        (None, HIGH, {"thinkingBudget": 24576}),
        (None, TINY, {"thinkingBudget": 8}),
        (None, OFF, {"thinkingBudget": 0}),
    ],
)
def test_the_names_suffix_is_written_as_the_model_takes_it(
    limits: ThinkingRange | None, wish: ThinkingWish, config: dict[str, Any]
) -> None:
    assert thought({"contents": CONTENTS}, wish, limits) == {"thinkingConfig": config}


def test_it_stands_over_what_the_body_says() -> None:
    said = {"temperature": 1, "thinkingConfig": {"include_thoughts": True, "thinkingLevel": "LOW"}}
    body = {"contents": CONTENTS, "generationConfig": said}
    assert thought(body, TINY, FLASH) == {
        "temperature": 1,
        "thinkingConfig": {"include_thoughts": True, "thinkingBudget": 8},
    }


def test_snake_case_is_edited_as_it_is_spelled() -> None:
    body = {"generation_config": {"max_output_tokens": 99, "thinking_config": {"thinking_budget": 5}}}
    assert edited(body, thinking=HIGH, thinking_range=LEVELS, max_output_tokens=50) == {
        "generation_config": {"max_output_tokens": 50, "thinking_config": {"thinkingLevel": "high"}}
    }


def test_no_thoughts_are_shown_where_there_are_none() -> None:
    body = {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 5}}}
    assert thought(body, OFF, FLASH) == {"thinkingConfig": {"thinkingBudget": 0}}
    assert thought(body, HIGH, NONE) == {}
    assert thought({"contents": CONTENTS}, HIGH, NONE) is None


def test_a_limit_beyond_the_models_own_is_capped_and_told() -> None:
    body = json.dumps({"generationConfig": {"maxOutputTokens": 100000, "topK": 1}}).encode()
    said, losses = own_request(body, Target("gemini-2.5-pro", max_output_tokens=65536))
    assert json.loads(said) == {"generationConfig": {"maxOutputTokens": 65536, "topK": 1}}
    assert losses == (
        Loss("$.generationConfig.maxOutputTokens", "gemini-2.5-pro gives at most 65536 tokens, not 100000"),
    )


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("models/work/fast", "models/gemini-2.5-pro"),
        ("fast", "gemini-2.5-pro"),
        ("publishers/google/models/fast", "publishers/google/models/gemini-2.5-pro"),
        (5, 5),
    ],
)
def test_the_model_in_a_body_is_the_upstreams(said: Any, sent: Any) -> None:
    assert edited({"model": said, "contents": CONTENTS}) == {"model": sent, "contents": CONTENTS}


def test_a_count_is_of_the_upstreams_model_and_says_no_more() -> None:
    body = {"generateContentRequest": {"model": "models/fast", "contents": CONTENTS}}
    sent = edited(body, operation=Operation.COUNT_TOKENS, thinking=HIGH, thinking_range=FLASH, max_output_tokens=5)
    assert sent == {"generateContentRequest": {"model": "models/gemini-2.5-pro", "contents": CONTENTS}}
    plain = {"contents": CONTENTS}
    assert edited(plain, operation=Operation.COUNT_TOKENS, thinking=HIGH, thinking_range=FLASH) == plain
    for accepted in (sent, plain):
        path = "/v1beta/models/gemini-2.5-pro:countTokens"
        gemini_rules.RULES.apply(Asked(Request("POST", path, {}, {}, b"", 0, 0.0), accepted))


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"generationConfig": 5}', b'{"generationConfig": {"thinkingConfig": []}}']
)
def test_what_can_not_be_edited_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        own_request(body, Target("m", thinking=HIGH))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"a": "\xff"}', b'{"a": "\\ud800"}'])
@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.COUNT_TOKENS])
def test_what_is_no_json_object_goes_to_nobody(body: bytes, operation: Operation) -> None:
    with pytest.raises(BadRequest):
        own_request(body, Target("m", operation=operation))


def test_a_request_of_its_own_dialect_is_its_own_bytes() -> None:
    body = b'{ "contents": [] }'
    asked = Peek("fast", stream=True)
    translated = translate_request(body, "gemini", "gemini", target=Target("gemini-2.5-pro", stream=True), asked=asked)
    assert (translated.body, translated.model, translated.stream) == (body, "gemini-2.5-pro", True)
    assert translated.context.model == "fast"


def test_a_body_may_say_what_the_path_does_not() -> None:
    assert DIALECT.peek(b'{"model": "models/x", "stream": true, "contents": []}') == Peek("x", stream=True)
    assert DIALECT.peek(b'{"model": "x", "contents": []}') == Peek("x")
    assert edited({"contents": CONTENTS, "model": "x", "stream": True}) == {
        "contents": CONTENTS,
        "model": "gemini-2.5-pro",
    }


@pytest.mark.parametrize("body", [b"{}", b'{"contents": []}', b'{"model": "x", "prompt": "hi"}', b"[]"])
def test_a_body_without_a_model_or_contents_is_told_what_it_lacks(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.peek(body)
