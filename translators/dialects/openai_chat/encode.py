"""The neutral conversation -> a chat request, for OpenAI itself or for a compatible vendor."""

from collections.abc import Iterable
from typing import Any, Final

from translators.beside import unsaid_beside
from translators.conversation import (
    Conversation,
    Loss,
    OutputFormat,
    ThinkingMode,
    ThinkingWish,
)
from translators.dialect import EncodedRequest, Target
from translators.dialects.openai_chat import wire
from translators.dialects.openai_chat.encode_messages import MessageWriter
from translators.dialects.openai_chat.encode_tools import declared
from translators.errors import BadRequest
from translators.jsonio import ENCODER
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

MAX_NAME: Final = 64
MAX_STOPS: Final = 4


def encode_request(conversation: Conversation, target: Target) -> EncodedRequest:
    """Conversation -> chat JSON. Raises BadRequest where nothing is left to send."""
    losses: list[Loss] = []
    names = Names(tool_names(conversation), MAX_NAME)
    said = declared(conversation, names, target, losses)
    writer = MessageWriter(names, target, losses, said.custom)
    messages = writer.write(conversation)
    if not messages:
        raise BadRequest("$.messages", "at least one message with content that chat completions can carry")
    begins_anew(str(type(messages[-1]).__struct_config__.tag), target, losses)
    response_format = _response_format(conversation.output_format, target, losses)
    any_json = response_format is not None and response_format.type == "json_object"
    if any_json and target.genuine and not names_json(messages):
        messages.insert(0, wire.SystemMessage(JSON_WANTED))
    varying: dict[str, Any] = {
        **_limit(conversation.max_tokens, target, losses),
        **_sampling(conversation, target, losses),
        **_chances(conversation, target, losses),
        **_extras(conversation, target, losses),
    }
    request = wire.Request(
        model=target.model,
        messages=messages,
        stream=True if target.stream else None,
        stream_options=wire.StreamOptions(include_usage=True) if target.stream else None,
        stop=_stop(conversation.stop, target, losses),
        seed=conversation.seed,
        reasoning_effort=effort_field(wish_of(conversation.thinking, target, losses), target, losses),
        response_format=response_format,
        tools=said.tools or None,
        tool_choice=said.choice,
        parallel_tool_calls=conversation.parallel_tool_calls if said.tools else None,
        web_search_options=said.search,
        user=user_of(conversation.user, losses),
        service_tier=service_tier(conversation.service_tier, losses),
        **varying,
    )
    losses += unsaid_beside(conversation)
    return EncodedRequest(ENCODER.encode(request), tuple(losses), names.changed)


def _limit(max_tokens: int | None, target: Target, losses: list[Loss]) -> dict[str, int]:
    if max_tokens is None:
        return {}
    return {"max_completion_tokens" if target.genuine else "max_tokens": at_most(max_tokens, target, losses)}


_SAMPLING: Final = ("temperature", "top_p", "frequency_penalty", "presence_penalty")


def _sampling(conversation: Conversation, target: Target, losses: list[Loss]) -> dict[str, float]:
    given = {key: value for key in _SAMPLING if (value := getattr(conversation, key)) is not None}
    if conversation.top_k is not None:
        losses.append(Loss("$.top_k", "chat completions have no top_k"))
    if target.genuine and is_reasoning_model(target.model):
        losses += [Loss(f"$.{key}", "refused by reasoning models") for key in given]
        return {}
    return given


def _chances(conversation: Conversation, target: Target, losses: list[Loss]) -> dict[str, Any]:
    """How likely the tokens were. And one answer is what every client is given."""
    if conversation.n is not None and conversation.n > 1:
        losses.append(Loss("$.n", "one answer is asked for"))
    if conversation.logprobs is None:
        return {}
    if target.genuine and is_reasoning_model(target.model):
        losses.append(Loss("$.logprobs", "refused by reasoning models"))
        return {}
    if conversation.logprobs > MAX_LOGPROBS:
        losses.append(Loss("$.logprobs", f"only the {MAX_LOGPROBS} likeliest tokens can be asked for"))
    return {"logprobs": True, "top_logprobs": min(conversation.logprobs, MAX_LOGPROBS) or None}


def _stop(stop: tuple[str, ...], target: Target, losses: list[Loss]) -> list[str] | None:
    if stop and target.genuine and is_reasoning_model(target.model):
        losses.append(Loss("$.stop", "refused by reasoning models"))
        return None
    if len(stop) > MAX_STOPS:
        losses.append(Loss("$.stop", f"only the first {MAX_STOPS} of {len(stop)} stop sequences can be sent"))
    return list(stop[:MAX_STOPS]) or None


def effort_field(wish: ThinkingWish | None, target: Target, losses: list[Loss]) -> str | None:
    """The value of `reasoning_effort`; None: the field is left out."""
    if wish is None:
        return None
    if wish.visible is not None:
        losses.append(Loss("$.thinking.display", "the vendor decides what is shown of it"))
    budget_gives_way(wish, losses)
    if wish.mode is ThinkingMode.OFF:
        if target.thinking_range is not None and "none" in target.thinking_range.levels:
            return "none"
        if not (target.genuine and is_reasoning_model(target.model)):  # Compatible vendors have no common word.
            return None
        return least_reasoning(target, losses)
    effort = wish.effort
    if effort is None and wish.budget_tokens is not None:
        effort = effort_of(wish.budget_tokens)
    if target.thinking_range is not None and target.thinking_range.levels:
        return effort
    if not target.genuine:
        return None if effort is None else nearest_effort(effort, COMPATIBLE_EFFORTS)
    if not is_reasoning_model(target.model):
        losses.append(Loss("$.thinking", f"{target.model} does not reason"))
        return None
    return None if effort is None else nearest_effort(effort, efforts_of(target.model))


def _response_format(wanted: OutputFormat | None, target: Target, losses: list[Loss]) -> wire.ResponseFormat | None:
    if wanted is None:
        return None
    if wanted.schema is None:
        return wire.ResponseFormat(type="json_object")
    strict = format_strict(wanted, target, losses)
    schema = wire.JsonSchema(format_name(wanted), wanted.description or None, wanted.schema, strict)
    return wire.ResponseFormat(type="json_schema", json_schema=schema)


def _extras(conversation: Conversation, target: Target, losses: list[Loss]) -> dict[str, Any]:
    """The client's further fields that this upstream knows too."""
    sayable: Iterable[str] = wire.GENUINE_EXTRAS if target.genuine else wire.EXTRAS
    kept = {key: value for key, value in conversation.extras.items() if key in sayable}
    losses += [Loss(f"$.{key}", "not sayable in chat completions") for key in conversation.extras if key not in kept]
    return kept
