"""Payload rules: which requests they are about, and what becomes of a body."""

import json
from typing import Any

import pytest
from hypothesis import given

from addons.rules.payload import PayloadRules, Ruled
from addons.settings import parse
from tests.addons.rules import naive

ANY = [{"name": "*"}]


def rules(**sections: Any) -> PayloadRules:
    text = json.dumps({"payload": {name.replace("_", "-"): rules for name, rules in sections.items()}})
    loaded = parse(text)
    assert [note.path for note in loaded.notes] == ["host"]
    return PayloadRules(loaded.settings.payload)


def ruled(found: PayloadRules, body: Any, **about: Any) -> Ruled:
    said: dict[str, Any] = {"asked": "big", "model": "big-upstream", "client": "anthropic", "upstream": "openai_chat"}
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return found.apply(body, **{**said, "headers": {}, **about})


def after(found: PayloadRules, body: Any, **about: Any) -> Any:
    return json.loads(ruled(found, body, **about).body)


def sets(models: list[dict[str, Any]], **about: Any) -> bool:
    """Whether a rule on these models is about the request."""
    body = about.pop("body", {})
    return "x" in after(rules(override=[{"models": models, "params": {"x": 1}}]), body, **about)


@pytest.mark.parametrize(
    ("name", "about", "expected"),
    [
        ("big", {}, True),
        ("BIG", {}, True),
        ("big-upstream", {}, True),
        ("big-*", {}, True),
        ("*-upstream", {}, True),
        ("b*-up*m", {}, True),
        ("small", {}, False),
        ("bi", {}, False),
        ("big", {"asked": "big(high)", "model": "m"}, True),
        ("big(high)", {"asked": "big(high)", "model": "m"}, True),
        ("big(low)", {"asked": "big(high)", "model": "m"}, False),
    ],
)
def test_a_model_is_meant_by_any_of_its_names(name: str, about: dict[str, str], expected: bool) -> None:
    assert sets([{"name": name}], **about) is expected


@pytest.mark.parametrize(
    ("protocol", "upstream", "expected"),
    [
        ("openai", "openai_chat", True),
        ("OpenAI", "openai_chat", True),
        ("openai", "openai_responses", False),
        ("codex", "openai_responses", True),
        ("openai-response", "openai_responses", True),
        ("responses", "openai_responses", True),
        ("codex", "openai_chat", False),
        ("claude", "anthropic", True),
        ("gemini", "gemini", True),
        ("claude", "gemini", False),
        ("antigravity", "gemini", False),
    ],
)
def test_a_protocol_is_what_the_upstream_speaks(protocol: str, upstream: str, expected: bool) -> None:
    assert sets([{"name": "*", "protocol": protocol}], upstream=upstream) is expected


@pytest.mark.parametrize(
    ("protocol", "client", "expected"),
    [
        *(
            (name, "openai_responses", True)
            for name in ("responses", "response", "openai-response", "openai-responses")
        ),
        ("responses", "openai_chat", False),
        ("openai", "openai_chat", True),
        ("openai", "openai_completions", True),
        ("openai", "openai_responses", False),
        ("claude", "anthropic", True),
        ("gemini", "gemini", True),
        ("gemini-cli", "gemini", True),
        ("interactions", "gemini", False),
    ],
)
def test_a_from_protocol_is_what_the_client_speaks(protocol: str, client: str, expected: bool) -> None:
    assert sets([{"name": "*", "from-protocol": protocol}], client=client) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-client-tier": "tenant-7-region-2"}, True),
        ({"x-client-tier": "tenant-7-region-2", "x-more": ""}, True),
        ({"x-client-tier": "tenant-7"}, False),
        ({}, False),
    ],
)
def test_headers_must_all_fit(headers: dict[str, str], expected: bool) -> None:
    meant = {"name": "*", "headers": {"X-Client-Tier": "tenant-*-region-*"}}
    assert sets([meant], headers=headers) is expected
    assert sets([{**meant, "headers": {**meant["headers"], "x-other": "*"}}], headers=headers) is False  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("condition", "body", "expected"),
    [
        ({"match": [{"metadata.client": "codex"}]}, {"metadata": {"client": "codex"}}, True),
        ({"match": [{"metadata.client": "codex"}]}, {"metadata": {"client": "other"}}, False),
        ({"match": [{"metadata.client": "codex"}]}, {}, False),
        ({"match": [{"n": 1, "s": "x"}]}, {"n": 1.0, "s": "x"}, True),
        ({"match": [{"n": 1}, {"s": "x"}]}, {"n": 1, "s": "y"}, False),
        ({"match": [{"n": 1}]}, {"n": True}, False),
        ({"match": [{"n": None}]}, {"n": None}, True),
        ({"match": [{"list": [1, {"a": 2}]}]}, {"list": [1, {"a": 2}]}, True),
        ({"match": [{'tools.#(type=="x")#.n': 2}]}, {"tools": [{"type": "x", "n": 1}, {"type": "x", "n": 2}]}, True),
        ({"not-match": [{"metadata.mode": "dev"}]}, {"metadata": {"mode": "dev"}}, False),
        ({"not-match": [{"metadata.mode": "dev"}]}, {}, True),
        ({"exist": ['tools.#(type=="web_search").type']}, {"tools": [{"type": "web_search"}]}, True),
        ({"exist": ['tools.#(type=="web_search").type']}, {"tools": [{"type": "other"}]}, False),
        ({"exist": ["a"]}, {"a": None}, False),
        ({"exist": ["a.*"]}, {"a": {"b": 1}}, True),
        ({"not-exist": ["a"]}, {"a": None}, True),
        ({"not-exist": ["a"]}, {}, True),
        ({"not-exist": ["a"]}, {"a": 0}, False),
    ],
)
def test_conditions_look_at_the_body(condition: dict[str, Any], body: Any, expected: bool) -> None:
    assert sets([{"name": "*", **condition}], body=body) is expected


