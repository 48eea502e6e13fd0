"""OpenAI's models, at its API and at servers that Codex is pointed to.

Sources: from GPT-5.6 on the vendor's model pages (developers.openai.com/api/docs/models/NAME) as gateways quoted them
in November 2026, before it models.dev; the ids are those of the SDK's `types/shared` 3.52 and of those pages, and what
is in no list stands in the SDK's note on shutdowns. A model whose levels begin with `none` can be told not to think.
"""

from typing import Final

from addons.catalogue.facts import NO_THINKING, ModelFacts, released
from translators.thinking import ThinkingRange

_PAGES: Final = "developers.openai.com/api/docs/models"
_MODELS_DEV: Final = "models.dev"
_READS: Final = ("text", "image", "document")

_LEVELS: Final = ("low", "medium", "high", "xhigh", "max")


def _to(most: str, *, least: str = "low") -> ThinkingRange:
    levels = ("none", "minimal", *_LEVELS)
    chosen = levels[levels.index(least) : levels.index(most) + 1]
    return ThinkingRange(
        zero_allowed=least == "none",
        levels=tuple(level for level in chosen if level != "minimal" or least == "minimal"),
    )


_LOW_MAX: Final = _to("max")
_NONE_MAX: Final = _to("max", least="none")
_NONE_XHIGH: Final = _to("xhigh", least="none")
_LOW_XHIGH: Final = _to("xhigh")
_LOW_HIGH: Final = _to("high")
_PRO: Final = _to("xhigh", least="medium")


def _gpt(
    id: str,  # noqa: A002
    name: str,
    day: str,
    thinking: ThinkingRange,
    *,
    reads_tokens: int = 922_000,
    output: int | None = 128_000,
    reads: tuple[str, ...] = _READS,
    listed: bool = True,
    source: str = _MODELS_DEV,
) -> ModelFacts:
    return ModelFacts(
        id=id,
        display_name=name,
        owner="openai",
        created_s=released(day),
        source=source,
        max_input_tokens=reads_tokens,
        max_output_tokens=output,
        thinking=thinking,
        input_modalities=reads,
        listed=listed,
    )


