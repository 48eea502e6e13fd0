"""Finds the providers: every module of `addons.providers` that has a PROVIDER."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from addons import providers
from addons.providers.provider import Provider


@cache
def all_providers() -> Mapping[str, Provider]:
    """Name -> provider, in the order of their names."""
    found: dict[str, Provider] = {}
    for module in sorted(pkgutil.iter_modules(providers.__path__), key=lambda module: module.name):
        provider = getattr(importlib.import_module(f"{providers.__name__}.{module.name}"), "PROVIDER", None)
        if isinstance(provider, Provider):
            found[provider.name] = provider
    return found


def provider(name: str) -> Provider:
    """The provider of that name. Raises KeyError: a name is ours, never a client's."""
    return all_providers()[name]


def of_section(section: str) -> Provider:
    """The provider whose keys stand in that section of config.yaml. Raises KeyError."""
    for one in all_providers().values():
        if one.section == section:
            return one
    raise KeyError(section)
