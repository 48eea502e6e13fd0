"""Requests for the Codex backend."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from tests.translators.envelopes.material import bodies
from tests.vendors import responses_rules as rules
from tests.vendors.rules import Asked
from tests.vendors.server import Request
from translators.dialect import Target
from translators.envelopes.codex import REFUSED, duties
from translators.errors import BadRequest

STREAMED = Target("m", stream=True)
WHOLE = Target("m")
SEALED = "gAAAAABsealed"


def sent(target: Target = STREAMED, /, **body: Any) -> tuple[Any, list[str]]:
    """The request as it goes out, which the backend takes; and the paths of what was lost."""
    got, losses = duties(json.dumps({"model": "m", "input": "hi", **body}).encode(), target)
    said = json.loads(got)
    path = "/backend-api/codex/responses" + ("" if target.stream else "/compact")
    rules.BACKEND.apply(Asked(Request("POST", path, {}, {}, got, 0, 0.0), said))
    assert all(loss.reason for loss in losses)
    return said, [loss.path for loss in losses]


def items(*messages: dict[str, Any], target: Target = STREAMED) -> tuple[list[Any], list[str]]:
    said, losses = sent(target, input=list(messages))
    return said["input"], losses


def test_openais_own_api_has_no_wishes() -> None:
    body = b'{"model" : "m", "input":"hi","temperature":1}'
    assert duties(body, Target("m", genuine=True)) == (body, ())


def test_what_must_be_there_is_put_there() -> None:
    assert sent() == (
        {
            "model": "m",
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
            "instructions": "",
            "stream": True,
            "store": False,
            "include": ["reasoning.encrypted_content"],
        },
        [],
    )


def test_what_is_there_already_stays() -> None:
    body: dict[str, Any] = {
        "instructions": "be kind",
        "include": ["file_search_call.results", "reasoning.encrypted_content"],
        "parallel_tool_calls": False,
        "tools": [{"type": "function", "name": "f"}],
        "prompt_cache_key": "k",
        "service_tier": "priority",
        "client_metadata": {"a": "b"},
        "reasoning": {"effort": "high"},
        "stream": True,
        "store": False,
        "input": [],
    }
    said, losses = sent(**body)
    assert (said, losses) == ({"model": "m", **body}, [])


def test_null_instructions_are_missing_ones() -> None:
    assert sent(instructions=None)[0]["instructions"] == ""


def test_calls_may_be_parallel_where_there_are_tools() -> None:
    assert sent(tools=[{"type": "function", "name": "f"}])[0]["parallel_tool_calls"] is True
    assert "parallel_tool_calls" not in sent(tools=[])[0]


@pytest.mark.parametrize("field", REFUSED)
def test_what_is_refused_is_a_loss(field: str) -> None:
    said, losses = sent(STREAMED, **{field: "x"})
    assert (field in said, losses) == (False, [f"$.{field}"])
    said, losses = sent(STREAMED, **{field: None})
    assert (field in said, losses) == (False, [])


def test_a_reply_cannot_be_stored() -> None:
    assert sent(store=True)[1] == ["$.store"]
    assert sent(store=False)[1] == []
    assert sent(store=None)[1] == []


@pytest.mark.parametrize("tier", ["auto", "flex", "default"])
def test_only_the_priority_tier_is_known(tier: str) -> None:
    said, losses = sent(service_tier=tier)
    assert ("service_tier" in said, losses) == (False, ["$.service_tier"])


def test_the_system_is_the_developer() -> None:
    user = {"role": "user", "content": "hi"}
    got, losses = items({"role": "system", "content": "be kind"}, user)
    assert (got, losses) == ([{"role": "developer", "content": "be kind"}, user], [])


def test_breakpoints_of_the_cache_are_lost() -> None:
    marked = {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}
    plain = {"type": "input_text", "text": "the word prompt_cache_breakpoint"}
    got, losses = items({"role": "user", "content": [plain, marked]})
    assert got == [{"role": "user", "content": [plain, {"type": "input_text", "text": "a"}]}]
    assert losses == ["$.input[0].content[1].prompt_cache_breakpoint"]


def test_long_ids_of_calls_are_short_on_both_sides() -> None:
    call = {"type": "function_call", "call_id": "x" * 80, "name": "f", "arguments": "{}"}
    answer = {"type": "function_call_output", "call_id": "x" * 80, "output": "ok"}
    other = {**call, "call_id": "x" * 81}
    got, losses = items(call, answer, other, {**answer, "call_id": "x" * 81})
    ids = [item["call_id"] for item in got]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    assert all(len(one) <= 64 for one in ids)
    assert losses == []


@pytest.mark.parametrize(
    ("kind", "item_id"), [("message", "item_1"), ("message", "msg_" + "x" * 61), ("function_call", "x")]
)
def test_ids_of_a_form_that_is_refused_are_lost(kind: str, item_id: str) -> None:
    item: dict[str, Any] = {"type": kind, "role": "user", "content": "hi", "id": item_id}
    if kind == "function_call":
        item |= {"call_id": "c"}
    answer = {"type": "function_call_output", "call_id": "c", "output": ""}
    got, losses = items(item, *([answer] if kind == "function_call" else []))
    assert ("id" in got[0], losses) == (False, ["$.input[0].id"])


def test_ids_of_the_right_form_stay() -> None:
    good: list[dict[str, Any]] = [
        {"type": "message", "id": "msg_0198-a", "role": "user", "content": "hi"},
        {"type": "additional_tools", "id": "at_1", "role": "developer", "tools": []},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEALED},
        {"role": "assistant", "content": "hi"},
    ]
    assert items(*good) == (good, [])


def test_reasoning_that_another_vendor_sealed_is_lost() -> None:
    user = {"role": "user", "content": "hi"}
    foreign = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "EqQBsealed"}
    too_long = {"type": "reasoning", "id": "rs_" + "x" * 70, "summary": [], "encrypted_content": SEALED}
    assert items(user, foreign, too_long) == ([user], ["$.input[1]", "$.input[2]"])


def test_codexs_own_marks_go_to_openai_only() -> None:
    """Codex leaves them on where it takes the gateway for OpenAI: built-in provider, another base URL."""
    mark = {"internal_chat_message_metadata_passthrough": {"turn_id": "t", "content_item_kinds": ["x"]}}
    user = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    path = "$.input[0].internal_chat_message_metadata_passthrough"
    assert items({**user, **mark}, user) == ([user, user], [path])
    assert items({**user, **mark}, target=WHOLE) == ([user], [path])
    body = json.dumps({"model": "m", "input": [{**user, **mark}]}).encode()
    assert duties(body, Target("m", stream=True, genuine=True)) == (body, ())


def test_searches_have_the_name_of_today() -> None:
    old = {"type": "web_search_preview_2025_03_11", "search_context_size": "low"}
    new = {"type": "web_search", "search_context_size": "low"}
    other = {"type": "function", "name": "web_search_preview"}
    said, losses = sent(tools=[old, other], tool_choice={"type": "web_search_preview"})
    assert (said["tools"], said["tool_choice"], losses) == ([new, other], {"type": "web_search"}, [])
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [old, other]}
    assert sent(tools=[old], tool_choice=allowed)[0]["tool_choice"]["tools"] == [new, other]
    assert sent(tools=[new], tool_choice="auto")[0]["tool_choice"] == "auto"


def test_a_compaction_is_never_streamed_nor_told_more_than_it_needs() -> None:
    said, losses = sent(WHOLE, stream=False, instructions=None)
    assert said.keys() == {"model", "input", "instructions"}
    assert losses == []


def test_odd_items_stay_where_they_are() -> None:
    body = json.dumps({"model": "m", "input": [5, None, "x", {"role": 7}, {"type": ["a"]}]}).encode()
    assert json.loads(duties(body, STREAMED)[0])["input"] == [5, None, "x", {"role": 7}, {"type": ["a"]}]
    assert "input" not in json.loads(duties(b'{"model":"m"}', STREAMED)[0])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"input":5}', b'{"input":"x","tools":{}}', b'{"input":"x","include":1}']
)
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        duties(body, STREAMED)


@given(bodies())
def test_odd_bodies_are_refused_or_pass(body: bytes) -> None:
    for target in (STREAMED, WHOLE):
        with suppress(BadRequest):
            assert json.loads(duties(body, target)[0]).keys() >= {"model", "instructions"}


def test_what_is_not_edited_keeps_its_bytes() -> None:
    odd = b'{ "role":"user", "content":[ {"type":"input_text","text":"\\u00fc \\/ \xf0\x9f\x98\x80"} ], "big":1.50e10 }'
    got, _ = duties(b'{"model":"m","input":[%b,{"role":"system","content":"x"}]}' % odd, STREAMED)
    assert odd in got
