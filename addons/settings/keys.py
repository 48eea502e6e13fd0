"""Which keys of the file are known, and what is said of the others."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from addons.accounts.masking import masked
from addons.settings.entries import Section
from addons.settings.inactive import INACTIVE, MISPLACED, OLD_FORMS, OTHER_SPELLINGS, WARNED, WITHIN
from addons.settings.model import Settings

_NEAR: Final = 0.75
_NEAR_WORD: Final = 0.65
"""How alike two keys are, and each of their words, when one is a slip of the pen: `prot` and `port` are."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know of a config that loads. `warning`: it may not be what was meant."""

    path: str
    text: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path} {self.text}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a config from loading."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


def check_keys(tree: Mapping[str, Any]) -> Iterator[Note | Problem]:
    """What is to be said of the keys in the file, in its order."""
    return _check(tree, Settings, "", "")


def _check(tree: Mapping[Any, Any], section: type[Section], path: str, pattern: str) -> Iterator[Note | Problem]:
    """`path` is where this section stands, `pattern` the same with `[]` for every index."""
    sections = {field.alias or name: section_of(field.annotation) for name, field in section.model_fields.items()}
    inactive = INACTIVE.get(pattern, {})
    old = OLD_FORMS.get(pattern, {})
    known = [*sections, *inactive]
    for written, value in tree.items():
        key = OTHER_SPELLINGS.get(written, written)
        shown = key if key in sections or key in inactive or key in old else _stranger_name(key)
        here = f"{path}.{shown}" if path else shown
        if key in inactive:
            yield _inactive(value, here, f"{pattern}.{key}" if pattern else key, inactive[key])
        elif key in sections:
            inner = sections[key]
            if inner is not None:
                yield from _descend(value, inner, here, f"{pattern}.{key}" if pattern else key)
        elif key in old:
            yield Note(here, old[key])
        else:
            yield _stranger(str(key), here, pattern, known)


def _inactive(value: Any, path: str, pattern: str, reason: str) -> Note:
    """One line, which names the keys of a group that is not acted on too."""
    inner = [name for name in WITHIN.get(pattern, ()) if isinstance(value, Mapping) and name in value]
    named = f" ({', '.join(inner)})" if inner else ""
    said = "has no effect" if pattern in WARNED else "is accepted and not acted on"
    return Note(path, f"{said}{named}: {reason}", warning=pattern in WARNED)


def _descend(value: Any, section: type[Section], path: str, pattern: str) -> Iterator[Note | Problem]:
    if isinstance(value, Mapping):
        yield from _check(value, section, path, pattern)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield from _check(item, section, f"{path}[{index}]", f"{pattern}[]")


def _stranger(key: str, path: str, pattern: str, known: list[str]) -> Note | Problem:
    elsewhere = MISPLACED.get(pattern, {}).get(key)
    if elsewhere is not None:
        return Problem(path, f"does not belong here: write {elsewhere}")
    meant = _meant(key.lower().replace("_", "-"), known)
    if meant is not None:
        return Problem(path, f"is not a key: `{meant}` was probably meant")
    return Note(path, "is not a known key and has no effect", warning=True)


def _meant(key: str, known: list[str]) -> str | None:
    """The key that is written almost like this one.

    Word by word: `kimi-api-key` is like `gemini-api-key` as a whole, and is another key all the same.
    """
    words = key.split("-")
    for near in difflib.get_close_matches(key, known, n=5, cutoff=_NEAR):
        pairs = zip(words, near.split("-"), strict=False)
        others = [(word, other) for word, other in pairs if word != other]
        if len(words) != near.count("-") + 1:
            if key.replace("-", "") == near.replace("-", ""):
                return near
        elif all(difflib.SequenceMatcher(None, word, other).ratio() >= _NEAR_WORD for word, other in others):
            return near
    return None


def section_of(annotation: Any) -> type[Section] | None:
    """The section that a field holds: alone, in a tuple, or where it may be absent."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    if get_origin(annotation) in (tuple, Union, UnionType):
        return next((found for inner in get_args(annotation) if (found := section_of(inner))), None)
    return None


def _stranger_name(key: object) -> str:
    """An unknown key as people may see it: a secret in the wrong place must not be printed."""
    return masked(str(key))[:60]
