"""Anthropic's models.

Sources: the vendor's model pages (platform.claude.com/docs/en/models/NAME/overview) and release notes, read in
November 2026, and models.dev where named. The ids are those of the SDK's `types/model.py` 2.11, and of CLIProxyAPI
where the SDK has dropped them. What may be said of thinking: the migration guides of those pages; from 4.7 on no model
takes a budget.
"""

from typing import Final

from addons.catalogue.facts import ModelFacts, released
from translators.thinking import ThinkingRange

_PAGES: Final = "platform.claude.com/docs/en/models"
_MODELS_DEV: Final = "models.dev"
_READS: Final = ("text", "image", "document")

_ALWAYS: Final = ThinkingRange(dynamic_allowed=True, levels=("low", "medium", "high", "xhigh", "max"))
_ADAPTIVE: Final = ThinkingRange(zero_allowed=True, dynamic_allowed=True, levels=_ALWAYS.levels)
_BOTH: Final = ThinkingRange(
    min_tokens=1024,
    max_tokens=127_999,
    zero_allowed=True,
    dynamic_allowed=True,
    levels=("low", "medium", "high", "max"),
)


def _budget(max_output_tokens: int) -> ThinkingRange:
    """A budget must stay below `max_tokens`."""
    return ThinkingRange(min_tokens=1024, max_tokens=max_output_tokens - 1, zero_allowed=True)


def _claude(
    id: str,  # noqa: A002
    name: str,
    day: str,
    thinking: ThinkingRange,
    *,
    context: int = 1_000_000,
    output: int = 128_000,
    listed: bool = True,
    source: str = _PAGES,
) -> ModelFacts:
    return ModelFacts(
        id=id,
        display_name=f"Claude {name}",
        owner="anthropic",
        created_s=released(day),
        source=source,
        max_input_tokens=context,
        max_output_tokens=output,
        thinking=thinking,
        input_modalities=_READS,
        listed=listed,
    )


MODELS: Final = (
    _claude("claude-fable-5-2", "Fable 5.2", "2026-11-09", _ALWAYS),
    _claude("claude-haiku-5-5", "Haiku 5.5", "2026-10-07", _ADAPTIVE),
    # It refuses `disabled`: what comes nearest is `between_tools`, which is no way of not thinking.
    _claude("claude-sonnet-5-5", "Sonnet 5.5", "2026-09-28", _ALWAYS),
    _claude("claude-opus-5-5", "Opus 5.5", "2026-09-22", _ALWAYS),
    _claude("claude-fable-5-1", "Fable 5.1", "2026-09-01", _ALWAYS),
    _claude("claude-opus-5", "Opus 5", "2026-07-24", _ADAPTIVE),
    _claude("claude-sonnet-5", "Sonnet 5", "2026-06-30", _ADAPTIVE),
    _claude("claude-fable-5", "Fable 5", "2026-06-09", _ALWAYS),
    _claude("claude-opus-4-8", "Opus 4.8", "2026-05-28", _ADAPTIVE, source=_MODELS_DEV),
    _claude("claude-opus-4-7", "Opus 4.7", "2026-04-16", _ADAPTIVE, source=_MODELS_DEV),
    _claude("claude-sonnet-4-6", "Sonnet 4.6", "2026-02-17", _BOTH),
    _claude("claude-opus-4-6", "Opus 4.6", "2026-02-05", _BOTH, source=_MODELS_DEV),
    _claude(
        "claude-opus-4-5-20251101",
        "Opus 4.5",
        "2025-11-24",
        _budget(64_000),
        context=200_000,
        output=64_000,
        source=_MODELS_DEV,
    ),
    _claude("claude-haiku-4-5-20251001", "Haiku 4.5", "2025-10-15", _budget(64_000), context=200_000, output=64_000),
    _claude(
        "claude-sonnet-4-5-20250929",
        "Sonnet 4.5",
        "2025-09-29",
        _budget(64_000),
        context=200_000,
        output=64_000,
        source=_MODELS_DEV,
    ),
    # By invitation only.
    _claude("claude-mythos-5-2", "Mythos 5.2", "2026-11-09", _ALWAYS, listed=False),
    _claude("claude-mythos-5-1", "Mythos 5.1", "2026-09-01", _ALWAYS, listed=False),
    _claude("claude-mythos-5", "Mythos 5", "2026-06-09", _ALWAYS, listed=False),
    # Retired at Anthropic, still served by others.
    _claude(
        "claude-opus-4-1-20250805",
        "Opus 4.1",
        "2025-08-05",
        _budget(32_000),
        context=200_000,
        output=32_000,
        listed=False,
        source=_MODELS_DEV,
    ),
    _claude(
        "claude-opus-4-20250514",
        "Opus 4",
        "2025-05-22",
        _budget(32_000),
        context=200_000,
        output=32_000,
        listed=False,
        source=_MODELS_DEV,
    ),
    _claude(
        "claude-sonnet-4-20250514",
        "Sonnet 4",
        "2025-05-22",
        _budget(64_000),
        context=200_000,
        output=64_000,
        listed=False,
        source=_MODELS_DEV,
    ),
)
