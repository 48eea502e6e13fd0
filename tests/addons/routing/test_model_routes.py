"""Model routes: a name for clients, and the models that answer to it, in order or in turn."""

import json
from typing import Any, Final

import pytest

from addons.attempt import UpstreamAttempt
from addons.route import Router
from addons.serving import Builder
from addons.settings import parse
from tests.support.conducting import HI, Kept, Play, Stage, chat, key_of, refuse, reply
from translators.conversation import ThinkingMode, ThinkingWish

MODELS: Final = ("one", "two", "three")


def vendors(keys: tuple[str, ...] = ("k-1",), **more: Any) -> list[dict[str, Any]]:
    """A provider for each model, of its name."""
    return [chat(name, keys, models=[{"name": f"{name}-upstream", "alias": name}], **more) for name in MODELS]


def stage(**route: Any) -> Stage:
    given = {
        "alias": "best",
        "models": ["one", "two"],
        **{name.replace("_", "-"): value for name, value in route.items()},
    }
    return Stage({"openai-compatibility": vendors(), "model-routes": [given]})


def play(on: Stage, model: str = "best") -> Play:
    return on.play(client="openai_chat", model=model)


def model_of(attempt: UpstreamAttempt) -> str:
    """Who is asked."""
    model: str = json.loads(attempt.request.body)["model"]
    return model.removesuffix("-upstream")


def begins(on: Stage) -> str:
    """Who a new request asks first; it is answered well."""
    played = play(on)
    attempt = played.attempt()
    reply(attempt)
    played.conductor.finished(200, 1)
    return model_of(attempt)


def fails(on: Stage, *statuses: int) -> None:
    """A request whose attempts end so."""
    played = play(on)
    for status in statuses:
        refuse(played.attempt(), status)
    played.conductor.finished(None, 0)


def test_the_next_model_is_asked_where_one_fails_and_the_reply_has_the_clients_name() -> None:
    played = play(stage())
    first = played.attempt()
    assert model_of(first) == "one"
    refuse(first, 500)
    second = played.attempt()
    assert model_of(second) == "two"
    assert json.loads(reply(second))["model"] == "best"


def test_a_fault_of_the_request_is_nobodys_failure() -> None:
    on = stage()
    played = play(on)
    refuse(played.attempt(), 400, b'{"error": {"message": "odd"}}')
    assert played.answer().status == 400
    played.conductor.finished(400, 1)
    assert begins(on) == "one"


def test_one_that_failed_is_passed_over_for_its_time() -> None:
    on = stage(cooldown_seconds=90)
    fails(on, 500)
    on.now_s += 89
    assert begins(on) == "two"
    on.now_s += 2
    assert begins(on) == "one"


def test_a_failure_after_the_head_of_a_stream_counts_too() -> None:
    on = stage(cooldown_seconds=1000)
    played = on.play(client="openai_chat", model="best", stream=True)
    attempt = played.attempt()
    attempt.opened(200, ((b"content-type", b"text/event-stream"),))
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    said = {**chunk, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "he"}, "finish_reason": None}]}
    assert attempt.feed(b"data: " + json.dumps(said).encode() + b"\n\n")
    attempt.feed(b'data: {"error": {"message": "broken", "type": "server_error", "code": 500}}\n\n')
    attempt.close()
    played.conductor.finished(200, 1)
    on.now_s += 900
    assert begins(on) == "two"


def test_a_vendors_hint_that_is_longer_than_the_cooldown_counts() -> None:
    routes = [{"alias": "best", "models": ["one", "two"], "cooldown-seconds": 10}]
    on = Stage({"openai-compatibility": vendors(), "model-routes": routes, "disable-cooling": True})
    played = play(on)
    refuse(played.attempt(), 429, retry_after="500")
    played.conductor.finished(None, 0)
    on.now_s += 400
    assert begins(on) == "two"


def test_another_key_of_the_same_model_saves_it() -> None:
    given = {"alias": "best", "models": ["one", "two"], "cooldown-seconds": 1000}
    on = Stage({"openai-compatibility": vendors(("k-1", "k-2")), "model-routes": [given]})
    played = play(on)
    refuse(played.attempt(), 500)
    reply(played.attempt())
    played.conductor.finished(200, 1)
    on.now_s += 500
    assert begins(on) == "one"


def test_where_all_have_failed_the_one_that_is_free_first_is_asked_first() -> None:
    on = stage(cooldown_seconds=1000)
    fails(on, 500)
    on.now_s += 100
    played = play(on)
    second = played.attempt()
    assert model_of(second) == "two"
    refuse(second, 500)
    played.conductor.finished(None, 0)
    on.now_s += 200
    assert begins(on) == "one"


