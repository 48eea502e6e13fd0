"""Providers are found by what they are."""

from addons.providers.registry import all_providers, provider
from addons.settings import Settings
from translators import registry
from translators.dialect import Operation


def test_every_module_with_a_provider_is_found() -> None:
    assert {"claude", "gemini", "openai-compatibility", "vertex"} <= set(all_providers())


def test_each_can_generate_and_names_its_section_of_the_config() -> None:
    sections = {name.replace("_", "-") for name in Settings.model_fields}
    for found in all_providers().values():
        assert Operation.GENERATE in found.paths
        assert found.section in sections
        assert found.genuine(found.default_base_url)
        assert provider(found.name) is found


def test_each_speaks_dialects_in_which_an_upstream_can_be_asked() -> None:
    spoken = {found.dialect_of(operation) for found in all_providers().values() for operation in found.paths}
    assert [name for name in spoken if registry.dialect(name).client_only] == []
