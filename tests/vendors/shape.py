"""What JSON a vendor accepts: declared shapes, checked strictly. Each names the SDK type that it repeats."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

type Json = Any
type Path = tuple[str | int, ...]
type Check = Callable[[Json, Path], None]


class Flaw(StrEnum):
    """What can be wrong with a place in the request."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    TYPE = "type"
    VALUE = "value"


class Misshapen(Exception):
    """`at` is the place at fault, `expected` what should stand there in the words of JSON."""

    def __init__(self, at: Path, flaw: Flaw, expected: str = "") -> None:
        super().__init__(f"{at}: {flaw} {expected}")
        self.at = at
        self.flaw = flaw
        self.expected = expected


def anything(value: Json, at: Path) -> None:
    """No rule."""


def _typed(name: str, *types: type) -> Check:
    def check(value: Json, at: Path) -> None:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise Misshapen(at, Flaw.TYPE, name)

    return check


string: Final = _typed("string", str)
integer: Final = _typed("integer", int)
number: Final = _typed("number", int, float)
boolean: Final = _typed("boolean", bool)
mapping: Final = _typed("object", dict)


def words(*allowed: str) -> Check:
    """One of these strings."""

    def check(value: Json, at: Path) -> None:
        string(value, at)
        if value not in allowed:
            raise Misshapen(at, Flaw.VALUE, " or ".join(f"'{word}'" for word in allowed))

    return check


def many(item: Check) -> Check:
    """A list of such items."""

    def check(value: Json, at: Path) -> None:
        if not isinstance(value, list):
            raise Misshapen(at, Flaw.TYPE, "array")
        for index, element in enumerate(value):
            item(element, (*at, index))

    return check


def nullable(inner: Check) -> Check:
    """Or null."""

    def check(value: Json, at: Path) -> None:
        if value is not None:
            inner(value, at)

    return check


def string_or(other: Check) -> Check:
    """A string, or the other thing."""

    def check(value: Json, at: Path) -> None:
        if not isinstance(value, str):
            other(value, at)

    return check


def tagged(key: str, shapes: Mapping[str, Check]) -> Check:
    """Objects told apart by one field."""
    tag = words(*shapes)

    def check(value: Json, at: Path) -> None:
        mapping(value, at)
        name = value.get(key)
        if name is None:
            raise Misshapen((*at, key), Flaw.MISSING)
        tag(name, (*at, key))
        shapes[name](value, at)

    return check


class Shape:
    """An object with just these fields. `source`: the SDK type it repeats."""

    def __init__(
        self, source: str, *, required: Mapping[str, Check], optional: Mapping[str, Check] | None = None
    ) -> None:
        self.source = source
        self.required = required
        self.optional = optional or {}
        self.fields: Mapping[str, Check] = {**self.required, **self.optional}

    def __call__(self, value: Json, at: Path = ()) -> None:
        """Raises Misshapen."""
        mapping(value, at)
        for name in self.required:
            if name not in value:
                raise Misshapen((*at, name), Flaw.MISSING)
        for name, inner in value.items():
            check = self.fields.get(name)
            if check is None:
                raise Misshapen((*at, name), Flaw.UNKNOWN)
            check(inner, (*at, name))