MODELS: Final = (
    _gpt("gpt-6.2-astra", "GPT-6.2 Astra", "2026-11-17", _LOW_MAX, source=_PAGES),
    _gpt("gpt-6.2-sol", "GPT-6.2 Sol", "2026-11-17", _LOW_MAX, source=_PAGES),
    _gpt("gpt-6.1-terra", "GPT-6.1 Terra", "2026-10-26", _NONE_MAX, source=_PAGES),
    _gpt("gpt-6.1-sol", "GPT-6.1 Sol", "2026-09-29", _LOW_MAX, source=_PAGES),
    _gpt("gpt-6-luna", "GPT-6 Luna", "2026-09-22", _NONE_MAX, source=_PAGES),
    _gpt("gpt-6-sol", "GPT-6 Sol", "2026-09-22", _NONE_MAX, source=_PAGES),
    _gpt("gpt-6-astra", "GPT-6 Astra", "2026-09-03", _LOW_MAX, source=_PAGES),
    _gpt("gpt-5.6-sol", "GPT-5.6 Sol", "2026-07-09", _NONE_MAX, source=_PAGES),
    _gpt("gpt-5.6-terra", "GPT-5.6 Terra", "2026-07-09", _NONE_MAX, source=_PAGES),
    _gpt("gpt-5.6-luna", "GPT-5.6 Luna", "2026-07-09", _NONE_MAX, source=_PAGES),
    _gpt("gpt-5.5", "GPT-5.5", "2026-04-23", _NONE_XHIGH),
    _gpt("gpt-5.5-pro", "GPT-5.5 Pro", "2026-04-23", _PRO),
    _gpt("gpt-5.4", "GPT-5.4", "2026-03-05", _NONE_XHIGH),
    _gpt("gpt-5.4-mini", "GPT-5.4 Mini", "2026-03-17", _NONE_XHIGH, reads_tokens=272_000),
    _gpt("gpt-5.4-nano", "GPT-5.4 Nano", "2026-03-17", _NONE_XHIGH, reads_tokens=272_000),
    _gpt("gpt-5.3-codex", "GPT-5.3 Codex", "2026-02-05", _LOW_XHIGH, reads_tokens=272_000),
    _gpt("gpt-5.2", "GPT-5.2", "2025-12-11", _NONE_XHIGH, reads_tokens=272_000),
    _gpt("gpt-5.2-pro", "GPT-5.2 Pro", "2025-12-11", _PRO, reads_tokens=272_000),
    _gpt("gpt-5.1", "GPT-5.1", "2025-11-13", _to("high", least="none"), reads_tokens=272_000),
    _gpt("gpt-5", "GPT-5", "2025-08-07", _to("high", least="minimal"), reads_tokens=272_000),
    _gpt("gpt-5-mini", "GPT-5 Mini", "2025-08-07", _to("high", least="minimal"), reads_tokens=272_000),
    _gpt("gpt-5-nano", "GPT-5 Nano", "2025-08-07", _to("high", least="minimal"), reads_tokens=272_000),
    _gpt("gpt-4.1", "GPT-4.1", "2025-04-14", NO_THINKING, reads_tokens=1_047_576, output=32_768),
    _gpt("gpt-4.1-mini", "GPT-4.1 Mini", "2025-04-14", NO_THINKING, reads_tokens=1_047_576, output=32_768),
    _gpt("gpt-4o", "GPT-4o", "2024-05-13", NO_THINKING, reads_tokens=128_000, output=16_384),
    _gpt("gpt-4o-mini", "GPT-4o Mini", "2024-07-18", NO_THINKING, reads_tokens=128_000, output=16_384),
    _gpt("o3", "o3", "2025-04-16", _LOW_HIGH, reads_tokens=200_000, output=100_000),
    _gpt("o3-pro", "o3 Pro", "2025-06-10", _LOW_HIGH, reads_tokens=200_000, output=100_000),
    # Another name of one above.
    _gpt("gpt-5.6", "GPT-5.6", "2026-07-09", _NONE_MAX, source=_PAGES, listed=False),
    # Superseded, or shut down at OpenAI and still served by others.
    _gpt("gpt-5.4-pro", "GPT-5.4 Pro", "2026-03-05", _PRO, listed=False),
    _gpt(
        "gpt-5.2-codex",
        "GPT-5.2 Codex",
        "2025-12-11",
        _LOW_XHIGH,
        reads_tokens=272_000,
        listed=False,
    ),
    _gpt("gpt-5.1-codex-max", "GPT-5.1 Codex Max", "2025-11-13", _LOW_XHIGH, reads_tokens=272_000, listed=False),
    _gpt("gpt-5.1-codex", "GPT-5.1 Codex", "2025-11-13", _LOW_HIGH, reads_tokens=272_000, listed=False),
    _gpt("gpt-5-codex", "GPT-5 Codex", "2025-09-15", _LOW_HIGH, reads_tokens=272_000, listed=False),
    _gpt(
        "gpt-5-pro",
        "GPT-5 Pro",
        "2025-10-06",
        _to("high", least="high"),
        reads_tokens=272_000,
        output=272_000,
        listed=False,
    ),
    _gpt(
        "gpt-4.1-nano", "GPT-4.1 Nano", "2025-04-14", NO_THINKING, reads_tokens=1_047_576, output=32_768, listed=False
    ),
    _gpt("o4-mini", "o4 Mini", "2025-04-16", _LOW_HIGH, reads_tokens=200_000, output=100_000, listed=False),
    _gpt(
        "o3-mini",
        "o3 Mini",
        "2025-01-31",
        _LOW_HIGH,
        reads_tokens=200_000,
        output=100_000,
        reads=("text",),
        listed=False,
    ),
    _gpt("o1", "o1", "2024-12-17", _LOW_HIGH, reads_tokens=200_000, output=100_000, listed=False),
    # Open weights: how much they write is up to the server.
    _gpt(
        "gpt-oss-120b",
        "gpt-oss 120B",
        "2025-08-05",
        _LOW_HIGH,
        reads_tokens=131_072,
        output=None,
        reads=("text",),
        listed=False,
    ),
    _gpt(
        "gpt-oss-20b",
        "gpt-oss 20B",
        "2025-08-05",
        _LOW_HIGH,
        reads_tokens=131_072,
        output=None,
        reads=("text",),
        listed=False,
    ),
)

_CODEX: Final = frozenset(
    (
        "gpt-6.2-astra",
        "gpt-6.2-sol",
        "gpt-6.1-terra",
        "gpt-6.1-sol",
        "gpt-6-luna",
        "gpt-6-sol",
        "gpt-6-astra",
        "gpt-5.6-sol",
        "gpt-5.6-terra",
        "gpt-5.6-luna",
        "gpt-5.5",
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.3-codex",
        "gpt-5.2",
    )
)
"""What coding agents ask for. Source: CLIProxyAPI's list for Codex keys, with the models that came after it."""

CODEX: Final = (
    *(model for model in MODELS if model.id in _CODEX),
    _gpt(
        "gpt-5.3-codex-spark",
        "GPT-5.3 Codex Spark",
        "2026-02-12",
        _LOW_XHIGH,
        reads_tokens=128_000,
        reads=("text",),
        source="CLIProxyAPI models.json",
    ),
)
