"""An entry of the config as routing sees it: which names it serves, and what is known of the models behind them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from addons.accounts import from_settings
from addons.catalogue import lookup
from addons.catalogue.facts import ModelFacts
from addons.providers import registry
from addons.providers.provider import Provider
from addons.routing import suffix
from addons.routing.wildcard import Excluded
from addons.settings.entries import CompatibleProvider, ModelEntry, ThinkingEntry
from addons.settings.model import Settings
from translators.conversation import ThinkingWish
from translators.dialect import ModelInfo
from translators.thinking import ThinkingRange

_PLAIN: Final = re.compile(r"[!-~]{1,200}")
"""What a client may choose by itself: it goes into logs and headers."""


@dataclass(frozen=True, slots=True)
class Served:
    """An upstream model, with what the user's config says of it, and where that is silent, the catalogue.

    `thinking`: what its own name asks for, which stands over the client's. `guessed`: only the beginning of its name
    speaks for it.
    """

    name: str
    keeps_thinking: bool = False
    guessed: bool = False
    thinking: ThinkingWish | None = None
    thinking_range: ThinkingRange | None = None
    max_output_tokens: int | None = None
    input_modalities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """`pool`, `credentials`: who answers for it. `position`: its place in the file. Without `models` it serves every
    name of the provider's families; those that the catalogue does not have are a guess."""

    provider: Provider
    pool: str
    credentials: frozenset[str]
    models: tuple[ModelEntry, ...]
    excluded: Excluded
    prefix: str
    prefix_needed: bool
    priority: int
    position: int

    def forms(self, name: str) -> tuple[str, ...]:
        """What clients may call a model of that name."""
        if not self.prefix:
            return (name,)
        prefixed = f"{self.prefix}/{name}"
        return (prefixed,) if self.prefix_needed and name != self.prefix else (name, prefixed)

    def meant(self, asked: str) -> Iterator[str]:
        """The names of models that clients may call so; the other way round."""
        if not self.prefix or not self.prefix_needed or asked == self.prefix:
            yield asked
        if self.prefix and asked.startswith(f"{self.prefix}/"):
            yield asked[len(self.prefix) + 1 :]

    def could_serve(self, name: str) -> bool:
        """Whether the vendor may have it, where the entry names no models and leaves nothing out."""
        families = self.provider.families
        return bool(not self.models and families and name.startswith(families) and _PLAIN.fullmatch(name))

    def unnamed(self, name: str) -> Served | None:
        """A model that an entry without `models` serves."""
        if not self.could_serve(name) or name in self.excluded:
            return None
        part = self.provider.catalogue
        return _served(name, lookup.facts(part, name), guessed=not lookup.is_in(part, name))

    def named(self, model: ModelEntry) -> Served:
        """The upstream model behind one of `models`."""
        name, thinking = suffix.target(model.name)
        return _served(name, lookup.facts(self.provider.catalogue, name), model=model, thinking=thinking)

    def infos(self) -> Iterator[ModelInfo]:
        """What lists show of it; the ids are those without its prefix."""
        part, owner = self.provider.catalogue, self._owner()
        if self.models:
            for model in self.models:
                if model.asked not in self.excluded:
                    name, _ = suffix.target(model.name)
                    yield _info(model.asked, owner, lookup.facts(part, name), model)
            return
        for facts in lookup.listed(part):
            if facts.id not in self.excluded:
                yield _info(facts.id, owner, facts)

    def info_of(self, name: str) -> ModelInfo:
        """What can be told of a model that stands in no list."""
        return _info(name, self._owner(), lookup.facts(self.provider.catalogue, name))

    def _owner(self) -> str:
        """Who made the models of a vendor's own API; of other servers it is their name that says most."""
        models = lookup.listed(self.provider.catalogue)
        return models[0].owner if models else self.pool


def entries_of(settings: Settings) -> Iterator[Entry]:
    """The config's entries, in its order."""
    for position, (section, _, entry) in enumerate(settings.entries()):
        if isinstance(entry, CompatibleProvider) and entry.disabled:
            continue
        credentials = from_settings.credentials_of(settings, section, entry)
        yield Entry(
            provider=registry.of_section(section),
            pool=credentials[0].pool,
            credentials=frozenset(one.id for one in credentials),
            models=entry.models,
            excluded=Excluded(entry.excluded_models),
            prefix=entry.prefix,
            prefix_needed=settings.force_model_prefix,
            priority=entry.priority,
            position=position,
        )


def merged(first: ModelInfo, second: ModelInfo) -> ModelInfo:
    """One model that two entries serve: the first one's word, and the second one's where it says nothing."""
    return ModelInfo(
        id=first.id,
        owner=first.owner,
        created_s=first.created_s or second.created_s,
        display_name=first.display_name or second.display_name,
        max_input_tokens=first.max_input_tokens or second.max_input_tokens,
        max_output_tokens=first.max_output_tokens or second.max_output_tokens,
        thinking=first.thinking if first.thinking is not None else second.thinking,
        input_modalities=first.input_modalities or second.input_modalities,
        output_modalities=first.output_modalities or second.output_modalities,
    )


def _served(
    name: str,
    facts: ModelFacts | None,
    *,
    model: ModelEntry | None = None,
    thinking: ThinkingWish | None = None,
    guessed: bool = False,
) -> Served:
    reads = _reads(facts, model)
    return Served(
        name=name,
        keeps_thinking=model is not None and model.is_compat,
        guessed=guessed,
        thinking=thinking,
        thinking_range=_thinking(facts, model),
        max_output_tokens=None if facts is None else facts.max_output_tokens,
        input_modalities=frozenset(reads) if reads else None,
    )


def _info(name: str, owner: str, facts: ModelFacts | None, model: ModelEntry | None = None) -> ModelInfo:
    written = model.output_modalities if model is not None else ()
    return ModelInfo(
        id=name,
        owner=owner,
        created_s=0 if facts is None else facts.created_s,
        display_name=(model.display_name if model is not None else "") or ("" if facts is None else facts.display_name),
        max_input_tokens=(model.max_context_length if model is not None else None)
        or (None if facts is None else facts.max_input_tokens),
        max_output_tokens=None if facts is None else facts.max_output_tokens,
        thinking=_thinking(facts, model),
        input_modalities=_reads(facts, model),
        output_modalities=written or (() if facts is None else facts.output_modalities),
    )


def _thinking(facts: ModelFacts | None, model: ModelEntry | None) -> ThinkingRange | None:
    """None where nobody knows: then what is asked for goes out as it is, as CLIProxyAPI does with models of the user.
    (For openai-compatibility it would take low, medium and high for granted; that dialect's encoder does so itself.)"""
    said = model.thinking if model is not None else None
    if said is not None and (said.max or said.levels):
        return _range(said)
    return None if facts is None else facts.thinking


def _range(said: ThinkingEntry) -> ThinkingRange:
    return ThinkingRange(
        min_tokens=said.min,
        max_tokens=said.max,
        zero_allowed=said.zero_allowed,
        dynamic_allowed=said.dynamic_allowed,
        levels=said.levels,
    )


def _reads(facts: ModelFacts | None, model: ModelEntry | None) -> tuple[str, ...]:
    said = model.input_modalities if model is not None else ()
    return said or (() if facts is None else facts.input_modalities)
