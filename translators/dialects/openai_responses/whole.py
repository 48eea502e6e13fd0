"""A whole reply of this dialect from the stream of one."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.dialects.openai_responses import wire
from translators.dialects.openai_responses.decode_reply import cut, failure, stated
from translators.dialects.openai_responses.frames import Malformed, read, rest_of
from translators.jsonio import ENCODER, UNREADABLE
from translators.sse import FrameSplitter, FrameTooLong


class _Terminal(Struct):
    response: dict[str, Raw] = {}


_TERMINAL: Final = msgspec.json.Decoder(_Terminal)
_ITEMS: Final = msgspec.json.Decoder(list[dict[str, Raw]] | None)
_NOTHING: Final = (b"null", b'""')


def whole_of(stream: bytes) -> bytes:
    """The reply that the stream's last event tells of, every field as it stands there.

    Where that event leaves out the items, as the Codex backend does, they are those that were done; where it leaves out
    an item's id, it is the one that the item had then. Raises UpstreamError where the reply failed, or was cut.
    """
    splitter = FrameSplitter()
    done: dict[int, Raw] = {}
    try:
        for frame in [*splitter.feed(stream), *rest_of(splitter)]:
            kind, event = read(frame)
            match kind:
                case "response.output_item.done":
                    place = len(done) if event.output_index is None else event.output_index
                    done[place] = event.item
                case "response.completed" | "response.done" | "response.incomplete":
                    return _response(frame.data, event, done)
                case "response.failed":
                    raise failure(event.response, event.error, None)
                case "error":
                    raise stated(event, None)
    except FrameTooLong as error:
        raise Malformed from error
    except UNREADABLE as error:
        raise Malformed from error
    raise cut()


def _response(data: bytes, event: wire.Life, done: dict[int, Raw]) -> bytes:
    if event.response.status in ("failed", "cancelled"):
        raise failure(event.response, event.error, None)
    response = _TERMINAL.decode(data).response
    return ENCODER.encode(filled(response, done) or response)


def filled(response: Mapping[str, Raw], done: Mapping[int, Raw]) -> dict[str, Any] | None:
    """The response with its items, or their ids, put in where it leaves them out; None where it lacks nothing.

    `done`: items by their place, as they were when they were done.
    """
    output: list[Any] = list(_ITEMS.decode(response.get("output", Raw(b"null"))) or ())
    lacking = not output and bool(done)
    if lacking:
        output = [done[place] for place in sorted(done)]
    for place, item in enumerate(output):
        if isinstance(item, dict) and bytes(item.get("id", b"null")) in _NOTHING and place in done:
            known = msgspec.json.decode(done[place], type=dict[str, Raw]).get("id")
            if known is not None:
                item["id"] = known
                lacking = True
    return {**response, "output": output} if lacking or "output" not in response else None
