"""Prompt rules: text that is put into what a client says, or taken out of it. Source: CLIProxyAPI's fork (Z-M-Huang).

They are applied to the client's body before it is translated: all that strip, then all that inject, in the order of the
file. What is there already is not put there again, so a conversation that comes back with each turn stays as it was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from addons import regexp
from addons.accounts.masking import masked
from addons.regexp import Regexp
from addons.routing.wildcard import fits
from addons.rules import document
from addons.rules.document import Value
from addons.rules.payload import Ruled
from addons.rules.prompt_texts import TEXTS, Spot, Texts
from addons.rules.scope import called
from addons.settings.rules import PromptRule
from translators.jsonio import ENCODER

_DIALECTS: Final = {
    "openai": "openai_chat",
    "openai-response": "openai_responses",
    "claude": "anthropic",
    "gemini": "gemini",
    "interactions": "",
}

_RESULTS: Final = ("tool_result", "mcp_tool_result")
"""Blocks that must come first in a message: no text may stand before them."""

type Position = Literal["append", "prepend"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`models`: patterns and dialects ("": any); none: every request. `pattern` None: it injects."""

    name: str
    models: tuple[tuple[str, str], ...]
    target: Literal["system", "user"]
    pattern: Regexp | None
    content: str
    marker: str
    position: Position

    def means(self, models: Iterable[str], client: str) -> bool:
        """Whether it is about a request of this dialect for one of these models."""
        if not self.models:
            return True
        names = tuple(models)
        return any(
            dialect in (None, client) and any(fits(name, one) for one in names) for name, dialect in self._wanted()
        )

    def _wanted(self) -> Iterator[tuple[str, str | None]]:
        for name, protocol in self.models:
            yield name, _DIALECTS[protocol] if protocol else None


class PromptRules:
    """The rules of a config that are switched on."""

    def __init__(self, settings: Iterable[PromptRule]) -> None:
        rules = [_rule(one) for one in settings if one.enabled]
        self._rules = sorted(rules, key=lambda rule: rule.pattern is None)  # Those that strip first.

    def __bool__(self) -> bool:
        return bool(self._rules)

    def apply(self, body: bytes, *, asked: str, client: str, routed: str = "") -> Ruled:
        """The client's body under the rules. `asked`, `routed`: the model, and which one of a route it is. Raises
        BadRequest for a body that is no JSON object, where a rule might be about it.
        """
        texts = TEXTS.get(client)
        names = called(asked, routed=routed)
        rules = [rule for rule in self._rules if rule.means(names, client)]
        if texts is None or not rules:
            return Ruled(body)
        value = document.read(body)
        told = [f"prompt {masked(rule.name)}" for rule in rules if _apply(rule, value, texts)]
        return Ruled(value.raw if told else body, tuple(told))


def _rule(one: PromptRule) -> Rule:
    return Rule(
        name=one.name,
        models=tuple((model.name, model.protocol) for model in one.models),
        target=one.target,
        pattern=regexp.compiled(one.pattern) if one.action == "strip" else None,
        content=one.content,
        marker=one.marker,
        position=one.position,
    )


def _apply(rule: Rule, body: Value, texts: Texts) -> bool:
    """Whether it has changed anything."""
    if rule.pattern is not None:
        spots = texts.all_system(body) if rule.target == "system" else [texts.user(body)]
        stripped = [_strip(spot, rule.pattern) for spot in spots if spot is not None]
        return True in stripped
    spot = texts.system(body) if rule.target == "system" else texts.user(body)
    return spot is not None and _inject(spot, rule)


def _strip(spot: Spot, pattern: Regexp) -> bool:
    changed = False
    for text in spot.texts():
        before = text.text or ""
        after = pattern.sub("", before)
        if after != before:
            text.replace(_json(after))
            changed = True
    if changed and spot.value is not None:
        _drop_empty(spot.value)
    return changed


def _drop_empty(value: Value) -> None:
    """Vendors refuse a text block without a text; one that is the last of its list stays."""
    blocks = value.items()
    left = len(blocks)
    for index in reversed(range(left)):
        text = blocks[index].get("text")
        if text is not None and text.text == "" and left > 1:
            value.drop(index)
            left -= 1


def _inject(spot: Spot, rule: Rule) -> bool:
    found = list(spot.texts())
    if rule.marker:
        return _beside_marker(found, rule)
    if any(rule.content in (text.text or "") for text in found):
        return False
    value = spot.value
    if value is None:
        if spot.create is None:
            return False
        spot.create(rule.content)
        return True
    if value.kind == "array":
        value.insert(_boundary(value, rule.position), spot.block(rule.content))
        return True
    if value.kind != "string":
        return False
    before = value.text or ""
    value.replace(_json(rule.content + before if rule.position == "prepend" else before + rule.content))
    return True


def _boundary(blocks: Value, position: Position) -> int:
    items = blocks.items()
    if position == "append":
        return len(items)
    for index, block in enumerate(items):
        kind = block.get("type")
        if kind is None or kind.text not in _RESULTS:
            return index
    return len(items)


def _beside_marker(texts: Iterable[Value], rule: Rule) -> bool:
    """Beside the first marker, unless the content stands beside any of them already."""
    first: tuple[Value, str] | None = None
    for value in texts:
        text = value.text or ""
        if rule.marker not in text:
            continue
        if _is_beside(text, rule):
            return False
        first = first or (value, text)
    if first is None:
        return False
    value, text = first
    at = text.index(rule.marker) + (0 if rule.position == "prepend" else len(rule.marker))
    value.replace(_json(text[:at] + rule.content + text[at:]))
    return True


def _is_beside(text: str, rule: Rule) -> bool:
    """Markers may overlap."""
    wanted = rule.content + rule.marker if rule.position == "prepend" else rule.marker + rule.content
    return wanted in text


def _json(text: str) -> bytes:
    return ENCODER.encode(text)