def test_one_of_the_models_is_enough() -> None:
    assert sets([{"name": "small"}, {"name": "big", "exist": ["no"]}, {"name": "big", "protocol": "openai"}])


def test_a_default_is_set_only_where_the_request_says_nothing_and_the_first_one_wins() -> None:
    found = rules(
        default=[
            {"models": ANY, "params": {"top_p": 0.5, "a.b": 1, "stop": ["x"]}},
            {"models": ANY, "params": {"a.b": 2, "a.c": 3}},
        ],
        default_raw=[{"models": ANY, "params": {"a.b": "9", "raw": '{"k": [1]}'}}],
    )
    assert after(found, {"top_p": 0.1, "stop": None}) == {
        "top_p": 0.1, "stop": None, "a": {"b": 1, "c": 3}, "raw": {"k": [1]}
    }  # fmt: skip


def test_a_default_may_set_what_only_an_earlier_default_has_made() -> None:
    found = rules(default=[{"models": ANY, "params": {"a.b": 1}}, {"models": ANY, "params": {"a": 7}}])
    assert after(found, {}) == {"a": 7}
    assert after(found, {"a": {}}) == {"a": {"b": 1}}


def test_an_override_is_set_in_any_case_and_the_last_one_wins() -> None:
    found = rules(
        override=[{"models": ANY, "params": {"a": 1, "b": None}}, {"models": ANY, "params": {"a": 2}}],
        override_raw=[{"models": ANY, "params": {"c": '"text"', "d": {"as": ["yaml"]}}}],
    )
    assert after(found, {"a": 0, "b": 0, "c": 0}) == {"a": 2, "b": None, "c": "text", "d": {"as": ["yaml"]}}


def test_a_filter_comes_last_and_takes_out_each_that_its_condition_holds_for() -> None:
    found = rules(
        filter=[{"models": ANY, "params": ["a", 'tools.#(type=="x")#', "no.such.thing"]}],
        override=[{"models": ANY, "params": {"a": 1, "b": 1}}],
    )
    tools = [{"type": "x", "n": 1}, {"type": "y"}, {"type": "x", "n": 2}]
    result = ruled(found, {"tools": tools})
    assert json.loads(result.body) == {"tools": [{"type": "y"}], "b": 1}
    assert result.told == ("override a", "override b", "filter a", "filter tools.2", "filter tools.0")


def test_a_later_rule_sees_what_an_earlier_one_has_set() -> None:
    found = rules(
        default=[{"models": ANY, "params": {"mode": "dev"}}],
        override=[{"models": [{"name": "*", "match": [{"mode": "dev"}]}], "params": {"seen": True}}],
    )
    assert after(found, {}) == {"mode": "dev", "seen": True}
    assert after(found, {"mode": "x"}) == {"mode": "x"}


def test_what_is_there_already_is_not_written_anew() -> None:
    found = rules(override=[{"models": ANY, "params": {"a.b": 1, "c": {"x": [1]}}}])
    body = b' { "a" : {"b":1.0 }, "c":{ "x" : [ 1 ]}} '
    result = ruled(found, body)
    assert result == Ruled(body)
    assert result.body is body


def test_only_the_ruled_path_changes_its_bytes() -> None:
    found = rules(override=[{"models": ANY, "params": {"a.b": "new"}}], filter=[{"models": ANY, "params": ["z"]}])
    body = b'{ "m" : [ 1.50, "\\u00e9" ], "a":{"x" : 1e3 ,\n "b" : 0 }, "z":0 , "n":{ } }'
    assert ruled(found, body).body == b'{ "m" : [ 1.50, "\\u00e9" ], "a":{"x" : 1e3 ,\n "b" : "new" }, "n":{ } }'


@given(naive.written())
def test_a_body_that_no_rule_is_about_is_the_one_that_came(made: tuple[dict[str, Any], bytes]) -> None:
    _, body = made
    missing = [{"name": "*", "exist": ["never.here"]}]
    found = rules(
        default=[{"models": [{"name": "other"}], "params": {"a": 1}}],
        override=[{"models": missing, "params": {"a": 1}}],
        filter=[{"models": ANY, "params": ["never.here", 'a.#(never=="here")#']}],
    )
    assert ruled(found, body).body is body


def test_many_models_of_clients_are_not_all_remembered() -> None:
    found = rules(override=[{"models": [{"name": "m-1*"}], "params": {"x": 1}}])
    for number in range(3000):
        assert ("x" in after(found, {}, asked=f"m-{number}", model="u")) is str(number).startswith("1")
    assert len(found._found) <= 1024


def test_a_config_without_rules_has_none() -> None:
    assert not PayloadRules(parse("").settings.payload)
