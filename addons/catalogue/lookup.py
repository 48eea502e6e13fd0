"""Finds the facts of a model by the name that somebody calls it."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from addons.catalogue import claude, gemini, openai, xai
from addons.catalogue.facts import ModelFacts

PARTS: Final[Mapping[str, tuple[ModelFacts, ...]]] = {
    "claude": claude.MODELS,
    "gemini": gemini.MODELS,
    "vertex": gemini.VERTEX,
    "codex": openai.CODEX,
    "openai": openai.MODELS,
    "xai": xai.MODELS,
}
"""Part -> its models, as Provider.catalogue names it."""

_MOST: Final = 200
_VERSION: Final = re.compile(r"(?:[-@](?:20\d{6}|20\d\d-\d\d-\d\d)|-00\d|-preview-\d\d-(?:20)?\d\d)$", re.ASCII)
"""A date or a number that makes another name of the same model."""


def listed(part: str) -> tuple[ModelFacts, ...]:
    """What a credential of that vendor serves where the config names no models."""
    return tuple(model for model in PARTS.get(part, ()) if model.listed)


@lru_cache(maxsize=4096)
def facts(part: str, name: str) -> ModelFacts | None:
    """What is known of the model that this vendor, or another one, calls so.

    Versions with a date are the same model, and so are the names that gateways make of a vendor's
    (`anthropic/claude-sonnet-4.5`, `openai/gpt-5:free`). None where nobody knows, or vendors mean different models.
    """
    if len(name) > _MOST:
        return None
    key = _key(name)
    return _BY_PART.get(part, {}).get(key) or _ANYWHERE.get(key)


@lru_cache(maxsize=4096)
def is_in(part: str, name: str) -> bool:
    """Whether a vendor has a model of that name, or of that name with another date."""
    return len(name) <= _MOST and _key(name) in _BY_PART.get(part, {})


def _key(name: str) -> str:
    bare = name.strip().lower().rpartition("/")[2].partition(":")[0]
    return _VERSION.sub("", bare).replace(".", "-")


def _keyed(models: Iterable[ModelFacts]) -> Mapping[str, ModelFacts]:
    """Without the names that stand for different models."""
    found: dict[str, ModelFacts | None] = {}
    for model in models:
        key = _key(model.id)
        found[key] = model if found.setdefault(key, model) == model else None
    return {key: model for key, model in found.items() if model is not None}


_BY_PART: Final = {part: _keyed(models) for part, models in PARTS.items()}
_ANYWHERE: Final = _keyed(model for models in PARTS.values() for model in models)
