"""A request of this dialect for an upstream of this dialect: its own bytes, but for what Anthropic could only refuse.

A conversation may have been answered by another vendor before, whose thinking reached the client in blocks with an
empty signature, and whose searches in results that Anthropic did not encrypt. Anthropic refuses those, and a tool loop
that does not begin with thinking while that is enabled. Of a search, words say what was found.
"""

import re
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.conversation import HostedCall, HostedResult, Loss
from translators.dialect import Target
from translators.dialects.anthropic import hosted, wire
from translators.dialects.anthropic.suffix import with_thinking
from translators.errors import BadRequest
from translators.hosted_words import words_of
from translators.jsonio import ENCODER, text_of, top_level, with_fields

_KEYS: Final = (b'"signature":', b'"encrypted_content":', b'"encrypted_index":')
UNSIGNED: Final = tuple(key + space + b'""' for key in _KEYS for space in (b"", b" "))
_FOUND: Final = re.compile(rb'"encrypted_content"\s*:\s*""')
_CITED: Final = re.compile(rb'"encrypted_index"\s*:\s*""')
_RESULT: Final = "web_search_tool_result"
THOUGHTS: Final = frozenset(("thinking", "redacted_thinking"))


class _Message(Struct):
    role: str
    content: Raw


class _Block(Struct):
    type: str = ""
    signature: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = wire.ABSENT
    tool_use_id: str | None = None
    content: Raw = wire.ABSENT


class _Thinking(Struct):
    type: str = ""


_MESSAGES: Final = msgspec.json.Decoder(list[_Message])
_BLOCKS: Final = msgspec.json.Decoder(list[Raw])
_BLOCK: Final = msgspec.json.Decoder(_Block)
_THINKING: Final = msgspec.json.Decoder(_Thinking)


def own_request(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as it is; or without the thinking that nobody signed, and as the model's name asks for it.

    Raises BadRequest.
    """
    losses: tuple[Loss, ...] = ()
    if target.genuine and any(mark in body for mark in UNSIGNED):
        try:
            body, losses = _without_unsigned(body)
        except msgspec.DecodeError as error:
            raise BadRequest("$.messages", "a list of messages") from error
    if target.thinking is not None:
        body, more = with_thinking(body, target)
        losses += more
    return body, losses


def _without_unsigned(body: bytes) -> tuple[bytes, tuple[Loss, ...]]:
    fields = top_level(body)
    losses: list[Loss] = []
    kept: list[_Message] = []
    changed = False
    for index, message in enumerate(_MESSAGES.decode(fields.get("messages", b"null"))):
        if bytes(message.content).lstrip().startswith(b"["):
            blocks = _BLOCKS.decode(message.content)
            signed = _signed(blocks, f"$.messages[{index}].content", losses)
            changed = changed or signed != blocks
            if not signed and blocks:
                continue
            message = _Message(message.role, Raw(msgspec.json.encode(signed)))
        kept.append(message)
    if not changed:
        return body, ()
    messages: dict[str, Any] = {"messages": kept}
    if _is_enabled(fields) and _answers_without_thought(kept):
        del fields["thinking"]
        losses.append(Loss("$.thinking", "the turn that is being answered has no thinking of Anthropic's"))
        if b"clear_thinking" in bytes(fields.get("context_management", b"")):
            del fields["context_management"]
            losses.append(Loss("$.context_management", "it clears thinking, which is off"))
    return with_fields(msgspec.json.encode(fields), messages), tuple(losses)


def _signed(blocks: list[Raw], path: str, losses: list[Loss]) -> list[Raw]:
    """As Anthropic takes them back."""
    kept: list[Raw] = []
    seen = [_BLOCK.decode(block) for block in blocks]
    elsewhere = {
        one.tool_use_id for one, block in zip(seen, blocks, strict=True) if one.type == _RESULT and _FOUND.search(block)
    }
    for at, (one, block) in enumerate(zip(seen, blocks, strict=True)):
        if one.type == "thinking" and not one.signature:
            losses.append(Loss(f"{path}[{at}]", "thinking that Anthropic has not signed"))
        elif one.type == "server_tool_use" and one.id in elsewhere:
            kept += _words(hosted.call_of(one.id or "", one.name or "", text_of(one.input)))
        elif one.type == _RESULT and one.tool_use_id in elsewhere:
            kept += _words(hosted.result_of(one.type, one.tool_use_id or "", one.content))
        elif one.type == "text" and _CITED.search(block):
            losses.append(Loss(f"{path}[{at}].citations", "they are another vendor's"))
            fields = top_level(bytes(block))
            fields.pop("citations", None)
            kept.append(Raw(msgspec.json.encode(fields)))
        else:
            kept.append(block)
    return kept


def _words(part: HostedCall | HostedResult | None) -> list[Raw]:
    """A block of them, where they say something."""
    words = "" if part is None else words_of(part)
    return [Raw(ENCODER.encode(wire.TextBlock(words)))] if words else []


def _is_enabled(fields: dict[str, Raw]) -> bool:
    """Budget thinking. Adaptive thinking does not mind a turn without thoughts."""
    return "thinking" in fields and _THINKING.decode(fields["thinking"]).type == "enabled"


def _answers_without_thought(messages: list[_Message]) -> bool:
    """Whether the last assistant turn, whose calls are being answered, begins with something else."""
    answered = next((message for message in reversed(messages) if message.role == "assistant"), None)
    if answered is None or not bytes(answered.content).lstrip().startswith(b"["):
        return answered is not None
    blocks = _BLOCKS.decode(answered.content)
    return not blocks or _BLOCK.decode(blocks[0]).type not in THOUGHTS
