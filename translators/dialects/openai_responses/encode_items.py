"""The neutral messages -> items of a request."""

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
from translators.dialects.openai_responses import wire_request as wire
from translators.dialects.openai_responses.words import NAME, SEAL
from translators.freeform import unwrapped
from translators.hosted_words import words_of
from translators.modalities import left_out
from translators.names import Names, legal_id
from translators.openai_media import OWN_FILE_ID, image_url, named_data, titled, unsayable_image
from translators.pairing import Paired, pair

MAX_ID: Final = 64
UNANSWERED: Final = "(no result of this call was given)"


class ItemWriter:
    """write(conversation): the items, with the losses put into the list that was handed over.

    Every call has one output, behind the turn that makes it. Reasoning goes before what it led to, without an id:
    OpenAI checks that against what it has sealed. `free`: the tools, as the client declared them, whose calls go out
    as free text.
    """

    def __init__(self, names: Names, target: Target, free: frozenset[str], losses: list[Loss]) -> None:
        self._names = names
        self._target = target
        self._free = free
        self._losses = losses
        self._instructor = "developer" if target.genuine else "system"
        self._items: list[wire.Item] = []
        self._thoughts: list[tuple[str, wire.Item]] = []
        self._calls: list[Paired] = []

    def write(self, conversation: Conversation) -> list[wire.Item]:
        """All items, in order."""
        if conversation.system:
            self._message(self._instructor, [_text(text) for text in conversation.system])
        pairs = pair(conversation.messages, self._losses)
        for index, message in enumerate(conversation.messages):
            if message.name:
                self._losses.append(Loss(f"$.messages[{index}].name", "Responses have no names of speakers"))
            if message.role is Role.ASSISTANT:
                self._assistant(message, pairs.calls.get(index, []), index)
                continue
            self._end_turn()
            if message.role is Role.SYSTEM:
                self._losses += lost_instructions(message.parts, f"$.messages[{index}].parts")
                self._message(self._instructor, [_text(part) for part in message.parts if isinstance(part, Text)])
            else:
                self._user(message, pairs.orphans, index)
        self._end_turn()
        return self._items

    def _message(self, role: str, parts: list[wire.Part]) -> None:
        if not parts:
            return
        only = parts[0].text if len(parts) == 1 and parts[0].type == "input_text" else None
        self._items.append(wire.Item(role=role, content=parts if only is None else only))

    # The user

    def _user(self, message: Message, orphans: set[tuple[int, int]], index: int) -> None:
        parts: list[wire.Part] = []
        for number, part in enumerate(message.parts):
            if type(part) is Text:  # nearly all of them
                parts.append(_text(part))
            elif not isinstance(part, ToolResult):
                parts += self._said(part, _path(index, number))
            elif (index, number) in orphans:
                heading = wire.Part("input_text", f"Result of the tool call {part.call_id}:")
                parts += [heading, *self._result(part, _path(index, number))]
        self._message("user", parts)

    def _said(self, part: Part, path: str) -> list[wire.Part]:
        """A part of what a user says, or a tool gives back."""
        match part:
            case Text():
                return [_text(part)]
            case Refusal(text=text):
                return [wire.Part("input_text", text)]
            case HostedCall() | HostedResult():
                words = words_of(part)
                return [wire.Part("input_text", words)] if words else []
            case Image():
                encoded = _image(part)
            case File():
                encoded = _file(part)
                if part.name and not (part.text or part.data):
                    self._losses.append(Loss(f"{path}.name", "only a file that is sent itself has a name"))
                if part.context and not part.text:
                    self._losses.append(Loss(f"{path}.context", "only a file's words have room for what it is about"))
            case Audio() | Video():
                encoded = "Responses take neither sound nor film"
            case Thinking() | ToolCall() | ToolResult():
                self._losses.append(Loss(path, "not a part of what a user says"))
                return []
        if not isinstance(encoded, str):
            return [encoded]
        self._losses.append(Loss(path, encoded))
        return [wire.Part("input_text", left_out(part))]

    # The model

    def _assistant(self, message: Message, calls: list[Paired], index: int) -> None:
        waiting = iter(calls)
        for number, part in enumerate(message.parts):
            match part:
                case Text():
                    if part.text:
                        self._say(wire.Item(role="assistant", content=part.text))
                case ToolCall():
                    paired = next(waiting)
                    self._calls.append(paired)
                    self._say(self._call(paired.call))
                case Refusal(text=text):
                    self._say(self._refusal(text))
                case Thinking():
                    self._think(part, _path(index, number))
                case HostedCall() | HostedResult():  # An item of OpenAI's tells no more of it than the search's words.
                    words = words_of(part)
                    if words:
                        self._say(wire.Item(role="assistant", content=words))
                case _:
                    kind = type(part).__name__.lower()
                    reason = f"{kind} of the assistant's, which only its vendor can send back"
                    self._losses.append(Loss(_path(index, number), reason))

    def _say(self, item: wire.Item) -> None:
        self._items += [thought for _, thought in self._thoughts]
        self._thoughts.clear()
        self._items.append(item)

    def _refusal(self, text: str) -> wire.Item:
        """Only the long form of a message can hold one; it wants an id."""
        content = [wire.Part("refusal", refusal=text)]
        made = f"msg_{len(self._items)}"
        return wire.Item("message", id=made, role="assistant", status="completed", content=content)

    def _call(self, call: ToolCall) -> wire.Item:
        call_id, name = _call_id(call), self._names.upstream(call.name)
        if call.name in self._free:
            return wire.Item("custom_tool_call", call_id=call_id, name=name, input=unwrapped(call.arguments))
        return wire.Item("function_call", call_id=call_id, name=name, arguments=call.arguments)

    def _think(self, thought: Thinking, path: str) -> None:
        """Only what it has sealed itself can go back to OpenAI; a compatible vendor has a seal of its own."""
        sealed = thought.signature if thought.signer == NAME else None
        if not sealed or (self._target.genuine and not sealed.startswith(SEAL)):
            if thought.text.strip() or thought.signature:
                self._losses.append(Loss(path, f"thinking that {thought.signer or 'nobody'} signed"))
            return
        summary = [wire.Part("summary_text", thought.text)] if thought.text else []
        self._thoughts.append((path, wire.Item("reasoning", summary=summary, encrypted_content=sealed)))

    def _end_turn(self) -> None:
        """What the model said ends: the outputs of its calls follow."""
        for path, _ in self._thoughts:
            self._losses.append(Loss(path, "thinking that led to nothing"))
        self._thoughts.clear()
        for paired in self._calls:
            self._items.append(self._output(paired))
        self._calls.clear()

    def _output(self, paired: Paired) -> wire.Item:
        kind = "custom_tool_call_output" if paired.call.name in self._free else "function_call_output"
        call_id = _call_id(paired.call)
        if paired.result is None:
            self._losses.append(Loss(paired.path, "a call without a result: a stand-in was sent"))
            return wire.Item(kind, call_id=call_id, output=UNANSWERED)
        parts = self._result(paired.result, paired.path)
        only = parts[0].text if len(parts) == 1 and parts[0].type == "input_text" else None
        return wire.Item(kind, call_id=call_id, output=only if only is not None else parts or "")

    def _result(self, result: ToolResult, path: str) -> list[wire.Part]:
        parts: list[wire.Part] = []
        for index, part in enumerate(result.parts):
            parts += [_text(part)] if type(part) is Text else self._said(part, f"{path}.parts[{index}]")
        if result.failed and not (parts and (parts[0].text or "").lower().startswith("error")):
            parts.insert(0, wire.Part("input_text", "Error: the tool failed."))
        return parts


