"""xAI's models.

Sources: the vendor's pages (docs.x.ai/developers) where they are quoted below, CLIProxyAPI's models.json and models.dev
for the others. Where the vendor names no limit of the output, none stands here.
"""

from typing import Final

from addons.catalogue.facts import NO_THINKING, ModelFacts, released
from translators.thinking import ThinkingRange

_PAGES: Final = "docs.x.ai/developers"
_CLIPROXYAPI: Final = "CLIProxyAPI models.json"
_MODELS_DEV: Final = "models.dev"


def _grok(
    id: str,  # noqa: A002
    name: str,
    day: str,
    context: int,
    thinking: ThinkingRange,
    source: str,
    *,
    output: int | None = None,
) -> ModelFacts:
    return ModelFacts(
        id=id,
        display_name=name,
        owner="xai",
        created_s=released(day),
        source=source,
        max_input_tokens=context,
        max_output_tokens=output,
        thinking=thinking,
        input_modalities=("text", "image"),
    )


MODELS: Final = (
    _grok(
        "grok-4.6", "Grok 4.6", "2026-08-07", 500_000, ThinkingRange(levels=("low", "medium", "high", "xhigh")), _PAGES
    ),
    _grok("grok-4.5", "Grok 4.5", "2026-07-08", 500_000, ThinkingRange(levels=("low", "medium", "high")), _PAGES),
    _grok("grok-build-0.1", "Grok Build 0.1", "2026-05-21", 256_000, NO_THINKING, _CLIPROXYAPI),
    _grok(
        "grok-4.3",
        "Grok 4.3",
        "2026-04-17",
        1_000_000,
        ThinkingRange(zero_allowed=True, levels=("none", "low", "medium", "high")),
        _MODELS_DEV,
    ),
    # It always reasons, and takes no word on how much.
    _grok("grok-4.20-0309-reasoning", "Grok 4.20 Reasoning", "2026-03-09", 1_000_000, NO_THINKING, _MODELS_DEV),
    _grok("grok-4.20-0309-non-reasoning", "Grok 4.20", "2026-03-09", 1_000_000, NO_THINKING, _MODELS_DEV),
    _grok(
        "grok-4.20-multi-agent-0309",
        "Grok 4.20 Multi-Agent",
        "2026-03-09",
        1_000_000,
        ThinkingRange(levels=("low", "medium", "high")),
        _CLIPROXYAPI,
    ),
)
