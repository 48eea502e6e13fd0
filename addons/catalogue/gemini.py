"""Google's models, at the Gemini API and at Vertex AI.

Sources: the vendor's model pages (ai.google.dev/gemini-api/docs/models) and its changelog, and the developer's guides
at docs.cloud.google.com, read in November 2026; the SDK's list of models, google-genai 2.8; models.dev where named.
Gemini 3 takes thinking levels; that it also takes the former budgets is for compatibility only, so none stands here.
"""

from typing import Final

from addons.catalogue.facts import ModelFacts, released
from translators.thinking import ThinkingRange

_PAGES: Final = "ai.google.dev/gemini-api/docs/models"
_CLOUD: Final = "docs.cloud.google.com, developer's guide to Gemini 3.8 Flash"
_MODELS_DEV: Final = "models.dev"
_READS: Final = ("text", "image", "audio", "video", "document")

_FROM_LOW: Final = ThinkingRange(dynamic_allowed=True, levels=("low", "medium", "high"))
_FROM_MINIMAL: Final = ThinkingRange(dynamic_allowed=True, levels=("minimal", "low", "medium", "high"))


def _gemini(
    id: str,  # noqa: A002
    name: str,
    day: str,
    thinking: ThinkingRange | None,
    *,
    context: int | None = 1_048_576,
    output: int | None = 65_536,
    reads: tuple[str, ...] = _READS,
    writes: tuple[str, ...] = ("text",),
    listed: bool = True,
    source: str = _PAGES,
) -> ModelFacts:
    return ModelFacts(
        id=id,
        display_name=name,
        owner="google",
        created_s=released(day),
        source=source,
        max_input_tokens=context,
        max_output_tokens=output,
        thinking=thinking,
        input_modalities=reads,
        output_modalities=writes,
        listed=listed,
    )


def _image(id: str, name: str, day: str, source: str = _PAGES) -> ModelFacts:  # noqa: A002
    """A model that draws. What it can think, and how much it reads, the pages say in other words each time."""
    both = ("text", "image")
    return _gemini(id, name, day, None, context=None, output=None, reads=both, writes=both, source=source)


VERTEX: Final = (
    _gemini("gemini-4-argon", "Gemini 4 Argon", "2026-10-13", _FROM_LOW),
    _gemini("gemini-3.8-flash", "Gemini 3.8 Flash", "2026-09-02", _FROM_LOW),
    _gemini("gemini-3.6-flash", "Gemini 3.6 Flash", "2026-07-21", _FROM_MINIMAL),
    _gemini("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", "2026-07-21", _FROM_MINIMAL),
    _gemini("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", "2026-05-07", _FROM_MINIMAL),
    _gemini("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", "2026-02-19", _FROM_LOW, source=_CLOUD),
    _gemini("gemini-3-flash-preview", "Gemini 3 Flash Preview", "2025-12-17", _FROM_MINIMAL),
    _gemini(
        "gemini-2.5-pro",
        "Gemini 2.5 Pro",
        "2025-06-17",
        ThinkingRange(min_tokens=128, max_tokens=32_768, dynamic_allowed=True),
        source=_MODELS_DEV,
    ),
    _gemini(
        "gemini-2.5-flash",
        "Gemini 2.5 Flash",
        "2025-06-17",
        ThinkingRange(max_tokens=24_576, zero_allowed=True, dynamic_allowed=True),
        source=_MODELS_DEV,
    ),
    _gemini(
        "gemini-2.5-flash-lite",
        "Gemini 2.5 Flash-Lite",
        "2025-07-22",
        ThinkingRange(min_tokens=512, max_tokens=24_576, zero_allowed=True, dynamic_allowed=True),
        source=_MODELS_DEV,
    ),
    _image("gemini-3.1-flash-image", "Gemini 3.1 Flash Image", "2026-05-28"),
    _image("gemini-3-pro-image", "Gemini 3 Pro Image", "2026-05-28"),
    _image("gemini-2.5-flash-image", "Gemini 2.5 Flash Image", "2025-08-26", _MODELS_DEV),
    # Google answers these with their successors.
    _gemini("gemini-3.7-flash", "Gemini 3.7 Flash", "2026-08-13", _FROM_LOW, listed=False),
    _gemini("gemini-3.5-flash", "Gemini 3.5 Flash", "2026-05-19", _FROM_MINIMAL, listed=False),
)

MODELS: Final = (
    *VERTEX,
    # They think when asked to; how much can't be said.
    _gemini(
        "gemma-4-31b-it",
        "Gemma 4 31B",
        "2026-04-02",
        None,
        context=262_144,
        output=32_768,
        reads=("text", "image"),
        source=_MODELS_DEV,
    ),
    _gemini(
        "gemma-4-26b-a4b-it",
        "Gemma 4 26B A4B",
        "2026-04-02",
        None,
        context=262_144,
        output=32_768,
        reads=("text", "image"),
        source=_MODELS_DEV,
    ),
)
