"""A conversation that another vendor has answered before goes on at Anthropic."""

import json
from typing import Any

import pytest

from tests.conformance.judges import check_accepted
from translators import BadRequest, translate_request
from translators.dialect import Target

GENUINE = Target("claude-sonnet-4-5", genuine=True)
CALL = {"type": "tool_use", "id": "call_1", "name": "Bash", "input": {"command": "ls"}}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "a.txt"}]}
FOREIGN = {"type": "thinking", "thinking": "Let me see.", "signature": ""}


def request(*answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 4000,
        "tools": [{"name": "Bash", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": list(answer)}, RESULT],
        **more,
    }


def sent(asked: dict[str, Any], target: Target = GENUINE) -> tuple[dict[str, Any], list[str]]:
    got = translate_request(json.dumps(asked).encode(), "anthropic", "anthropic", target=target)
    return json.loads(got.body), [loss.path for loss in got.losses]


def test_thinking_that_nobody_signed_is_left_out_and_the_rest_stays() -> None:
    asked = request(FOREIGN, CALL)
    body, losses = sent(asked)
    assert body == {**asked, "messages": [asked["messages"][0], {"role": "assistant", "content": [CALL]}, RESULT]}
    assert losses == ["$.messages[1].content[0]"]
    check_accepted("anthropic", GENUINE, json.dumps(body).encode())


def test_budget_thinking_is_left_out_where_the_answered_turn_has_no_thought_left() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}
    cleared = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    body, losses = sent(request(FOREIGN, CALL, thinking=thinking, context_management=cleared))
    assert "thinking" not in body
    assert "context_management" not in body
    assert losses[1:] == ["$.thinking", "$.context_management"]


def test_adaptive_thinking_stays() -> None:
    body, _ = sent(request(FOREIGN, CALL, thinking={"type": "adaptive"}))
    assert body["thinking"] == {"type": "adaptive"}


def test_a_turn_of_nothing_but_foreign_thinking_goes_whole() -> None:
    body, losses = sent(request(FOREIGN) | {"messages": [{"role": "assistant", "content": [FOREIGN]}, RESULT]})
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert losses == ["$.messages[0].content[0]"]


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ([{**FOREIGN, "signature": "EqQB"}, CALL], GENUINE),
        ([FOREIGN, CALL], Target("claude-sonnet-4-5")),
        ([{"type": "text", "text": 'it says "signature":"" here'}, CALL], GENUINE),
    ],
    ids=["signed", "compatible upstream", "words"],
)
def test_everything_else_passes_in_its_own_bytes(answer: list[dict[str, Any]], target: Target) -> None:
    body = json.dumps(request(*answer)).encode()
    assert translate_request(body, "anthropic", "anthropic", target=target).body == body


@pytest.mark.parametrize("messages", [b'"messages": [{"signature":""}]', b'"other": {"signature":""}'])
def test_what_is_no_list_of_messages_is_a_bad_request(messages: bytes) -> None:
    body = b'{"model": "claude-sonnet-4-5", ' + messages + b"}"
    with pytest.raises(BadRequest):
        translate_request(body, "anthropic", "anthropic", target=GENUINE)
