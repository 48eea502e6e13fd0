"""A request of this dialect for an upstream of this dialect: its own bytes, with what the model's name asks for, and
without what the model can't read."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss
from translators.dialect import Target
from translators.dialects.openai_chat.encode import effort_field
from translators.errors import BadRequest
from translators.jsonio import ENCODER, top_level
from translators.wish import wish_of

TEXT_ONLY: Final = frozenset(("text",))

_MESSAGES: Final = msgspec.json.Decoder(list[Raw])
_MESSAGE: Final = msgspec.json.Decoder(dict[str, Raw])
_PARTS: Final = msgspec.json.Decoder(list[dict[str, Any]])
_TOOL: Final = b'"tool"'


def own_request(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as it is, or edited where the target wants it so. Raises BadRequest."""
    flatten = target.input_modalities == TEXT_ONLY and _TOOL in body
    if target.thinking is None and not flatten:
        return body, ()
    fields: dict[str, Any] = {**top_level(body)}
    losses: list[Loss] = []
    if target.thinking is not None:
        effort = effort_field(wish_of(None, target, losses), target, losses)
        fields.pop("reasoning_effort", None)
        if effort is not None:
            fields["reasoning_effort"] = effort
    if flatten:
        try:
            fields["messages"] = [
                _flat(message, index, losses) for index, message in enumerate(_MESSAGES.decode(fields["messages"]))
            ]
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise BadRequest("$.messages", "a list of messages") from error
    return ENCODER.encode(fields), tuple(losses)


def _flat(raw: Raw, index: int, losses: list[Loss]) -> Raw | dict[str, Any]:
    """A tool's result as one text: a model that reads nothing else is often served by what takes no parts."""
    if _TOOL not in bytes(raw):
        return raw
    message = _MESSAGE.decode(raw)
    content = bytes(message.get("content", b""))
    if bytes(message.get("role", b"")) != _TOOL or not content.lstrip().startswith(b"["):
        return raw
    texts: list[str] = []
    for number, part in enumerate(_PARTS.decode(content)):
        if part.get("type") == "text":
            texts.append(str(part.get("text", "")))
        else:
            losses.append(Loss(f"$.messages[{index}].content[{number}]", "the model reads text only"))
    return {**message, "content": "\n".join(texts)}
