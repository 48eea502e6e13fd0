"""payload, prompt-rules and model-routes in config.yaml: its sample loads, what is broken is left out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.rules.payload import PayloadRules
from addons.rules.prompt import PromptRules
from addons.settings import SettingsError, parse

SAMPLE = r"""
payload:
  default: # Default rules only set parameters when they are missing in the payload.
    - models:
        - name: "gemini-2.5-pro"
          protocol: "gemini"
          from-protocol: "responses"
          headers:
            X-Client-Tier: "tenant-*-region-*"
          match:
            - "metadata.client": "codex"
          not-match:
            - "metadata.mode": "dev"
          exist:
            - "tools.#(type==\"web_search\").type"
          not-exist:
            - "metadata.disable_payload"
      params:
        "generationConfig.thinkingConfig.thinkingBudget": 32768
  default-raw:
    - models:
        - {name: "gemini-2.5-pro", protocol: "gemini"}
      params:
        "generationConfig.responseJsonSchema": "{\"type\":\"object\",\"properties\":{\"answer\":{\"type\":\"string\"}}}"
  override:
    - models:
        - {name: "gpt-5.4-fast", protocol: "codex"}
        - {name: "gpt-5.5-fast", protocol: "codex"}
      params:
        service_tier: priority
    - models: [{name: "gpt-*", protocol: "codex"}]
      params:
        "reasoning.effort": "high"
  override-raw:
    - models: [{name: "gpt-*", protocol: "codex"}]
      params:
        "response_format": "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"schema\":{}}}"
  filter:
    - models: [{name: "gemini-2.5-pro", protocol: "gemini"}]
      params:
        - "generationConfig.thinkingConfig.thinkingBudget"
        - "generationConfig.responseJsonSchema"
"""
"""CLIProxyAPI's config.example.yaml (2026-08), with its comments left out."""

FORK_SAMPLE = r"""
model-routes:
  - alias: "auto"
    strategy: "priority" # priority or round-robin
    cooldown-seconds: 60 # failed targets stay out of rotation for this many seconds
    models:
      - "gpt-5.4-mini"
      - "claude-sonnet-4-5"
      - "gemini-2.5-pro(8192)" # target suffix wins over request suffix
prompt-rules:
  - name: "append-system-note"
    enabled: true
    models:
      - name: "gpt-*"
        protocol: "openai"
    target: "system" # system or user
    action: "inject" # inject or strip
    position: "append" # append or prepend
    content: "Use concise answers."
  - name: "strip-internal-marker"
    enabled: true
    target: "user"
    action: "strip"
    pattern: "\\[internal-only\\].*"
"""
"""The same of the fork that has prompt rules and model routes (Z-M-Huang, 2026-07)."""

GOOD = {"models": [{"name": "*"}], "params": {"a": 1}}
INJECT = {"name": "n", "enabled": True, "target": "system", "action": "inject", "content": "x"}
STRIP = {"name": "n", "enabled": False, "target": "user", "action": "strip", "pattern": "x"}
ROUTE = {"alias": "best", "models": ["a", "b"]}


def told(config: Any) -> list[str]:
    return [str(note) for note in parse(json.dumps(config)).notes if note.path != "host"]


def test_the_sample_of_cliproxyapi_loads_and_is_acted_on() -> None:
    loaded = parse(SAMPLE)
    assert [note.path for note in loaded.notes] == ["host"]
    rules = PayloadRules(loaded.settings.payload)
    about: dict[str, Any] = {
        "model": "gpt-5.5-fast",
        "client": "anthropic",
        "upstream": "openai_responses",
        "headers": {},
    }
    ruled = rules.apply(b"{}", asked="gpt-5.5-fast", **about)
    assert json.loads(ruled.body) == {
        "service_tier": "priority",
        "reasoning": {"effort": "high"},
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}},
    }


def test_the_sample_of_the_fork_loads_and_is_acted_on() -> None:
    loaded = parse(FORK_SAMPLE)
    assert [note.path for note in loaded.notes] == ["host"]
    (route,) = loaded.settings.model_routes
    assert (route.alias, route.models) == ("auto", ("gpt-5.4-mini", "claude-sonnet-4-5", "gemini-2.5-pro(8192)"))
    body = b'{"messages":[{"role":"system","content":"Be kind. "},{"role":"user","content":"hi [internal-only] x"}]}'
    ruled = PromptRules(loaded.settings.prompt_rules).apply(body, asked="gpt-5.4-mini", client="openai_chat")
    assert [message["content"] for message in json.loads(ruled.body)["messages"]] == [
        "Be kind. Use concise answers.",
        "hi ",
    ]


