"""From a model's name to who may answer."""

import pytest

from addons.accounts.from_settings import credentials
from addons.route import Router, Tier, UnknownModel
from addons.settings import parse

CONFIG = """
claude-api-key:
  - {api-key: test-key-1}
  - {api-key: test-key-2, excluded-models: ["claude-opus-*", "*-old"]}
  - {api-key: test-key-3, models: [{name: claude-sonnet-5, alias: sonnet}, {name: claude-opus-5}], prefix: /office/}
openai-compatibility:
  - name: vendor
    base-url: https://vendor.example/v1
    api-key-entries: [{api-key: test-key-1}, {api-key: test-key-2}]
    models:
      - {name: big, alias: sonnet, is-compat: true, display-name: Big, max-context-length: 1000}
      - {name: org/small}
      - {name: first, alias: both}
      - {name: second, alias: both}
  - {name: local, base-url: http://localhost:1/v1, priority: 5, models: [{name: tiny, alias: sonnet}]}
  - {name: off, base-url: http://off.example/v1, disabled: true, models: [{name: gone}]}
"""


def router(extra: str = "") -> Router:
    settings = parse(CONFIG + extra).settings
    return Router(settings, credentials(settings))


def said(tiers: tuple[Tier, ...]) -> list[tuple[str, str, int]]:
    return [(one.pool, one.model, len(one.credentials)) for tier in tiers for one in tier]


def test_a_key_without_models_serves_every_claude_name_that_it_does_not_exclude() -> None:
    assert said(router().candidates("claude-something-new")) == [("claude", "claude-something-new", 2)]
    assert said(router().candidates("claude-opus-5")) == [("claude", "claude-opus-5", 2)]
    assert said(router().candidates("claude-opus-4-8")) == [("claude", "claude-opus-4-8", 1)]
    assert said(router().candidates("claude-very-OLD")) == [("claude", "claude-very-OLD", 1)]


@pytest.mark.parametrize("name", ["claude-x\r\nset-cookie: a=b", "claude-\u2028", "claude- ", "claude-" + "x" * 300])
def test_a_name_that_no_log_line_or_header_can_hold_is_not_served_by_its_beginning(name: str) -> None:
    assert router().candidates(name) == ()


def test_the_highest_priority_comes_first_then_the_order_of_the_config() -> None:
    tiers = router().candidates("sonnet")
    candidates = [candidate for tier in tiers for candidate in tier]
    assert said(tiers) == [("local", "tiny", 1), ("claude", "claude-sonnet-5", 1), ("vendor", "big", 2)]
    assert [one.keeps_thinking for one in candidates] == [False, False, True]
    assert {one.alias for one in candidates} == {"sonnet"}
    assert [one.provider.name for one in candidates] == ["openai-compatibility", "claude", "openai-compatibility"]


def test_a_model_that_the_config_names_goes_before_a_guess_by_the_beginning_of_its_name() -> None:
    text = """
claude-api-key: [{api-key: test-key-1}]
openai-compatibility:
  - {name: vendor, base-url: https://vendor.example/v1,
     models: [{name: a, alias: claude-mine}, {name: b, alias: claude-opus-5}]}
"""
    settings = parse(text).settings
    one = Router(settings, credentials(settings))
    assert said(one.candidates("claude-mine")) == [("vendor", "a", 1), ("claude", "claude-mine", 1)]
    assert said(one.candidates("claude-opus-5")) == [("claude", "claude-opus-5", 1), ("vendor", "b", 1)]


def test_an_alias_hides_the_upstream_name() -> None:
    assert router().candidates("big") == ()
    assert said(router().candidates("org/small")) == [("vendor", "org/small", 2)]


def test_an_alias_that_stands_twice_has_both_models() -> None:
    assert said(router().candidates("both")) == [("vendor", "first", 2), ("vendor", "second", 2)]


def test_a_prefix_names_its_entries_only() -> None:
    assert said(router().candidates("office/sonnet")) == [("claude", "claude-sonnet-5", 1)]
    assert router().candidates("office/claude-haiku-5-5") == ()
    assert router().candidates("other/sonnet") == ()


def test_with_force_model_prefix_the_bare_name_no_longer_reaches_them() -> None:
    forced = router("force-model-prefix: true")
    assert said(forced.candidates("sonnet")) == [("local", "tiny", 1), ("vendor", "big", 2)]
    assert said(forced.candidates("office/sonnet")) == [("claude", "claude-sonnet-5", 1)]
    assert said(forced.candidates("claude-opus-5")) == [("claude", "claude-opus-5", 1)]


@pytest.mark.parametrize("model", ["gone", "gpt-4.1", "", "claude", "SONNET"])
def test_what_nobody_serves_has_no_candidates(model: str) -> None:
    assert router().candidates(model) == ()


def test_the_list_names_each_model_once_as_it_may_be_asked_for() -> None:
    models = router().models()
    ids = [info.id for info in models]
    assert len(ids) == len(set(ids))
    assert {"sonnet", "office/sonnet", "org/small", "both", "office/claude-opus-5", "claude-opus-5"} <= set(ids)
    assert {"big", "gone", "claude-sonnet-5-old"}.isdisjoint(ids)
    for name in ids:
        assert router().candidates(name)
    assert next(info for info in models if info.id == "sonnet").owner == "local"


def test_the_list_tells_what_the_config_tells() -> None:
    settings = parse(
        CONFIG.replace("priority: 5", "disabled: true").replace("alias: sonnet}, {name", "}, {name")
    ).settings
    (info,) = [info for info in Router(settings, credentials(settings)).models() if info.id == "sonnet"]
    assert (info.owner, info.display_name, info.max_input_tokens) == ("vendor", "Big", 1000)


def test_a_slip_of_the_pen_finds_the_name_that_was_meant() -> None:
    assert router().near("sonet")[0] == "sonnet"
    assert router().near("Org/Small")[0] == "org/small"
    assert router().near("x" * 100_000) == ()
    error = UnknownModel("sonet", router().near("sonet"))
    assert (error.status, error.code, error.param) == (404, "model_not_found", "model")
    assert str(error).startswith(
        "no provider in config.yaml serves the model 'sonet'; similar names that are served: sonnet"
    )
    assert str(UnknownModel("zzz", ())) == "no provider in config.yaml serves the model 'zzz'"


def test_without_credentials_nothing_is_served() -> None:
    empty = Router(parse(CONFIG).settings, ())
    assert (empty.models(), empty.candidates("sonnet"), empty.near("sonnet")) == ((), (), ())


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    one = router()
    for number in range(3000):
        one.candidates(f"claude-{number}")
    assert len(one._found) <= 1024
    assert one.candidates("claude-1") == one.candidates("claude-1")
