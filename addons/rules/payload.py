"""Payload rules: what is set in, and taken out of, the bodies that upstreams get. Source: CLIProxyAPI's `payload`.

They are applied to the request as the upstream is to hear it, before its provider's duties and its envelope, in this
order: default and default-raw (where the request said nothing; the first rule that sets a path wins), override and
override-raw (in any case, the last one wins), filter. A rule's conditions look at the body as the rules before it have
left it. Said is what stands in the translated body before the rules, as in CLIProxyAPI; but here also how much to
think, where the model's name asks for that in a suffix.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from addons.accounts.masking import masked
from addons.rules import document, images, places
from addons.rules.document import Value
from addons.rules.path import Path, Place, parse, parse_for_editing
from addons.rules.scope import Scope, called
from addons.settings.rules import FilterRule, Payload, PayloadModel, RawRule, SetRule

_CACHED: Final = 1024
_LONGEST_CACHED: Final = 200


class Way(StrEnum):
    """What a rule does to its paths."""

    DEFAULT = "default"
    OVERRIDE = "override"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Ruled:
    """A body after the rules. `told`: what they changed, for people; no values."""

    body: bytes
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A path, and what it must be. `raw` None: something that is not null."""

    path: Path
    raw: bytes | None
    wanted: bool

    def holds(self, body: Value) -> bool:
        """Whether it is so."""
        return any(self._fits(found) for found in places.find(body, self.path)) is self.wanted

    def _fits(self, found: Value) -> bool:
        return found.kind != "null" if self.raw is None else places.is_same(found, self.raw)


@dataclass(frozen=True, slots=True)
class Meant:
    """Requests that a rule is about."""

    scope: Scope
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """`edits`: path -> JSON; None where it is taken out."""

    way: Way
    meant: tuple[Meant, ...]
    edits: tuple[tuple[Path, bytes | None], ...]


class PayloadRules:
    """The rules of a config. Which of them may be about a model is remembered, since clients ask for the same ones.

    `withdraws_images`: the tool that makes images is taken out before.
    """

    def __init__(self, settings: Payload, *, withdraws_images: bool = False) -> None:
        self._rules = tuple(_rules(settings))
        self._withdraws_images = withdraws_images
        self._found: dict[tuple[tuple[str, str, str], str, str], tuple[Rule, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._rules) or self._withdraws_images

    def apply(
        self,
        body: bytes,
        *,
        asked: str,
        model: str,
        client: str,
        upstream: str,
        headers: Mapping[str, str],
        routed: str = "",
    ) -> Ruled:
        """The body under the rules. `asked`, `model`: as the client and the upstream call the model; `routed`: as the
        route that the client asked for does. `client`, `upstream`: dialects. `headers`: the client's, names in lower
        case. Raises BadRequest for a body that is no JSON object, where a rule might be about it.
        """
        rules = self._about((asked, model, routed), client, upstream, headers)
        withdraws = self._withdraws_images and images.may_be_offered(body)
        if not rules and not withdraws:
            return Ruled(body)
        value = document.read(body)
        told = [*(images.withdraw(value) if withdraws else ()), *_applied(rules, value)]
        return Ruled(value.raw if told else body, tuple(told))

    def _about(self, names: tuple[str, str, str], client: str, upstream: str, headers: Mapping[str, str]) -> list[Rule]:
        key = (names, client, upstream)
        rules = self._found.get(key)
        if rules is None:
            rules = tuple(self._of(called(*names), client, upstream))
            if len(self._found) >= _CACHED:  # Clients choose these names.
                self._found.clear()
            if len(names[0]) <= _LONGEST_CACHED:
                self._found[key] = rules
        held = ((rule, tuple(one for one in rule.meant if one.scope.holds(headers))) for rule in rules)
        return [Rule(rule.way, meant, rule.edits) for rule, meant in held if meant]

    def _of(self, models: Sequence[str], client: str, upstream: str) -> Iterator[Rule]:
        for rule in self._rules:
            meant = tuple(one for one in rule.meant if one.scope.names(models, upstream, client))
            if meant:
                yield Rule(rule.way, meant, rule.edits)


def _applied(rules: Iterable[Rule], value: Value) -> Iterator[str]:
    """What they have changed."""
    defaults: set[Place] = set()
    for rule in rules:
        if not any(all(condition.holds(value) for condition in one.conditions) for one in rule.meant):
            continue
        for where, raw in rule.edits:
            for place in _edited(value, rule, where, raw, defaults):
                yield f"{rule.way} {masked(places.shown(place))}"


def _edited(value: Value, rule: Rule, where: Path, raw: bytes | None, defaults: set[Place]) -> Iterator[Place]:
    """Where the body has changed."""
    found = places.resolve(value, where)
    if raw is None:
        yield from (place for place in reversed(found) if places.cut(value, place))
        return
    for place in found:
        if rule.way is Way.DEFAULT:
            if place in defaults or places.was_there(value, place):
                continue
            defaults.add(place)
        if places.put(value, place, raw):
            yield place


def _rules(settings: Payload) -> Iterator[Rule]:
    every: tuple[tuple[Way, tuple[SetRule | RawRule | FilterRule, ...]], ...] = (
        (Way.DEFAULT, (*settings.default, *settings.default_raw)),
        (Way.OVERRIDE, (*settings.override, *settings.override_raw)),
        (Way.FILTER, settings.filter),
    )
    for way, rules in every:
        for rule in rules:
            yield Rule(way, tuple(_meant(one) for one in rule.models), tuple(_edits(rule)))


def _edits(rule: SetRule | RawRule | FilterRule) -> Iterator[tuple[Path, bytes | None]]:
    match rule:
        case FilterRule(params=paths):
            yield from ((parse_for_editing(where), None) for where in paths)
        case SetRule(params=values) | RawRule(params=values):
            yield from ((parse_for_editing(where), raw.encode()) for where, raw in values.items())


def _meant(one: PayloadModel) -> Meant:
    headers = tuple((name.strip().lower(), pattern) for name, pattern in one.headers.items() if name.strip())
    return Meant(Scope(one.name, one.protocol, one.from_protocol, headers), tuple(_conditions(one)))


def _conditions(one: PayloadModel) -> Iterator[Condition]:
    for wanted, groups in ((True, one.match), (False, one.not_match)):
        for group in groups:
            for where, raw in group.items():
                yield Condition(parse(where), raw.encode(), wanted)
    for wanted, paths in ((True, one.exist), (False, one.not_exist)):
        for where in paths:
            yield Condition(parse(where), None, wanted)
