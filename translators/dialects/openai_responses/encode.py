"""The neutral conversation -> a Responses request, for OpenAI itself or for a compatible vendor."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.beside import unsaid_beside
from translators.conversation import Conversation, Loss, OutputFormat, ThinkingWish
from translators.dialect import EncodedRequest, Target
from translators.dialects.openai_responses import wire_request as wire
from translators.dialects.openai_responses.decode import LOGPROBS
from translators.dialects.openai_responses.encode_items import ItemWriter, has_words
from translators.dialects.openai_responses.encode_tools import choice_of, free_tools, tools_of
from translators.errors import BadRequest
from translators.jsonio import ENCODER, UNREADABLE
from translators.names import Names, tool_names
from translators.openai_fields import (
    COMPATIBLE_EFFORTS,
    JSON_WANTED,
    MAX_LOGPROBS,
    at_most,
    begins_anew,
    format_name,
    format_strict,
    least_reasoning,
    names_json,
    service_tier,
    user_of,
)
from translators.openai_models import efforts_of, is_reasoning_model
from translators.thinking import effort_of, nearest_effort
from translators.wish import budget_gives_way, wish_of

MAX_NAME: Final = 128
MIN_OUTPUT_TOKENS: Final = 16
"""Source: OpenAI's refusal "Expected a value >= 16"."""
ENCRYPTED: Final = "reasoning.encrypted_content"

_VERBOSITY: Final = msgspec.json.Decoder(str)
_UNSAYABLE: Final = ("top_k", "seed", "frequency_penalty", "presence_penalty")


def encode_request(conversation: Conversation, target: Target) -> EncodedRequest:
    """Conversation -> Responses JSON. Raises BadRequest where nothing is left to send."""
    losses: list[Loss] = []
    names = Names(tool_names(conversation), MAX_NAME)
    free = free_tools(conversation, target)
    items = ItemWriter(names, target, free, losses).write(conversation)
    if not items:
        raise BadRequest("$.messages", "at least one message with content that Responses can carry")
    if not has_words(items):  # Instructions alone are no question.
        items[-1].role = "user"
    begins_anew(items[-1].role, target, losses)
    text = _text(conversation, target, losses)
    any_json = text is not None and text.format is not None and text.format.type == "json_object"
    if any_json and not names_json(items):
        items.insert(0, wire.Item(role="developer" if target.genuine else "system", content=JSON_WANTED))
    tools = tools_of(conversation, names, target, free, losses)
    wish = wish_of(conversation.thinking, target, losses)
    reasoning = _reasoning(wish, target, losses)
    include = _include(conversation, target, sealed=reasoning is not None or is_reasoning_model(target.model))
    varying: dict[str, Any] = {**_sampling(conversation, target, losses), **_extras(conversation, losses)}
    request = wire.Request(
        model=target.model,
        input=items,
        tools=tools or None,
        tool_choice=choice_of(conversation.tool_choice, tools, names, free, losses),
        parallel_tool_calls=conversation.parallel_tool_calls if tools else None,
        max_output_tokens=_limit(conversation.max_tokens, target, losses),
        top_logprobs=_top_logprobs(conversation, target, losses),
        include=include or None,
        reasoning=reasoning,
        text=text,
        stream=True if target.stream else None,
        store=bytes(conversation.extras.get("store", b"false")) == b"true",
        user=user_of(conversation.user, losses),
        service_tier=service_tier(conversation.service_tier, losses),
        **varying,
    )
    _lose_unsayable(conversation, losses)
    losses += unsaid_beside(conversation)
    return EncodedRequest(ENCODER.encode(request), tuple(losses), names.changed)


def _limit(max_tokens: int | None, target: Target, losses: list[Loss]) -> int | None:
    if max_tokens is None:
        return None
    if max_tokens < MIN_OUTPUT_TOKENS:
        losses.append(Loss("$.max_tokens", f"raised from {max_tokens} to the least that can be said"))
        return MIN_OUTPUT_TOKENS
    return at_most(max_tokens, target, losses)


