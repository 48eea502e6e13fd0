"""Gemini's edge cases: signatures in the history."""

import json
from typing import Any

import pytest

from tests.conformance.gemini.asking import ASK, FLASH, THIRD, answer, from_claude, marks, use
from tests.conformance.judges import check_accepted
from tests.vendors.gemini_signature import sign
from translators import ReplyStream, translate_request
from translators.conversation import Conversation, Message, Role, Text, Thinking, ToolCall, ToolResult
from translators.dialect import Target
from translators.registry import dialect

STAND_IN = "skip_thought_signature_validator"
ONE, TWO = sign("one"), sign("two")


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
