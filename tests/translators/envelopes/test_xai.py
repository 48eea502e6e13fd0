"""Requests for xAI."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from tests.translators.envelopes.material import bodies
from translators.dialect import Operation, Target
from translators.envelopes.xai import NOT_COMPACTED, REFUSED, duties
from translators.errors import BadRequest
from translators.thinking import ThinkingRange

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
SEARCH = {"type": "web_search"}
GROK = Target("grok-4.5")


def sent(target: Target = GROK, /, **body: Any) -> tuple[Any, list[str]]:
    """The request as it goes out, less what was in it anyway; and the paths of what was lost."""
    got, losses = duties(json.dumps({"model": "m", "input": "hi", **body}).encode(), target)
    assert all(loss.reason for loss in losses)
    said = json.loads(got)
    assert said.pop("model") == "m"
    if said.get("input") == "hi":
        del said["input"]
    return said, [loss.path for loss in losses]


def items(*messages: dict[str, Any], target: Target = GROK) -> tuple[list[Any], list[str]]:
    said, losses = sent(target, input=list(messages))
    return said["input"], losses


@pytest.mark.parametrize("field", REFUSED)
def test_what_is_refused_is_a_loss(field: str) -> None:
    assert sent(**{field: "x"}) == ({}, [f"$.{field}"])
    assert sent(**{field: None}) == ({}, [])


def test_the_rest_stays() -> None:
    body = {"temperature": 0.5, "max_output_tokens": 9, "previous_response_id": "r", "store": False, "stream": True}
    assert sent(**body) == (body, [])


def test_an_effort_is_for_models_that_think() -> None:
    reasoning = {"effort": "low"}
    limits = ThinkingRange(levels=("low", "high"))
    assert sent(reasoning=reasoning) == ({"reasoning": reasoning}, [])
    assert sent(Target("m", thinking_range=limits), reasoning=reasoning) == ({"reasoning": reasoning}, [])
    still = Target("m", thinking_range=ThinkingRange())
    assert sent(still, reasoning=reasoning) == ({}, ["$.reasoning.effort"])
    assert sent(still, reasoning={"effort": "low", "summary": "auto"})[0] == {"reasoning": {"summary": "auto"}}


def test_tools_that_it_does_not_know_are_lost() -> None:
    unknown = [{"type": kind, "name": "x"} for kind in ("custom", "namespace", "tool_search", "local_shell")]
    said, losses = sent(tools=[FUNCTION, *unknown, SEARCH], parallel_tool_calls=True)
    assert said == {"tools": [FUNCTION, SEARCH], "parallel_tool_calls": True}
    assert losses == [f"$.tools[{index}]" for index in range(1, 5)]


@pytest.mark.parametrize(
    ("model", "draws"),
    [
        ("grok-4.6", True),
        ("grok-5", True),
        ("x/grok-4.10", True),
        ("grok-4.5", False),
        ("grok-4.20-0309", False),
        ("m", False),
    ],
)
def test_only_newer_models_draw(model: str, draws: bool) -> None:
    said, losses = sent(Target(model), tools=[FUNCTION, {"type": "image_generation"}])
    assert (len(said["tools"]), len(losses)) == ((2, 0) if draws else (1, 1))


def test_a_choice_of_what_is_gone_goes_too() -> None:
    custom = {"type": "custom", "name": "x"}
    choose = {"type": "custom", "name": "x"}
    assert sent(tools=[custom], tool_choice="auto", parallel_tool_calls=False) == ({}, ["$.tools[0]", "$.tool_choice"])
    assert sent(tools=[custom, FUNCTION], tool_choice=choose)[1] == ["$.tools[0]", "$.tool_choice"]
    named = {"type": "function", "name": "f"}
    assert sent(tools=[FUNCTION], tool_choice=named)[0]["tool_choice"] == named
    assert sent(tools=[FUNCTION], tool_choice={**named, "name": "g"})[1] == ["$.tool_choice"]
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [named, choose]}
    assert sent(tools=[FUNCTION, custom], tool_choice=allowed)[0]["tool_choice"] == {**allowed, "tools": [named]}
    assert "tool_choice" not in sent(tools=[FUNCTION], tool_choice={**allowed, "tools": [choose]})[0]


def test_a_hosted_tool_is_chosen_from_a_list_of_one() -> None:
    said, losses = sent(tools=[SEARCH], tool_choice=SEARCH)
    assert said["tool_choice"] == {"type": "allowed_tools", "mode": "required", "tools": [SEARCH]}
    assert losses == []


def test_searches_know_no_external_access() -> None:
    said, losses = sent(tools=[{**SEARCH, "external_web_access": True}])
    assert (said["tools"], losses) == ([SEARCH], ["$.tools[0].external_web_access"])


def test_a_function_has_parameters() -> None:
    bare = {"type": "function", "name": "f"}
    assert sent(tools=[bare])[0]["tools"][0]["parameters"] == {"type": "object", "properties": {}}
    assert sent(tools=[{**bare, "parameters": None}])[1] == []


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ({"type": "object", "anyOf": [{"required": ["a"]}, {"type": "object"}]}, True),
        ({"anyOf": [{"type": "object"}]}, True),
        ({"anyOf": [{"type": "object"}, {"type": "null"}]}, False),
        ({"oneOf": [{"required": ["a"]}]}, False),
        ({"oneOf": [True]}, False),
    ],
)
def test_parameters_are_objects_on_every_branch(parameters: Any, kept: bool) -> None:
    tool = {**FUNCTION, "parameters": parameters, "strict": True}
    said, losses = sent(tools=[tool])
    if kept:
        assert (said["tools"], losses) == ([tool], [])
    else:
        assert said["tools"][0]["parameters"] == {"type": "object", "properties": {}, "additionalProperties": True}
        assert said["tools"][0]["strict"] is False
        assert losses == ["$.tools[0].parameters"]


def test_a_history_of_free_form_calls_is_one_of_functions() -> None:
    call = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "exec", "input": 'say("ü")'}
    answer = {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"}
    got, losses = items(call, answer)
    assert json.loads(got[0].pop("arguments")) == {"input": 'say("ü")'}
    assert got == [
        {"type": "function_call", "call_id": "c", "name": "exec"},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
    ]
    assert losses == []


def test_tools_among_the_items_stand_with_the_others() -> None:
    more = {**FUNCTION, "name": "g"}
    given = {"type": "additional_tools", "role": "developer", "tools": [more, {"type": "namespace", "name": "n"}]}
    user = {"role": "user", "content": "hi"}
    said, losses = sent(input=[given, user], tools=[FUNCTION])
    assert (said["input"], said["tools"]) == ([user], [FUNCTION, more])
    assert losses == ["$.input[0].tools[1]"]
    assert sent(input=[given, user])[0]["tools"] == [more]


def test_codexs_own_marks_are_for_openai_only() -> None:
    user = {"role": "user", "content": "hi"}
    mark = "internal_chat_message_metadata_passthrough"
    assert items({**user, mark: {"turn_id": "t"}}) == ([user], [f"$.input[0].{mark}"])


def test_what_openai_sealed_is_lost() -> None:
    own = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "grok-sealed"}
    foreign = {**own, "encrypted_content": "gAAAAABsealed"}
    summed = {**foreign, "summary": [{"type": "summary_text", "text": "hm"}], "content": None}
    compacted = {"type": "compaction", "encrypted_content": "gAAAAABsealed"}
    got, losses = items(own, foreign, summed, compacted)
    assert got == [own, {"type": "reasoning", "id": "rs_1", "summary": summed["summary"]}]
    assert losses == [f"$.input[{index}].encrypted_content" for index in (1, 2, 3)]


def test_a_compaction_takes_less() -> None:
    target = Target("grok-4.5", operation=Operation.COMPACT)
    said, losses = sent(target, stream=False, **{name: ["x"] for name in NOT_COMPACTED})
    assert said == {}
    assert losses == [f"$.{name}" for name in NOT_COMPACTED]
    trigger = {"type": "compaction_trigger"}
    user = {"role": "user", "content": "hi"}
    assert items(user, trigger, target=target) == ([user], [])


@given(bodies())
def test_odd_bodies_are_refused_or_pass(body: bytes) -> None:
    for target in (Target("m"), Target("m", operation=Operation.COMPACT)):
        with suppress(BadRequest):
            assert json.loads(duties(body, target)[0]).keys() >= {"model"}
