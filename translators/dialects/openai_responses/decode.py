"""Responses requests -> the neutral conversation."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from translators import tolerant
from translators.conversation import (
    Conversation,
    Loss,
    OutputFormat,
    Text,
    ThinkingMode,
    ThinkingWish,
)
from translators.dialects.openai_responses import wire_request as wire
from translators.dialects.openai_responses.decode_items import ItemReader, NotKept
from translators.dialects.openai_responses.decode_tools import Toolbox, lists_of
from translators.errors import BadRequest
from translators.jsonio import UNREADABLE, check_text, quoted

LOGPROBS: Final = "message.output_text.logprobs"
_REQUEST: Final = msgspec.json.Decoder(wire.Request)
_ECHO: Final = msgspec.json.Decoder(wire.Echo)
_SAYS_NOTHING: Final[Mapping[str, bytes]] = {"background": b"false", "generate": b"true"}
"""Fields whose value is what happens anyway."""
_KEPT_ELSEWHERE: Final = ("previous_response_id", "conversation", "prompt")
_OWN: Final = "only OpenAI knows it"


def decode_request(body: bytes) -> Conversation:
    """Responses JSON -> Conversation. Raises BadRequest with the path at fault."""
    request, losses = _read(body)
    _check(request)
    box = Toolbox(list(lists_of(request)), losses)
    reader = ItemReader(box, losses)
    if request.instructions:
        reader.system.append(Text(request.instructions))
    given = [wire.Item(role="user", content=request.input)] if isinstance(request.input, str) else request.input
    for index, item in enumerate(given or ()):
        reader.take(item, f"$.input[{index}]")
    choice, tools, hosted = box.choose(request.tool_choice)
    thinking = _thinking(request.reasoning, losses)
    return Conversation(
        model=request.model,
        messages=reader.messages(),
        system=tuple(reader.system),
        tools=tools,
        hosted=hosted,
        tool_choice=choice,
        parallel_tool_calls=request.parallel_tool_calls,
        max_tokens=request.max_output_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        logprobs=_logprobs(request, losses),
        stream=bool(request.stream),
        include_usage=True,
        thinking=thinking,
        output_format=_output_format(request.text),
        user=request.user,
        service_tier=request.service_tier,
        extras=_extras(request, losses),
        echo=_echo(body),
        losses=tuple(losses),
    )


def _read(body: bytes) -> tuple[wire.Request, list[Loss]]:
    check_text(body)
    try:
        return _REQUEST.decode(body), []
    except msgspec.ValidationError:
        request, losses = tolerant.decode(body, wire.Request)
        return request, list(losses)
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error


def _check(request: wire.Request) -> None:
    if not request.model:
        raise BadRequest("$.model", "the name of a model")
    for name in _KEPT_ELSEWHERE:
        value: object = getattr(request, name)
        if value and value is not UNSET and value != Raw(b"null"):
            raise NotKept(f"$.{name}", "this model's vendor keeps nothing: send the whole conversation")
    if not request.input:
        raise BadRequest("$.input", "text or a list of items")
    for index, item in enumerate(request.input if isinstance(request.input, list) else ()):
        if item.type == "compaction_trigger":
            raise BadRequest(f"$.input[{index}]", "nothing that asks for a compaction: only OpenAI makes any")


def _thinking(reasoning: wire.Reasoning | None, losses: list[Loss]) -> ThinkingWish | None:
    """Without an effort the model decides."""
    if reasoning is None:
        return None
    losses += [
        Loss(f"$.reasoning.{name}", _OWN)
        for name in ("context", "mode")
        if getattr(reasoning, name) not in (None, "auto", "standard")
    ]
    visible = True if reasoning.summary or reasoning.generate_summary else None
    if reasoning.effort == "none":
        return ThinkingWish(ThinkingMode.OFF, visible=visible)
    if reasoning.effort is not None:
        return ThinkingWish(ThinkingMode.ON, reasoning.effort, visible=visible)
    return ThinkingWish(ThinkingMode.AUTO, visible=visible) if visible else None


def _logprobs(request: wire.Request, losses: list[Loss]) -> int | None:
    """Also what else of a reply is asked for: what is sealed, what tools gave back."""
    wanted = request.include or ()
    losses += [Loss(f"$.include[{index}]", _OWN) for index, name in enumerate(wanted) if name != LOGPROBS]
    return request.top_logprobs or 0 if LOGPROBS in wanted or request.top_logprobs else None


def _output_format(config: wire.TextConfig | None) -> OutputFormat | None:
    wanted = None if config is None else config.format
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return OutputFormat()
    if wanted.type != "json_schema" or isinstance(wanted.schema, UnsetType):
        raise BadRequest("$.text.format", "of type text, json_object, or json_schema with a schema")
    if not bytes(wanted.schema).startswith(b"{"):
        raise BadRequest("$.text.format.schema", "a JSON schema: an object")
    return OutputFormat(wanted.schema, wanted.name or "", wanted.description or "", wanted.strict)


def _extras(request: wire.Request, losses: list[Loss]) -> dict[str, Raw]:
    """What others may know under the same name; what they can't is lost here."""
    extras = wire.given(request, wire.SHARED_EXTRAS)
    if request.store:
        extras["store"] = Raw(b"true")
    if request.text is not None and request.text.verbosity is not None:
        extras["verbosity"] = Raw(quoted(request.text.verbosity))
    own = wire.given(request, wire.OWN_EXTRAS)
    losses += [Loss(f"$.{name}", _OWN) for name, raw in own.items() if bytes(raw) != _SAYS_NOTHING.get(name)]
    if request.truncation == "auto":
        losses.append(Loss("$.truncation", "nobody else leaves out the middle of a conversation"))
    return extras


def _echo(body: bytes) -> dict[str, Raw]:
    """The fields that a reply repeats, as the client wrote them."""
    return wire.given(_ECHO.decode(body), wire.Echo.__struct_fields__)
