"""What stands in the file and can't be used: samples of templates, entries that CLIProxyAPI passes over, and copies.

They are left out before the rest is checked, with a note that names the place and the cure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from addons.accounts.masking import masked
from addons.settings import broken
from addons.settings.keys import Note
from addons.settings.values import as_text, is_template

CLIENT_KEYS: Final = "api-keys"
COMPATIBLE: Final = "openai-compatibility"
KEYS: Final = "api-key-entries"
OLD_KEYS: Final = "api-keys"
RULES: Final = "request-scoped-errors"
KEY_SECTIONS: Final = ("gemini-api-key", "claude-api-key", "codex-api-key", "xai-api-key", "vertex-api-key")
VENDORS: Final = frozenset(section.removesuffix("-api-key") for section in KEY_SECTIONS)
"""Names of pools that are taken."""

_SAMPLE: Final = "is the sample of a template"
_SAMPLE_KEY: Final = f"its api-key {_SAMPLE}. Put your own key there, or remove the entry"
_NO_URL: Final[Mapping[str, str]] = {
    "codex-api-key": "it has no base-url. Add one, such as https://api.openai.com/v1, or remove the entry",
    COMPATIBLE: "it has no base-url. Add one, such as https://api.example.com/v1, or remove the entry",
}
_EMPTY: Final = "it has neither api-key nor base-url. Add one of them, or remove the entry"
_NO_MATCH: Final = "it has neither match nor match-regexr. Add one of them: what the error's body must hold"


@dataclass(slots=True)
class Usable:
    """The file without what can't be used. `places`: path of a list -> where its items stand in the file."""

    tree: dict[Any, Any]
    notes: list[Note] = field(default_factory=list)
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def path(self, location: Sequence[int | str]) -> str:
        """Where in the file something stands, by where it stands in `tree`."""
        path = ""
        for step in location:
            if isinstance(step, int):
                places = self.places.get(path)
                path += f"[{places[step] if places else step}]"
            elif step != "[key]":  # Of a mapping whose keys are wrong: the key itself was the step before.
                name = masked(step)
                path += f".{name}" if path else name
        return path

    def warn(self, path: str, text: str) -> None:
        """A note that asks for a look."""
        self.notes.append(Note(path, text, warning=True))

    def keep(self, path: str, items: Sequence[Any], wrong: Mapping[int, str]) -> tuple[Any, ...]:
        """The items without the wrong ones (index -> why) and without copies of an earlier one."""
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            if index in wrong:
                self.warn(f"{path}[{index}]", f"is left out: {wrong[index]}")
            elif (same := first.setdefault(repr(item), index)) != index:
                self.notes.append(Note(f"{path}[{index}]", f"is left out: it is the same as {path}[{same}]"))
        self.places[path] = tuple(first.values())
        return tuple(items[index] for index in first.values())


def usable(tree: Mapping[Any, Any]) -> Usable:
    """The same without what can't be used. What has a wrong type stays: the models complain about it."""
    found = Usable(dict(tree))
    _look_at_client_keys(found)
    for section in KEY_SECTIONS:
        entries = found.tree.get(section)
        if isinstance(entries, tuple):
            found.tree[section] = found.keep(section, entries, _wrong(section, entries))
            _leave_out_rules(found, section)
    providers = found.tree.get(COMPATIBLE)
    if isinstance(providers, tuple):
        current = [_in_new_form(provider) for provider in providers]
        kept = found.keep(COMPATIBLE, current, _wrong(COMPATIBLE, current))
        found.tree[COMPATIBLE] = tuple(_provider(found, place, item) for place, item in enumerate(kept))
        _leave_out_rules(found, COMPATIBLE)
    _leave_out_broken(found)
    return found


def _look_at_client_keys(found: Usable) -> None:
    """They stay: a list of samples lets nobody in, where an empty one would let everybody in."""
    keys = found.tree.get(CLIENT_KEYS)
    if not isinstance(keys, tuple):
        return
    samples = [index for index, key in enumerate(keys) if is_template(key)]
    if samples and all(is_template(key) or as_text(key) == "" for key in keys):
        said = "holds only samples of a template, so every request is refused: put a key of your own there"
        found.warn(CLIENT_KEYS, said)
        return
    for index in samples:
        found.warn(f"{CLIENT_KEYS}[{index}]", f"{_SAMPLE} and lets nobody in: write a long random text in its place")


