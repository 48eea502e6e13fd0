"""What is known of the vendors' models."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from anthropic.types.model_param import ModelParam
from hypothesis import given
from hypothesis import strategies as st

from addons.catalogue.facts import NO_THINKING, ModelFacts
from addons.catalogue.lookup import PARTS, facts, listed
from addons.providers import registry
from translators.thinking import EFFORTS

ROWS = [pytest.param(part, model, id=f"{part}-{model.id}") for part, models in PARTS.items() for model in models]
FIRST = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
MODALITIES = {"text", "image", "audio", "video", "document"}  # the words that the config has for them


def known(part: str, name: str) -> ModelFacts:
    found = facts(part, name)
    assert found is not None
    return found


@pytest.mark.parametrize(("part", "model"), ROWS)
def test_a_row_is_whole_and_names_its_source(part: str, model: ModelFacts) -> None:
    assert model.id
    assert model.display_name
    assert model.owner
    assert model.source
    assert FIRST < model.created_s <= datetime(2026, 11, 20, tzinfo=UTC).timestamp()
    assert {*model.input_modalities, *model.output_modalities} <= MODALITIES
    assert "text" in model.input_modalities
    for limit in (model.max_input_tokens, model.max_output_tokens):
        assert limit is None or 1_000 <= limit <= 2_000_000


@pytest.mark.parametrize(("part", "model"), ROWS)
def test_a_thinking_range_can_be_followed(part: str, model: ModelFacts) -> None:
    thinking = model.thinking
    if thinking is None or thinking == NO_THINKING:
        return
    assert thinking.thinks
    assert list(thinking.levels) == sorted(thinking.levels, key=EFFORTS.index)
    assert 0 <= thinking.min_tokens <= thinking.max_tokens or not thinking.max_tokens
    assert thinking.zero_allowed or "none" not in thinking.levels
    if thinking.max_tokens and model.max_output_tokens:
        assert thinking.max_tokens < model.max_output_tokens


@pytest.mark.parametrize(("part", "model"), ROWS)
def test_a_model_is_found_by_its_own_name(part: str, model: ModelFacts) -> None:
    assert facts(part, model.id) == model


def test_each_id_stands_once_in_a_part() -> None:
    for models in PARTS.values():
        assert len({model.id for model in models}) == len(models)


@pytest.mark.parametrize(
    "name", [name for name in get_args(get_args(ModelParam)[0]) if name != "claude-mythos-preview"]
)
def test_every_model_that_the_sdk_of_anthropic_names_is_known(name: str) -> None:
    assert known("claude", name).owner == "anthropic"


def test_every_part_that_a_provider_names_exists() -> None:
    for provider in registry.all_providers().values():
        assert not provider.catalogue or listed(provider.catalogue)


@pytest.mark.parametrize(
    ("part", "name", "meant"),
    [
        ("claude", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude", "claude-opus-5-20260724", "claude-opus-5"),
        ("claude", "Claude-Opus-5", "claude-opus-5"),
        ("codex", "gpt-5.5-2026-04-23", "gpt-5.5"),
        ("gemini", "models/gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("vertex", "gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
        ("", "openai/gpt-5", "gpt-5"),
        ("", "openai/gpt-5.6-terra:batch", "gpt-5.6-terra"),
        ("", "google/gemini-2.5-pro", "gemini-2.5-pro"),
        ("", "x-ai/grok-4.6", "grok-4.6"),
        ("", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"),
        ("claude", "gpt-5", "gpt-5"),
    ],
)
def test_other_names_of_a_model_have_its_facts(part: str, name: str, meant: str) -> None:
    assert known(part, name).id == meant


@pytest.mark.parametrize(
    "name", ["", "llama", "gpt", "claude-sonnet", "gpt-5.5-turbo", "gpt-5-chat-latest", "x" * 9999]
)
def test_of_an_unknown_model_nothing_is_made_up(name: str) -> None:
    assert facts("openai", name) is None


@pytest.mark.parametrize("name", ["claude-mythos-5-2", "claude-opus-4-1-20250805", "gemini-3.7-flash", "o1"])
def test_what_is_closed_or_past_is_known_and_stands_in_no_list(name: str) -> None:
    assert facts("", name) is not None
    assert all(model.id != name for part in PARTS for model in listed(part))


@given(st.text(max_size=250), st.sampled_from(["", *PARTS, "other"]))
def test_no_name_is_too_odd_to_be_looked_up(name: str, part: str) -> None:
    assert facts(part, name) is None or isinstance(facts(part, name), ModelFacts)
