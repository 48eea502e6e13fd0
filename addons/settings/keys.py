"""Which keys of the file are known, and what is said of the others."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from addons.accounts.masking import masked
from addons.settings.entries import Section
from addons.settings.inactive import INACTIVE, MISPLACED
from addons.settings.model import Settings

_NEAR: Final = 0.75
"""How alike two keys are when one is taken for a slip of the pen: `prot` and `port` are."""


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
    sections = {field.alias or name: _section_of(field.annotation) for name, field in section.model_fields.items()}
    inactive = INACTIVE.get(pattern, {})
    known = [*sections, *inactive]
    for key, value in tree.items():
        shown = key if key in inactive or key in sections else _stranger_name(key)
        here = f"{path}.{shown}" if path else shown
        if key in inactive:
            yield Note(here, f"is accepted and not acted on: {inactive[key]}")
        elif key in sections:
            inner = sections[key]
            if inner is not None:
                yield from _descend(value, inner, here, f"{pattern}.{key}" if pattern else key)
        else:
            yield _stranger(str(key), here, pattern, known)


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
    meant = difflib.get_close_matches(key.lower().replace("_", "-"), known, n=1, cutoff=_NEAR)
    if meant:
        return Problem(path, f"is not a key: `{meant[0]}` was probably meant")
    return Note(path, "is not a known key and has no effect", warning=True)


def _section_of(annotation: Any) -> type[Section] | None:
    """The section that a field holds, alone or in a tuple."""
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def _stranger_name(key: object) -> str:
    """An unknown key as people may see it: a secret in the wrong place must not be printed."""
    return masked(str(key))[:60]
