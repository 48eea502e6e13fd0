"""OpenAI's own tools as they ran: items <-> neutral calls and what they gave back."""

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, UnsetType

from translators.conversation import Hosted, HostedCall, HostedResult
from translators.dialects.openai_responses import wire_request as wire
from translators.jsonio import ENCODER, UNREADABLE
from translators.notes import Citation


class Source(Struct):
    url: str | None = None


class Action(Struct):
    """What a search did: search, open_page or find_in_page."""

    type: str | None = None
    query: str | None = None
    queries: list[str] | None = None
    url: str | None = None
    sources: list[Source] | None = None


class Output(Struct):
    type: str | None = None
    logs: str | None = None


_ACTION: Final = msgspec.json.Decoder(Action | None, strict=False)
_OUTPUTS: Final = msgspec.json.Decoder(list[Output] | None, strict=False)


def call_of_search(item: wire.Item) -> tuple[HostedCall, HostedResult]:
    """A search of the web, or the look at a page; what was found where the vendor tells."""
    call_id, failed = item.id or "", item.status == "failed"
    action = _read(_ACTION, item.action) or Action()
    tool, arguments = arguments_of(action)
    sources = tuple(Citation(url=source.url) for source in action.sources or () if source.url)
    return HostedCall(call_id, tool, arguments), HostedResult(call_id, tool, sources=sources, failed=failed)


def arguments_of(action: Action) -> tuple[Hosted, str]:
    """The tool that it is elsewhere, and what it was asked."""
    if action.type in ("open_page", "find_in_page"):
        return Hosted.WEB_FETCH, ENCODER.encode({"url": action.url or ""}).decode()
    query = action.query or " ".join(action.queries or ())
    return Hosted.WEB_SEARCH, ENCODER.encode({"query": query}).decode()


def result_of_code(item: wire.Item) -> tuple[HostedCall, HostedResult]:
    """Code that ran, and what it printed."""
    call_id, failed = item.id or "", item.status == "failed"
    outputs = _read(_OUTPUTS, item.outputs) or ()
    printed = "".join(output.logs or "" for output in outputs)
    code = ENCODER.encode({"code": item.code or ""}).decode()
    return (
        HostedCall(call_id, Hosted.CODE_EXECUTION, code),
        HostedResult(call_id, Hosted.CODE_EXECUTION, printed, failed=failed),
    )


def _read(decoder: msgspec.json.Decoder[Any], raw: Raw | UnsetType) -> Any:
    """None for what can't be read: it is the vendor's own record."""
    try:
        return None if isinstance(raw, UnsetType) else decoder.decode(raw)
    except UNREADABLE:
        return None
