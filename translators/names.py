"""Tool names and ids that a vendor takes, and the way back."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from translators.conversation import Conversation, ToolCall

_HASH_LENGTH: Final = 8
_LEGAL: Final = re.compile(r"[a-zA-Z0-9_-]+")
_ILLEGAL: Final = re.compile(r"[^a-zA-Z0-9_-]")
_BEGINNING: Final = re.compile(r"[a-zA-Z_]")


class Names:
    """Tool names as the upstream takes them: `[a-zA-Z0-9_-]`, at most `limit` characters, no two alike.

    A name that is fine already is kept. `changed`: upstream name -> client's name, for the reply. `also`: further
    characters that it takes; `letter_first`: it wants a letter or `_` in front.
    """

    def __init__(self, names: Iterable[str], limit: int, *, also: str = "", letter_first: bool = False) -> None:
        self._limit = limit
        self._illegal = re.compile(f"[^a-zA-Z0-9_{re.escape(also)}-]") if also else _ILLEGAL
        self._letter_first = letter_first
        self._upstream: dict[str, str] = {}
        self._taken: set[str] = set()
        self.changed: dict[str, str] = {}
        wanted = list(dict.fromkeys(names))
        self._taken.update(name for name in wanted if self._legal(name) == name)
        self._upstream.update((name, name) for name in self._taken)
        for name in wanted:
            self.upstream(name)

    def upstream(self, name: str) -> str:
        """The name to send; a name not seen before is taken in."""
        known = self._upstream.get(name)
        if known is not None:
            return known
        clean = legal = self._legal(name)
        salt = name
        while legal in self._taken:
            legal = _with_hash(clean, salt, self._limit)
            salt += "'"
        self._upstream[name] = legal
        self._taken.add(legal)
        if legal != name:
            self.changed[legal] = name
        return legal

    def _legal(self, name: str) -> str:
        clean = self._illegal.sub("_", name) or "tool"
        if self._letter_first and not _BEGINNING.match(clean):
            clean = f"_{clean}"
        return clean if len(clean) <= self._limit else _with_hash(clean, name, self._limit)


def tool_names(conversation: Conversation) -> Iterator[str]:
    """Every tool name, the declared ones first: they keep their own where they can."""
    for tool in conversation.tools:
        yield tool.name
    for message in conversation.messages:
        for part in message.parts:
            if type(part) is ToolCall:
                yield part.name


def client_name(names: Mapping[str, str], name: str) -> str:
    """The name that the client declared, for one that the upstream used."""
    return names.get(name, name)


@lru_cache(maxsize=4096)
def legal_id(call_id: str, limit: int) -> str:
    """A call id of `[a-zA-Z0-9_-]`, at most `limit` characters; the same for the same id, always."""
    if len(call_id) <= limit and _LEGAL.fullmatch(call_id):
        return call_id
    return _with_hash(_ILLEGAL.sub("_", call_id) or "call", call_id, limit)


def reply_id(upstream_id: str, prefix: str, made: str) -> str:
    """A reply's id with its dialect's prefix. `made`: what stands for one that the upstream did not give."""
    if upstream_id.startswith(prefix):
        return upstream_id
    return prefix + (_ILLEGAL.sub("", upstream_id) or made)


def _with_hash(clean: str, original: str, limit: int) -> str:
    """Shortened, its end made unique: the beginning of a name tells people most."""
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    return f"{clean[: limit - _HASH_LENGTH - 1]}_{digest}"
