"""Google's Gemini API, and servers that have its paths, with an API key."""

from typing import Final

from addons.providers.google import auth, classify, headers
from addons.providers.provider import Provider, at_host
from translators.dialect import Operation

HOST: Final = "generativelanguage.googleapis.com"
CODE_ASSIST: Final = "cloudcode-pa.googleapis.com"
"""Where clients that have logged in to Google ask, in an envelope."""

ACTIONS: Final = ("generateContent", "streamGenerateContent", "countTokens")

genuine = at_host(HOST)


PROVIDER: Final = Provider(
    name="gemini",
    section="gemini-api-key",
    dialect="gemini",
    default_base_url=f"https://{HOST}",
    paths={
        Operation.GENERATE: "/v1beta/models/{model}:generateContent",
        Operation.COUNT_TOKENS: "/v1beta/models/{model}:countTokens",
    },
    stream_path="/v1beta/models/{model}:streamGenerateContent?alt=sse",
    auth=auth,
    headers=headers,
    classify=classify,
    genuine=genuine,
    families=("gemini-", "gemma-", "learnlm-"),
    catalogue="gemini",
    hosts={
        HOST: tuple(f"/{version}/models/{{model}}:{action}" for version in ("v1beta", "v1") for action in ACTIONS),
        CODE_ASSIST: tuple(f"/v1internal:{action}" for action in ACTIONS),
    },
)
