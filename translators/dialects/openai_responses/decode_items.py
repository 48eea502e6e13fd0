"""The items of a request -> neutral messages."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Raw, Struct, UnsetType

from translators.conversation import (
    Audio,
    CacheMark,
    File,
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
)
from translators.dialects.openai_responses import wire_request as wire
from translators.dialects.openai_responses.annotations import notes_of
from translators.dialects.openai_responses.decode_tools import Toolbox
from translators.dialects.openai_responses.hosted import KINDS, ran_remotely, told, unread
from translators.dialects.openai_responses.words import NAME, PARAGRAPH
from translators.errors import BadRequest
from translators.freeform import wrapped
from translators.jsonio import ENCODER
from translators.openai_media import bare_data, read_file, read_image

COMPACTED: Final = "(What came before was made into a summary that only OpenAI can read: it is not known here.)"
_SILENT: Final = frozenset(("additional_tools", "tool_search_output"))
"""Items of which nothing is said but their tools."""


class NotKept(BadRequest):
    """The request builds on something that OpenAI keeps, and nobody here has."""

    code: str | None = "previous_response_not_found"
    prefix = "not found:"


class _Audio(Struct):
    data: str
    format: str = "wav"


_AUDIO: Final = msgspec.json.Decoder(_Audio)


class ItemReader:
    """Takes a request's items in order; `system` and `messages()` are what they say.

    What the model said and did in a row is one message, as are results in a row.
    """

    def __init__(self, tools: Toolbox, losses: list[Loss]) -> None:
        self.system: list[Text] = []
        self._tools = tools
        self._losses = losses
        self._messages: list[Message] = []
        self._said: list[Part] = []
        self._results: list[Part] = []
        self._leading = True

    def messages(self) -> tuple[Message, ...]:
        """All of them."""
        self._end()
        return tuple(self._messages)

    def take(self, item: wire.Item, path: str) -> None:
        """The next item. Raises BadRequest."""
        match item.type:
            case "message":
                self._message(item, path)
            case "function_call":
                self._say(ToolCall(self._call_id(item, path), self._name(item, path), _arguments(item, path)))
            case "custom_tool_call":
                self._say(ToolCall(self._call_id(item, path), self._name(item, path), wrapped(item.input or "")))
            case "function_call_output" | "custom_tool_call_output":
                self._result(item, path)
            case "reasoning":
                self._reasoning(item)
            case kind if kind in KINDS:
                self._losses += unread(item, path)
                self._say(*told(item))
            case "mcp_call":
                self._say(*ran_remotely(item, _arguments(item, path)))
            case None if item.role is not None:
                self._message(item, path)
            case "item_reference" | None:
                raise NotKept(path, f"the item {item.id!r} is not known here: send it itself")
            case "compaction" | "compaction_summary":
                self._losses.append(Loss(path, "a summary that only OpenAI can read: words that say so stand for it"))
                self._add(Message(Role.USER, (Text(COMPACTED),)))
            case kind if kind not in _SILENT:
                self._losses.append(Loss(path, f"only OpenAI knows items of the type {kind!r}"))

    # Who speaks

    def _say(self, *parts: Part) -> None:
        """The model does."""
        if self._results:
            self._end()
        self._leading = False
        self._said += parts

    def _add(self, message: Message) -> None:
        self._end()
        self._leading = False
        self._messages.append(message)

    def _end(self) -> None:
        """Only one of the two is there."""
        if self._said:
            self._messages.append(Message(Role.ASSISTANT, tuple(self._said)))
            self._said = []
        if self._results:
            self._messages.append(Message(Role.USER, tuple(self._results)))
            self._results = []

    # What is said

    def _message(self, item: wire.Item, path: str) -> None:
        if item.phase:
            self._losses.append(Loss(f"{path}.phase", "only OpenAI tells commentary from answers"))
        parts = self._content(item.content, f"{path}.content")
        match item.role:
            case "user":
                self._add(Message(Role.USER, parts))
            case "assistant":
                self._say(*parts)
            case "system" | "developer":
                self._instructions(parts, path)
            case _:
                raise BadRequest(f"{path}.role", "one of assistant, developer, system, user")

    def _instructions(self, parts: tuple[Part, ...], path: str) -> None:
        texts = tuple(part for part in parts if isinstance(part, Text))
        if len(texts) < len(parts):
            self._losses.append(Loss(f"{path}.content", "instructions are text"))
        if self._leading:
            self.system += texts
        elif texts:
            self._add(Message(Role.SYSTEM, texts))

    def _reasoning(self, item: wire.Item) -> None:
        """The summary, or what is there in its place. Without words and seal it says nothing."""
        pieces = item.summary or (item.content if isinstance(item.content, list) else ()) or ()
        text = PARAGRAPH.join(piece.text for piece in pieces if piece.text)
        sealed = item.encrypted_content or None
        if text or sealed:
            self._say(Thinking(text, sealed, NAME if sealed else None))

    def _result(self, item: wire.Item, path: str) -> None:
        if self._said:
            self._end()
        self._leading = False
        given = item.output if not isinstance(item.output, dict) else ENCODER.encode(item.output).decode()
        parts = () if given is None else self._content(given, f"{path}.output")
        name = self._tools.name_of(item.namespace, item.name) if item.name else ""
        self._results.append(ToolResult(item.call_id or "", parts, failed=item.status == "incomplete", name=name))

    def _call_id(self, item: wire.Item, path: str) -> str:
        call_id = item.call_id or item.id
        if not call_id:
            raise BadRequest(f"{path}.call_id", "a value: it is required")
        return call_id

    def _name(self, item: wire.Item, path: str) -> str:
        if not item.name:
            raise BadRequest(f"{path}.name", "a value: it is required")
        return self._tools.name_of(item.namespace, item.name)

    def _content(self, content: str | list[wire.Part] | None, path: str) -> tuple[Part, ...]:
        if content is None:
            raise BadRequest(path, "text or a list of parts")
        if isinstance(content, str):
            return (Text(content),)
        return tuple(self._parts(content, path))

    def _parts(self, content: list[wire.Part], path: str) -> Iterator[Part]:
        for index, part in enumerate(content):
            cache = None if part.prompt_cache_breakpoint is None else CacheMark(part.prompt_cache_breakpoint.ttl)
            match part.type:
                case "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text":
                    notes = () if isinstance(part.annotations, UnsetType) else notes_of(part.annotations)
                    yield Text(_required(part.text, f"{path}[{index}].text"), cache, notes)
                case "refusal":
                    yield Refusal(_required(part.refusal, f"{path}[{index}].refusal"))
                case "input_image":
                    yield _image(part, cache, f"{path}[{index}]")
                case "input_file":
                    yield _file(part, cache)
                case "input_audio":
                    yield _audio(part, f"{path}[{index}]")
                case kind:
                    self._losses.append(Loss(f"{path}[{index}]", f"unknown type {kind!r}"))


def _required(text: str | None, path: str) -> str:
    if text is None:
        raise BadRequest(path, "a value: it is required")
    return text


def _arguments(item: wire.Item, path: str) -> str:
    """The text of an object; some clients send the object itself."""
    given = item.arguments
    if isinstance(given, str):
        return given or "{}"
    if given is None:
        raise BadRequest(f"{path}.arguments", "the text of a JSON object")
    return ENCODER.encode(given).decode()


def _image(part: wire.Part, cache: CacheMark | None, path: str) -> Image | File:
    if part.file_id and not part.image_url:
        return File("image/*", file_id=part.file_id, cache=cache)
    url = _required(part.image_url, f"{path}.image_url")
    detail = None if part.detail == "auto" else part.detail  # which is what happens anyway
    return read_image(url, detail, cache)


def _file(part: wire.Part, cache: CacheMark | None) -> File:
    name = part.filename or ""
    if not part.file_data:
        media_type = "application/pdf" if part.file_url else ""
        return File(media_type, url=part.file_url or "", file_id=part.file_id or "", name=name, cache=cache)
    return read_file(part.file_data, name, cache)


def _audio(part: wire.Part, path: str) -> Audio:
    raw = part.input_audio
    try:
        sound = _AUDIO.decode(raw if isinstance(raw, Raw) else b"null")
    except msgspec.ValidationError as error:
        raise BadRequest(f"{path}.input_audio", "an object with data and format") from error
    return Audio(bare_data(sound.data), sound.format)
