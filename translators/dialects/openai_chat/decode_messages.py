"""The messages of a chat request -> the neutral ones."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from translators.conversation import (
    CacheMark,
    Loss,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from translators.dialects.openai_chat import media, wire, wire_tools
from translators.dialects.openai_chat.decode_tools import cache_mark
from translators.freeform import wrapped
from translators.jsonio import UNREADABLE, is_said

type Given = wire.Content | UnsetType

_PARTS: Final = msgspec.json.Decoder(list[wire.TextPart | wire.ImagePart])


class MessageReader:
    """Takes a request's messages in order; `system` and `messages()` are what they say.

    Consecutive tool messages become one user message. Legacy functions have no call ids: they get some, by order.
    """

    def __init__(self) -> None:
        self.system: list[Text] = []
        self.losses: list[Loss] = []
        self._messages: list[Message] = []
        self._results: list[ToolResult] = []
        self._leading = True
        self._legacy_calls = 0

    def messages(self) -> tuple[Message, ...]:
        """All of them."""
        self._end_results()
        return tuple(self._messages)

    def take(self, message: wire.Message, index: int) -> None:
        """The next message; `index` is its place in the client's body."""
        match message:
            case wire.SystemMessage() | wire.DeveloperMessage():
                if message.name is not None:
                    self.losses.append(Loss(f"$.messages[{index}].name", "a name of one who instructs"))
                self._instructions(message.content, message.cache_control, index)
            case wire.UserMessage(content=content, name=name, cache_control=mark):
                if isinstance(content, list):
                    self._lose_marks(content, f"$.messages[{index}].content")
                self._add(Message(Role.USER, self._parts(content, mark), name))
            case wire.AssistantMessage():
                if is_said(message.audio):
                    self.losses.append(Loss(f"$.messages[{index}].audio", "sound that is kept at OpenAI"))
                self._add(Message(Role.ASSISTANT, self._assistant(message), message.name))
            case wire.ToolMessage(tool_call_id=call_id, content=content, cache_control=mark):
                self._result(ToolResult(call_id, self._parts(_unquoted(content), None), cache=cache_mark(mark)))
            case wire.FunctionMessage(content=content, name=name):
                self._result(ToolResult(self._legacy_id(), self._parts(content, None), name=name))

    def _lose_marks(self, content: list[wire.ContentPart], path: str) -> None:
        """Only what can be marked at Anthropic has a mark."""
        for number, part in enumerate(content):
            if isinstance(part, wire.AudioPart | wire.VideoPart):
                for name in ("cache_control", "prompt_cache_breakpoint"):
                    if getattr(part, name, None) is not None:
                        self.losses.append(Loss(f"{path}[{number}].{name}", "a mark on sound or film"))

    def _instructions(self, content: Given, mark: wire_tools.CacheControl | None, index: int) -> None:
        texts: list[Text] = []
        for number, part in enumerate(self._parts(content, mark)):
            if isinstance(part, Text):
                texts.append(part)
            else:
                self.losses.append(Loss(f"$.messages[{index}].content[{number}]", "system messages are text"))
        if self._leading:
            self.system += texts
        else:
            self._add(Message(Role.SYSTEM, tuple(texts)))

    def _assistant(self, message: wire.AssistantMessage) -> tuple[Part, ...]:
        parts: list[Part] = []
        thought = message.reasoning_content or message.reasoning
        if thought:
            parts.append(Thinking(thought))
        calls = list(self._calls(message))
        content = message.content
        if content or not (calls or message.refusal or thought):
            parts += self._parts(content, message.cache_control)
        if message.refusal:
            parts.append(Refusal(message.refusal))
        return (*parts, *calls)

    def _calls(self, message: wire.AssistantMessage) -> Iterator[ToolCall]:
        for call in message.tool_calls or ():
            if call.function is not None:
                yield ToolCall(call.id, call.function.name, call.function.arguments or "{}")
            elif call.custom is not None:
                yield ToolCall(call.id, call.custom.name, wrapped(call.custom.input))
        if message.function_call is not None:
            self._legacy_calls += 1
            legacy = message.function_call
            yield ToolCall(self._legacy_id(), legacy.name, legacy.arguments or "{}")

    def _legacy_id(self) -> str:
        """A function's result answers the call just before it."""
        return f"call_{self._legacy_calls}"

    def _parts(self, content: Given, mark: wire_tools.CacheControl | None) -> tuple[Part, ...]:
        """A mark on the message stands on its last part; a mark of the part's own goes first."""
        if content is None or content is UNSET:
            return (Text(""),)
        if isinstance(content, str):
            return (Text(content, cache_mark(mark)),)
        last = len(content) - 1
        return tuple(_part(part, mark if place == last else None) for place, part in enumerate(content)) or (Text(""),)

    def _add(self, message: Message) -> None:
        self._end_results()
        self._leading = False
        self._messages.append(message)

    def _result(self, result: ToolResult) -> None:
        self._leading = False
        self._results.append(result)

    def _end_results(self) -> None:
        if self._results:
            self._messages.append(Message(Role.USER, tuple(self._results)))
            self._results = []


def _mark(
    part: wire.TextPart | wire.ImagePart | wire.FilePart, message_mark: wire_tools.CacheControl | None
) -> CacheMark | None:
    """The part's own goes first, then OpenAI's form of it, then the message's."""
    if part.cache_control is None and part.prompt_cache_breakpoint is not None:
        return CacheMark(part.prompt_cache_breakpoint.ttl)
    return cache_mark(part.cache_control or message_mark)


def _unquoted(content: Given) -> Given:
    """Some clients write a result's pictures as the text of a list of parts; any other text stays what it is."""
    if not (isinstance(content, str) and content.startswith("[{") and '"image_url"' in content):
        return content
    try:
        parts = _PARTS.decode(content)
    except UNREADABLE:
        return content
    return list(parts) if any(isinstance(part, wire.ImagePart) for part in parts) else content


def _part(part: wire.ContentPart, message_mark: wire_tools.CacheControl | None) -> Part:
    match part:
        case wire.TextPart(text=text):
            if part.cache_control is None and part.prompt_cache_breakpoint is None and message_mark is None:
                return Text(text)  # nearly all of them
            return Text(text, _mark(part, message_mark))
        case wire.ImagePart():
            return media.decode_image(part, _mark(part, message_mark))
        case wire.FilePart():
            return media.decode_file(part, _mark(part, message_mark))
        case wire.AudioPart():
            return media.decode_audio(part)
        case wire.VideoPart():
            return media.decode_video(part)
        case wire.RefusalPart(refusal=words):
            return Refusal(words)
        case wire.ThinkingPart(thinking=thought):
            return Thinking(thought if isinstance(thought, str) else "".join(piece.text for piece in thought))
