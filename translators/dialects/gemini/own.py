"""A request between two sides of this dialect: its own bytes, but for the model's name where the body repeats it, what
that name asks for in its suffix, and a limit that the model could only refuse.

Google's SDKs write some fields in snake case, which the API takes too: whatever is there is edited as it is spelled.
"""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss, ThinkingMode, ThinkingWish
from translators.dialect import Operation, Target
from translators.errors import BadRequest
from translators.jsonio import ENCODER, top_level
from translators.thinking import budget_of, settled

GENERATION: Final = ("generationConfig", "generation_config")
THINKING: Final = ("thinkingConfig", "thinking_config")
AMOUNTS: Final = ("thinkingBudget", "thinking_budget", "thinkingLevel", "thinking_level")
SHOWN: Final = ("includeThoughts", "include_thoughts")
LIMIT: Final = ("maxOutputTokens", "max_output_tokens")
COUNTED: Final = ("generateContentRequest", "generate_content_request")
DYNAMIC: Final = -1

type Fields = dict[str, Any]

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_NUMBER: Final = msgspec.json.Decoder(int)


def own_request(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as it is, or edited where the target wants it so. Raises BadRequest: nobody has looked at it before."""
    fields: Fields = {**top_level(body)}
    if target.operation is Operation.COUNT_TOKENS:
        return _counted(body, fields, target), ()
    limited = target.max_output_tokens is not None and any(name.encode() in body for name in LIMIT)
    if target.thinking is None and not limited and "model" not in fields:
        return body, ()
    losses: list[Loss] = []
    changed = fields.pop("stream", None) is not None  # It has told what is wanted; Google has no such field.
    changed = _rename(fields, target.model) or changed
    name = _spelled(fields, GENERATION)
    generation = _object(fields, name, f"$.{name}")
    if limited and _limit(generation, target, f"$.{name}", losses):
        changed = True
    if target.thinking is not None:
        _think(generation, target.thinking, target, f"$.{name}")
        changed = True
    if not changed:
        return body, ()
    if generation or name in fields:
        fields[name] = generation
    return ENCODER.encode(fields), tuple(losses)


def _counted(body: bytes, fields: Fields, target: Target) -> bytes:
    """A prompt to be counted, which may stand in a whole request that names the model again."""
    changed = _rename(fields, target.model)
    name = _spelled(fields, COUNTED)
    request = _object(fields, name, f"$.{name}")
    if _rename(request, target.model):
        fields[name] = request
        changed = True
    return ENCODER.encode(fields) if changed else body


def _rename(fields: Fields, model: str) -> bool:
    """The model as the upstream calls it, behind whatever path the client put before it."""
    try:
        said = _TEXT.decode(fields["model"])
    except (KeyError, msgspec.DecodeError):
        return False
    before, found, _ = said.rpartition("models/")
    wanted = before + found + model
    fields["model"] = wanted
    return wanted != said


def _limit(generation: Fields, target: Target, path: str, losses: list[Loss]) -> bool:
    """Caps the length of the answer at what the model can give."""
    name = _spelled(generation, LIMIT)
    most = target.max_output_tokens
    try:
        wanted = _NUMBER.decode(generation[name])
    except (KeyError, msgspec.DecodeError):
        return False
    if most is None or wanted <= most:
        return False
    generation[name] = most
    losses.append(Loss(f"{path}.{name}", f"{target.model} gives at most {most} tokens, not {wanted}"))
    return True


def _think(generation: Fields, wish: ThinkingWish, target: Target, path: str) -> None:
    """What the model's name asks for, in place of what the body says. Source: ThinkingConfig of the SDK."""
    name = _spelled(generation, THINKING)
    config = _object(generation, name, f"{path}.{name}")
    for amount in AMOUNTS:
        config.pop(amount, None)
    fit = settled(wish, target.thinking_range)
    if fit is None or fit.mode is ThinkingMode.OFF:  # Thoughts can't be shown where there are none.
        for shown in SHOWN:
            config.pop(shown, None)
    if fit is not None:
        config |= _amount(fit, known=target.thinking_range is not None)
        if fit.visible is not None and fit.mode is not ThinkingMode.OFF:
            config[_spelled(config, SHOWN)] = fit.visible
    generation.pop(name, None)
    if config:
        generation[name] = config


def _amount(wish: ThinkingWish, *, known: bool) -> Fields:
    """Never a level and a budget together, which is refused. A budget is what every model that thinks takes, so a level
    becomes one where nobody knows the model."""
    if wish.mode is ThinkingMode.OFF:
        return {"thinkingBudget": 0}
    if wish.budget_tokens is not None:
        return {"thinkingBudget": wish.budget_tokens}
    if wish.effort is not None:
        return {"thinkingLevel": wish.effort} if known else {"thinkingBudget": budget_of(wish.effort)}
    return {"thinkingBudget": DYNAMIC} if wish.mode is ThinkingMode.AUTO else {}


def _spelled(fields: Fields, names: tuple[str, ...]) -> str:
    """The spelling that is there, else Google's own."""
    return next((name for name in names if name in fields), names[0])


def _object(fields: Fields, name: str, path: str) -> Fields:
    """A field as an object; empty where it is absent or null. Raises BadRequest."""
    raw = bytes(fields.get(name, b"null"))
    try:
        return {} if raw == b"null" else {**_OBJECT.decode(raw)}
    except msgspec.DecodeError as error:
        raise BadRequest(path, "an object") from error
