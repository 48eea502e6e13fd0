"""What both of OpenAI's dialects say alike in a request: the fields that differ in nothing but their place."""

import re
from typing import Final

from msgspec import Raw, Struct

from translators.conversation import Loss, OutputFormat, Tool
from translators.dialect import Target
from translators.freeform import as_function
from translators.jsonio import ENCODER
from translators.openai_models import least_effort
from translators.openai_schema import fitted, is_strict

MAX_LOGPROBS: Final = 20
COMPATIBLE_EFFORTS: Final = ("low", "medium", "high")
JSON_WANTED: Final = "Answer with one JSON object."

_MAX_USER: Final = 64
_MAX_FORMAT_NAME: Final = 64
_DEFAULT_FORMAT_NAME: Final = "reply"
_SERVICE_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_NOT_STRICT: Final = "OpenAI's strict mode takes no optional or additional properties"


class Function(Struct, frozen=True):
    """A tool as OpenAI declares it. `parameters`: None where it has no schema, or one that is none."""

    description: str
    parameters: Raw | None
    strict: bool | None


def function_of(tool: Tool, target: Target, path: str, losses: list[Loss]) -> Function:
    """A tool, a free-form one too, as a function. `path`: where it stood. Raises BadRequest."""
    description, schema, strict = tool.description, tool.schema, tool.strict
    if tool.freeform is not None:
        description, function = as_function(tool)
        schema = Raw(function)
    if schema is None:
        return Function(description, None, strict)
    fit = fitted(schema)
    if fit is None:
        losses.append(Loss(f"{path}.schema", "it is no JSON object"))
        return Function(description, None, strict)
    if fit.rule:
        description = "\n\n".join(filter(None, (description, fit.rule)))
        losses.append(Loss(f"{path}.schema", "OpenAI's have no alternatives at their root: said in the description"))
    if strict and target.genuine and not fit.strict:
        losses.append(Loss(f"{path}.strict", _NOT_STRICT))
        strict = None
    return Function(description, fit.schema, strict)


def format_name(wanted: OutputFormat) -> str:
    """Formats must have one."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", wanted.name)[:_MAX_FORMAT_NAME] or _DEFAULT_FORMAT_NAME


def format_strict(wanted: OutputFormat, target: Target, losses: list[Loss]) -> bool | None:
    """Whether it is asked for strictly."""
    if wanted.strict and wanted.schema is not None and target.genuine and not is_strict(wanted.schema):
        losses.append(Loss("$.output_format.strict", _NOT_STRICT))
        return None
    return wanted.strict


def names_json(messages: object) -> bool:
    """Whether the word stands in one of them: OpenAI takes json_object only then."""
    return b"json" in ENCODER.encode(messages).lower()


def at_most(max_tokens: int, target: Target, losses: list[Loss]) -> int:
    """The limit of the reply, within the model's."""
    limit = target.max_output_tokens
    if limit is None or max_tokens <= limit:
        return max_tokens
    losses.append(Loss("$.max_tokens", f"lowered from {max_tokens} to the model's limit of {limit}"))
    return limit


def least_reasoning(target: Target, losses: list[Loss]) -> str:
    """The effort of a reasoning model that is not to reason: silence would mean medium."""
    least = least_effort(target.model)
    if least not in ("none", "minimal"):
        losses.append(Loss("$.thinking", f"{target.model} always reasons: effort {least} was sent"))
    return least


def begins_anew(role: str | None, target: Target, losses: list[Loss]) -> None:
    """`role`: who spoke last. To OpenAI an answer that was begun is one that was given; of others nobody knows."""
    if role == "assistant" and target.genuine:
        losses.append(Loss("$.messages", "OpenAI does not go on with an answer: it gives another one"))


def user_of(user: str | None, losses: list[Loss]) -> str | None:
    """Who asks, where that is short enough."""
    if user is not None and len(user) > _MAX_USER:
        losses.append(Loss("$.user", f"longer than {_MAX_USER} characters"))
        return None
    return user


def service_tier(tier: str | None, losses: list[Loss]) -> str | None:
    """A tier that OpenAI has."""
    if tier is None or tier in _SERVICE_TIERS:
        return tier
    losses.append(Loss("$.service_tier", f"OpenAI has no tier {tier!r}"))
    return None
