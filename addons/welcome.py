"""What a person is told at the start: where everything is, a curl that works, what is missing."""

import json
import logging
import sys
from typing import Final

from addons.route import Router
from addons.settings import Settings

logger = logging.getLogger(__name__)

PLACEHOLDER_KEY: Final = "YOUR_CLIENT_KEY"


def say(settings: Settings, router: Router, web_url: str | None, how: str) -> None:
    """Prints it for scripts/run (`first`: with the client key that was made just now), else logs it.

    The client key is shown on the first start only, to whoever started it; it never goes to a log.
    """
    if not how:
        for line in lines(settings, router, web_url, PLACEHOLDER_KEY):
            logger.info(line)
        return
    key = settings.api_keys[0].get_secret_value() if how == "first" and settings.api_keys else PLACEHOLDER_KEY
    sys.stdout.write("\n".join(["", *lines(settings, router, web_url, key)]) + "\n")
    sys.stdout.flush()


def base_url(settings: Settings) -> str:
    """Where the gateway is found from this machine."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def lines(settings: Settings, router: Router, web_url: str | None, key: str) -> list[str]:
    """The text, a line each."""
    url = base_url(settings)
    text = [
        f"Gateway   {url}  (OpenAI clients: {url}/v1, Anthropic clients: {url})",
    ]
    if web_url:
        text.append(f"Console   {web_url}")
    models = router.models()
    if not models:
        return [
            *text,
            "Missing   a credential: add claude-api-key or openai-compatibility to the config, then restart.",
        ]
    model = models[0].id
    sent = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Say hello."}]}
    header = f" -H 'x-api-key: {key}'" if settings.api_keys else ""
    return [
        *text,
        f"Models    {len(models)}: {', '.join(info.id for info in models[:6])}{' ...' if len(models) > 6 else ''}",
        f"Try       curl -sN {url}/v1/messages{header} -H 'content-type: application/json' -d '{json.dumps(sent)}'",
    ]
