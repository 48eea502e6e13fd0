"""Anthropic JSON -> Conversation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators import tolerant
from translators.conversation import (
    Conversation,
    File,
    Image,
    Loss,
    Message,
    OutputFormat,
    Part,
    Role,
    Text,
    Thinking,
    ThinkingMode,
    ThinkingWish,
    ToolCall,
    ToolResult,
)
from translators.dialect import Peek
from translators.dialects.anthropic import hosted, wire
from translators.dialects.anthropic.citations import citation_of
from translators.dialects.anthropic.decode_tools import choice_of, mark_of, object_of, parallel_of, tools_of
from translators.errors import BadRequest
from translators.hosted_words import call_words, result_words
from translators.jsonio import UNREADABLE, check_text, read, text_of
from translators.place import Place

NAME: Final = "anthropic"
ROLES: Final = {role.value: role for role in Role}
PLACE: Final = "$.messages[%d].content[%d]"
BILLING: Final = "x-anthropic-billing-header:"
THINKING: Final[Mapping[str, ThinkingMode]] = {
    "enabled": ThinkingMode.ON,
    "disabled": ThinkingMode.OFF,
    "adaptive": ThinkingMode.AUTO,
    "between_tools": ThinkingMode.AUTO,
}
DISPLAY: Final[Mapping[str | None, bool]] = {"summarized": True, "omitted": False}


class _Peek(Struct):
    model: str
    stream: bool | None = None


_PEEK: Final = msgspec.json.Decoder(_Peek)
_REQUEST: Final = msgspec.json.Decoder(wire.Request)


def peek(body: bytes) -> Peek:
    """Model and stream flag. Raises BadRequest."""
    seen = read(_PEEK, body)
    return Peek(seen.model, bool(seen.stream))


def decode_request(body: bytes) -> Conversation:
    """Raises BadRequest with the path at fault."""
    request, losses = _read(body)
    messages = tuple(_message(index, message, losses) for index, message in enumerate(request.messages))
    system = tuple(_system(request.system, losses))
    tools, offered = tools_of(request.tools or (), losses)
    return Conversation(
        model=request.model,
        messages=messages,
        system=system,
        tools=tools,
        hosted=offered,
        tool_choice=choice_of(request.tool_choice, tools, offered, losses),
        parallel_tool_calls=parallel_of(request.tool_choice),
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=tuple(request.stop_sequences or ()),
        stream=bool(request.stream),
        include_usage=True,
        thinking=_thinking(request, losses),
        output_format=_output_format(request),
        user=request.metadata.user_id if request.metadata else None,
        service_tier=request.service_tier,
        extras=_extras(request),
        losses=tuple(losses),
    )


def _read(body: bytes) -> tuple[wire.Request, list[Loss]]:
    check_text(body)
    try:
        return _REQUEST.decode(body), []
    except msgspec.ValidationError:  # Perhaps only block types that nobody here knows.
        request, losses = tolerant.decode(body, wire.Request)
        return request, list(losses)
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error


def _system(system: str | list[wire.TextBlock] | None, losses: list[Loss]) -> Iterator[Text]:
    """Claude Code's first line is a note to Anthropic's billing, not words for a model."""
    blocks = [wire.TextBlock(system)] if isinstance(system, str) else system or []
    for index, block in enumerate(blocks):
        if block.text.startswith(BILLING):
            losses.append(Loss(f"$.system[{index}]", "a note for Anthropic's billing"))
        elif block.text:
            yield _text(block)


def _message(index: int, message: wire.Message, losses: list[Loss]) -> Message:
    role = ROLES[message.role]
    if isinstance(message.content, str):
        return Message(role, (Text(message.content),))
    parts = [
        part
        for at, block in enumerate(message.content)
        if (
            part := _text(block)
            if type(block) is wire.TextBlock  # nearly all of them
            else _part(block, Place(PLACE, index, at), losses)
        )
        is not None
    ]
    return Message(role, tuple(parts))


def _text(block: wire.TextBlock) -> Text:
    if block.citations is None:
        return Text(block.text, mark_of(block.cache_control))
    return Text(block.text, mark_of(block.cache_control), tuple(citation_of(one) for one in block.citations))


def _part(block: wire.Block, place: Place, losses: list[Loss]) -> Part | None:
    match block:
        case wire.ToolUseBlock():
            if block.caller is not wire.ABSENT or block.toolset_name is not None:
                _own_words(block, place, losses)
            return ToolCall(block.id, block.name, _arguments(block.input, place), mark_of(block.cache_control))
        case wire.ToolResultBlock():
            return _tool_result(block, place, losses)
        case wire.TextBlock() | wire.ImageBlock() | wire.DocumentBlock() | wire.SearchResultBlock():
            return _content(block, str(place), losses)
        case wire.ThinkingBlock(thinking=text, signature=signature):
            return Thinking(text, signature or None, NAME if signature else None)
        case wire.RedactedThinkingBlock(data=data):
            return Thinking("", data, NAME, redacted=True)
        case wire.ServerToolUseBlock():
            call = hosted.call_of(block.id, block.name, _arguments(block.input, place))
            return _hosted(call, block, place, losses)
        case wire.ServerResultBlock():
            kind = str(type(block).__struct_config__.tag)
            hosted.lose_sealed(block.content, f"{place}.content", losses)
            return _hosted(hosted.result_of(kind, block.tool_use_id, block.content), block, place, losses)
        case wire.McpUseBlock(name=name, server_name=server):
            words = call_words(f"the tool {name} of {server}", _arguments(block.input, place))
            return Text(words, mark_of(block.cache_control))
        case wire.McpResultBlock():
            found = _content_text(block.content or "", str(place), losses)
            words = result_words("tool", found or "(nothing)", failed=bool(block.is_error))
            return Text(words, mark_of(block.cache_control))


def _hosted(
    part: Part | None, block: wire.ServerToolUseBlock | wire.ServerResultBlock, place: Place, losses: list[Loss]
) -> Part | None:
    if part is None:
        losses.append(Loss(str(place), "a call of a tool that only Anthropic has"))
        return None
    if block.cache_control is not None:
        losses.append(Loss(f"{place}.cache_control", "a cache mark on what ran at the vendor"))
    _own_words(block, place, losses)
    return part


def _own_words(
    block: wire.ToolUseBlock | wire.ToolResultBlock | wire.ServerToolUseBlock | wire.ServerResultBlock,
    place: Place,
    losses: list[Loss],
) -> None:
    """What only Anthropic says of calls."""
    caller: Raw = getattr(block, "caller", wire.ABSENT)
    if caller is not wire.ABSENT and b"direct" not in bytes(caller):
        losses.append(Loss(f"{place}.caller", "a tool that was called from code"))
    if getattr(block, "toolset_name", None) is not None:
        losses.append(Loss(f"{place}.toolset_name", "a set of tools that only Anthropic knows"))


def _citing(wish: wire.Citing | None, path: str, losses: list[Loss]) -> None:
    if wish is not None and wish.enabled:
        losses.append(Loss(f"{path}.citations", "no other vendor cites a document of the request"))


def _content(block: wire.ResultBlock, path: str, losses: list[Loss]) -> Part:
    """What may stand in a message and in a tool's result."""
    match block:
        case wire.TextBlock():
            return _text(block)
        case wire.ImageBlock():
            if block.transformations is not wire.ABSENT:
                losses.append(Loss(f"{path}.transformations", "only Anthropic changes an image on its way"))
            return _image(block)
        case wire.DocumentBlock():
            _citing(block.citations, path, losses)
            return _document(block, path, losses)
        case wire.SearchResultBlock():
            _citing(block.citations, path, losses)
            _inner_marks(block.content, path, losses)
            text = "\n".join(piece.text for piece in block.content)
            cache = mark_of(block.cache_control)
            return File("text/plain", text=text, name=block.title, context=block.source, cache=cache)
        case wire.ToolReferenceBlock():
            losses.append(Loss(path, "a reference to a tool: its name was sent"))
            return Text(f"Tool found: {block.tool_name}", mark_of(block.cache_control))


