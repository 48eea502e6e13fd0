"""Edits of a Responses request: top level first, items only where one needs it, so that big ones move as bytes."""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss
from translators.errors import BadRequest
from translators.jsonio import ENCODER, top_level

type Item = dict[str, Any]
"""An object whose fields are unread (Raw), or ours."""

NULL: Final = b"null"
OPENAI_SEAL: Final = "gAAAAA"
"""How OpenAI's encrypted content begins, until 2106: a Fernet token's version, then its time. Source: Fernet spec."""
INTERNAL: Final = "internal_chat_message_metadata_passthrough"
"""Codex's marks on the input's items. It tells them to OpenAI only, and does not see that others stand behind OpenAI's
base URL, where strict ones refuse them. Source: clear_internal_chat_message_metadata_passthrough of
github.com/openai/codex; refusals in github.com/sozercan/vekil/pull/228."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[Raw])
_TEXT: Final = msgspec.json.Decoder(str)


class Body:
    """A request's fields, unread until somebody asks. `losses`: what was taken from the client's words."""

    def __init__(self, body: bytes) -> None:
        self.fields: Item = dict(top_level(body))
        self.losses: list[Loss] = []

    def encoded(self) -> tuple[bytes, tuple[Loss, ...]]:
        """The request as it is now."""
        return ENCODER.encode(self.fields), tuple(self.losses)

    def lose(self, path: str, reason: str) -> None:
        """Says that something of the client's is gone."""
        self.losses.append(Loss(path, reason))

    def says(self, name: str) -> bool:
        """Whether the field is there and no null."""
        return name in self.fields and not is_null(self.fields[name])

    def drop_internal(self, item: Item, path: str) -> None:
        """Takes Codex's own marks from an item."""
        if item.pop(INTERNAL, None) is not None:
            self.lose(f"{path}.{INTERNAL}", "Codex means it for OpenAI only")

    def remove(self, names: Iterable[str], reason: str) -> None:
        """Takes the fields away: a loss for each that said something."""
        for name in names:
            if self.says(name):
                self.lose(f"$.{name}", reason)
            self.fields.pop(name, None)

    def default(self, name: str, value: object) -> None:
        """Sets the field where it is missing, or null."""
        if not self.says(name):
            self.fields[name] = value

    def list_of(self, name: str) -> list[Any]:
        """The field as a list of unread items; [] where it is missing. Raises BadRequest."""
        if not self.says(name):
            return []
        return [*_read(_LIST, self.fields[name], f"$.{name}", "a list")]

    def input_as_list(self) -> None:
        """Words alone are a user's message."""
        raw = self.fields.get("input", NULL)
        if bytes(raw).lstrip().startswith(b'"'):
            content = [{"type": "input_text", "text": raw}]
            self.fields["input"] = [{"type": "message", "role": "user", "content": content}]
            self.fields["input"] = Raw(ENCODER.encode(self.fields["input"]))


def each(
    items: list[Any], path: str, edit: Callable[[Item, str], Item | None], only: Container[int] | None = None
) -> list[Any]:
    """The items after `edit(item, path)`, less those for which it gave None. What is no object stays as it is.

    `only`: the places of those that are to be edited, None: all.
    """
    kept: list[Any] = []
    for index, raw in enumerate(items):
        place = f"{path}[{index}]"
        item = object_of(raw, place) if only is None or index in only else None
        after = raw if item is None else edit(item, place)
        if after is not None:
            kept.append(after)
    return kept


def object_of(raw: Any, path: str) -> Item | None:
    """An object's fields, unread; None where it is no object. Raises BadRequest."""
    if not bytes(raw).lstrip().startswith(b"{"):
        return None
    return _read(_OBJECT, raw, path, "an object")


def text_in(item: Mapping[str, Any], name: str) -> str:
    """A field's text, "" where it holds none."""
    value = item.get(name, NULL)
    if isinstance(value, str):
        return value
    try:
        return _TEXT.decode(value)
    except msgspec.ValidationError:
        return ""


def is_null(value: Any) -> bool:
    """Whether an unread value is null."""
    return isinstance(value, bytes | Raw) and bytes(value) == NULL


def _read[T](decoder: msgspec.json.Decoder[T], raw: Any, path: str, expected: str) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise BadRequest(path, expected) from error