def changed(rule: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {key: value for key, value in {**rule, **fields}.items() if value is not ...}


@pytest.mark.parametrize(
    ("section", "rule", "said"),
    [
        ("override", changed(GOOD, models=...), "models: is missing"),
        ("override", changed(GOOD, models=[]), "models: is empty"),
        ("override", changed(GOOD, models=[{"protocol": "gemini"}]), "models[0].name: is missing"),
        ("override", changed(GOOD, models=[{"name": " "}]), "models[0].name: is empty"),
        ("override", changed(GOOD, models="gpt"), "models: must be a list"),
        ("override", changed(GOOD, models=[{"name": "*", "protocol": "codx"}]), "models[0].protocol: must be one of"),
        ("override", changed(GOOD, models=[{"name": "*", "from-protocol": "x"}]), "models[0].from-protocol: must be"),
        ("override", changed(GOOD, models=[{"name": "*", "match": {"a": 1}}]), "models[0].match: must be a list"),
        ("override", changed(GOOD, models=[{"name": "*", "match": [{"a..b": 1}]}]), "between two dots"),
        (
            "override",
            changed(GOOD, models=[{"name": "*", "exist": ["a|b"]}]),
            "models[0].exist[0]: holds a path with `|`",
        ),
        ("override", changed(GOOD, params=...), "params: is missing"),
        ("override", changed(GOOD, params={}), "params: is empty"),
        ("override", changed(GOOD, params=["a"]), "params: must be a group of keys"),
        ("override", changed(GOOD, params={"a.*": 1}), "params: holds a path with `*`"),
        ("override", changed(GOOD, params={"model": "x"}), "params: must not hold model"),
        ("override", changed(GOOD, params={":model": "x"}), "params: must not hold model"),
        ("default", changed(GOOD, params={"stream": True}), "params: must not hold stream"),
        ("override", changed(GOOD, params={"a": float("inf")}), "params: holds a value that JSON has no word for"),
        ("override", "text", "must be a group of keys"),
        ("default-raw", changed(GOOD, params={"a": "{"}), "params: holds a text that is no JSON"),
        ("override-raw", changed(GOOD, params={"a": ""}), "params: holds a text that is no JSON"),
        ("filter", changed(GOOD, params=["model"]), "params[0]: must not hold model"),
        ("filter", changed(GOOD, params=[""]), "params[0]: holds an empty path"),
        ("filter", changed(GOOD, params={"a": 1}), "params: must be a list"),
    ],
)
def test_a_broken_payload_rule_is_left_out_with_a_line_that_names_its_place(section: str, rule: Any, said: str) -> None:
    good = changed(GOOD, params=["a"]) if section == "filter" else GOOD
    text = json.dumps({"payload": {section: [good, rule]}}).replace("Infinity", ".inf")
    loaded = parse(text)
    (note,) = [note for note in loaded.notes if note.path != "host"]
    assert note.warning
    assert str(note).startswith(f"payload.{section}[1] is left out: ")
    assert said in str(note)
    assert len(getattr(loaded.settings.payload, section.replace("-", "_"))) == 1


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (changed(INJECT, name=...), "name: is missing"),
        (changed(INJECT, name=" "), "name: is empty"),
        (changed(INJECT, target="assistant"), "target: must be one of system, user"),
        (changed(INJECT, action="replace"), "action: must be one of inject, strip"),
        (changed(INJECT, position="middle"), "position: must be one of append, prepend"),
        (changed(INJECT, content=...), "inject needs content"),
        (changed(INJECT, pattern="x"), "inject needs content, and no pattern"),
        (changed(STRIP, pattern=...), "strip needs a pattern"),
        (changed(STRIP, content="x"), "neither content nor marker"),
        (changed(STRIP, marker="x"), "neither content nor marker"),
        (changed(STRIP, pattern="("), "pattern: is no regular expression of RE2"),
        (changed(STRIP, pattern="x" * 1025), "longer than 1024"),
        (changed(INJECT, models=[{"name": "*", "protocol": "responses"}]), "models[0].protocol: must be one of"),
        (changed(INJECT, name="first"), "its name is that of prompt-rules[0]"),
    ],
)
def test_a_broken_prompt_rule_is_left_out_with_a_line_that_names_its_place(rule: Any, said: str) -> None:
    (line,) = told({"prompt-rules": [{**INJECT, "name": "first", "content": "y"}, rule]})
    assert line.startswith("prompt-rules[1] is left out: ")
    assert said in line


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (changed(ROUTE, alias=...), "alias: is missing"),
        (changed(ROUTE, alias="best(high)"), "alias: must not end in a suffix"),
        (changed(ROUTE, strategy="random"), "strategy: must be one of priority, round-robin"),
        (changed(ROUTE, models=[]), "models: is empty"),
        (changed(ROUTE, models=["a", " A"]), "models: names a model twice"),
        (changed(ROUTE, alias="FIRST"), "its alias is that of model-routes[0]"),
        (changed(ROUTE, models=["a", "First(low)"]), "is the alias of a route"),
        (changed(ROUTE, models=["best"]), "is the alias of a route"),
    ],
)
def test_a_broken_route_is_left_out_with_a_line_that_names_its_place(route: Any, said: str) -> None:
    (line,) = told({"model-routes": [{"alias": "first", "models": ["a"]}, route]})
    assert line.startswith("model-routes[1] is left out: ")
    assert said in line


