"""A tool's schema with one object at its root, without references and unions there: neither Anthropic nor OpenAI takes
others. The object takes whatever some branch takes; the true rule is told in words.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from translators.json_schema import Schema, followed, listed
from translators.jsonio import ENCODER

UNIONS: Final = ("anyOf", "oneOf", "allOf")
_MAX_BRANCHES: Final = 100


def one_object(schema: Schema, refused: Sequence[str]) -> tuple[Schema, str]:
    """The object, and what it no longer says, for the tool's description: "" for nothing. `refused`: words that the
    vendor won't have at the root; what they say goes into the words."""
    whole = followed(schema, schema)
    rule = {word: whole[word] for word in refused if word in whole}
    folded = {word: value for word, value in _Folder(schema).fold(whole).items() if word not in refused}
    folded["type"] = "object"
    if not isinstance(folded.get("properties"), dict):
        folded["properties"] = {}
    return folded, f"The input must also satisfy this JSON schema: {ENCODER.encode(rule).decode()}" if rule else ""


class _Folder:
    """Makes one object of a schema's branches: it allows what every branch allows. A schema may refer to itself, and
    to one place many times: after `_MAX_BRANCHES` the rest is left to the description."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = _MAX_BRANCHES

    def fold(self, schema: Schema) -> Schema:
        """Itself, and what its branches say."""
        schema = followed(self._root, schema)
        folded = {word: value for word, value in schema.items() if word not in UNIONS}
        for branch in self._branches(schema, "allOf"):
            _merge(folded, self.fold(branch), required=True)
        for word in ("anyOf", "oneOf"):
            branches = [self.fold(branch) for branch in self._branches(schema, word)]
            for branch in branches:
                _merge(folded, branch, required=False)
            shared = [{*map(str, listed(branch.get("required")))} for branch in branches]
            if shared and (needed := set.intersection(*shared)):
                folded["required"] = _union(folded.get("required"), sorted(needed))
        return folded

    def _branches(self, schema: Schema, word: str) -> list[Schema]:
        allowed = [branch for branch in listed(schema.get(word)) if isinstance(branch, dict)][: self._left]
        self._left -= len(allowed)
        return allowed


def _merge(into: Schema, branch: Mapping[str, Any], *, required: bool) -> None:
    properties = branch.get("properties")
    if isinstance(properties, dict):
        known = into.get("properties")
        into["properties"] = {**properties, **(known if isinstance(known, dict) else {})}
        if into.get("additionalProperties") is False and "additionalProperties" not in branch:
            del into["additionalProperties"]
    if required and listed(branch.get("required")):
        into["required"] = _union(into.get("required"), branch["required"])
    if "description" in branch:
        into.setdefault("description", branch["description"])


def _union(first: object, second: object) -> list[Any]:
    """Names of both, each once, in their order."""
    names = [name for name in (*listed(first), *listed(second)) if isinstance(name, str)]
    return list(dict.fromkeys(names))
