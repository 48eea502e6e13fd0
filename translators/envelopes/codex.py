"""Requests as the ChatGPT backend of Codex takes them, and the relays that stand for it.

It always streams, keeps nothing, has no sampling and refuses what it does not know with 400. Source: the codex executor
of github.com/router-for-me/CLIProxyAPI, and the errors that it quotes.
"""

import hashlib
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.conversation import Loss
from translators.dialect import Target
from translators.envelopes.responses_body import INTERNAL, OPENAI_SEAL, Body, Item, each, object_of, text_in
from translators.jsonio import ENCODER

REFUSED: Final = (
    "context_management",
    "generate",
    "max_completion_tokens",
    "max_output_tokens",
    "previous_response_id",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "stream_options",
    "temperature",
    "top_p",
    "truncation",
    "user",
)
TIERS: Final = frozenset(("priority",))
MAX_ID: Final = 64
ENCRYPTED: Final = "reasoning.encrypted_content"
PREFIXES: Final = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
"""How an item's id begins, where it has one."""

_REASON: Final = "the Codex backend refuses it"
_BREAKPOINT: Final = "prompt_cache_breakpoint"
_WEB_SEARCH: Final = Raw(b'"web_search"')


class _Head(Struct, gc=False):
    """What says whether an item needs an edit."""

    type: str | None = None
    role: str | None = None
    id: str | None = None
    call_id: str | None = None
    encrypted_content: str | None = None


_HEADS: Final = msgspec.json.Decoder(list[_Head])


def duties(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as that backend insists on it. OpenAI's own API has no such wishes. Raises BadRequest.

    Without a stream it is no reply that is wanted: the backend gives none whole.
    """
    if target.genuine:
        return body, ()
    request = Body(body)
    request.input_as_list()
    request.default("instructions", "")
    _edit_input(request)
    if target.stream:
        _always(request)
        _name_web_search(request)
        request.remove(REFUSED, _REASON)
        if text_in(request.fields, "service_tier") not in TIERS:
            request.remove(("service_tier",), _REASON)
    else:
        request.fields.pop("stream", None)
    return request.encoded()


def _always(request: Body) -> None:
    """What each request must say."""
    request.fields["stream"] = True
    if request.says("store") and bytes(request.fields["store"]) != b"false":
        request.lose("$.store", "the Codex backend keeps no replies")
    request.fields["store"] = False
    if request.list_of("tools"):
        request.default("parallel_tool_calls", True)
    included = request.list_of("include")
    if f'"{ENCRYPTED}"'.encode() not in [bytes(one) for one in included]:
        request.fields["include"] = [*included, ENCRYPTED]


# The input's items


def _edit_input(request: Body) -> None:
    """Items are only taken apart where they need it."""
    if not request.says("input"):
        return
    raw = bytes(request.fields.get("input", b"null"))
    items = request.list_of("input")
    try:
        only: set[int] | None = {index for index, head in enumerate(_HEADS.decode(raw)) if _needs_edit(head)}
    except msgspec.ValidationError:  # Some item is odd: each is looked at by itself.
        only = None
    for mark in (_BREAKPOINT.encode(), INTERNAL.encode()):
        if only is not None and mark in raw:
            only |= {index for index, item in enumerate(items) if mark in bytes(item)}
    if only is None or only:
        request.fields["input"] = each(items, "$.input", lambda item, path: _edited(request, item, path), only)


def _needs_edit(head: _Head) -> bool:
    return (
        head.role == "system"
        or not _is_fitting(head.type or "", head.id or "")
        or len(head.call_id or "") > MAX_ID
        or (head.encrypted_content is not None and not _is_readable(head.type or "", head.encrypted_content))
    )


def _edited(request: Body, item: Item, path: str) -> Item | None:
    request.drop_internal(item, path)
    kind, sealed = text_in(item, "type"), text_in(item, "encrypted_content")
    item_id = text_in(item, "id")
    if sealed and (not _is_readable(kind, sealed) or (len(item_id) > MAX_ID and kind == "reasoning")):
        request.lose(path, "reasoning that only another vendor, or another account, can read")
        return None
    if text_in(item, "role") == "system":
        item["role"] = "developer"
    if not _is_fitting(kind, item_id):
        request.lose(f"{path}.id", "the Codex backend refuses an id of this form")
        del item["id"]
    call_id = text_in(item, "call_id")
    if len(call_id) > MAX_ID:
        item["call_id"] = short_id(call_id)
    content = item.get("content")
    if isinstance(content, Raw) and bytes(content).lstrip().startswith(b"[") and _BREAKPOINT.encode() in bytes(content):
        item["content"] = _without_breakpoints(request, content, f"{path}.content")
    return item


def _is_fitting(kind: str, item_id: str) -> bool:
    """Whether an item may have that id, if it has one."""
    return not item_id or (len(item_id) <= MAX_ID and item_id.startswith(PREFIXES.get(kind, "")))


def _is_readable(kind: str, sealed: str) -> bool:
    """Whether OpenAI sealed it. What a compaction holds is only OpenAI's to know."""
    return kind != "reasoning" or sealed.startswith(OPENAI_SEAL)


def _without_breakpoints(request: Body, content: Raw, path: str) -> list[Any]:
    def edit(part: Item, place: str) -> Item:
        if part.pop(_BREAKPOINT, None) is not None:
            request.lose(f"{place}.{_BREAKPOINT}", _REASON)
        return part

    return each(msgspec.json.decode(content, type=list[Raw]), path, edit)


def short_id(call_id: str) -> str:
    """The same short id for the same long one, so that a call and its output still belong together."""
    return f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:32]}"


# Tools


def _name_web_search(request: Body) -> None:
    """The preview's names for the search of the web are no more known."""

    def edit(tool: Item, _: str) -> Item:
        if text_in(tool, "type").startswith("web_search_preview"):
            tool["type"] = _WEB_SEARCH
        return tool

    if b"web_search_preview" in bytes(request.fields.get("tools", b"")):
        request.fields["tools"] = each(request.list_of("tools"), "$.tools", edit)
    raw = request.fields.get("tool_choice", b"")
    if b"web_search_preview" not in bytes(raw):
        return
    choice = object_of(raw, "$.tool_choice")
    if choice is not None:
        chosen = edit(dict(choice), "")
        if bytes(chosen.get("tools", b"")).startswith(b"["):
            chosen["tools"] = each(msgspec.json.decode(chosen["tools"], type=list[Raw]), "", edit)
        request.fields["tool_choice"] = Raw(ENCODER.encode(chosen))
