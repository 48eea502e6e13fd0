"""Vertex AI with an API key, which names the project (express mode)."""

from typing import Final
from urllib.parse import urlsplit

from addons.providers.google import auth, classify, headers
from addons.providers.provider import Provider
from translators.dialect import Operation
from translators.envelopes import vertex

HOST: Final = "aiplatform.googleapis.com"


def genuine(base_url: str) -> bool:
    """Whether this is Google's own API, of any region."""
    host = urlsplit(base_url).hostname or ""
    return host == HOST or host.endswith(f"-{HOST}")


PROVIDER: Final = Provider(
    name="vertex",
    section="vertex-api-key",
    dialect="gemini",
    default_base_url=f"https://{HOST}",
    paths={
        Operation.GENERATE: "/v1/publishers/google/models/{model}:generateContent",
        Operation.COUNT_TOKENS: "/v1/publishers/google/models/{model}:countTokens",
    },
    stream_path="/v1/publishers/google/models/{model}:streamGenerateContent?alt=sse",
    auth=auth,
    headers=headers,
    classify=classify,
    genuine=genuine,
    families=("gemini-",),
    catalogue="vertex",
    duties=vertex.duties,
)
