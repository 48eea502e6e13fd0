"""What an edit of config.yaml changed, as paths: for a log line, so no value is ever in it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import SecretStr

from addons.accounts.masking import masked
from addons.settings.entries import Section
from addons.settings.model import Settings

NEEDS_RESTART: Final = frozenset(("host", "port", "tls", "intercept.enable", "intercept.host", "intercept.port"))
"""Keys that the listeners are made from: a new value counts from the next start."""


def difference(old: Settings, new: Settings) -> tuple[str, ...]:
    """The paths of the file whose meaning is another one, in the order of the settings.

    A list that has become longer or shorter is one path: which of its entries is new can't be told from their places.
    """
    return tuple(_sections(old, new, ""))


def needs_restart(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `difference` that wait for the next start."""
    return tuple(path for path in paths if {path, path.partition(".")[0]} & NEEDS_RESTART)


def _sections(old: Section, new: Section, path: str) -> Iterator[str]:
    for name, field in type(old).model_fields.items():
        key = field.alias or name
        yield from _values(getattr(old, name), getattr(new, name), f"{path}.{key}" if path else key)


def _values(old: Any, new: Any, path: str) -> Iterator[str]:
    match old, new:
        case (Section(), Section()) if type(old) is type(new):
            yield from _sections(old, new, path)
        case (tuple(), tuple()) if len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from _values(before, after, f"{path}[{index}]")
        case (SecretStr(), SecretStr()):
            if old.get_secret_value() != new.get_secret_value():
                yield path
        case (Mapping(), Mapping()):
            for key in {**old, **new}:  # A dict keeps the order of the file, a set does not.
                yield from _values(old.get(key), new.get(key), f"{path}.{masked(str(key))}")
        case _:
            if old != new:
                yield path