def has_words(items: Sequence[wire.Item]) -> bool:
    """Whether there is something to answer."""
    return any(item.role is None or item.role in ("user", "assistant") for item in items)


def _path(index: int, number: int) -> str:
    """Of a part. Written where somebody must hear of it."""
    return f"$.messages[{index}].parts[{number}]"


def _text(text: Text) -> wire.Part:
    return wire.Part("input_text", text.text)


def _call_id(call: ToolCall) -> str:
    return call.id if 0 < len(call.id) <= MAX_ID else legal_id(call.id, MAX_ID)


def _image(image: Image) -> wire.Part | str:
    """The part, or why it can't be said."""
    return unsayable_image(image) or wire.Part("input_image", image_url=image_url(image), detail=image.detail or "auto")


def _file(file: File) -> wire.Part | str:
    """The part, or why it can't be said. Text goes as text, under its title."""
    if file.text:
        return wire.Part("input_text", titled(file))
    if file.file_id:
        if not file.file_id.startswith(OWN_FILE_ID):
            return "a file by id of another vendor"
        if file.media_type.startswith("image/"):
            return wire.Part("input_image", file_id=file.file_id, detail="auto")
        return wire.Part("input_file", file_id=file.file_id)
    if file.data:
        name, data = named_data(file)
        return wire.Part("input_file", file_data=data, filename=name)
    return wire.Part("input_file", file_url=file.url) if file.url else "a file without content"