def _inner_marks(pieces: Sequence[wire.TextBlock | wire.ImageBlock], path: str, losses: list[Loss]) -> None:
    for index, piece in enumerate(pieces):
        if piece.cache_control is not None:
            losses.append(Loss(f"{path}.content[{index}].cache_control", "a cache mark within a document"))
        if isinstance(piece, wire.TextBlock) and piece.citations:
            losses.append(Loss(f"{path}.content[{index}].citations", "citations within a document"))


def _image(block: wire.ImageBlock) -> Part:
    cache = mark_of(block.cache_control)
    match block.source:
        case wire.Base64Source(media_type=media_type, data=data):
            return Image(media_type, data, cache=cache)
        case wire.UrlSource(url=url):
            return Image(url=url, cache=cache)
        case wire.FileSource(file_id=file_id):
            return File("image/*", file_id=file_id, cache=cache)


def _document(block: wire.DocumentBlock, path: str, losses: list[Loss]) -> File:
    name, context, cache = block.title or "", block.context or "", mark_of(block.cache_control)
    match block.source:
        case wire.Base64Source(media_type=media_type, data=data):
            return File(media_type, data=data, name=name, context=context, cache=cache)
        case wire.UrlSource(url=url):
            return File("application/pdf", url=url, name=name, context=context, cache=cache)
        case wire.FileSource(file_id=file_id):
            return File(file_id=file_id, name=name, context=context, cache=cache)
        case wire.TextSource(data=text, media_type=media_type):
            return File(media_type, text=text, name=name, context=context, cache=cache)
        case wire.ContentSource(content=content):
            text = _content_text(content, f"{path}.source", losses)
            return File("text/plain", text=text, name=name, context=context, cache=cache)


