"""Which session a request belongs to, for `routing.session-affinity`: turns of one conversation share a vendor's cache.

Headers first, since they cost nothing to read; then fields of the body; at last a hash of the words that the
conversation begins with, which stay the same from turn to turn. An id that is too long or can't be printed is no id.

CLIProxyAPI hashes the first hundred bytes of those words; here it is all of them, or every job of a batch with one
prompt would go to one credential.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from addons.exchange import Exchange
from translators.jsonio import UNREADABLE

LONGEST: Final = 256

_HEADERS: Final = (
    "x-claude-code-session-id",
    "session-id",
    "session_id",
    "x-session-id",
    "x-session-affinity",
    "x-client-request-id",
)
_CLAUDE_SESSION: Final = re.compile(r"_session_([\w-]+)$")
_NOTHING: Final = Raw()


class _Body(Struct):
    """What of a request may tell its session, in any dialect. Raw: what stands there may be of any type."""

    metadata: Raw = _NOTHING
    session_id: Raw = _NOTHING
    session_id_camel: Raw = field(name="sessionId", default=_NOTHING)
    prompt_cache_key: Raw = _NOTHING
    conversation: Raw = _NOTHING
    conversation_id: Raw = _NOTHING
    system: Raw = _NOTHING
    instructions: Raw = _NOTHING
    system_instruction: Raw = _NOTHING
    system_instruction_camel: Raw = field(name="systemInstruction", default=_NOTHING)
    messages: Raw = _NOTHING
    input: Raw = _NOTHING
    contents: Raw = _NOTHING


_BODY: Final = msgspec.json.Decoder(_Body)
_SAID: Final = msgspec.json.Decoder(str | list[Raw])


def session_of(exchange: Exchange) -> str | None:
    """The session's id; None where nothing tells it."""
    headers = exchange.headers
    return _first(headers.get(name) for name in _HEADERS) or _in_body(exchange.body)


def _in_body(body: bytes) -> str | None:
    try:
        read = _BODY.decode(body)
    except UNREADABLE:  # Whoever sends it on will say so.
        return None
    metadata = _value(read.metadata)
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    conversation = _value(read.conversation)
    if isinstance(conversation, dict):
        conversation = conversation.get("id")
    return _first(
        (
            _claude_session(user),
            _value(read.session_id),
            _value(read.session_id_camel),
            _value(read.prompt_cache_key),
            conversation,
            user,
            _value(read.conversation_id),
        )
    ) or _hash(read)


def _first(values: Iterable[Any]) -> str | None:
    """The first that can be an id."""
    for value in values:
        if isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable() and not value.isspace():
            return value
    return None


def _claude_session(user: Any) -> str | None:
    """The session in the user id of Claude Code: `user_…_session_ID`, or JSON text with a `session_id`."""
    if not isinstance(user, str):
        return None
    if user.startswith("{"):
        said = _value(Raw(user.encode("utf-8", "replace")))
        return said.get("session_id") if isinstance(said, dict) else None
    found = _CLAUDE_SESSION.search(user)
    return found[1] if found else None


def _hash(read: _Body) -> str | None:
    """Of what the system says and of the first words of the user; None without any."""
    digest = hashlib.blake2b(digest_size=16)
    for system in (read.system, read.instructions, read.system_instruction, read.system_instruction_camel):
        digest.update(_text(_value(system)).encode())
    for role, text in _openings(read):
        digest.update(f"\0{role}\0{text}".encode("utf-8", "replace"))
        if role == "user" and text:
            return digest.hexdigest()
    return None


def _openings(read: _Body) -> Iterator[tuple[str, str]]:
    """The messages from the first on: who speaks, and the words."""
    for raw in (read.messages, read.input, read.contents):
        said = _said(raw)
        if isinstance(said, str):
            yield "user", said
            continue
        for message in map(_value, said):
            if isinstance(message, dict):
                yield str(message.get("role", "user")), _text(message.get("content", message.get("parts")))


def _said(raw: Raw) -> str | list[Raw]:
    try:
        return _SAID.decode(raw) if raw else []
    except msgspec.ValidationError:
        return []


def _text(said: Any) -> str:
    """The words of a text, of an object with parts, or of a list of parts."""
    if isinstance(said, dict):
        said = said.get("parts")
    if isinstance(said, list):
        texts = (part.get("text") if isinstance(part, dict) else part for part in said)
        return "\n".join(text for text in texts if isinstance(text, str))
    return said if isinstance(said, str) else ""


def _value(raw: Raw) -> Any:
    """What stands there, None for nothing."""
    try:
        return msgspec.json.decode(raw) if raw else None
    except UNREADABLE:
        return None
