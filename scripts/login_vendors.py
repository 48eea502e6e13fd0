"""Vendors that speak OpenAI's chat completions, and where."""

from collections.abc import Mapping
from typing import Final

VENDORS: Final[Mapping[str, str]] = {
    "cerebras": "https://api.cerebras.ai/v1",  # Source: inference-docs.cerebras.ai/resources/openai
    "deepseek": "https://api.deepseek.com/v1",  # Source: api-docs.deepseek.com
    "fireworks": "https://api.fireworks.ai/inference/v1",  # Source: docs.fireworks.ai, OpenAI compatibility
    "groq": "https://api.groq.com/openai/v1",  # Source: console.groq.com/docs/openai
    "mistral": "https://api.mistral.ai/v1",  # Source: docs.mistral.ai/api
    "moonshot": "https://api.moonshot.ai/v1",  # Source: platform.kimi.ai/docs/api/overview
    "nvidia": "https://integrate.api.nvidia.com/v1",  # Source: docs.api.nvidia.com
    "openai": "https://api.openai.com/v1",  # Source: platform.openai.com/docs/api-reference
    "openrouter": "https://openrouter.ai/api/v1",  # Source: openrouter.ai/docs
    "together": "https://api.together.ai/v1",  # Source: docs.together.ai/docs/inference/openai-compatibility
    "zai": "https://api.z.ai/api/paas/v4",  # Source: docs.z.ai
}
"""What a person calls the vendor -> base URL."""
