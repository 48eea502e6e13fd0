"""From the model that a client names to who may answer, in order."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from addons.accounts import from_settings
from addons.accounts.credential import Credential
from addons.providers import registry
from addons.providers.provider import Provider
from addons.settings.entries import CompatibleProvider, ModelEntry
from addons.settings.model import Settings
from translators import ErrorKind, GatewayError
from translators.conversation import ThinkingWish
from translators.dialect import ModelInfo
from translators.thinking import ThinkingRange

_CACHED_NAMES: Final = 1024
_PLAIN: Final = re.compile(r"[!-~]{1,200}")
"""What a client may choose by itself: it goes into logs and headers."""


class UnknownModel(GatewayError):
    """No credential serves what the client asks for. It will not go away by asking again."""

    kind = ErrorKind.NOT_FOUND
    status = 404
    code = "model_not_found"
    param = "model"

    def __init__(self, model: str, near: Iterable[str]) -> None:
        meant = ", ".join(near)
        super().__init__(
            f"no provider in config.yaml serves the model {model[:80]!r}"
            + (f"; similar names that are served: {meant}" if meant else "")
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to answer: an upstream model in a pool, and who of the pool serves it.

    `model`: as the upstream calls it. `alias`: as the client asked. `credentials`: ids. `thinking`: what the name asks
    for in its suffix. `thinking_range`, `max_output_tokens`, `input_modalities`: what is known of the model, None where
    nobody knows (see translators.dialect.Target).
    """

    provider: Provider
    pool: str
    model: str
    alias: str
    credentials: frozenset[str]
    keeps_thinking: bool = False
    priority: int = 0
    thinking: ThinkingWish | None = None
    thinking_range: ThinkingRange | None = None
    max_output_tokens: int | None = None
    input_modalities: frozenset[str] | None = None


type Tier = tuple[Candidate, ...]
"""Candidates of one priority. Who of them begins is not the router's to say: see addons.conduct."""


@dataclass(frozen=True, slots=True)
class _Served:
    """An upstream model. `guessed`: only the beginning of its name speaks for it."""

    name: str
    keeps_thinking: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the config. Without `models` it serves the provider's whole family."""

    provider: Provider
    pool: str
    credentials: frozenset[str]
    models: tuple[ModelEntry, ...]
    excluded: re.Pattern[str] | None
    prefix: str
    prefix_needed: bool
    priority: int

    def serves(self, asked: str) -> Iterator[_Served]:
        """The upstream models for a client's name."""
        if self.prefix and asked.startswith(f"{self.prefix}/"):
            yield from self._serves(asked[len(self.prefix) + 1 :])
        if not self.prefix or not self.prefix_needed or asked == self.prefix:
            yield from self._serves(asked)

    def names(self) -> Iterator[tuple[str, ModelEntry]]:
        """What clients may ask for, as lists show it."""
        for model in self.models:
            if self._excludes(model.asked) or self._excludes(model.name):
                continue
            if not self.prefix or not self.prefix_needed or model.asked == self.prefix:
                yield model.asked, model
            if self.prefix:
                yield f"{self.prefix}/{model.asked}", model

    def _serves(self, asked: str) -> Iterator[_Served]:
        if self._excludes(asked):
            return
        families = self.provider.families
        if not self.models and families and asked.startswith(families) and _PLAIN.fullmatch(asked):
            yield _Served(asked, guessed=True)
        for model in self.models:
            if model.asked == asked and not self._excludes(model.name):
                yield _Served(model.name, model.is_compat)

    def _excludes(self, name: str) -> bool:
        return self.excluded is not None and self.excluded.fullmatch(name.lower()) is not None


class Router:
    """Model name -> candidates: the highest priority first, then those that the config or the vendor names before a
    guess, then the order of the config."""

    def __init__(self, settings: Settings, credentials: Iterable[Credential]) -> None:
        usable = frozenset(credential.id for credential in credentials)
        entries = [entry for entry in _entries(settings) if entry.credentials & usable]
        self._entries = sorted(entries, key=lambda entry: -entry.priority)
        self._found: dict[str, tuple[Tier, ...]] = {}
        self._models = _listed(self._entries)

    def candidates(self, model: str) -> tuple[Tier, ...]:
        """Who may answer, the highest priority first; empty where nobody serves that name."""
        found = self._found.get(model)
        if found is None:
            found = self._find(model)
            if len(self._found) >= _CACHED_NAMES:  # Clients choose these names.
                self._found.clear()
            self._found[model] = found
        return found

    def models(self) -> tuple[ModelInfo, ...]:
        """What may be asked for, each name once."""
        return self._models

    def near(self, model: str) -> tuple[str, ...]:
        """Names that are served and look alike, the nearest first."""
        names = {info.id.lower(): info.id for info in self._models}
        return tuple(names[name] for name in difflib.get_close_matches(model[:200].lower(), names, n=3))

    def _find(self, asked: str) -> tuple[Tier, ...]:
        """Entries of one pool that call the model the same are one candidate: its pool chooses among them."""
        found = [(entry, served) for entry in self._entries for served in entry.serves(asked)]
        found.sort(key=lambda pair: (-pair[0].priority, pair[1].guessed))
        candidates: dict[tuple[int, str, str, bool], Candidate] = {}
        for entry, served in found:
            key = (entry.priority, entry.pool, served.name, served.keeps_thinking)
            before = candidates.get(key)
            ids = entry.credentials if before is None else before.credentials | entry.credentials
            candidates[key] = Candidate(
                entry.provider, entry.pool, served.name, asked, ids, served.keeps_thinking, entry.priority
            )
        return tuple(tuple(tier) for _, tier in groupby(candidates.values(), key=lambda one: one.priority))


def _entries(settings: Settings) -> Iterator[_Entry]:
    """The config's entries, in its order."""
    for section, _, entry in settings.entries():
        credentials = from_settings.credentials_of(settings, section, entry)
        if isinstance(entry, CompatibleProvider) and entry.disabled:
            continue
        yield _Entry(
            provider=registry.of_section(section),
            pool=credentials[0].pool,
            credentials=frozenset(one.id for one in credentials),
            models=entry.models,
            excluded=_any_of(entry.excluded_models),
            prefix=entry.prefix,
            prefix_needed=settings.force_model_prefix,
            priority=entry.priority,
        )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """The patterns, in which only `*` is special, as one; None where there are none."""
    written = [".*".join(map(re.escape, pattern.strip().lower().split("*"))) for pattern in patterns if pattern.strip()]
    return re.compile("|".join(written)) if written else None


def _listed(entries: Iterable[_Entry]) -> tuple[ModelInfo, ...]:
    infos: dict[str, ModelInfo] = {}
    for entry in entries:
        for name, model in entry.names():
            infos.setdefault(name, _info(name, entry.pool, model))
    return tuple(infos.values())


def _info(name: str, owner: str, model: ModelEntry) -> ModelInfo:
    return ModelInfo(
        id=name,
        owner=owner,
        display_name=model.display_name,
        max_input_tokens=model.max_context_length,
    )
