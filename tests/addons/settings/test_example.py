"""config.example.yaml: it loads as it stands, and shows every key."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from addons.settings import load, parse
from addons.settings.entries import Section
from addons.settings.inactive import INACTIVE, WITHIN
from addons.settings.keys import section_of
from addons.settings.model import Settings

EXAMPLE = Path(__file__).parents[3] / "config.example.yaml"
TEXT = EXAMPLE.read_text()
INACTIVE_TEXT = "\n".join(line for line in TEXT.splitlines() if line.startswith("## "))
SAMPLES = re.sub(r"(?m)^# ((?:  |payload:|[a-z]+(?:-[a-z]+)+:).*)$", r"\1", TEXT)
"""The same with its samples turned on."""


def fields(section: type[Section]) -> Iterator[tuple[type[Section], str]]:
    """Every key of the settings, with the section that it stands in."""
    for name, field in section.model_fields.items():
        yield section, field.alias or name
        inner = section_of(field.annotation)
        if inner is not None:
            yield from fields(inner)


def keys_in(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from keys_in(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from keys_in(item)


def test_it_loads_as_it_stands_and_asks_for_no_key() -> None:
    loaded = load(EXAMPLE)
    assert [entry for entries in loaded.settings.key_sections.values() for entry in entries] == []
    assert (loaded.settings.openai_compatibility, loaded.settings.api_keys) == ((), ())
    assert [note.path for note in loaded.notes] == ["host"]


def test_it_loads_with_its_samples_turned_on_and_leaves_out_their_keys() -> None:
    left_out = [note.path for note in parse(SAMPLES).notes if note.warning]
    sections = ("claude", "gemini", "codex", "xai", "vertex")
    assert left_out == ["api-keys", *(f"{section}-api-key[0]" for section in sections), "openai-compatibility[0]"]


def test_it_loads_with_its_samples_filled_in_and_names_only_keys_that_are_acted_on() -> None:
    loaded = parse(re.sub(r'"[\w-]*\.\.\."', '"test-key-1"', SAMPLES))
    assert [len(entries) for entries in loaded.settings.key_sections.values()] == [1, 1, 1, 1, 1]
    assert len(loaded.settings.openai_compatibility) == 1
    assert [note.path for note in loaded.notes] == ["host", "auth-dir"]


@pytest.mark.parametrize("section", sorted({section for section, _ in fields(Settings)}, key=str))
def test_it_shows_every_key_that_is_acted_on(section: type[Section]) -> None:
    shown = set(keys_in(yaml.safe_load(SAMPLES)))
    assert {key for of, key in fields(Settings) if of is section} - shown == set()


def test_it_names_the_default_of_what_it_sets() -> None:
    """But for two that CLIProxyAPI's sample sets as well."""
    differing = {"request-retry", "max-retry-interval"}
    settings, defaults = load(EXAMPLE).settings, Settings()
    for name, field in Settings.model_fields.items():
        if field.alias not in differing:
            assert getattr(settings, name) == getattr(defaults, name)


@pytest.mark.parametrize("path", sorted(INACTIVE), ids=lambda path: path or "top")
def test_it_names_every_key_that_is_accepted_and_not_acted_on(path: str) -> None:
    assert [key for key in INACTIVE[path] if not named(key)] == []


@pytest.mark.parametrize("path", sorted(WITHIN))
def test_it_names_the_keys_of_every_group_that_is_not_acted_on(path: str) -> None:
    assert [key for key in WITHIN[path] if not named(key)] == []


def named(key: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", INACTIVE_TEXT) is not None
