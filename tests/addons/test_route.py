"""From a model's name to who may answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.accounts.from_settings import credentials
from addons.catalogue import lookup
from addons.providers import registry
from addons.route import Candidate, Router, Tier, UnknownModel
from addons.settings import parse
from translators.conversation import ThinkingMode, ThinkingWish
from translators.dialect import ModelInfo
from translators.thinking import ThinkingRange

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


ON_HIGH = ThinkingWish(ThinkingMode.ON, effort="high")


def routed(config: str) -> Router:
    settings = parse(config).settings
    return Router(settings, credentials(settings))


def router(extra: str = "") -> Router:
    return routed(CONFIG + extra)


SHARED = router()


def candidates(one: Router, asked: str) -> list[Candidate]:
    return [candidate for tier in one.candidates(asked) for candidate in tier]


def listed(one: Router, name: str) -> ModelInfo:
    (info,) = [info for info in one.models() if info.id == name]
    return info


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
    found = [candidate for tier in tiers for candidate in tier]
    assert said(tiers) == [("local", "tiny", 1), ("claude", "claude-sonnet-5", 1), ("vendor", "big", 2)]
    assert [one.keeps_thinking for one in found] == [False, False, True]
    assert [one.provider.name for one in found] == ["openai-compatibility", "claude", "openai-compatibility"]


def test_what_the_config_or_the_catalogue_names_is_never_guessed_by_the_beginning_of_its_name() -> None:
    text = """
claude-api-key: [{api-key: test-key-1, priority: 1}]
openai-compatibility:
  - {name: vendor, base-url: https://vendor.example/v1,
     models: [{name: a, alias: claude-mine}, {name: b, alias: claude-opus-5}]}
"""
    one = routed(text)
    assert said(one.candidates("claude-mine")) == [("vendor", "a", 1)]
    assert said(one.candidates("claude-mine(high)")) == [("vendor", "a", 1)]
    assert said(one.candidates("claude-opus-5")) == [("claude", "claude-opus-5", 1), ("vendor", "b", 1)]
    assert said(one.candidates("claude-new")) == [("claude", "claude-new", 1)]


def test_an_alias_of_one_key_is_not_asked_of_another_key_of_the_same_vendor() -> None:
    one = routed("""
gemini-api-key:
  - {api-key: test-key-1, models: [{name: gemini-2.5-flash, alias: gemini-flash}, {name: gemini-2.5-pro}]}
  - {api-key: test-key-2}
""")
    assert said(one.candidates("gemini-flash")) == [("gemini", "gemini-2.5-flash", 1)]
    assert said(one.candidates("gemini-2.5-pro")) == [("gemini", "gemini-2.5-pro", 2)]


def test_an_alias_hides_the_upstream_name() -> None:
    assert router().candidates("big") == ()
    assert said(router().candidates("org/small")) == [("vendor", "org/small", 2)]


def test_an_alias_that_stands_twice_has_both_models() -> None:
    assert said(router().candidates("both")) == [("vendor", "first", 2), ("vendor", "second", 2)]


def test_the_same_alias_in_several_entries_is_one_pool_of_several_candidates() -> None:
    one = routed("""