def test_once_the_time_of_all_that_failed_is_over_the_order_is_the_configs() -> None:
    on = stage(cooldown_seconds=600)
    fails(on, 500)
    on.now_s += 300
    fails(on, 500)
    on.now_s += 500
    fails(on, 500)
    on.now_s += 3000
    assert begins(on) == "one"


def test_in_turn_each_request_begins_one_further() -> None:
    on = stage(strategy="round-robin", models=["one", "two", "three"])
    assert [begins(on) for _ in range(5)] == ["one", "two", "three", "one", "two"]


def test_in_turn_one_that_failed_is_passed_over() -> None:
    on = stage(strategy="round-robin", models=["one", "two", "three"], cooldown_seconds=1000)
    fails(on, 500)
    on.now_s += 100
    assert [begins(on) for _ in range(4)] == ["two", "three", "two", "three"]


def test_by_priority_the_first_is_always_asked_first() -> None:
    on = stage(models=["two", "one"])
    assert [begins(on) for _ in range(3)] == ["two", "two", "two"]


def test_the_priority_of_entries_does_not_change_the_order_of_a_route() -> None:
    entries = vendors()
    entries[1]["priority"] = 9
    on = Stage({"openai-compatibility": entries, "model-routes": [{"alias": "best", "models": ["one", "two"]}]})
    assert begins(on) == "one"


@pytest.mark.parametrize(
    ("asked", "model", "effort"),
    [
        ("best", "one", None),
        ("best(low)", "one", "low"),
        ("BEST(low)", "one", "low"),
        ("best(low)", "one(high)", "high"),
        ("best", "one(high)", "high"),
        ("best(odd)", "one", None),
    ],
)
def test_a_models_own_suffix_stands_over_the_requests(asked: str, model: str, effort: str | None) -> None:
    on = stage(models=[model])
    ((candidate,),) = on.router.candidates(asked)
    assert candidate.model == "one-upstream"
    assert candidate.thinking == (None if effort is None else ThinkingWish(ThinkingMode.ON, effort=effort))


def test_a_route_comes_before_a_model_of_its_name() -> None:
    on = stage(alias="two", models=["one"])
    assert [candidate.model for tier in on.router.candidates("two") for candidate in tier] == ["one-upstream"]


def test_a_model_that_nobody_serves_is_passed_over_and_a_route_of_none_says_so() -> None:
    on = stage(models=["none", "two"])
    assert begins(on) == "two"
    empty = stage(models=["none", "nothing"])
    assert empty.router.candidates("best") == ()
    assert "it is a route, and none of its models is: none, nothing" in str(empty.router.unknown("best"))


def test_lists_show_a_route_like_the_first_of_its_models() -> None:
    entries = vendors()
    entries[0]["models"][0]["max-context-length"] = 1234
    settings = parse(
        json.dumps(
            {"openai-compatibility": entries, "model-routes": [{"alias": "best", "models": ["none", "one(high)"]}]}
        )
    ).settings
    router: Router = Builder(Kept()).build(settings).router
    assert [info.id for info in router.models()] == [*MODELS, "best"]
    info = router.info("best(low)")
    assert info is not None
    assert (info.id, info.max_input_tokens) == ("best", 1234)


def test_what_is_remembered_outlives_a_change_of_the_config() -> None:
    builder = Builder(Kept(), lambda: 1000.0)
    config: dict[str, Any] = {
        "openai-compatibility": vendors(),
        "model-routes": [{"alias": "best", "models": ["one", "two"], "strategy": "round-robin"}],
    }
    first = builder.build(parse(json.dumps(config)).settings).conductors
    second = builder.build(parse(json.dumps({**config, "debug": True})).settings).conductors
    assert second.route_turns is first.route_turns


def test_rules_are_about_a_route_by_its_own_name_too() -> None:
    given = {"alias": "best", "models": ["one"]}
    rule = {"models": [{"name": "best"}], "params": {"seed": 7}}
    on = Stage({"openai-compatibility": vendors(), "model-routes": [given], "payload": {"override": [rule]}})
    body = {"model": "best", "messages": HI}
    assert json.loads(on.play(client="openai_chat", model="best", body=body).attempt().request.body)["seed"] == 7


