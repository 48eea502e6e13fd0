"""From the model that a client names to who may answer, in order."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby, islice
from typing import Final

from msgspec.structs import replace

from addons.accounts.credential import Credential
from addons.routing.candidate import Candidate, Leg, Tier, UnknownModel
from addons.routing.entry import Entry, Served, entries_of, merged
from addons.routing.suffix import read
from addons.settings.entries import ModelEntry
from addons.settings.model import Settings
from addons.settings.rules import ModelRoute
from translators.conversation import ThinkingWish
from translators.dialect import ModelInfo

__all__ = ["Candidate", "Leg", "Router", "Tier", "UnknownModel"]

AUTO: Final = "auto"
_AUTO_MODELS: Final = 32
"""The name that means the newest model."""

_CACHED_NAMES: Final = 1024
_LONGEST_CACHED: Final = 200
_COMPARED_NAMES: Final = 1000
_TEXT_ONLY: Final = ("text",)


class Router:
    """Model name -> candidates: the highest priority first, then the order of the config. A guess by the beginning of
    the name counts only where neither the config nor the catalogue has it: an alias means nothing to other vendors.

    Names are compared letter by letter, as CLIProxyAPI does; words in a suffix and patterns are not, nor are the names
    of routes (`model-routes`), which come before all models.
    """

    def __init__(self, settings: Settings, credentials: Iterable[Credential]) -> None:
        usable = frozenset(credential.id for credential in credentials)
        entries = [entry for entry in entries_of(settings) if entry.credentials & usable]
        self._entries = sorted(entries, key=lambda entry: -entry.priority)
        self._unnamed = [entry for entry in self._entries if not entry.models]
        self._named: dict[str, list[tuple[Entry, ModelEntry]]] = {}
        self._left_out: dict[str, Entry] = {}
        self._found: dict[str, tuple[Tier, ...]] = {}
        self._routes = {route.alias.lower(): route for route in settings.model_routes}
        for entry in self._entries:
            self._index(entry)

    def candidates(self, model: str) -> tuple[Tier, ...]:
        """Who may answer, the highest priority first; empty where nobody serves that name."""
        found = self._found.get(model)
        if found is None:
            found = self._find(model)
            if len(self._found) >= _CACHED_NAMES:  # Clients choose these names.
                self._found.clear()
            if len(model) <= _LONGEST_CACHED:
                self._found[model] = found
        return found

    def models(self) -> tuple[ModelInfo, ...]:
        """What may be asked for, each name once, in the order of priority and of the config."""
        return self._models

    def info(self, name: str) -> ModelInfo | None:
        """What is known of a model that may be asked for; None where nobody serves it. A suffix changes nothing."""
        reading = read(name)
        for way in reading.names:
            if way in self._by_id:
                return self._by_id[way]
        return self._info(name)

    def _info(self, name: str) -> ModelInfo | None:
        reading = read(name)
        for info in self._served:
            if info.id in reading.names:
                return info
        for entry in self._unnamed:
            for meant in entry.meant(reading.bare):
                if entry.unnamed(meant) is not None:
                    return replace(entry.info_of(meant), id=reading.bare)
        return next(iter(self._newest_first), None) if reading.bare == AUTO else None

    def near(self, model: str) -> tuple[str, ...]:
        """Names that are served and look alike, the nearest first. Of very many names only the first are compared."""
        names = {info.id.lower(): info.id for info in islice(self._models, _COMPARED_NAMES)}
        return tuple(names[name] for name in difflib.get_close_matches(model[:200].lower(), names, n=3))

    def unknown(self, model: str) -> UnknownModel:
        """The refusal of a name that has no candidates, with all that may help."""
        bare = read(model).bare
        if forms := tuple(islice(self._with_prefix(bare), 3)):
            return UnknownModel(model, (), f"it is served with its prefix only, as {', '.join(forms)}")
        if pools := tuple(islice(dict.fromkeys(entry.pool for entry in self._without_exclusion(bare)), 3)):
            return UnknownModel(model, self.near(bare), f"excluded-models of {', '.join(pools)} leaves it out")
        if route := self._routes.get(bare.lower()):
            return UnknownModel(model, (), f"it is a route, and none of its models is: {', '.join(route.models[:3])}")
        return UnknownModel(model, self.near(bare))

    def _index(self, entry: Entry) -> None:
        for model in entry.models:
            asked = model.asked
            left_out = asked in entry.excluded
            for form in entry.forms(asked):
                if left_out:
                    self._left_out.setdefault(form, entry)
                else:
                    self._named.setdefault(form, []).append((entry, model))

    def _find(self, asked: str) -> tuple[Tier, ...]:
        """A name that stands in the config as it was asked for means that; else what it says beside the name counts."""
        reading = read(asked)
        for way in reading.names:
            if route := self._routes.get(way.lower()):
                return tuple(self._legs(route, reading.thinking))
        return self._find_models(asked)

    def _legs(self, route: ModelRoute, thinking: ThinkingWish | None) -> Iterator[Tier]:
        """The models of a route, each with its own tiers. What such a model says of thinking stands over the client."""
        for model in route.models:
            leg = Leg(route.alias, model, float(route.cooldown_seconds), in_turn=route.strategy == "round-robin")
            for tier in self._find_models(model):
                yield tuple(
                    dataclasses.replace(candidate, leg=leg, thinking=candidate.thinking or thinking)
                    for candidate in tier
                )

    def _find_models(self, asked: str) -> tuple[Tier, ...]:
        reading = read(asked)
        for way in reading.names:
            served = self._from_named(way)
            if way == reading.bare:
                served += self._from_unnamed(way)
            if served:
                return _tiers(reading.thinking, served)
        if reading.bare == AUTO:
            return tuple(
                tier
                for info in self._newest_first
                for tier in _tiers(reading.thinking, self._from_named(info.id) + self._from_unnamed(info.id))
            )
        return ()

    def _from_named(self, asked: str) -> list[tuple[Entry, Served]]:
        return [(entry, entry.named(model)) for entry, model in self._named.get(asked, ())]

    def _from_unnamed(self, asked: str) -> list[tuple[Entry, Served]]:
        found = ((entry, entry.unnamed(name)) for entry in self._unnamed for name in entry.meant(asked))
        return [(entry, served) for entry, served in found if served is not None]

    def _with_prefix(self, bare: str) -> Iterator[str]:
        """The name as it may be asked for, where it needs a prefix."""
        for prefix in dict.fromkeys(entry.prefix for entry in self._entries if entry.prefix):
            form = f"{prefix}/{bare}"
            if form in self._named or self._from_unnamed(form):
                yield form

    def _without_exclusion(self, bare: str) -> Iterator[Entry]:
        """Who would serve it, but for its excluded-models."""
        if bare in self._left_out:
            yield self._left_out[bare]
        for entry in self._unnamed:
            if any(entry.could_serve(name) and name in entry.excluded for name in entry.meant(bare)):
                yield entry

    @cached_property
    def _models(self) -> tuple[ModelInfo, ...]:
        """Those of the config's entries, and its routes, which look like the first of their models."""
        infos = {info.id: info for info in self._served}
        for route in self._routes.values():
            first = next((info for name in route.models if (info := self._info(name)) is not None), None)
            if first is not None:
                infos[route.alias] = replace(first, id=route.alias)
        return tuple(infos.values())

    @cached_property
    def _served(self) -> tuple[ModelInfo, ...]:
        """Made when it is first asked for: a list of very many takes its time."""
        infos: dict[str, ModelInfo] = {}
        for entry in self._entries:
            for info in entry.infos():
                for form in entry.forms(info.id):
                    before = infos.get(form)
                    infos[form] = replace(info, id=form) if before is None else merged(before, info)
        return tuple(infos.values())

    @cached_property
    def _by_id(self) -> dict[str, ModelInfo]:
        return {info.id: info for info in self._models}

    @cached_property
    def _newest_first(self) -> list[ModelInfo]:
        """What `auto` means: the models that write text, the one released last first, as many as may be tried. An
        older one answers where the newer are not free, or can't be told what this client says."""
        writing = [info for info in self._served if info.output_modalities in ((), _TEXT_ONLY)]
        return sorted(writing or self._served, key=lambda info: -info.created_s)[:_AUTO_MODELS]


