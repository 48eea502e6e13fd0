"""OpenAI's chat completions, at OpenAI or at any vendor or local server that speaks them."""

from typing import Final

from addons.providers import refusals
from addons.providers.headers import bearer, with_kept
from addons.providers.provider import Provider, at_host
from translators.dialect import Operation

HOST: Final = "api.openai.com"

_KEPT: Final = frozenset(("user-agent", "openai-beta"))  # Not openai-organization: it is the client's own account.
_KEPT_PREFIXES: Final = ("x-stainless-",)

headers = with_kept(_KEPT, _KEPT_PREFIXES)
genuine = at_host(HOST)


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
    hosts={HOST: ("/v1/chat/completions", "/v1/completions")},
)