openai-compatibility:
  - {name: a, base-url: https://a.example/v1, models: [{name: x, alias: m}, {name: y, alias: m}]}
  - {name: a, base-url: https://a2.example/v1, models: [{name: x, alias: m}]}
  - {name: b, base-url: https://b.example/v1, models: [{name: m}]}
""")
    assert said(one.candidates("m")) == [("a", "x", 2), ("a", "y", 1), ("b", "m", 1)]


def test_a_prefix_names_its_entries_only() -> None:
    assert said(router().candidates("office/sonnet")) == [("claude", "claude-sonnet-5", 1)]
    assert router().candidates("office/claude-haiku-5-5") == ()
    assert router().candidates("other/sonnet") == ()


def test_a_prefix_reaches_what_the_catalogue_and_the_family_have() -> None:
    one = routed("claude-api-key: [{api-key: test-key-1, prefix: p}]")
    for name in ("p/claude-opus-5", "claude-opus-5"):
        assert said(one.candidates(name)) == [("claude", "claude-opus-5", 1)]
    assert said(one.candidates("p/claude-new(high)")) == [("claude", "claude-new", 1)]
    assert {"p/claude-opus-5", "claude-opus-5"} <= {info.id for info in one.models()}


def test_with_force_model_prefix_the_bare_name_no_longer_reaches_them() -> None:
    forced = router("force-model-prefix: true")
    assert said(forced.candidates("sonnet")) == [("local", "tiny", 1), ("vendor", "big", 2)]
    assert said(forced.candidates("office/sonnet")) == [("claude", "claude-sonnet-5", 1)]
    assert said(forced.candidates("claude-opus-5")) == [("claude", "claude-opus-5", 1)]
    assert "office/sonnet" in {info.id for info in forced.models()}


def test_a_model_that_is_called_like_its_prefix_needs_none() -> None:
    one = routed("""
force-model-prefix: true
openai-compatibility: [{name: v, base-url: https://v.example/v1, prefix: m, models: [{name: m}, {name: n}]}]
""")
    assert [info.id for info in one.models()] == ["m", "m/m", "m/n"]
    assert said(one.candidates("m")) == said(one.candidates("m/m")) == [("v", "m", 1)]
    assert one.candidates("n") == ()


def test_a_pattern_is_compared_with_the_name_that_clients_use_and_not_with_the_prefix() -> None:
    one = routed("""
claude-api-key:
  - {api-key: test-key-1, prefix: p, excluded-models: ["p/*", "SECRET*", "claude-sonnet-5"],
     models: [{name: claude-opus-5, alias: secret-one}, {name: claude-sonnet-5, alias: open}, {name: claude-opus-5}]}
""")
    assert [info.id for info in one.models()] == ["open", "p/open", "claude-opus-5", "p/claude-opus-5"]
    assert said(one.candidates("open")) == [("claude", "claude-sonnet-5", 1)]
    assert one.candidates("p/secret-one") == one.candidates("secret-one") == ()


def test_what_is_left_out_stays_out_whatever_stands_behind_the_name() -> None:
    one = routed("claude-api-key: [{api-key: test-key-1, excluded-models: [claude-opus-5]}]")
    for name in ("claude-opus-5", "claude-opus-5(high)", "claude-opus-5[1m]"):
        assert one.candidates(name) == ()
    assert "claude-opus-5" not in {info.id for info in one.models()}


THINKING = """
claude-api-key:
  - api-key: test-key-1
    models:
      - {name: claude-opus-5, alias: deep}
      - {name: "claude-opus-5(max)", alias: deepest}
      - {name: claude-opus-5, alias: "fast(low)"}
      - {name: "own(v2)", alias: own}
"""


@pytest.mark.parametrize(
    ("asked", "model", "thinking"),
    [
        ("deep", "claude-opus-5", None),
        ("deep(high)", "claude-opus-5", ON_HIGH),
        ("deep(HIGH)", "claude-opus-5", ON_HIGH),
        ("deep (high)", "claude-opus-5", ON_HIGH),
        ("deep(8192)", "claude-opus-5", ThinkingWish(ThinkingMode.ON, budget_tokens=8192)),
        ("deep(none)", "claude-opus-5", ThinkingWish(ThinkingMode.OFF)),
        ("deep(auto)", "claude-opus-5", ThinkingWish(ThinkingMode.AUTO)),
        ("deep(whatever)", "claude-opus-5", None),
        ("deep[1m]", "claude-opus-5", None),
        ("deep[1m](high)", "claude-opus-5", ON_HIGH),
        ("deepest", "claude-opus-5", ThinkingWish(ThinkingMode.ON, effort="max")),
        ("deepest(low)", "claude-opus-5", ThinkingWish(ThinkingMode.ON, effort="max")),
        ("fast(low)", "claude-opus-5", ThinkingWish(ThinkingMode.ON, effort="low")),
        ("own", "own(v2)", None),
    ],
)
def test_a_suffix_says_how_much_to_think(asked: str, model: str, thinking: ThinkingWish | None) -> None:
    (one,) = candidates(routed(THINKING), asked)
    assert (one.model, one.thinking) == (model, thinking)


def test_a_name_with_a_suffix_that_stands_in_the_config_means_that_one_only() -> None:
    one = routed("""
openai-compatibility:
  - name: v
    base-url: https://v.example/v1
    models: [{name: a, alias: "m(high)"}, {name: b, alias: m}, {name: "m[1m]"}]
""")
    assert said(one.candidates("m(high)")) == [("v", "a", 1)]
    assert said(one.candidates("m(low)")) == [("v", "b", 1)]
    assert said(one.candidates("m[1m]")) == [("v", "m[1m]", 1)]


def test_an_alias_with_a_suffix_alone_does_not_serve_the_bare_name() -> None:
    one = routed(THINKING)
    assert one.candidates("fast") == one.candidates("fast(high)") == ()


def test_a_suffix_on_a_name_of_the_family_is_taken_off() -> None:
    (one,) = candidates(router(), "claude-haiku-5-5(high)")
    assert (one.model, one.thinking) == ("claude-haiku-5-5", ON_HIGH)


@pytest.mark.parametrize("asked", ["claude-x(\r\nset-cookie: a)", "claude-x(\u2028)"])
def test_a_suffix_that_no_log_line_can_hold_is_none(asked: str) -> None:
    assert router().candidates(asked) == ()


def test_auto_is_the_newest_model_of_all_that_are_served() -> None:
    one = routed("""
claude-api-key: [{api-key: test-key-1, excluded-models: ["*fable*"]}]
openai-compatibility:
  - name: v
    base-url: https://v.example/v1
    models: [{name: mine}, {name: openai/gpt-6.1-terra, alias: terra}, {name: google/gemini-3-pro-image, alias: draw}]
""")
    found = candidates(one, "auto(high)")
    assert (found[0].model, found[0].thinking) == ("openai/gpt-6.1-terra", ON_HIGH)
    assert said(one.candidates("auto"))[0] == ("v", "openai/gpt-6.1-terra", 1)
    info = one.info("auto")
    assert info is not None
    assert info.id == "terra"
    assert "auto" not in {info.id for info in one.models()}


def test_auto_is_the_first_model_where_nobody_knows_how_old_they_are() -> None:
    text = "{name: v, base-url: https://v.example/v1, models: [{name: a}, {name: b}]}"
    assert said(routed(f"openai-compatibility: [{text}]").candidates("auto")) == [("v", "a", 1), ("v", "b", 1)]


def test_auto_goes_on_to_older_models_where_the_newer_ones_are_not_free() -> None:
    one = routed("claude-api-key: [{api-key: test-key-1}]\ngemini-api-key: [{api-key: test-key-2}]")
    tiers = one.candidates("auto")
    assert all(len(tier) == 1 for tier in tiers)
    assert {tier[0].pool for tier in tiers} == {"claude", "gemini"}
    infos = {info.id: info.created_s for info in one.models()}
    dates = [infos[tier[0].model] for tier in tiers]
    assert dates == sorted(dates, reverse=True)


def test_a_model_that_the_config_calls_auto_is_just_that() -> None:
    text = "{name: v, base-url: https://v.example/v1, models: [{name: claude-opus-5}, {name: b, alias: auto}]}"
    assert said(routed(f"openai-compatibility: [{text}]").candidates("auto(low)")) == [("v", "b", 1)]


def test_without_models_there_is_no_newest_one() -> None:
    assert Router(parse(CONFIG).settings, ()).candidates("auto") == ()


def test_what_the_catalogue_knows_goes_with_the_candidate() -> None:
    (one,) = candidates(router(), "claude-haiku-5-5")
    facts = lookup.facts("claude", "claude-haiku-5-5")
    assert facts is not None
    assert one.thinking_range == facts.thinking
    assert one.max_output_tokens == facts.max_output_tokens
    assert one.input_modalities == frozenset(facts.input_modalities)


KNOWN = """
openai-compatibility:
  - name: router
    base-url: https://router.example/v1
    models:
      - {name: anthropic/claude-sonnet-4.5, alias: sonnet}
      - {name: anthropic/claude-opus-5, alias: told, display-name: Mine, max-context-length: 5000,
         thinking: {levels: [high, low, none]}, input-modalities: [text], output-modalities: [text, image]}
      - {name: anthropic/claude-opus-5, alias: silent, thinking: {zero_allowed: true}}
      - {name: unheard-of}
"""


def test_a_model_behind_a_gateway_is_known_by_its_own_name() -> None:
    (one,) = candidates(routed(KNOWN), "sonnet")
    assert one.thinking_range is not None
    assert one.thinking_range.max_tokens
    assert one.max_output_tokens == 64_000


def test_what_the_user_says_of_a_model_stands_over_the_catalogue() -> None:
    (one,) = candidates(routed(KNOWN), "told")
    assert one.thinking_range is not None
    assert (one.thinking_range.levels, one.thinking_range.zero_allowed) == (("none", "low", "high"), True)
    assert one.input_modalities == frozenset(["text"])
    info = listed(routed(KNOWN), "told")
    assert (info.display_name, info.max_input_tokens, info.max_output_tokens) == ("Mine", 5000, 128_000)
    assert (info.thinking, info.input_modalities) == (one.thinking_range, ("text",))
    assert info.output_modalities == ("text", "image")


def test_a_budget_of_the_users_own_stands_over_the_catalogue() -> None:
    thinking = "{min: 2000, max: 5000, zero-allowed: true, dynamic-allowed: true}"
    model = f"models: [{{name: claude-opus-5, alias: mine, thinking: {thinking}}}]"
    (one,) = candidates(routed(f"claude-api-key: [{{api-key: test-key-1, {model}}}]"), "mine")
    assert one.thinking_range == ThinkingRange(2000, 5000, zero_allowed=True, dynamic_allowed=True)


def test_a_range_without_a_budget_and_without_levels_says_nothing() -> None:
    (silent,) = candidates(routed(KNOWN), "silent")
    facts = lookup.facts("", "claude-opus-5")
    assert facts is not None
    assert silent.thinking_range == facts.thinking


def test_of_a_model_that_nobody_knows_nothing_is_made_up() -> None:
    (one,) = candidates(routed(KNOWN), "unheard-of")
    assert (one.thinking_range, one.max_output_tokens, one.input_modalities) == (None, None, None)
    info = listed(routed(KNOWN), "unheard-of")
    assert (info.created_s, info.max_input_tokens, info.thinking, info.input_modalities) == (0, None, None, ())


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


def test_an_entry_without_models_lists_what_the_catalogue_has() -> None:
    one = routed("claude-api-key: [{api-key: test-key-1, excluded-models: ['claude-opus-*']}]")
    ids = [info.id for info in one.models()]
    assert ids == [facts.id for facts in lookup.listed("claude") if not facts.id.startswith("claude-opus-")]
    haiku = listed(one, "claude-haiku-5-5")
    assert (haiku.owner, haiku.display_name, haiku.created_s) == ("anthropic", "Claude Haiku 5.5", 1_791_331_200)
    assert (haiku.max_input_tokens, haiku.max_output_tokens) == (1_000_000, 128_000)
    assert haiku.input_modalities == ("text", "image", "document")


def test_every_listed_model_of_a_vendor_can_be_asked_for() -> None:
    for provider in registry.all_providers().values():
        for facts in lookup.listed(provider.catalogue):
            assert facts.id.startswith(provider.families)


def test_what_one_entry_leaves_open_another_one_tells() -> None:
    one = routed("""
openai-compatibility:
  - {name: a, base-url: https://a.example/v1, models: [{name: m, display-name: M}]}
  - {name: b, base-url: https://b.example/v1, models: [{name: m, display-name: N, max-context-length: 7}]}
""")
    assert one.models() == (ModelInfo(id="m", owner="a", display_name="M", max_input_tokens=7),)


@pytest.mark.parametrize("name", ["sonnet", "office/sonnet", "sonnet(high)", "sonnet[1m]"])
def test_one_model_is_told_of_with_and_without_a_suffix(name: str) -> None:
    info = router().info(name)
    assert info is not None
    assert info.id in ("sonnet", "office/sonnet")
    assert info == listed(router(), info.id)


def test_a_model_that_stands_in_no_list_is_told_of_where_it_is_served() -> None:
    info = router().info("claude-haiku-4-5(high)")
    assert info is not None
    assert (info.id, info.owner, info.display_name) == ("claude-haiku-4-5", "anthropic", "Claude Haiku 4.5")
    assert router().info("gone") is None
    assert router().info("") is None


def test_a_refusal_names_the_prefix_that_is_missing() -> None:
    forced = routed("""
force-model-prefix: true
claude-api-key: [{api-key: test-key-1, prefix: p}, {api-key: test-key-2, prefix: q, models: [{name: claude-opus-5}]}]
""")
    assert str(forced.unknown("claude-opus-5(high)")) == (
        "no provider in config.yaml serves the model 'claude-opus-5(high)': "
        "it is served with its prefix only, as p/claude-opus-5, q/claude-opus-5"
    )
    assert "p/claude-never-heard-of" in str(forced.unknown("claude-never-heard-of"))


def test_a_refusal_says_that_the_config_leaves_the_model_out() -> None:
    one = routed("""
claude-api-key: [{api-key: test-key-1, excluded-models: ["claude-opus-*"]}]
openai-compatibility:
  - name: v
    base-url: https://v.example/v1
    excluded-models: ["*-old"]
    models: [{name: some-model-old}, {name: some-model-new}]
""")
    assert "excluded-models of claude leaves it out" in str(one.unknown("claude-opus-5"))
    error = one.unknown("some-model-old")
    assert "excluded-models of v leaves it out; similar names that are served: some-model-new" in str(error)


def test_a_refusal_of_a_name_that_nobody_knows_has_similar_names_only() -> None:
    assert str(router().unknown("sonet")) == str(UnknownModel("sonet", router().near("sonet")))
    assert len(str(router().unknown("x" * 100_000))) < 200


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


@given(st.text(max_size=300) | st.builds("claude-{}({})".format, st.text(max_size=9), st.text(max_size=9)))
def test_no_name_is_too_odd_to_be_looked_for(name: str) -> None:
    found = candidates(SHARED, name)
    assert all(one.model.isprintable() for one in found)
    assert (SHARED.info(name) is not None) == bool(found)
    assert found or SHARED.unknown(name).status == 404


def test_without_credentials_nothing_is_served() -> None:
    empty = Router(parse(CONFIG).settings, ())
    assert (empty.models(), empty.candidates("sonnet"), empty.near("sonnet")) == ((), (), ())


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    one = router()
    for number in range(3000):
        one.candidates(f"claude-{number}")
    assert len(one._found) <= 1024
    assert one.candidates("claude-1") == one.candidates("claude-1")
