"""OpenAI's chat completions, at OpenAI or at any vendor or local server that speaks them."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from addons.providers import refusals
from addons.providers.headers import BASE, bearer, kept
from addons.providers.provider import Provider
from translators.dialect import Operation

HOST: Final = "api.openai.com"

_KEPT: Final = frozenset(("user-agent", "openai-beta"))  # Not openai-organization: it is the client's own account.
_KEPT_PREFIXES: Final = ("x-stainless-",)


def headers(client_headers: Mapping[str, str]) -> Mapping[str, str]:
    """What the protocol requires. A client of this dialect keeps its identity; a foreign client's headers are not
    handed in."""
    return {**BASE, **kept(client_headers, _KEPT, _KEPT_PREFIXES)}


def genuine(base_url: str) -> bool:
    """Whether this is OpenAI's own API."""
    return urlsplit(base_url).hostname == HOST


PROVIDER: Final = Provider(
    name="openai-compatibility",
    section="openai-compatibility",
    dialect="openai_chat",
    default_base_url=f"https://{HOST}/v1",
    paths={Operation.GENERATE: "/chat/completions", Operation.COMPACT: "/responses/compact"},
    dialects={Operation.COMPACT: "openai_responses"},
    auth=bearer,
    headers=headers,
    classify=refusals.classify,
    genuine=genuine,
)