def _sampling(conversation: Conversation, target: Target, losses: list[Loss]) -> dict[str, float]:
    given = {key: value for key in ("temperature", "top_p") if (value := getattr(conversation, key)) is not None}
    if given and target.genuine and is_reasoning_model(target.model):
        losses += [Loss(f"$.{key}", "refused by reasoning models") for key in given]
        return {}
    return given


def _reasoning(wish: ThinkingWish | None, target: Target, losses: list[Loss]) -> wire.Reasoning | None:
    """How much, and whether to see it: without being asked OpenAI shows nothing."""
    if wish is None:
        return None
    budget_gives_way(wish, losses)
    levels = () if target.thinking_range is None else target.thinking_range.levels
    known = is_reasoning_model(target.model)
    if target.genuine and not known and not levels:
        if not wish.is_off:
            losses.append(Loss("$.thinking", f"{target.model} does not reason"))
        return None
    if wish.is_off:
        return _least(levels, target, losses)
    summary = None if wish.visible is False else "auto"
    effort = effort_of(wish.budget_tokens) if wish.effort is None and wish.budget_tokens is not None else wish.effort
    if effort is not None and not levels:
        effort = nearest_effort(effort, efforts_of(target.model) if known else COMPATIBLE_EFFORTS)
    return wire.Reasoning(effort, summary)


def _least(levels: tuple[str, ...], target: Target, losses: list[Loss]) -> wire.Reasoning | None:
    """Compatible vendors have no common word."""
    if "none" in levels:
        return wire.Reasoning("none")
    if not is_reasoning_model(target.model):
        return None
    return wire.Reasoning(least_reasoning(target, losses))


def _include(conversation: Conversation, target: Target, *, sealed: bool) -> list[str]:
    """What is not kept there must come back sealed, or the next turn lacks it."""
    wanted = [ENCRYPTED] if sealed else []
    return [*wanted, LOGPROBS] if _tells_logprobs(conversation, target) else wanted


def _tells_logprobs(conversation: Conversation, target: Target) -> bool:
    return conversation.logprobs is not None and not (target.genuine and is_reasoning_model(target.model))


def _top_logprobs(conversation: Conversation, target: Target, losses: list[Loss]) -> int | None:
    if conversation.logprobs is None:
        return None
    if not _tells_logprobs(conversation, target):
        losses.append(Loss("$.logprobs", "refused by reasoning models"))
        return None
    if conversation.logprobs > MAX_LOGPROBS:
        losses.append(Loss("$.logprobs", f"only the {MAX_LOGPROBS} likeliest tokens can be asked for"))
    return min(conversation.logprobs, MAX_LOGPROBS) or None


def _text(conversation: Conversation, target: Target, losses: list[Loss]) -> wire.TextConfig | None:
    form = _format(conversation.output_format, target, losses)
    verbosity = None
    if "verbosity" in conversation.extras:
        try:
            verbosity = _VERBOSITY.decode(conversation.extras["verbosity"])
        except UNREADABLE:
            losses.append(Loss("$.verbosity", "no word for how much to say"))
    return None if form is None and verbosity is None else wire.TextConfig(form, verbosity)


def _format(wanted: OutputFormat | None, target: Target, losses: list[Loss]) -> wire.TextFormat | None:
    if wanted is None:
        return None
    if wanted.schema is None:
        return wire.TextFormat("json_object")
    strict = format_strict(wanted, target, losses)
    return wire.TextFormat("json_schema", format_name(wanted), wanted.description or None, wanted.schema, strict)


def _extras(conversation: Conversation, losses: list[Loss]) -> dict[str, Raw]:
    """The client's further fields that this upstream knows too."""
    kept = {key: raw for key, raw in conversation.extras.items() if key in wire.SHARED_EXTRAS}
    said = {*kept, "store", "verbosity"}
    losses += [Loss(f"$.{key}", "not sayable in Responses") for key in conversation.extras if key not in said]
    return kept


def _lose_unsayable(conversation: Conversation, losses: list[Loss]) -> None:
    given = [name for name in _UNSAYABLE if getattr(conversation, name) is not None]
    given += ["stop"] if conversation.stop else []
    given += ["n"] if (conversation.n or 1) > 1 else []
    losses += [Loss(f"$.{name}", "Responses have no such field") for name in given]
