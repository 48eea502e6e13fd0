"""JSON schemas in the words of Google's own, which knows fewer.

Where a rule can't be said it stands in the description of its place.
Source of the words: ai.google.dev/api/caching#Schema; `types.Schema` of the google-genai SDK.
"""

from functools import lru_cache
from typing import Any, Final

from msgspec import Raw, Struct

from translators.json_schema import (
    CACHED_SCHEMAS,
    OF_TYPE,
    SCHEMA,
    TYPES,
    Schema,
    followed,
    found,
    is_null,
    joined,
    kept,
    merge,
    type_of,
)
from translators.jsonio import ENCODER

MAX_PLACES: Final = 2000
"""Places of one schema: references to one place many times, or to each other, multiply them."""
MAX_DEPTH: Final = 40

KEPT: Final = frozenset(
    (
        *("title", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum"),
        *("minLength", "maxLength", "pattern", "default", "example", "nullable"),
    )
)
"""Words that both have."""
NUMBERS: Final = frozenset(("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"))
LIMITS: Final = frozenset(("minimum", "maximum"))
UNHEARD: Final = frozenset(("$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "deprecated", "strict"))
"""Words that rule nothing."""
CLOSING: Final = frozenset(("additionalProperties", "unevaluatedProperties"))
FORMATS: Final = {
    "string": ("enum", "date-time"),
    "number": ("float", "double"),
    "integer": ("int32", "int64"),
}
SCALARS: Final = ("string", "number", "boolean")
"""What stands for a value of any type: Google wants one named."""


class Fitted(Struct, frozen=True):
    """`unsaid`: the words of JSON schema that only the descriptions say now."""

    schema: Raw
    unsaid: tuple[str, ...] = ()


def google_schema(schema: Raw, path: str) -> Fitted:
    """A JSON schema as one of Google's. `path`: where it stood. Raises BadRequest where it is none."""
    return kept(_fitted, schema, path)


@lru_cache(maxsize=CACHED_SCHEMAS)
def _fitted(data: bytes) -> Fitted:
    schema = SCHEMA.decode(data)
    fitter = _Fitter(schema)
    fitted = fitter.fit(schema, 0)
    return Fitted(Raw(ENCODER.encode(fitted)), tuple(sorted(fitter.unsaid)))


class _Fitter:
    """fit(schema, depth): one place, and what is below it."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._places = 0
        self._entered: list[str] = []
        self.unsaid: set[str] = set()

    def fit(self, schema: object, depth: int) -> Schema:
        self._places += 1
        if not isinstance(schema, dict):  # `true`, or what is no schema
            return _any({}) if schema is not False else {"type": "STRING", "description": "(no value is allowed)"}
        if self._places > MAX_PLACES or depth > MAX_DEPTH:
            self.unsaid.add("depth")
            return _named(type_of(schema) or "string", schema.get("description"))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, schema, depth)
        whole = self._merged(schema)
        for word in ("oneOf", "anyOf"):
            branches = whole.get(word)
            if isinstance(branches, list) and branches:
                return self._union(whole, word, branches, depth)
        kinds = whole.get("type")
        if isinstance(kinds, list):
            return self._of_types(whole, kinds, depth)
        return self._plain(whole, depth)

    def _referred(self, reference: str, schema: Schema, depth: int) -> Schema:
        """What stands there, in place; where it leads back to itself, its name."""
        target = found(self._root, reference)
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        if not isinstance(target, dict) or reference in self._entered:
            self.unsaid.add("$ref")
            name = reference.rpartition("/")[2]
            words = " ".join(filter(None, (_words(schema.get("description")), f"(see {name})")))
            return _named(type_of(target) or "object", words)
        self._entered.append(reference)
        try:
            return self.fit({**target, **beside}, depth + 1)
        finally:
            self._entered.pop()

    def _merged(self, schema: Schema) -> Schema:
        """Without `allOf`: what each of its branches says, in one."""
        branches = schema.get("allOf")
        if not isinstance(branches, list):
            return schema
        whole = {word: value for word, value in schema.items() if word != "allOf"}
        for branch in branches:
            self._places += 1
            if isinstance(branch, dict) and self._places <= MAX_PLACES:
                merge(whole, self._merged(followed(self._root, branch)))
        return whole

    def _union(self, whole: Schema, word: str, branches: list[Any], depth: int) -> Schema:
        """Google wants nothing beside `anyOf`, so that what stands beside it goes into each branch."""
        beside = {key: value for key, value in whole.items() if key != word}
        some = [branch for branch in branches if not is_null(branch)]
        if len(some) < len(branches):
            beside["nullable"] = True
        if not some:
            return self._plain({**beside, "type": "string"}, depth)
        words = [branch.get("const") for branch in some if isinstance(branch, dict)]
        if len(words) == len(some) and all(isinstance(one, str) for one in words):
            return self._plain({**beside, "type": "string", "enum": words}, depth)
        if len(some) == 1:
            return self.fit(joined(beside, some[0]), depth + 1)
        return _one_of([self.fit(joined(beside, branch), depth + 1) for branch in some])

    def _of_types(self, whole: Schema, kinds: list[Any], depth: int) -> Schema:
        known = [kind for kind in kinds if kind in TYPES]
        beside = {**whole, "nullable": True} if "null" in kinds else whole
        if len(known) <= 1:
            return self._plain({**beside, "type": known[0] if known else "string"}, depth)
        branches = [
            self._plain(
                {word: value for word, value in beside.items() if OF_TYPE.get(word, kind) == kind} | {"type": kind},
                depth,
            )
            for kind in known
        ]
        return _one_of(branches)

    def _plain(self, schema: Schema, depth: int) -> Schema:
        """A schema without references and unions, of at most one type."""
        kind = type_of(schema)
        unsaid: Schema = {}
        fitted: Schema = {"type": kind.upper()} if kind else {}
        for word, value in schema.items():
            if not self._say(fitted, kind, word, value, depth):
                self.unsaid.add(word)
                if not _rules_nothing(word, value):
                    unsaid[word] = value
        if kind == "array":
            fitted.setdefault("items", self._items(schema, depth))
        needed = schema.get("required")
        names = fitted.get("properties")
        if kind == "object" and isinstance(needed, list) and isinstance(names, dict):
            known = [name for name in dict.fromkeys(name for name in needed if isinstance(name, str)) if name in names]
            if known:
                fitted["required"] = known
        _describe(fitted, schema.get("description"), unsaid)
        return fitted if kind else _any(fitted)

    def _say(self, fitted: Schema, kind: str, word: str, value: Any, depth: int) -> bool:
        """Takes one word over, if Google has it."""
        match word:
            case "type" | "required" | "description" | "items":
                return True
            case "properties":
                if not isinstance(value, dict):
                    return False
                fitted["properties"] = {name: self.fit(one, depth + 1) for name, one in value.items()}
                return True
            case "prefixItems":
                return False
            case "const":
                return self._say(fitted, kind, "enum", [value], depth)
            case "enum":
                return _say_enum(fitted, kind, value)
            case "format":
                fits = value in FORMATS.get(kind, ())
                fitted.update({"format": value} if fits else {})
                return fits
            case "propertyOrdering":
                fitted[word] = value
                return isinstance(value, list) and all(isinstance(name, str) for name in value)
            case "examples":
                fitted.update({"example": value[0]} if isinstance(value, list) and value else {})
                return isinstance(value, list) and len(value) <= 1
            case _ if word in KEPT and _is_well_formed(word, value) and OF_TYPE.get(word, kind) == kind:
                fitted[word] = value
                return True
        return False

    def _items(self, schema: Schema, depth: int) -> Schema:
        """An array must say what it holds."""
        items, first = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):
            first, items = items, None
        if isinstance(first, list) and first:
            kinds = [self.fit(one, depth + 1) for one in (*first, *([items] if isinstance(items, dict) else []))]
            distinct = [kind for index, kind in enumerate(kinds) if kind not in kinds[:index]]
            return distinct[0] if len(distinct) == 1 else _one_of(distinct)
        return self.fit(items if items is not None else True, depth + 1)


def _rules_nothing(word: str, value: Any) -> bool:
    """Whether a model need not hear of it: functions are called with the properties that they have anyway."""
    return word in UNHEARD or word.startswith("x-") or (word in CLOSING and isinstance(value, bool))


def _say_enum(fitted: Schema, kind: str, value: Any) -> bool:
    """Google's are texts, none of them empty."""
    if not isinstance(value, list):
        return False
    words = [one for one in value if isinstance(one, str) and one]
    if None in value:
        fitted["nullable"] = True
    said = len(words) == len([one for one in value if one is not None])
    if (
        kind != "string"
        or not words
        or (not said and any(not isinstance(one, str) for one in value if one is not None))
    ):
        return False
    fitted["enum"] = list(dict.fromkeys(words))
    return said


def _is_well_formed(word: str, value: Any) -> bool:
    """What is of the wrong type would be refused."""
    if word in ("title", "pattern"):
        return isinstance(value, str)
    if word in NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
    if word in LIMITS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return word != "nullable" or isinstance(value, bool)


def _describe(fitted: Schema, description: Any, unsaid: Schema) -> None:
    rules = ", ".join(f"{word}: {ENCODER.encode(value).decode()}" for word, value in unsaid.items())
    words = "\n\n".join(filter(None, (_words(description), f"{{{rules}}}" if rules else "")))
    if words:
        fitted["description"] = words


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _named(kind: str, words: Any) -> Schema:
    named: Schema = {"type": kind.upper()}
    if kind == "array":
        named["items"] = _any({})
    _describe(named, words, {})
    return named


def _any(fitted: Schema) -> Schema:
    """A value of any type."""
    return _one_of([{"type": kind.upper(), **fitted} for kind in SCALARS])


def _one_of(branches: list[Schema]) -> Schema:
    """Unions within unions are one."""
    flat = [one for branch in branches for one in branch.get("anyOf", [branch])]
    return {"anyOf": [branch for index, branch in enumerate(flat) if branch not in flat[:index]]}