@pytest.mark.parametrize("client", ["openai_chat", "anthropic"])
def test_rules_are_about_the_model_of_a_route_that_is_asked_just_then(client: str) -> None:
    inject = {"enabled": True, "target": "system", "action": "inject"}
    on = Stage(
        {
            "openai-compatibility": vendors(),
            "model-routes": [{"alias": "best", "models": ["one(high)", "two"]}],
            "prompt-rules": [
                {**inject, "name": name, "content": f"Say {name}.", "models": [{"name": name}]}
                for name in ("one", "two")
            ],
            "payload": {"override": [{"models": [{"name": "two"}], "params": {"seed": 7}}]},
        }
    )
    played = on.play(client=client, model="best", body={"model": "best", "max_tokens": 9, "messages": HI})
    first = played.attempt()
    assert b"Say one." in first.request.body
    assert b"Say two." not in first.request.body
    assert list(played.exchange.ruled) == ["prompt one"]
    refuse(first, 500)
    second = played.attempt()
    assert b"Say two." in second.request.body
    assert b"Say one." not in second.request.body
    assert list(played.exchange.ruled) == ["prompt two", "override seed"]


def test_models_of_a_route_that_their_upstreams_call_the_same_hear_their_own_rules() -> None:
    on = Stage(
        {
            "openai-compatibility": [chat(name, models=[{"name": "same", "alias": name}]) for name in ("one", "two")],
            "model-routes": [{"alias": "best", "models": ["one", "two"]}],
            "payload": {"override": [{"models": [{"name": "two"}], "params": {"seed": 7}}]},
        }
    )
    played = play(on)
    first = played.attempt()
    refuse(first, 500)
    seeds = [json.loads(attempt.request.body).get("seed") for attempt in (first, played.attempt())]
    assert seeds == [None, 7]


def test_our_own_count_of_a_route_counts_what_rules_of_its_model_put_in() -> None:
    rule = {"name": "r", "enabled": True, "target": "system", "action": "inject", "content": "many words " * 50}
    key = {"api-key": "k-1", "base-url": "http://a.test", "models": [{"name": "one"}]}
    counts = []
    for model in ("one", "other"):
        on = Stage(
            {
                "claude-api-key": [key],
                "model-routes": [{"alias": "best", "models": ["one"]}],
                "prompt-rules": [{**rule, "models": [{"name": model}]}],
            }
        )
        played = on.play(operation="count_tokens", model="best", body={"model": "best", "messages": HI})
        refuse(played.attempt(), 500)
        counts.append(json.loads(played.answer().body)["input_tokens"])
    assert counts[0] > counts[1] + 50


def test_a_session_does_not_keep_a_route_from_the_model_whose_turn_it_is() -> None:
    given = {"alias": "best", "models": ["one", "two"], "cooldown-seconds": 60}
    on = Stage(
        {
            "openai-compatibility": vendors(("k-1", "k-2")),
            "model-routes": [given],
            "routing": {"session-affinity": True},
            "disable-cooling": True,
        }
    )

    def asked(session: str, *failures: int) -> list[str]:
        """Who is asked in a session whose first attempts fail so."""
        played = on.play(client="openai_chat", model="best", headers={"x-session-id": session})
        keys = []
        for status in (*failures, 200):
            attempt = played.attempt()
            keys.append(key_of(attempt))
            if status == 200:
                reply(attempt)
            else:
                refuse(attempt, status)
        played.conductor.finished(200, 1)
        return keys

    mine = asked("mine")
    assert asked("mine") == mine == ["one-k-1"]
    assert [key[:3] for key in asked("other", 500, 500)] == ["one", "one", "two"]
    assert asked("mine")[0].startswith("two")
    on.now_s += 61
    assert asked("mine") == mine


def test_keys_of_each_model_take_turns_though_the_first_models_fail() -> None:
    given = {"alias": "best", "models": ["one", "two"]}
    entries = [
        chat("a", models=[{"name": "x", "alias": "one"}]),
        chat("b", models=[{"name": "x", "alias": "one"}]),
        chat("c", models=[{"name": "y", "alias": "two"}]),
        chat("d", models=[{"name": "y", "alias": "two"}]),
    ]
    on = Stage({"openai-compatibility": entries, "model-routes": [given], "disable-cooling": True})
    firsts = []
    for _ in range(4):
        on.now_s += 1000
        played = play(on)
        host = [played.attempt()]
        firsts.append(host[0].request.host)
        refuse(host[0], 500)
        refuse(played.attempt(), 500)
        firsts.append(played.attempt().request.host)
        played.conductor.finished(None, 0)
    assert firsts == ["a.test", "c.test", "b.test", "d.test"] * 2
