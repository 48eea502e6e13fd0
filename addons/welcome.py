"""What a person is told at the start: where everything is, a curl that works, what is missing."""

import json
import logging
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from addons.listen import from_here, in_url
from addons.route import Router
from addons.settings import Settings

logger = logging.getLogger(__name__)

PLACEHOLDER_KEY: Final = "YOUR_CLIENT_KEY"
SAID: Final = "Say hello."
ADD_ONE: Final = (
    "Run `scripts/login key NAME` (claude, gemini, openai, openrouter, ...), or edit the config: no restart is needed."
)
PROXY_VARIABLES: Final = ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY")


def say(settings: Settings, router: Router, web_url: str | None, how: str, ca: Path | None = None) -> None:
    """Prints it for scripts/run (`first`: with the client key that was made just now), else logs it.

    The client key is shown on the first start only, to whoever started it; it never goes to a log. `ca`: what
    clients of the interception must trust; None where it does not listen.
    """
    if not how:
        for line in lines(settings, router, web_url, PLACEHOLDER_KEY, ca):
            logger.info(line)
        return
    key = settings.api_keys[0].get_secret_value() if how == "first" and settings.api_keys else PLACEHOLDER_KEY
    sys.stdout.write("\n".join(["", *lines(settings, router, web_url, key, ca)]) + "\n")
    sys.stdout.flush()


def base_url(settings: Settings) -> str:
    """Where the gateway is found from this machine."""
    scheme = "https" if settings.tls.enable else "http"
    return f"{scheme}://{in_url(from_here(settings.host))}:{settings.port}"


def lines(settings: Settings, router: Router, web_url: str | None, key: str, ca: Path | None = None) -> list[str]:
    """The text, a line each."""
    url = base_url(settings)
    text = [
        f"Gateway   {url}  (OpenAI clients: {url}/v1, Anthropic and Gemini clients: {url})",
    ]
    if ca is not None:
        own = settings.intercept
        proxy = f"http://{in_url(own.host)}:{own.port}"
        text.append(f"Proxy     {proxy}  (HTTPS_PROXY of clients that call their vendor, and trust {ca})")
    if web_url:
        text.append(f"Console   {web_url}")
    models = router.models()
    if not models:
        return [*text, *missing(settings)]
    path, sent = sample(models[0].id, router)
    asked = f"-H 'content-type: application/json' -d '{json.dumps(sent)}'"
    header = f" -H 'x-api-key: {key}'" if settings.api_keys else ""
    return [
        *text,
        f"Models    {len(models)}: {', '.join(info.id for info in models[:6])}{' ...' if len(models) > 6 else ''}",
        f"Try       curl -sN {shlex.quote(url + path)}{header} {asked}",
    ]


def sample(model: str, router: Router) -> tuple[str, dict[str, Any]]:
    """A path and a body that ask this model, in the dialect of whoever answers: that one needs no translation."""
    tiers = router.candidates(model)
    match tiers[0][0].provider.dialect if tiers else "":
        case "gemini":
            path = f"/v1beta/models/{model}:streamGenerateContent?alt=sse"
            return path, {"contents": [{"role": "user", "parts": [{"text": SAID}]}]}
        case "openai_responses":
            return "/v1/responses", {"model": model, "input": SAID, "stream": True}
        case _:
            return "/v1/messages", {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": SAID}]}


def missing(settings: Settings) -> list[str]:
    """Why no model can be listed, and what to do: an edit of the config is taken up at once."""
    named = dict.fromkeys(section for section, _, _ in settings.entries())
    if named:
        return [f"Models    none to list: the entries of {', '.join(named)} in the config name none, or are disabled."]
    sections = ", ".join([*settings.key_sections, "openai-compatibility"])
    return [
        f"Missing   a credential, so no model is served: none of {sections} has an entry.",
        f"          {ADD_ONE}",
    ]


def unused_proxy(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """A line where the environment names a proxy that CLIProxyAPI would use, and we do not. It may hold a password.

    A proxy of the environment is often this very program, in the terminal of whoever tries it.
    """
    named = next((name for name in PROXY_VARIABLES if environ.get(name) or environ.get(name.lower())), None)
    if named is None or settings.proxy_url.get_secret_value():
        return None
    return (
        f"{named} is set and not used: upstreams are reached directly. To go out through it, write it as `proxy-url`"
        " in the config (`proxy-url: direct` says that it is not wanted)."
    )
