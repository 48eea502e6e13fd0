"""Requests between two sides of this dialect."""

import json
from typing import Any

import pytest

from translators import translate_request
from translators.conversation import ThinkingMode, ThinkingWish
from translators.dialect import Operation, Peek, Target
from translators.dialects.openai_responses import DIALECT
from translators.errors import BadRequest
from translators.thinking import ThinkingRange

NAME = "openai_responses"
CODEX = ThinkingRange(levels=("low", "medium", "high", "xhigh"))


def sent(target: Target, **body: Any) -> Any:
    said = json.dumps({"model": "m", "input": "x", **body}).encode()
    got, losses = DIALECT.own_request(said, target) if DIALECT.own_request else (said, ())
    assert losses == ()
    return json.loads(got)


def test_model_and_stream_are_read_and_nothing_else() -> None:
    assert DIALECT.peek(b'{"input":[{"a":NaNsense}],"model":"m"}'.replace(b"NaNsense", b"1")) == Peek("m", False)
    assert DIALECT.peek(b'{"model":"m","stream":true,"input":3}') == Peek("m", True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"model":""}', b'{"model":7}', b'{"model":"\xff"}'])
def test_a_request_without_a_model_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.peek(body)


def test_a_request_passes_as_it_is() -> None:
    body = b'{ "model": "asked", "stream" : true, "input":"x", "big":1.0e5, "new_field" : {"a": 1 } }'
    assert translate_request(body, NAME, NAME).body == body
    got = translate_request(body, NAME, NAME, target=Target("named", stream=True))
    assert got.body == b'{"model":"named","stream":true,"input":"x","big":1.0e5,"new_field":{"a": 1 }}'
    assert (got.context.model, got.losses) == ("asked", ())


WISHES = [
    (ThinkingWish(ThinkingMode.ON, effort="high"), None, "high"),
    (ThinkingWish(ThinkingMode.ON, effort="max"), CODEX, "xhigh"),
    (ThinkingWish(ThinkingMode.ON, budget_tokens=8192), None, "medium"),
    (ThinkingWish(ThinkingMode.ON, budget_tokens=8192), CODEX, "medium"),
    (ThinkingWish(ThinkingMode.ON, budget_tokens=200_000), ThinkingRange(levels=("low", "medium")), "medium"),
    (ThinkingWish(ThinkingMode.OFF), None, "none"),
    (ThinkingWish(ThinkingMode.OFF), CODEX, "low"),
    (ThinkingWish(ThinkingMode.OFF), ThinkingRange(levels=("none", "low")), "none"),
    (ThinkingWish(ThinkingMode.AUTO), CODEX, "medium"),
]


@pytest.mark.parametrize(("wish", "limits", "effort"), WISHES)
def test_what_the_name_asks_for_stands_over_the_body(
    wish: ThinkingWish, limits: ThinkingRange | None, effort: str
) -> None:
    target = Target("m", thinking=wish, thinking_range=limits)
    assert sent(target)["reasoning"] == {"effort": effort}
    body = {"reasoning": {"effort": "minimal", "summary": "auto"}}
    assert sent(target, **body)["reasoning"] == {"effort": effort, "summary": "auto"}
    assert sent(target, reasoning=None)["reasoning"] == {"effort": effort}


def test_a_model_that_may_decide_is_told_nothing() -> None:
    target = Target("m", thinking=ThinkingWish(ThinkingMode.AUTO))
    assert sent(target, reasoning={"effort": "low", "summary": "auto"})["reasoning"] == {"summary": "auto"}


def test_nothing_is_written_where_nothing_was_wished_or_can_be() -> None:
    wish = ThinkingWish(ThinkingMode.ON, effort="high")
    for target in (
        Target("m"),
        Target("m", thinking=wish, thinking_range=ThinkingRange()),
        Target("m", thinking=wish, operation=Operation.COMPACT),
    ):
        assert "reasoning" not in sent(target)


def test_reasoning_of_a_wrong_type_is_named() -> None:
    target = Target("m", thinking=ThinkingWish(ThinkingMode.ON, effort="high"))
    with pytest.raises(BadRequest, match=r"\$\.reasoning: expected an object"):
        sent(target, reasoning="high")
