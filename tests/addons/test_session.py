"""Which session a request belongs to."""

import json
from typing import Any

import pytest

from addons.access import ANYONE
from addons.exchange import Exchange
from addons.session import LONGEST, session_of
from translators import registry
from translators.dialect import Operation


def session(body: Any, **headers: str) -> str | None:
    """The session of a request. Headers with `_` for `-`."""
    return session_of(
        Exchange(
            id="00000000-0000",
            client=registry.dialect("anthropic"),
            operation=Operation.GENERATE,
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            model="m",
            stream=False,
            client_name=ANYONE,
            received_s=0.0,
        )
    )


def turn(*messages: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": role, "content": content} for role, content in messages], **more}


def test_the_header_of_claude_code_stands_over_all_others() -> None:
    body = {"session_id": "of-the-body", "metadata": {"user_id": "user_1_account__session_of-the-user"}}
    assert session(body, x_session_id="other", x_claude_code_session_id="mine") == "mine"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"metadata": {"user_id": "user_0a1b_account_2c3d_session_4e5f-6789"}}, "4e5f-6789"),
        ({"metadata": {"user_id": json.dumps({"device_id": "d", "session_id": "4e5f"})}}, "4e5f"),
        ({"session_id": "snake", "prompt_cache_key": "cache"}, "snake"),
        ({"sessionId": "camel", "prompt_cache_key": "cache"}, "camel"),
        ({"prompt_cache_key": "cache", "conversation": "conv_1"}, "cache"),
        ({"conversation": {"id": "conv_1"}, "metadata": {"user_id": "somebody"}}, "conv_1"),
        ({"metadata": {"user_id": "somebody"}, "conversation_id": "c"}, "somebody"),
        ({"conversation_id": "c"}, "c"),
    ],
)
def test_the_fields_of_a_body_are_looked_at_in_this_order(body: dict[str, Any], expected: str) -> None:
    assert session(body) == expected


@pytest.mark.parametrize("bad", ["", " ", "line\nbreak", "x" * (LONGEST + 1), 7, None, ["x"], {"id": 7}])
def test_what_can_not_be_an_id_is_passed_over(bad: Any) -> None:
    body = {"session_id": bad, "prompt_cache_key": bad, "conversation": bad, "metadata": bad, "conversation_id": "good"}
    assert session(body) == "good"
    if isinstance(bad, str):
        assert session(body, x_session_id=bad, x_session_affinity="better") == "better"


def test_without_an_id_the_words_that_a_conversation_begins_with_stay_the_same() -> None:
    first = turn(("user", "hello"), system="be kind")
    second = turn(
        ("user", [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]),
        ("assistant", "hi"),
        ("user", "how are you?"),
        system=[{"type": "text", "text": "be kind"}],
    )
    assert session(first) is not None
    assert session(first) == session(second)
    assert session(first) != session(turn(("user", "hello"), system="be rude"))
    assert session(first) != session(turn(("user", "good bye"), system="be kind"))


@pytest.mark.parametrize(
    "body",
    [
        turn(("system", "be kind"), ("user", "hello")),
        {"instructions": "be kind", "input": "hello"},
        {"instructions": "be kind", "input": [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}]},
        {"systemInstruction": {"parts": [{"text": "be kind"}]}, "contents": [{"parts": [{"text": "hello"}]}]},
    ],
    ids=["chat", "responses text", "responses items", "gemini"],
)
def test_every_dialect_has_first_words(body: dict[str, Any]) -> None:
    assert session(body) is not None
    longer = {key: [*value, value[-1]] if isinstance(value, list) else value for key, value in body.items()}
    assert session(longer) == session(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"messages": 7}',
        b'{"messages": []}',
        b'{"messages": [7, null, {"role": 1}]}',
        b'{"metadata": "\xff"}',
        b'{"messages": [' + b"[" * 5000,
    ],
    ids=["empty", "cut", "list", "null", "a number", "no messages", "no message", "bad utf-8", "deep"],
)
def test_what_is_no_request_has_no_session(body: bytes) -> None:
    assert session(body) is None
