"""The neutral messages -> those of a chat request."""

import re
from collections.abc import Sequence
from typing import Final

from translators.beside import lost_instructions
from translators.conversation import (
    Audio,
    Conversation,
    File,
    HostedCall,
    HostedResult,
    Image,
    Loss,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from translators.dialect import Target
from translators.dialects.openai_chat import media, wire
from translators.freeform import unwrapped
from translators.hosted_words import words_of
from translators.modalities import left_out
from translators.names import Names, legal_id
from translators.openai_models import is_reasoning_model
from translators.pairing import Paired, pair

MAX_ID: Final = 40
UNANSWERED: Final = "(no result of this call was given)"
SEE_BELOW: Final = "(the result is attached in the next user message)"

_LEGAL_NAME: Final = re.compile(r"[^\s<|\\/>]{1,64}")


class MessageWriter:
    """write(conversation): the messages, with the losses put into the list that was handed over.

    Several texts of one message stay apart for OpenAI; for compatible vendors they are joined, since many take only a
    string.
    """

    def __init__(self, names: Names, target: Target, losses: list[Loss], custom: frozenset[str] = frozenset()) -> None:
        self._custom = custom
        self._names = names
        self._target = target
        self._losses = losses
        self._developer = target.genuine and is_reasoning_model(target.model)
        self._messages: list[wire.Message] = []
        self._turn = wire.AssistantMessage()
        self._texts: list[wire.TextPart] = []
        self._calls: list[Paired] = []
        self._thoughts: list[str] = []

    def write(self, conversation: Conversation) -> list[wire.Message]:
        """All messages, in order."""
        if conversation.system:
            self._instruct(conversation.system, "$.system")
        pairs = pair(conversation.messages, self._losses)
        for index, message in enumerate(conversation.messages):
            if message.role is Role.ASSISTANT:
                if not self._calls:  # Else it goes on: nothing may stand between calls and their results.
                    self._end_turn()
                self._assistant(message, pairs.calls.get(index, []), index)
                continue
            self._end_turn()
            if message.role is Role.SYSTEM:
                self._instruct(message.parts, f"$.messages[{index}].parts")
            else:
                self._user(message, pairs.orphans, index)
        self._end_turn()
        return self._messages

    def _instruct(self, parts: Sequence[Part], path: str) -> None:
        texts = [wire.TextPart(part.text) for part in parts if isinstance(part, Text)]
        if len(texts) < len(parts):
            self._losses += lost_instructions(parts, path)
        if not texts:
            return
        content = self._content(texts)
        self._messages.append(wire.DeveloperMessage(content) if self._developer else wire.SystemMessage(content))

    def _user(self, message: Message, orphans: set[tuple[int, int]], index: int) -> None:
        parts: list[wire.ContentPart] = []
        for number, part in enumerate(message.parts):
            if type(part) is Text:  # nearly all of them
                parts.append(wire.TextPart(part.text))
            elif isinstance(part, ToolResult):
                if (index, number) in orphans:
                    texts, attached = self._result(part, f"$.messages[{index}].parts[{number}]")
                    parts += [wire.TextPart(f"Result of the tool call {part.call_id}:"), *texts, *attached]
            else:
                parts += self._said(part, f"$.messages[{index}].parts[{number}]")
        if parts:
            self._messages.append(wire.UserMessage(self._content(parts), name=self._name(message, index)))

    def _name(self, message: Message, index: int) -> str | None:
        if message.name is None or _LEGAL_NAME.fullmatch(message.name):
            return message.name
        self._losses.append(Loss(f"$.messages[{index}].name", "a name that chat completions refuse"))
        return None

    def _said(self, part: Part, path: str) -> list[wire.ContentPart]:
        """A part of a user message, or of a tool's result."""
        match part:
            case Text(text=text) | Refusal(text=text):
                return [wire.TextPart(text)]
            case HostedCall() | HostedResult():
                words = words_of(part)
                return [wire.TextPart(words)] if words else []
            case Image() | File() | Audio() | Video():
                encoded = self._media(part, path)
                if not isinstance(encoded, str):
                    return [encoded]
                self._losses.append(Loss(path, encoded))
                return [wire.TextPart(left_out(part))]
            case Thinking() | ToolCall() | ToolResult():
                self._losses.append(Loss(path, "not a part of what a user says"))
                return []

    def _media(self, part: Image | File | Audio | Video, path: str) -> wire.ContentPart | str:
        """The part, or why chat can't say it."""
        match part:
            case Image():
                return media.encode_image(part)
            case Audio():
                return media.encode_audio(part, genuine=self._target.genuine)
            case Video():
                return "OpenAI takes no film" if self._target.genuine else media.encode_video(part)
            case File():
                if part.context and not part.text:
                    self._losses.append(Loss(f"{path}.context", "chat completions know of a file only its name"))
                if part.name and part.file_id and not (part.text or part.data):
                    self._losses.append(Loss(f"{path}.name", "a file that OpenAI keeps has its name there"))
                return media.encode_file(part)

    def _assistant(self, message: Message, calls: list[Paired], index: int) -> None:
        """Adds to the turn; `calls` are the message's own."""
        turn = self._turn
        if message.name is not None:
            turn.name = turn.name or self._name(message, index)
        for number, part in enumerate(message.parts):
            match part:
                case Text():
                    self._texts.append(wire.TextPart(part.text))
                case ToolCall():
                    turn.tool_calls = turn.tool_calls or []
                    turn.tool_calls.append(self._call(part))
                case Refusal(text=text):
                    turn.refusal = (turn.refusal or "") + text
                case Thinking():
                    self._thought(part, f"$.messages[{index}].parts[{number}]")
                case ToolResult():
                    pass  # Paired already.
                case HostedCall() | HostedResult():
                    words = words_of(part)
                    self._texts += [wire.TextPart(words)] if words else []
                case Image() | File() | Audio() | Video():
                    path = f"$.messages[{index}].parts[{number}]"
                    self._losses.append(Loss(path, "assistant messages are text"))
        self._calls += calls

    def _thought(self, part: Thinking, path: str) -> None:
        if self._target.keeps_thinking and part.text and not part.redacted:
            self._turn.reasoning_content = (self._turn.reasoning_content or "") + part.text
            self._thoughts.append(path)
        else:
            self._losses.append(Loss(path, "earlier thinking is not sent to chat completions"))

    def _call(self, call: ToolCall) -> wire.ToolCall:
        call_id = legal_id(call.id, MAX_ID)
        if call.name in self._custom:
            custom = wire.CustomCall(self._names.upstream(call.name), unwrapped(call.arguments))
            return wire.ToolCall(call_id, type="custom", custom=custom)
        function = wire.Function(self._names.upstream(call.name), call.arguments or "{}")
        return wire.ToolCall(call_id, type="function", function=function)

    def _end_turn(self) -> None:
        """The assistant's message, then a tool message for each of its calls, then what results had attached."""
        turn, texts, calls = self._turn, self._texts, self._calls
        if texts or turn.refusal or turn.tool_calls:
            turn.content = self._content(texts) if texts else None
            self._messages.append(turn)
        else:
            self._losses += [Loss(path, "thinking that led to nothing") for path in self._thoughts]
        self._turn, self._texts, self._calls, self._thoughts = wire.AssistantMessage(), [], [], []
        attachments: list[wire.ContentPart] = []
        for paired in calls:
            attachments += self._answer(paired)
        if attachments:
            self._messages.append(wire.UserMessage(attachments))

    def _answer(self, paired: Paired) -> list[wire.ContentPart]:
        """The tool message of a call; what of its result is no text comes back, under a heading."""
        call_id = legal_id(paired.call.id, MAX_ID)
        if paired.result is None:
            self._losses.append(Loss(paired.path, "a call without a result: a stand-in was sent"))
            self._messages.append(wire.ToolMessage(call_id, UNANSWERED))
            return []
        texts, attached = self._result(paired.result, paired.path)
        self._messages.append(wire.ToolMessage(call_id, self._content(texts)))
        if not attached:
            return []
        name = self._names.upstream(paired.call.name)
        return [wire.TextPart(f"Attached to the result of {name} ({call_id}):"), *attached]

    def _result(self, result: ToolResult, path: str) -> tuple[list[wire.TextPart], list[wire.ContentPart]]:
        """A result's text, and its parts that are none."""
        texts: list[wire.TextPart] = []
        attached: list[wire.ContentPart] = []
        for index, part in enumerate(result.parts):
            if type(part) is Text:  # nearly all of them
                texts.append(wire.TextPart(part.text))
                continue
            for said in self._said(part, f"{path}.parts[{index}]"):
                if isinstance(said, wire.TextPart):
                    texts.append(said)
                else:
                    attached.append(said)
        if result.failed and not (texts and texts[0].text.lower().startswith("error")):
            text = texts[0].text if texts else "the tool failed"
            texts = [wire.TextPart(f"Error: {text}"), *texts[1:]]
        if attached and not texts:
            texts = [wire.TextPart(SEE_BELOW)]
        return texts, attached

    def _content(self, parts: Sequence[wire.ContentPart]) -> str | list[wire.ContentPart]:
        if len(parts) == 1 and type(first := parts[0]) is wire.TextPart:
            return first.text
        texts = [part.text for part in parts if isinstance(part, wire.TextPart)]
        if len(texts) < len(parts) or (len(texts) > 1 and self._target.genuine):
            return list(parts)
        return "\n\n".join(texts)
