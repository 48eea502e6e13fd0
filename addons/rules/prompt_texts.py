"""Where a prompt's texts stand in the requests of each dialect: the system text, and what the user said last.

A user's message that holds only tool results or images says nothing. Source: the prompt rules of CLIProxyAPI's fork.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from addons.rules.document import Value
from translators.jsonio import ENCODER

_TEXTS: Final = ("text", "input_text")


@dataclass(frozen=True, slots=True)
class Spot:
    """A text, or a list of blocks of which some are texts. `value`: None where it is missing.

    `block(text)`: a new block. `create(text)`: makes the whole spot, where it is missing.
    """

    value: Value | None
    block: Callable[[str], bytes]
    create: Callable[[str], None] | None = None

    def texts(self) -> Iterator[Value]:
        """The strings in it."""
        if self.value is None:
            return
        if self.value.kind == "string":
            yield self.value
        for block in self.value.items():
            text = block.get("text")
            if text is not None and text.kind == "string" and _is_text(block):
                yield text

    def says(self) -> bool:
        """Whether there is a word in it."""
        return any((text.text or "").strip() for text in self.texts())


@dataclass(frozen=True, slots=True)
class Texts:
    """How a dialect holds its prompt. `system(body)`: where an inserted text goes; `all_system(body)`: all that may be
    stripped; `user(body)`: the last message of the user that says something."""

    system: Callable[[Value], Spot]
    all_system: Callable[[Value], list[Spot]]
    user: Callable[[Value], Spot | None]


def _is_text(block: Value) -> bool:
    """By its type; a part of Gemini has none."""
    kind = block.get("type")
    return kind is None or kind.text in _TEXTS


def _json(value: object) -> bytes:
    return ENCODER.encode(value)


def _text_block(text: str) -> bytes:
    return _json({"type": "text", "text": text})


def _input_block(text: str) -> bytes:
    return _json({"type": "input_text", "text": text})


def _part(text: str) -> bytes:
    return _json({"text": text})


def _role(message: Value) -> str | None:
    role = message.get("role")
    return None if role is None else role.text


def _field(body: Value, key: str, block: Callable[[str], bytes]) -> Spot:
    """A field of the body; null is as good as none."""

    def create(text: str) -> None:
        present = body.get(key)
        if present is None:
            body.put(key, _json(text))
        elif present.kind == "null":
            present.replace(_json(text))

    value = body.get(key)
    return Spot(None if value is None or value.kind == "null" else value, block, create)


def _last_said(
    messages: Value | None, content: str, block: Callable[[str], bytes], roles: tuple[str | None, ...]
) -> Spot | None:
    for message in reversed([] if messages is None else messages.items()):
        if _role(message) not in roles or message.get("tool_call_id") is not None:
            continue
        spot = Spot(message.get(content), block)
        if spot.says():
            return spot
    return None


# Anthropic.


def _anthropic_user(body: Value) -> Spot | None:
    return _last_said(body.get("messages"), "content", _text_block, ("user",))


def _anthropic_system(body: Value) -> Spot:
    return _field(body, "system", _text_block)


# Chat completions.


def _chat_messages(body: Value, role: str) -> list[Value]:
    messages = body.get("messages")
    return [] if messages is None else [message for message in messages.items() if _role(message) == role]


def _chat_system(body: Value) -> Spot:
    found = _chat_messages(body, "system") or _chat_messages(body, "developer")
    if found:
        return _field(found[0], "content", _text_block)

    def create(text: str) -> None:
        message = _json({"role": "system", "content": text})
        messages = body.get("messages")
        if messages is None:
            body.put("messages", b"[" + message + b"]")
        elif messages.kind == "array":
            messages.insert(0, message)

    return Spot(None, _text_block, create)


def _chat_all_system(body: Value) -> list[Spot]:
    found = _chat_messages(body, "system") + _chat_messages(body, "developer")
    return [Spot(message.get("content"), _text_block) for message in found]


def _chat_user(body: Value) -> Spot | None:
    return _last_said(body.get("messages"), "content", _text_block, ("user",))


# Responses.


def _responses_system(body: Value) -> Spot:
    return _field(body, "instructions", _input_block)


def _responses_user(body: Value) -> Spot | None:
    given = body.get("input")
    if given is not None and given.kind == "string":
        spot = Spot(given, _input_block)
        return spot if spot.says() else None
    return _last_said(given, "content", _input_block, ("user",))


# Gemini.


def _gemini_system(body: Value) -> Spot:
    key = next((key for key in ("systemInstruction", "system_instruction") if body.get(key) is not None), "")
    instruction = body.get(key) if key else None
    if instruction is not None and instruction.kind not in ("null", "object"):
        return Spot(instruction, _part)

    def create(text: str) -> None:
        parts = _json([{"text": text}])
        if instruction is None:
            body.put("systemInstruction", b'{"parts":%b}' % parts)
        elif instruction.kind == "null":
            instruction.replace(b'{"parts":%b}' % parts)
        elif instruction.get("parts") is None:
            instruction.put("parts", parts)

    return Spot(None if instruction is None else instruction.get("parts"), _part, create)


def _gemini_user(body: Value) -> Spot | None:
    return _last_said(body.get("contents"), "parts", _part, ("user", None))


# Ollama: /api/chat has messages, /api/generate a prompt.


def _ollama_system(body: Value) -> Spot:
    return _field(body, "system", _text_block) if body.get("messages") is None else _chat_system(body)


def _ollama_all_system(body: Value) -> list[Spot]:
    return [_ollama_system(body)] if body.get("messages") is None else _chat_all_system(body)


def _ollama_user(body: Value) -> Spot | None:
    if body.get("messages") is not None:
        return _chat_user(body)
    spot = Spot(body.get("prompt"), _text_block)
    return spot if spot.says() else None


TEXTS: Final[Mapping[str, Texts]] = {
    "anthropic": Texts(_anthropic_system, lambda body: [_anthropic_system(body)], _anthropic_user),
    "openai_chat": Texts(_chat_system, _chat_all_system, _chat_user),
    "openai_responses": Texts(_responses_system, lambda body: [_responses_system(body)], _responses_user),
    "gemini": Texts(_gemini_system, lambda body: [_gemini_system(body)], _gemini_user),
    "ollama": Texts(_ollama_system, _ollama_all_system, _ollama_user),
}
"""Dialect -> where its prompts are. A dialect that is not here knows no system text apart from the prompt."""
