"""OpenAI's own tools as they ran: items -> neutral calls, what they gave back, and what they made."""

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, UnsetType

from translators.conversation import Hosted, HostedCall, HostedResult, Image, Loss, Part, Text
from translators.dialects.openai_responses import wire_request as wire
from translators.hosted_words import call_words, result_words
from translators.jsonio import ENCODER, UNREADABLE, is_said, text_of
from translators.notes import Citation

KINDS: Final = frozenset(("web_search_call", "code_interpreter_call", "file_search_call", "image_generation_call"))
"""The items that others can be told of."""


class Source(Struct):
    url: str | None = None


class Action(Struct):
    """What a search did: search, open_page or find_in_page."""

    type: str | None = None
    query: str | None = None
    queries: list[str] | None = None
    url: str | None = None
    pattern: str | None = None
    sources: list[Source] | None = None


class Output(Struct):
    type: str | None = None
    logs: str | None = None


class Found(Struct):
    """A piece of a file that a search found."""

    file_id: str | None = None
    filename: str | None = None
    text: str | None = None


_ITEM: Final = msgspec.json.Decoder(wire.Item, strict=False)
_ACTION: Final = msgspec.json.Decoder(Action | None, strict=False)
_OUTPUTS: Final = msgspec.json.Decoder(list[Output] | None, strict=False)
_RESULTS: Final = msgspec.json.Decoder(list[Found] | None, strict=False)


def parts_of(kind: str, raw: Raw) -> tuple[Part, ...]:
    """What an item of a reply tells; nothing of a kind that others can't be told of. Raises what a reader raises."""
    return told(_ITEM.decode(raw)) if kind in KINDS else ()


def told(item: wire.Item) -> tuple[Part, ...]:
    """What an item of one of KINDS tells."""
    match item.type:
        case "web_search_call":
            return _search(item)
        case "code_interpreter_call":
            printed = "".join(output.logs or "" for output in _read(_OUTPUTS, item.outputs) or ())
            return _ran(item, Hosted.CODE_EXECUTION, {"code": item.code or ""}, text=printed)
        case "file_search_call":
            found = _read(_RESULTS, item.results) or ()
            sources = tuple(
                Citation(file_id=piece.file_id or "", title=piece.filename or "", quote=piece.text or "")
                for piece in found
            )
            return _ran(item, Hosted.FILE_SEARCH, {"query": " ".join(item.queries or ())}, sources=sources)
        case _:
            return (Image(f"image/{item.output_format or 'png'}", item.result),) if item.result else ()


def ran_remotely(item: wire.Item, arguments: str) -> tuple[Text, Text]:
    """A call of a tool at a server that OpenAI asked, in words: no other tool of a vendor's is like it."""
    error = text_of(item.error) if is_said(item.error) else ""
    found = error or (item.output if isinstance(item.output, str) else "") or "(nothing)"
    called = call_words(f"the tool {item.name} of {item.server_label}", arguments)
    return Text(called), Text(result_words("tool", found, failed=bool(error) or item.status == "failed"))


def unread(item: wire.Item, path: str) -> list[Loss]:
    """What of it others can't be told."""
    outputs = enumerate(_read(_OUTPUTS, item.outputs) or ())
    return [Loss(f"{path}.outputs[{at}]", "a picture that code made") for at, one in outputs if one.type == "image"]


def _search(item: wire.Item) -> tuple[Part, ...]:
    """A search of the web, or the look at a page; of one that names nothing there is nothing to tell."""
    action = _read(_ACTION, item.action) or Action()
    sources = tuple(Citation(url=source.url) for source in action.sources or () if source.url)
    if action.type in ("open_page", "find_in_page"):
        pattern = {"pattern": action.pattern} if action.pattern else {}
        return _ran(item, Hosted.WEB_FETCH, {"url": action.url, **pattern}, sources=sources) if action.url else ()
    query = action.query or " ".join(action.queries or ())
    return _ran(item, Hosted.WEB_SEARCH, {"query": query}, sources=sources) if query or sources else ()


def _ran(
    item: wire.Item, tool: Hosted, asked: dict[str, str], *, text: str = "", sources: tuple[Citation, ...] = ()
) -> tuple[Part, ...]:
    call_id = item.id or ""
    call = HostedCall(call_id, tool, ENCODER.encode(asked).decode())
    return call, HostedResult(call_id, tool, text, sources, failed=item.status == "failed")


def _read(decoder: msgspec.json.Decoder[Any], raw: Raw | UnsetType) -> Any:
    """None for what can't be read: it is the vendor's own record."""
    try:
        return None if isinstance(raw, UnsetType) else decoder.decode(raw)
    except UNREADABLE:
        return None