def _tiers(thinking: ThinkingWish | None, found: Iterable[tuple[Entry, Served]]) -> tuple[Tier, ...]:
    """Entries of one pool that call the model the same are one candidate: its pool chooses among them."""
    ordered = sorted(_surest(found), key=lambda pair: (-pair[0].priority, pair[0].position))
    ids: dict[tuple[int, str, Served], set[str]] = {}
    providers = {entry.pool: entry.provider for entry, _ in ordered}
    for entry, served in ordered:
        key = (entry.priority, entry.pool, served)
        ids.setdefault(key, set()).update(entry.credentials)
    candidates = [
        Candidate(
            provider=providers[pool],
            pool=pool,
            model=served.name,
            credentials=frozenset(credentials),
            keeps_thinking=served.keeps_thinking,
            priority=priority,
            thinking=served.thinking or thinking,
            thinking_range=served.thinking_range,
            max_output_tokens=served.max_output_tokens,
            input_modalities=served.input_modalities,
        )
        for (priority, pool, served), credentials in ids.items()
    ]
    return tuple(tuple(tier) for _, tier in groupby(candidates, key=lambda one: one.priority))


def _surest(found: Iterable[tuple[Entry, Served]]) -> list[tuple[Entry, Served]]:
    """Guesses only where there is nothing else."""
    served = list(found)
    return [pair for pair in served if not pair[1].guessed] or served
