"""What chat's chunks and those of legacy completions have in common: how they begin, and how a stream of them ends."""

from typing import Final

from translators.dialect import Context
from translators.events import ReplyStart, Usage
from translators.jsonio import ENCODER, quoted
from translators.names import reply_id

_DONE: Final = b"data: [DONE]\n\n"


def chunk_head(start: ReplyStart, context: Context, kind: bytes, id_prefix: str) -> bytes:
    """What all chunks of a reply share, up to the choices. `kind`: the `object` that they are."""
    return b'data: {"id":%b,"object":"%b","created":%d,"model":%b,"choices":' % (
        quoted(reply_id(start.id, id_prefix, context.reply_id)),
        kind,
        context.created_s,
        quoted(context.model or start.model),
    )


def last_chunks(head: bytes, usage: Usage | None, context: Context) -> bytes:
    """Behind the finish: the usage, for a client that asked for it, and the end."""
    if usage is None or not context.include_usage:
        return _DONE
    return head + b'[],"usage":' + ENCODER.encode(encode_usage(usage)) + b"}\n\n" + _DONE


def encode_usage(usage: Usage) -> dict[str, object]:
    """The `usage` object. Both details always stand there: clients look into them unasked."""
    prompt_details = {"cached_tokens": usage.cached_tokens}
    if usage.cache_write_tokens:
        prompt_details["cache_write_tokens"] = usage.cache_write_tokens
    details = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.input_audio_tokens:
        prompt_details["audio_tokens"] = usage.input_audio_tokens
    if usage.output_audio_tokens:
        details["audio_tokens"] = usage.output_audio_tokens
    searched = {"server_tool_use_details": {"web_search_requests": usage.searches}} if usage.searches else {}
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": details,
        **searched,
    }
