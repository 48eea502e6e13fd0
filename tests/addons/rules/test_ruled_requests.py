"""What upstreams hear under the rules, and what is told of it."""

import json
import logging
from typing import Any, Final

import pytest

from addons.comments import told
from addons.exchange import Answer
from tests.support.conducting import HI, Play, Stage, chat, refuse, reply

CLAUDE: Final = {"api-key": "k-1", "base-url": "http://a.test", "models": [{"name": "big"}]}
RESPONSES: Final = {"api-key": "k-1", "base-url": "http://c.test", "models": [{"name": "big"}]}
INJECT: Final = {"name": "style", "enabled": True, "target": "system", "action": "inject", "content": "Be kind."}
ANY: Final = [{"name": "*"}]


def override(models: list[dict[str, Any]] | None = None, **params: Any) -> dict[str, Any]:
    return {"override": [{"models": models or ANY, "params": params}]}


def heard(play: Play) -> Any:
    return json.loads(play.attempt().request.body)


def test_payload_rules_are_about_the_translated_body_and_prompt_rules_about_the_clients() -> None:
    stage = Stage(
        {
            "openai-compatibility": [chat("a")],
            "payload": override([{"name": "big", "protocol": "openai", "from-protocol": "claude"}], seed=7),
            "prompt-rules": [{**INJECT, "models": [{"name": "big", "protocol": "claude"}]}],
        }
    )
    play = stage.play()
    body = heard(play)
    assert body["seed"] == 7
    assert body["messages"][0] == {"role": "system", "content": "Be kind."}
    assert play.exchange.ruled == ("prompt style", "override seed")
    assert json.loads(play.exchange.body) == {
        "model": "big",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert "seed" not in heard(stage.play(client="openai_chat"))


def test_what_an_upstream_of_the_same_dialect_hears_differs_in_the_ruled_path_only() -> None:
    body = b'{ "model":"big" , "max_tokens" : 10, "x" : 1.50, "messages":[{"role":"user","content":"\\u00e9"} ]}'
    stage = Stage(
        {"claude-api-key": [CLAUDE], "payload": override([{"name": "big", "protocol": "claude"}], max_tokens=20)}
    )
    play = stage.play()
    play.exchange.body = body
    assert play.attempt().request.body == body.replace(b": 10", b": 20")
    plain = Stage({"claude-api-key": [CLAUDE], "payload": override([{"name": "other"}], max_tokens=20)}).play()
    plain.exchange.body = body
    assert plain.attempt().request.body is body


def test_a_default_does_not_stand_over_what_the_client_said() -> None:
    rule = {"default": [{"models": ANY, "params": {"temperature": 0.1, "top_k": 5}}]}
    stage = Stage({"openai-compatibility": [chat("a")], "payload": rule})
    body = heard(stage.play(body={"model": "big", "max_tokens": 10, "temperature": 0.9, "messages": HI}))
    assert (body["temperature"], body["top_k"]) == (0.9, 5)


def test_headers_of_the_client_are_looked_at() -> None:
    rule = override([{"name": "*", "headers": {"X-Team": "blue-*"}}], seed=7)
    stage = Stage({"openai-compatibility": [chat("a")], "payload": rule})
    assert heard(stage.play(headers={"x-team": "blue-2"}))["seed"] == 7
    assert "seed" not in heard(stage.play(headers={"x-team": "red"}))


def test_the_duties_of_a_provider_stand_over_a_rule() -> None:
    stage = Stage({"codex-api-key": [RESPONSES], "payload": override(store=True, seed=7)})
    body = heard(stage.play(client="openai_responses", body={"model": "big", "input": "hi"}))
    assert body["store"] is False
    assert body["stream"] is True


def test_each_upstream_of_a_request_hears_its_own_rules() -> None:
    stage = Stage(
        {
            "claude-api-key": [{**CLAUDE, "priority": 1}],
            "openai-compatibility": [chat("a")],
            "payload": override([{"name": "*", "protocol": "openai"}], seed=7),
            "prompt-rules": [INJECT],
        }
    )
    play = stage.play()
    first = play.attempt()
    assert json.loads(first.request.body)["system"] == "Be kind."
    assert b"seed" not in first.request.body
    assert play.exchange.ruled == ("prompt style",)
    refuse(first, 500)
    second = play.attempt()
    assert json.loads(second.request.body)["seed"] == 7
    assert "ruled: prompt style, override seed" in told(play.exchange)


def test_only_what_is_generated_is_under_payload_rules_and_a_count_is_under_prompt_rules() -> None:
    stage = Stage({"claude-api-key": [CLAUDE], "payload": override(seed=7), "prompt-rules": [INJECT]})
    body = heard(stage.play(operation="count_tokens"))
    assert "seed" not in body
    assert body["system"] == "Be kind."


def test_a_count_of_our_own_counts_what_is_injected() -> None:
    def counted(**more: Any) -> int:
        stage = Stage({"claude-api-key": [CLAUDE], **more})
        play = stage.play(operation="count_tokens")
        refuse(play.attempt(), 429)
        step = play.next()
        assert isinstance(step, Answer)
        count: int = json.loads(step.body)["input_tokens"]
        return count

    assert counted(**{"prompt-rules": [{**INJECT, "content": "many words " * 50}]}) > counted() + 50


def test_what_rules_have_changed_is_told_in_a_line_without_values(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(
        {"openai-compatibility": [chat("a")], "payload": override(note="secret text"), "prompt-rules": [INJECT]}
    )
    play = stage.play(client="openai_chat")
    reply(play.attempt())
    with caplog.at_level(logging.INFO):
        play.conductor.finished(200, 10)
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("flow=00000000 ruled: prompt style, override note") == 1
    assert "secret text" not in "".join(lines)
    assert "ruled: prompt style, override note" in told(play.exchange)


def test_of_very_many_changes_some_are_named() -> None:
    rule = {"models": ANY, "params": {f"key{number}": 1 for number in range(15)}}
    stage = Stage({"openai-compatibility": [chat("a")], "payload": {"override": [rule]}})
    play = stage.play(client="openai_chat")
    reply(play.attempt())
    (line,) = [line for line in told(play.exchange) if line.startswith("ruled: ")]
    assert line.endswith("override key11 and 3 more")


def test_a_request_without_rules_is_the_one_that_was_sent() -> None:
    play = Stage({"openai-compatibility": [chat("a", models=[{"name": "big"}])]}).play(client="openai_chat")
    assert play.attempt().request.body is play.exchange.body
    assert play.exchange.ruled == ()


def test_what_the_models_name_says_of_thinking_is_said_too() -> None:
    rule = {"default": [{"models": ANY, "params": {"reasoning.effort": "low"}}]}
    stage = Stage({"codex-api-key": [RESPONSES], "payload": rule})
    asked: dict[str, Any] = {"client": "openai_responses", "body": {"model": "big", "input": "hi"}}
    assert heard(stage.play(**asked))["reasoning"]["effort"] == "low"
    assert heard(stage.play(**asked, model="big(high)"))["reasoning"]["effort"] == "high"


PAINTER: Final = [{"type": "image_generation", "size": "auto"}, {"type": "function", "name": "image_generation"}]


def painted(setting: Any, **more: Any) -> Any:
    """What is heard of a request that may make images."""
    stage = Stage({"codex-api-key": [RESPONSES], "disable-image-generation": setting, **more})
    body = {"model": "big", "input": "hi", "tools": PAINTER, "tool_choice": {"type": "image_generation"}}
    return heard(stage.play(client="openai_responses", body=body))


@pytest.mark.parametrize("setting", [True, "chat", "True", " Chat "])
def test_the_tool_that_makes_images_is_not_offered_where_the_config_says_so(setting: Any) -> None:
    body = painted(setting)
    assert [tool["type"] for tool in body["tools"]] == ["function"]
    assert "tool_choice" not in body


@pytest.mark.parametrize("setting", [False, "passthrough", "off", ""])
def test_the_tool_that_makes_images_is_offered_as_the_client_says_otherwise(setting: Any) -> None:
    body = painted(setting)
    assert [tool["type"] for tool in body["tools"]] == ["image_generation", "function"]
    assert body["tool_choice"] == {"type": "image_generation"}


def test_a_payload_rule_may_offer_images_again() -> None:
    rule = {"override": [{"models": ANY, "params": {"tools.-1": {"type": "image_generation"}}}]}
    assert [tool["type"] for tool in painted(True, payload=rule)["tools"]] == ["function", "image_generation"]


@pytest.mark.parametrize("choice", ["auto", "required", {"type": "image_generation"}, None])
def test_where_it_was_the_only_tool_nothing_is_chosen_either(choice: Any) -> None:
    said = {"model": "big", "input": "hi", "tools": PAINTER[:1]} | ({} if choice is None else {"tool_choice": choice})
    stage = Stage({"codex-api-key": [RESPONSES], "disable-image-generation": True})
    body = heard(stage.play(client="openai_responses", body=said))
    assert not {"tools", "tool_choice"} & body.keys()
    rule = {"override": [{"models": ANY, "params": {"tools.-1": {"type": "image_generation"}}}]}
    again = Stage({"codex-api-key": [RESPONSES], "disable-image-generation": True, "payload": rule})
    body = heard(again.play(client="openai_responses", body=said))
    assert (body["tools"], "tool_choice" in body) == ([{"type": "image_generation"}], False)


@pytest.mark.parametrize(
    ("allowed", "left"),
    [
        (
            [{"type": "image_generation"}, {"type": "function", "name": "look"}, {"type": "image_generation"}],
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "look"}]},
        ),
        ([{"type": "image_generation"}], "none"),
        (
            [{"type": "image_generation"}, {"type": "function", "name": "look"}],
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "look"}]},
        ),
        ([{"type": "function", "name": "look"}], None),
    ],
)
def test_it_is_not_among_the_tools_that_may_be_called(allowed: Any, left: Any) -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": allowed}
    tools = [PAINTER[0], {"type": "function", "name": "look", "parameters": {"type": "object"}}]
    stage = Stage({"codex-api-key": [RESPONSES], "disable-image-generation": True})
    play = stage.play(
        client="openai_responses", body={"model": "big", "input": "hi", "tools": tools, "tool_choice": choice}
    )
    body = heard(play)
    assert (len(body["tools"]), body["tool_choice"]) == (1, left or choice)
    assert len(play.exchange.ruled) == (1 if left is None else 2)


def test_what_is_withdrawn_is_told_and_another_choice_stays() -> None:
    stage = Stage({"codex-api-key": [RESPONSES], "disable-image-generation": True})
    body = {"model": "big", "input": "image_generation", "tools": PAINTER, "tool_choice": "auto"}
    play = stage.play(client="openai_responses", body=body)
    assert heard(play)["tool_choice"] == "auto"
    assert play.exchange.ruled == ("disable-image-generation tools",)
    untouched = stage.play(client="openai_responses", body={**body, "tools": PAINTER[1:]})
    assert [tool["type"] for tool in heard(untouched)["tools"]] == ["function"]
    assert untouched.exchange.ruled == ()