def _wrong(section: str, entries: Sequence[Any]) -> dict[int, str]:
    """Entries that can't be used, and why."""
    groups = ((index, entry) for index, entry in enumerate(entries) if isinstance(entry, Mapping))
    return {index: why for index, entry in groups if (why := _why_not(section, entry))}


def _why_not(section: str, entry: Mapping[Any, Any]) -> str:
    """Why an entry can't be used; "" where it can."""
    keys = entry.get(KEYS) if section == COMPATIBLE else ({"api-key": entry.get("api-key")},)
    if isinstance(keys, tuple) and keys and all(_is_sample(key) for key in keys):
        return _SAMPLE_KEY
    if not _blank(entry, "base-url"):
        return ""
    if section in _NO_URL:
        return _NO_URL[section]
    return _EMPTY if _blank(entry, "api-key") else ""


def _is_sample(entry: object) -> bool:
    return isinstance(entry, Mapping) and is_template(entry.get("api-key"))


def _blank(entry: Mapping[Any, Any], key: str) -> bool:
    value = entry.get(key, "")
    return isinstance(value, str) and not value.strip()


def _in_new_form(provider: Any) -> Any:
    """`api-keys: [KEY]`, which old guides have, as entries."""
    if not isinstance(provider, Mapping) or OLD_KEYS not in provider:
        return provider
    old, entries = provider[OLD_KEYS], provider.get(KEYS, ())
    if not isinstance(old, tuple) or not isinstance(entries, tuple):
        return {**provider, KEYS: old}
    return {**provider, KEYS: (*entries, *({"api-key": key} for key in old))}


def _provider(found: Usable, place: int, provider: Any) -> Any:
    """With a name that no other pool has, and without keys that are samples."""
    if not isinstance(provider, Mapping):
        return provider
    path = found.path((COMPATIBLE, place))
    settled = {"name": COMPATIBLE, **provider}
    if isinstance(keys := provider.get(KEYS), tuple):
        samples = {index: _SAMPLE_KEY for index, key in enumerate(keys) if _is_sample(key)}
        settled[KEYS] = found.keep(f"{path}.{KEYS}", keys, samples)
    name = settled["name"]
    if isinstance(name, str) and name.strip().casefold() in VENDORS:
        settled["name"] = f"{name.strip()}-compatible"
        vendor = name.strip().casefold()
        found.notes.append(
            Note(f"{path}.name", f"is what {vendor}-api-key's pool is called: this one is called {settled['name']}")
        )
    return settled


def _leave_out_rules(found: Usable, section: str) -> None:
    """Rules that say nothing of the body: CLIProxyAPI passes over them."""
    entries = []
    for place, entry in enumerate(found.tree[section]):
        rules = entry.get(RULES) if isinstance(entry, Mapping) else None
        if isinstance(rules, tuple):
            wrong = {index: _NO_MATCH for index, rule in enumerate(rules) if _says_nothing(rule)}
            path = f"{found.path((section, place))}.{RULES}"
            entry = {**entry, RULES: found.keep(path, rules, wrong)}
        entries.append(entry)
    found.tree[section] = tuple(entries)


def _leave_out_broken(found: Usable) -> None:
    """Payload rules, prompt rules and model routes, each by itself."""
    payload = found.tree.get(broken.PAYLOAD)
    if isinstance(payload, Mapping):
        kept = {
            key: found.keep(f"{broken.PAYLOAD}.{key}", rules, broken.payload_rules(key, rules))
            for key, rules in payload.items()
            if key in broken.PAYLOAD_RULES and isinstance(rules, tuple)
        }
        found.tree[broken.PAYLOAD] = {**payload, **kept}
    for section, wrong in ((broken.PROMPT_RULES, broken.prompt_rules), (broken.MODEL_ROUTES, broken.model_routes)):
        rules = found.tree.get(section)
        if isinstance(rules, tuple):
            found.tree[section] = found.keep(section, rules, wrong(rules))
    prompt_rules = found.tree.get(broken.PROMPT_RULES)
    for place, rule in enumerate(prompt_rules if isinstance(prompt_rules, tuple) else ()):
        if "enabled" not in rule:
            path = found.path((broken.PROMPT_RULES, place))
            found.warn(
                path, "is switched off: write `enabled: true` to switch it on, or `enabled: false` to hear no more"
            )


def _says_nothing(rule: object) -> bool:
    if not isinstance(rule, Mapping):
        return False
    return all(_is_blank_list(rule.get(key, ())) for key in ("match", "match-regexr"))


def _is_blank_list(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) and not text.strip() for text in value)