def _content_text(content: str | Sequence[wire.TextBlock | wire.ImageBlock], path: str, losses: list[Loss]) -> str:
    if isinstance(content, str):
        return content
    texts: list[str] = []
    _inner_marks(content, path, losses)
    for index, block in enumerate(content):
        if isinstance(block, wire.TextBlock):
            texts.append(block.text)
        else:
            losses.append(Loss(f"{path}.content[{index}]", "an image within a document"))
    return "\n".join(texts)


def _tool_result(block: wire.ToolResultBlock, place: Place, losses: list[Loss]) -> ToolResult:
    parts: tuple[Part, ...]
    if block.toolset_name is not None:
        _own_words(block, place, losses)
    if isinstance(block.content, str):
        parts = (Text(block.content),) if block.content else ()
    else:
        parts = tuple(
            _text(piece) if type(piece) is wire.TextBlock else _content(piece, f"{place}.content[{at}]", losses)
            for at, piece in enumerate(block.content or ())
        )
    return ToolResult(block.tool_use_id, parts, bool(block.is_error), mark_of(block.cache_control))


def _arguments(raw: Raw, place: Place) -> str:
    text = text_of(raw).strip()
    if text.startswith("{"):
        return text
    if text == "null":
        return "{}"
    raise BadRequest(f"{place}.input", "object")


def _thinking(request: wire.Request, losses: list[Loss]) -> ThinkingWish | None:
    """An effort alone leaves it to the model whether to think."""
    config, effort = request.thinking, request.output_config.effort if request.output_config else None
    if config is not None and config.type not in THINKING:
        losses.append(Loss("$.thinking", f"unknown type {config.type!r}"))
        config = None
    if config is None:
        return ThinkingWish(ThinkingMode.AUTO, effort) if effort else None
    return ThinkingWish(THINKING[config.type], effort, config.budget_tokens, DISPLAY.get(config.display))


def _output_format(request: wire.Request) -> OutputFormat | None:
    """`output_format` is the older place."""
    config = request.output_config.format if request.output_config else None
    config, path = (config, "output_config.format") if config else (request.output_format, "output_format")
    if config is None:
        return None
    return OutputFormat(object_of(config.schema, f"$.{path}.schema"))


def _extras(request: wire.Request) -> Mapping[str, Raw]:
    found: dict[str, Raw] = {}
    for key in wire.EXTRAS:
        value: Raw = getattr(request, key)
        if value is not wire.ABSENT and bytes(value) != b"null":
            found[key] = value
    return found
