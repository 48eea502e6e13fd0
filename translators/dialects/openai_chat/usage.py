"""Token counts: chat's numbers -> neutral ones."""

from translators.counts import within
from translators.dialects.openai_chat import wire_reply
from translators.events import Usage


def decode_usage(wire: wire_reply.Usage) -> Usage:
    """Counts that add up: parts are never more than their whole.

    xAI counts reasoning beside the completion, not in it; its total gives that away.
    """
    prompt, completion = wire.prompt_tokens or 0, wire.completion_tokens or 0
    searched = wire.server_tool_use_details or wire.server_tool_use
    prompt_details, details = wire.prompt_tokens_details, wire.completion_tokens_details
    reasoning = (details.reasoning_tokens or 0) if details is not None else 0
    cached = wire.prompt_cache_hit_tokens or wire.cached_tokens or 0
    written = 0
    if prompt_details is not None:
        cached = prompt_details.cached_tokens or cached
        written = prompt_details.cache_write_tokens or 0
    if reasoning and wire.total_tokens == prompt + completion + reasoning:
        completion += reasoning
    prompt, completion = max(prompt, 0), max(completion, 0)
    cached = within(cached, prompt)
    return Usage(
        input_tokens=prompt,
        cached_tokens=cached,
        cache_write_tokens=within(written, prompt - cached),
        output_tokens=completion,
        reasoning_tokens=within(reasoning, completion),
        input_audio_tokens=within(prompt_details.audio_tokens if prompt_details else 0, prompt),
        output_audio_tokens=within(details.audio_tokens if details else 0, completion),
        searches=max(0, (searched.web_search_requests or 0) if searched else 0),
    )