def test_words_are_read_in_any_case_and_blanks_around_them_go() -> None:
    rule = {**INJECT, "target": " System", "action": "INJECT", "position": "Prepend", "marker": " m ", "content": " c "}
    (kept,) = parse(json.dumps({"prompt-rules": [rule]})).settings.prompt_rules
    assert (kept.target, kept.action, kept.position, kept.marker) == ("system", "inject", "prepend", "m")
    assert kept.content == " c "


def test_a_prompt_rule_that_does_not_say_whether_it_is_on_is_off_and_a_line_says_so() -> None:
    rules = [INJECT, changed(INJECT, name="silent", enabled=...), changed(STRIP, name="off")]
    loaded = parse(json.dumps({"prompt-rules": rules}))
    assert [rule.enabled for rule in loaded.settings.prompt_rules] == [True, False, False]
    (line,) = [str(note) for note in loaded.notes if note.path != "host"]
    assert line.startswith("prompt-rules[1] is switched off: write `enabled: true`")


def test_a_route_has_its_defaults() -> None:
    first, second = parse(
        json.dumps({"model-routes": [ROUTE, {**ROUTE, "alias": "b2", "cooldown-seconds": -1, "strategy": ""}]})
    ).settings.model_routes
    assert (first.strategy, first.cooldown_seconds) == ("priority", 60)
    assert (second.strategy, second.cooldown_seconds) == ("priority", 60)


def test_names_that_are_written_as_numbers_are_texts() -> None:
    routes = [{"alias": 4, "models": [5, "6"]}, {"alias": "4", "models": ["x"]}, {"alias": "y", "models": [4]}]
    config = {"model-routes": routes, "prompt-rules": [{**INJECT, "name": 7}, {**INJECT, "name": "7"}]}
    loaded = parse(json.dumps(config))
    assert [(route.alias, route.models) for route in loaded.settings.model_routes] == [("4", ("5", "6"))]
    assert [rule.name for rule in loaded.settings.prompt_rules] == ["7"]
    assert len(told(config)) == 3


def test_null_is_a_value_for_a_rule_and_an_absence_everywhere_else() -> None:
    rule = "{models: [{name: m, protocol: , match: [{a: null}]}], params: {x: null, y: {z: null}}}"
    text = f"payload:\n  default:\n  override:\n    - {rule}"
    payload = parse(text).settings.payload
    assert payload.default == ()
    (kept,) = payload.override
    assert dict(kept.params) == {"x": "null", "y": '{"z":null}'}
    assert kept.models[0].match == ({"a": "null"},)


def test_a_misspelt_key_of_a_rule_is_an_error_as_anywhere() -> None:
    with pytest.raises(SettingsError, match=r"payload\.override\[0\]\.models\[0\]\.protcol: is not a key"):
        parse(json.dumps({"payload": {"override": [{"models": [{"name": "*", "protcol": "x"}], "params": {"a": 1}}]}}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("payload: [1]", "payload: must be a group of keys"),
        ("payload: {default: 7}", "payload.default: must be a list"),
        ("payload: {filter: {models: []}}", "payload.filter: must be a list"),
        ("prompt-rules: 7", "prompt-rules: must be a list"),
        ("model-routes: {alias: x}", "model-routes: must be a list"),
    ],
)
def test_a_section_of_another_kind_is_an_error(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse(text)


def test_a_broken_rules_values_are_not_shown() -> None:
    secret = "sk-test-0123456789abcdef"
    config = {
        "payload": {
            "override-raw": [{"models": [{"name": "*"}], "params": {secret: f"{{{secret}"}}],
            "override": [
                {"models": [{"name": "*", "headers": {secret: 1, "x": {secret: secret}}}], "params": {"a": 1}}
            ],
        },
        "prompt-rules": [{**STRIP, "pattern": f"({secret}"}],
    }
    lines = told(config)
    assert len(lines) == 3
    assert secret not in "".join(lines)


WORDS = ["name", "models", "params", "match", "exist", "headers", "protocol", "alias", "action", "pattern", "content"]
SECTIONS = ["payload", "prompt-rules", "model-routes", "default", "override-raw", "filter", *WORDS]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "*", "a.b", "a..", "#(", "{", "model", "inject"])
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SECTIONS), inner, max_size=4)
)


@given(st.dictionaries(st.sampled_from(SECTIONS[:3]), TREES | st.dictionaries(st.sampled_from(SECTIONS[3:6]), TREES)))
def test_whatever_stands_there_is_read_left_out_or_refused_in_words(tree: dict[str, Any]) -> None:
    try:
        loaded = parse(json.dumps(tree))
    except SettingsError:
        return
    about: dict[str, Any] = {"model": "m", "upstream": "gemini", "headers": {}}
    PayloadRules(loaded.settings.payload).apply(b"{}", asked="m", client="gemini", **about)
    PromptRules(loaded.settings.prompt_rules).apply(b"{}", asked="m", client="gemini")
