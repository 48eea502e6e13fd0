"""Ollama's requests -> the neutral conversation."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Raw, UnsetType

from translators.conversation import (
    Conversation,
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
    Tool,
    ToolCall,
    ToolResult,
)
from translators.dialect import Peek
from translators.dialects.ollama import wire
from translators.errors import BadRequest
from translators.jsonio import all_of, is_said, read, text_of

LATEST: Final = ":latest"
PROMPTED: Final = "response"
"""The echo of a request by prompt: where its reply has its words."""

_REQUEST: Final = msgspec.json.Decoder(wire.Request)
_OPTIONS: Final = msgspec.json.Decoder(dict[str, Raw])
_KNOWN: Final = msgspec.json.Decoder(wire.Options)
_IMAGES: Final = (("iVBORw0KGgo", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"))
"""How base64 of a picture begins; all others are JPEG."""


def peek(body: bytes) -> Peek:
    """Model and stream of a request: a stream is what it gives unless told otherwise. Raises BadRequest."""
    request = _read(body)
    return Peek(_model(request), request.stream is not False)


def decode_request(body: bytes) -> Conversation:
    """Raises BadRequest with the path at fault."""
    request = _read(body)
    losses = [
        Loss(f"$.{name}", "only for a model that is run here") for name in wire.LOCAL if is_said(getattr(request, name))
    ]
    options = _options(request.options, losses)
    reader = _Reader()
    if request.messages is not None:
        messages, system = reader.messages(request.messages, losses), tuple(reader.system)
    else:
        messages, system = _prompt(request), (Text(request.system),) if request.system else ()
    logprobs = (request.top_logprobs or 0) if request.logprobs else None
    return Conversation(
        model=_model(request),
        messages=messages,
        system=system,
        tools=tuple(_tools(request)),
        max_tokens=options.num_predict if options.num_predict and options.num_predict > 0 else None,
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        stop=all_of(options.stop),
        seed=options.seed,
        frequency_penalty=options.frequency_penalty,
        presence_penalty=options.presence_penalty,
        logprobs=logprobs,
        stream=request.stream is not False,
        include_usage=True,
        thinking=_thinking(request.think),
        output_format=_output_format(request.format),
        echo={} if request.messages is not None else {PROMPTED: Raw(b"true")},
        losses=tuple(losses),
    )


def _read(body: bytes) -> wire.Request:
    return read(_REQUEST, body)


def _model(request: wire.Request) -> str:
    name = request.model.removesuffix(LATEST)
    if not name:
        raise BadRequest("$.model", "the name of a model")
    return name


def _options(given: Raw | UnsetType, losses: list[Loss]) -> wire.Options:
    """Those that every vendor knows; the others are losses."""
    if not is_said(given):
        return wire.Options()
    known = wire.Options.__struct_fields__
    try:
        names = _OPTIONS.decode(given)
        losses += [
            Loss(f"$.options.{name}", "only for a model that is run here") for name in names if name not in known
        ]
        return _KNOWN.decode(given)
    except msgspec.ValidationError as error:
        raise BadRequest("$.options", f"options of Ollama's: {error}") from error


def _prompt(request: wire.Request) -> tuple[Message, ...]:
    if request.suffix:
        raise BadRequest("$.suffix", "no suffix: a chat model can't fill in the middle")
    if not request.prompt:
        raise BadRequest("$.prompt", "the text to answer, or messages")
    return (Message(Role.USER, (Text(request.prompt), *map(_image, request.images or ()))),)


class _Reader:
    """Messages in their order. Calls without an id get one by their place."""

    def __init__(self) -> None:
        self.system: list[Text] = []
        self._calls = 0
        self._results: list[Part] = []
        self._said: list[Message] = []

    def messages(self, given: list[wire.Message], losses: list[Loss]) -> tuple[Message, ...]:
        """All of them. Raises BadRequest."""
        if not given:
            raise BadRequest("$.messages", "at least one message")
        for index, message in enumerate(given):
            self._take(message, f"$.messages[{index}]", losses)
        self._end_results()
        return tuple(self._said)

    def _take(self, message: wire.Message, path: str, losses: list[Loss]) -> None:
        content = message.content or ""
        if message.role == "tool":
            parts: tuple[Part, ...] = (Text(content), *map(_image, message.images or ()))
            call_id, name = message.tool_call_id or "", message.tool_name or ""
            self._results.append(ToolResult(call_id, parts, name=name))
            return
        self._end_results()
        match message.role:
            case "system":
                if self._said:
                    self._said.append(Message(Role.SYSTEM, (Text(content),)))
                else:
                    self.system.append(Text(content))
            case "user":
                self._said.append(Message(Role.USER, (Text(content), *map(_image, message.images or ()))))
            case "assistant":
                self._said.append(Message(Role.ASSISTANT, tuple(self._assistant(message, content))))
            case _:
                raise BadRequest(f"{path}.role", "one of system, user, assistant, tool")
        if message.images and message.role != "user":
            losses.append(Loss(f"{path}.images", "pictures are what a user shows"))

    def _assistant(self, message: wire.Message, content: str) -> Iterator[Part]:
        if message.thinking:
            yield Thinking(message.thinking)
        if content or not message.tool_calls:
            yield Text(content)
        for call in message.tool_calls or ():
            self._calls += 1
            yield ToolCall(call.id or f"call_{self._calls}", call.function.name, text_of(call.function.arguments))

    def _end_results(self) -> None:
        if self._results:
            self._said.append(Message(Role.USER, tuple(self._results)))
            self._results = []


def _image(data: str) -> Image:
    media_type = next((kind for start, kind in _IMAGES if data.startswith(start)), "image/jpeg")
    return Image(media_type, data)


def _tools(request: wire.Request) -> Iterator[Tool]:
    for tool in request.tools or ():
        schema = tool.function.parameters
        yield Tool(tool.function.name, tool.function.description or "", schema if is_said(schema) else None)


def _thinking(think: bool | str | None) -> ThinkingWish | None:
    match think:
        case None:
            return None
        case False:
            return ThinkingWish(ThinkingMode.OFF)
        case True:
            return ThinkingWish(ThinkingMode.AUTO, visible=True)
        case effort:
            return ThinkingWish(ThinkingMode.ON, effort, visible=True)


def _output_format(given: Raw | UnsetType) -> OutputFormat | None:
    """`"json"`, or a schema."""
    said = bytes(given) if is_said(given) else b'""'
    if said == b'""':
        return None
    if said == b'"json"':
        return OutputFormat()
    if said.startswith(b"{"):
        return OutputFormat(Raw(said), name="answer")
    raise BadRequest("$.format", '"json", or a JSON schema')
