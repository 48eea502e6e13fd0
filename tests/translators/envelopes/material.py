"""Requests of Responses as nobody should send them."""

import json
from typing import Any, Final

from hypothesis import strategies as st

WORDS: Final = [
    "type",
    "role",
    "content",
    "id",
    "call_id",
    "name",
    "input",
    "output",
    "tools",
    "tool_choice",
    "parameters",
    "anyOf",
    "include",
    "store",
    "stream",
    "reasoning",
    "effort",
    "summary",
    "encrypted_content",
    "service_tier",
    "instructions",
    "prompt_cache_breakpoint",
    "temperature",
    "text",
    "function",
    "custom",
    "namespace",
    "additional_tools",
    "custom_tool_call",
    "custom_tool_call_output",
    "compaction",
    "compaction_trigger",
    "web_search",
    "web_search_preview",
    "allowed_tools",
    "image_generation",
    "message",
    "system",
    "user",
    "object",
]


def bodies() -> st.SearchStrategy[bytes]:
    """Objects with a model, and with known words wherever they do not belong."""
    words = st.sampled_from(WORDS)
    leaves = st.none() | st.booleans() | st.integers(-3, 3) | words | st.sampled_from(["x" * 70, "gAAAAAx", "ü\u2028"])
    values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5))
    fields = st.dictionaries(words, values, max_size=8)
    return fields.map(_with_model)


def _with_model(fields: dict[str, Any]) -> bytes:
    return json.dumps({"model": "m", **fields}, ensure_ascii=False).encode()
